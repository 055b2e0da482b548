package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/web/page"
)

func (h *house) active() int64 { return h.view().Snapshot.Active }

// soon is an event_start_time that a test can wait for.
func soon(in time.Duration) (start time.Time, patch string) {
	start = time.Now().Add(in).Truncate(time.Second).Add(time.Second).UTC()
	return start, fmt.Sprintf(`{"room":{"before_start":"passthrough","event_start_time":%q}}`, start.Format(time.RFC3339))
}

func TestTheStartClosesThePassageAtOnce(t *testing.T) {
	start, patch := soon(300 * time.Millisecond)
	h := openHouse(t, patch)
	h.browser().get("/buy").want(t, "before the start everybody passes", 200)
	var came []*fan
	for time.Since(start) < 100*time.Millisecond {
		f := h.browser()
		f.get("/buy")
		came = append(came, f)
	}
	in := 0
	for _, f := range came {
		if f.get("/buy").body == "the shop" {
			in++
		}
	}
	if in > 1 {
		t.Fatalf("%d of %d who came about the start are in; want total_active_users, 1", in, len(came))
	}
}

func TestWhoCameBeforeTheStartIsNotInAfterIt(t *testing.T) {
	start, patch := soon(3 * time.Second) // in the last second nobody is given what ends at the start
	h := openHouse(t, patch)
	early := h.browser()
	early.get("/buy").want(t, "before the start", 200)
	h.change(`{"room":{"paused":true}}`)
	equal(t, "who is in stays in while new ones are kept out", early.get("/buy").body, "the shop")
	h.change(`{"room":{"paused":false}}`)
	// A gateway knows the store's clock by its answers, to some milliseconds.
	h.until("the start", func() bool { return time.Now().After(start.Add(200 * time.Millisecond)) })
	equal(t, "the first after the start", h.browser().get("/buy").body, "the shop")
	r := early.get("/buy").want(t, "who came before", 200)
	equal(t, "state", r.Header.Get("Rushgate-State"), "none")
}

func TestWhatSetsACookieIsForNoCache(t *testing.T) {
	h := openHouse(t, `{"routes":[{"host":"tickets.example","path":"/buy/**","shared":true}]}`)
	h.shop.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=60")
		w.Header().Set("Surrogate-Control", "max-age=60")
		w.Header().Set("Cdn-Cache-Control", "max-age=60")
	})
	f := h.browser()
	r := f.get("/buy").want(t, "straight in", 200)
	if r.Header.Get("Set-Cookie") == "" {
		t.Fatal("no admission was given")
	}
	for _, name := range []string{"Surrogate-Control", "Cdn-Cache-Control"} {
		equal(t, name+" beside somebody's admission", r.Header.Get(name), "")
	}
	f.get("/buy").want(t, "off probation", 200)
	r = f.get("/buy").want(t, "without a new cookie", 200)
	equal(t, "Surrogate-Control of a shared route", r.Header.Get("Surrogate-Control"), "max-age=60")
}

func TestVisitorCookiesBuyNoMoreEntriesFromOneAddress(t *testing.T) {
	h := openHouse(t, `{"room":{"total_active_users":1000}}`)
	in := 0
	for i := range 300 {
		cookie := "rg_visitor=" + h.keys.SealBrowser(admission.Browser{byte(i), byte(i >> 8), 1}) // one GET of the page each
		r := h.fan("Accept", "text/html").get("/buy", "X-Forwarded-For", "198.51.100.7", "Cookie", cookie).want(t, "a visitor", 200)
		if r.body == "the shop" {
			in++
		}
	}
	if in < 200 || in > 280 {
		t.Fatalf("%d of 300 came in at once; want some more than the burst, 200", in)
	}
	r := h.browser().get("/buy", "X-Forwarded-For", "203.0.113.9")
	equal(t, "another address", r.body, "the shop")
}

func TestAdmissionsOfARoomThatIsOffAreNotHoarded(t *testing.T) {
	h := openHouse(t, `{"room":{"suspended":true}}`)
	given := 0
	for range 300 {
		r := h.browser().get("/buy", "X-Forwarded-For", "198.51.100.7")
		equal(t, "the room is off", r.body, "the shop")
		if r.Header.Get("Set-Cookie") != "" {
			given++
		}
	}
	if given < 200 || given > 280 {
		t.Fatalf("%d of 300 took an admission along; want some more than the burst, 200", given)
	}
}

func TestOneVisitorHasOneSessionWhateverTheyHold(t *testing.T) {
	h := openHouse(t, `{"room":{"suspended":true}}`)
	f := h.browser()
	f.get("/buy").want(t, "in while the room is off", 200)
	h.change(`{"room":{"suspended":false}}`)
	_, p := f.call("join")
	equal(t, "who is in and joins", p.State, page.StateAdmitted)
	for range 3 {
		equal(t, "and stays in", f.get("/buy").body, "the shop")
	}
	h.until("one session", func() bool { return h.active() == 1 })

	// A place of one browser, and an expired admission from another's.
	h = openHouse(t, `{"room":{"queue_all":true}}`)
	f = h.browser()
	_, _ = f.call("join")
	h.change(`{"room":{"queue_all":false}}`)
	h.until("called", func() bool { _, p := f.call("status"); return p.State == page.StateTurn })
	now := time.Now().UnixMilli()
	expired, err := h.keys.Sign(admission.Admission{
		Event: "hamlet", Organization: "globe", Visitor: admission.Visitor{7}, Generation: h.view().Snapshot.Generation,
		Session: 99, IssuedAt: now - 60_000, Ends: now - 1000,
	})
	if err != nil {
		t.Fatal(err)
	}
	r, _ := f.call("claim", "Cookie", cookies(f)+"; rg_adm_hamlet="+expired)
	r.want(t, "claim", 200)
	h.until("in", func() bool { return h.active() == 1 })
	f.call("leave")
	h.until("the slot is free again", func() bool { return h.active() == 0 })
}

func TestWhoIsThrownOutDoesNotComeBackByWhatTheyGotWhileTheRoomWasOff(t *testing.T) {
	h := openHouse(t, `{"room":{"suspended":true}}`)
	f := h.browser()
	f.get("/buy").want(t, "in while the room is off", 200)
	kept := cookies(f)
	h.change(`{"room":{"suspended":false,"queue_all":true}}`)
	equal(t, "stays in", f.get("/buy").body, "the shop")
	h.shop.answers(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Rushgate-Command", "revoke") })
	f.get("/buy").want(t, "thrown out by the shop", 200)
	h.shop.answers(nil)
	r := h.fan("Accept", "text/html", "Sec-Fetch-Mode", "navigate").get("/buy", "Cookie", kept)
	equal(t, "state of who comes with the first admission", r.Header.Get("Rushgate-State"), "none")
}

// A19 and A20: there are no exceptions by address. A21 is in the rows.
func TestAnotherSitesPageTakesNothing(t *testing.T) {
	h := openHouse(t, `{"room":{"json_response_enabled":true}}`)
	for _, action := range []string{"join", "claim", "leave"} {
		h.script().do("POST", "/_rushgate/hamlet/"+action, "", "Origin", "https://evil.example").code(t, "a browser too old for Sec-Fetch-Site", 403, "cross_site")
	}
	for _, accept := range []string{"image/*", "application/json"} {
		h.fan("Accept", accept, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors").get("/buy")
	}
	for _, dest := range []string{"iframe", "frame", "embed", "object", "fencedframe"} {
		h.browser().get("/buy", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", dest).want(t, "A21 a frame on another site's page", 200)
	}
	h.fan().do("OPTIONS", "/buy", "", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST")
	equal(t, "what reached the shop", len(h.shop.requests()), 0)
	h.script().do("POST", "/_rushgate/hamlet/join", "", "Origin", "https://tickets.example:8443").want(t, "our own page", 200)
	r := h.browser().get("/buy", "Sec-Fetch-Site", "cross-site").want(t, "a link on another site", 200)
	equal(t, "state", r.Header.Get("Rushgate-State"), "none") // the slot is taken: it was asked
}

func TestOnProtectedRoutesScriptsWaitWith429(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true,"total_active_users":10,"json_response_enabled":true}}`)
	f := h.browser()
	f.call("join")
	h.change(`{"room":{"queue_all":false}}`)
	h.until("called", func() bool { _, p := f.call("status"); return p.State == page.StateTurn })
	missed := h.keys.SealPass(admission.Pass{
		Event: "hamlet", Generation: h.view().Snapshot.Generation, Line: "general", Visitor: admission.Visitor{9}, Order: 1, Number: 1,
	})
	r := h.script().do("POST", "/buy/order", `{}`, "Cookie", "rg_pass_hamlet="+missed).code(t, "a turn that was missed", 429, "must_wait")
	if !strings.Contains(r.body, `"state":"missed"`) {
		t.Fatalf("%s does not say that the turn was missed", r.body)
	}
	h.script().do("POST", "/_rushgate/hamlet/claim", "", "Cookie", "rg_pass_hamlet="+missed).code(t, "on our own route", 410, "turn_missed")

	h.change(`{"room":{"paused":true}}`)
	r = h.script().get("/buy", "Cookie", cookies(f)).want(t, "a turn at the door, in JSON mode", 200)
	if !strings.Contains(r.body, `"state":"turn"`) || r.Header.Get("Retry-After") == "" {
		t.Fatalf("%s is not a place", r.body)
	}
}
