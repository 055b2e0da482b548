package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/web/page"
)

func TestSuspendDrainsThenIsOffAndResumeThrowsNobodyOut(t *testing.T) {
	h := openHouse(t, "")
	first, waiting := h.browser(), h.browser()
	first.get("/buy").want(t, "in", 200)
	waiting.get("/buy")
	waiting.call("join")
	h.until("somebody waits", func() bool { return h.view().Snapshot.Waiting() == 1 })
	h.change(`{"room":{"suspended":true}}`)
	r := h.browser().get("/buy").want(t, "a newcomer while the line drains", 200)
	equal(t, "state", r.Header.Get("Rushgate-State"), "none")
	first.call("leave")
	h.until("the line has drained", func() bool { return h.view().Snapshot.Waiting() == 0 })
	var buyers []*fan
	for range 3 {
		buyer := h.browser()
		r := buyer.get("/buy").want(t, "everybody passes once it is off", 200)
		equal(t, "answer", r.body, "the shop")
		buyers = append(buyers, buyer)
	}
	_, p := h.script().call("status")
	equal(t, "status while off", p.State, page.StateAdmitted)
	h.change(`{"room":{"suspended":false}}`)
	for _, buyer := range buyers {
		equal(t, "a buyer after resume", buyer.get("/buy").body, "the shop")
	}
	h.until("their sessions count", func() bool { return h.view().Snapshot.Active >= 3 })
	r = h.browser().get("/buy").want(t, "a newcomer after resume", 200)
	equal(t, "state", r.Header.Get("Rushgate-State"), "none")
}

func TestReleaseLetsTheLineGo(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	f := h.browser()
	f.get("/buy")
	f.call("join")
	h.change(`{"room":{"suspended":true,"released":true,"queue_all":false}}`)
	_, p := f.call("status")
	equal(t, "state", p.State, page.StateAdmitted)
	equal(t, "answer", f.get("/buy").body, "the shop")
}

func TestPauseKeepsTheCalledOutAndTheirTurns(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true,"total_active_users":10}}`)
	f := h.browser()
	f.get("/buy")
	f.call("join")
	h.change(`{"room":{"queue_all":false}}`)
	h.until("called", func() bool { _, p := f.call("status"); return p.State == page.StateTurn })
	h.change(`{"room":{"paused":true}}`)
	r, _ := f.call("claim")
	r.code(t, "a claim while paused", 429, "at_the_door")
	_, p := h.browser().call("join")
	equal(t, "a newcomer's mode", p.Mode, page.ModePaused)
	h.change(`{"room":{"paused":false}}`)
	r, _ = f.call("claim")
	r.want(t, "a claim after the pause", 200)
}

func TestCloseRejectAndCountdown(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	there := h.browser()
	there.get("/buy")
	there.call("join")
	h.change(`{"room":{"queueing_method":"reject"}}`)
	r, _ := h.browser().call("join")
	r.code(t, "a newcomer while joins are refused", 409, "rejected")
	_, p := there.call("join")
	equal(t, "who was there before, joining again", p.Number, 1)
	h.change(`{"room":{"queueing_method":"fifo","closed":true}}`)
	r, _ = h.browser().call("join")
	r.code(t, "a newcomer to a closed line", 409, "closed")
	_, p = there.call("status")
	equal(t, "who was there before", p.State, page.StateClosed)

	start := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	soon := openHouse(t, fmt.Sprintf(`{"room":{"event_start_time":%q}}`, start))
	r, p = soon.browser().call("join")
	r.code(t, "before the start", 409, "not_open_yet")
	if p.StartsAt == nil || p.StartsAt.Format(time.RFC3339) != start || p.Phase != "before" {
		t.Fatalf("starts_at %v in phase %q; want %s, before", p.StartsAt, p.Phase, start)
	}
	equal(t, "what reached the shop", len(soon.shop.requests()), 0)
}

func TestBypassAndCommitRoutes(t *testing.T) {
	h := openHouse(t, "")
	buyer := h.browser()
	buyer.get("/buy").want(t, "in", 200)
	r := h.fan("Origin", "https://bank.example", "Sec-Fetch-Site", "cross-site").do("POST", "/buy/webhook", "paid").want(t, "a webhook is never gated", 200)
	equal(t, "answer", r.body, "the shop")
	h.shop.answers(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Cf-Waiting-Room-Command", "revoke") })
	kept := cookies(buyer)
	buyer.get("/buy/last").want(t, "ended by the shop", 200)
	h.shop.answers(nil)
	equal(t, "who takes the free slot", h.browser().get("/buy").body, "the shop")
	r = h.browser().get("/buy", "Cookie", kept).want(t, "the old cookie", 200)
	equal(t, "state", r.Header.Get("Rushgate-State"), "none")
	r = h.browser().do("POST", "/buy/pay", "x", "Cookie", kept).want(t, "finishing what was begun", 200)
	equal(t, "answer", r.body, "the shop")
}

func TestCommitGraceRunsFromTheEndOfTheSession(t *testing.T) {
	h := openHouse(t, `{"room":{"session_duration":"30m","commit_grace":"20s"}}`)
	f := h.browser()
	f.get("/buy").want(t, "in", 200)
	h.shop.answers(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Rushgate-Command", "revoke") })
	f.get("/buy/seats").want(t, "thrown out by the shop", 200)
	h.shop.answers(nil)
	h.browser().get("/buy").want(t, "who takes the free slot", 200)
	equal(t, "a payment that was under way", f.do("POST", "/buy/pay", "x").body, "the shop")
	h.pass(27 * time.Second)
	f.do("POST", "/buy/pay", "x").want(t, "another one, after the grace, long before the session would have ended", 429)
}

func TestABrowserKeepsAnAdmissionForAsLongAsItFinishesAnything(t *testing.T) {
	h := openHouse(t, `{"room":{"session_duration":"5m","commit_grace":"15m"}}`)
	f := h.browser()
	f.get("/buy").want(t, "in, on probation", 200)
	given := f.get("/buy").Cookies()
	if len(given) != 1 {
		t.Fatalf("cookies %v; want one, for the session", given)
	}
	if least := int((19 * time.Minute).Seconds()); given[0].MaxAge < least {
		t.Errorf("%s is kept for %d s; want the session and commit_grace, at least %d", given[0].Name, given[0].MaxAge, least)
	}
}

func cookies(f *fan) string {
	request, _ := http.NewRequest(http.MethodGet, "http://tickets.example/", nil)
	var all []string
	for _, c := range f.client.Jar.Cookies(request.URL) {
		all = append(all, c.Name+"="+c.Value)
	}
	return strings.Join(all, "; ")
}

func TestAStoreThatIsAwayLosesNobodyAndLetsNobodyIn(t *testing.T) {
	h := openHouse(t, "")
	in, waiting := h.browser(), h.browser()
	in.get("/buy").want(t, "in", 200)
	waiting.get("/buy")
	_, before := waiting.call("join")
	h.until("somebody waits", func() bool { return h.view().Snapshot.Waiting() == 1 })
	h.store.asleep.Store(true)

	// Before the gateway has noticed, and after.
	newcomer := h.browser().get("/buy").want(t, "a newcomer", 200)
	equal(t, "state", newcomer.Header.Get("Rushgate-State"), "none")
	h.until("the room is on hold", func() bool { _, p := waiting.call("status"); return p.Mode == page.ModeHold })
	h.browser().get("/buy").want(t, "a newcomer gets the page", 200)
	equal(t, "who is admitted goes on", in.get("/buy").body, "the shop")
	late := h.browser()
	_, parked := late.call("join")
	equal(t, "state of who joins meanwhile", parked.State, page.StateWaiting)
	equal(t, "and their number", parked.Number, 0)
	_, p := waiting.call("status")
	equal(t, "number", p.Number, before.Number)
	reached := len(h.shop.requests())

	h.store.asleep.Store(false)
	h.until("the room is back", func() bool { _, p := waiting.call("status"); return p.Mode == page.ModeNormal })
	_, p = waiting.call("status")
	equal(t, "number after", p.Number, before.Number)
	_, p = late.call("status")
	equal(t, "mode for who came meanwhile", p.Mode, page.ModeNormal)
	equal(t, "state for who came meanwhile", p.State, page.StateWaiting)
	equal(t, "requests that reached the shop", reached, 2)
}

func TestWhomTheShopThrowsOutStaysOutWhileTheStoreIsAway(t *testing.T) {
	h := openHouse(t, "")
	f := h.browser()
	f.get("/buy").want(t, "in", 200)
	f.get("/buy").want(t, "off probation", 200)
	h.store.asleep.Store(true)
	h.shop.answers(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Rushgate-Command", "revoke") })
	f.get("/buy").want(t, "thrown out", 200)
	reached := len(h.shop.requests())
	f.get("/buy").want(t, "the page", 200)
	equal(t, "requests that reached the shop after that", len(h.shop.requests())-reached, 0)
}

func TestOtherOrigins(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true},"browser":{"cors_origins":["https://app.example"]}}`)
	ask := []string{"Origin", "https://app.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type"}
	for _, path := range []string{"/_rushgate/hamlet/join", "/buy/api"} {
		r := h.fan().do("OPTIONS", path, "", ask...).want(t, "preflight of an allowed origin", 204)
		equal(t, "allowed", r.Header.Get("Access-Control-Allow-Origin"), "https://app.example")
	}
	for path, methods := range map[string]string{"/_rushgate/hamlet/join": "GET, POST", "/buy/api": ""} {
		r := h.fan().do("OPTIONS", path, "", ask[0], ask[1], ask[2], "TRACE").want(t, "A36 preflight of a method that never passes", 204)
		equal(t, "A36 methods", r.Header.Get("Access-Control-Allow-Methods"), methods)
	}
	ask[1] = "https://evil.example"
	for _, path := range []string{"/_rushgate/hamlet/join", "/buy/api"} {
		r := h.fan().do("OPTIONS", path, "", ask...)
		equal(t, "allowed", r.Header.Get("Access-Control-Allow-Origin"), "")
	}
	r := h.script().get("/buy/api", "Origin", "https://app.example").code(t, "a wait that the script can read", 429, "must_wait")
	equal(t, "allowed", r.Header.Get("Access-Control-Allow-Origin"), "https://app.example")
	equal(t, "what reached the shop", len(h.shop.requests()), 0)
}

func TestNowIsForCachesAndAsksNobody(t *testing.T) {
	h := openHouse(t, "")
	r := h.script().get("/_rushgate/hamlet/now").want(t, "now", 200)
	if !strings.HasPrefix(r.Header.Get("Cache-Control"), "public, max-age=") {
		t.Fatalf("Cache-Control = %q", r.Header.Get("Cache-Control"))
	}
	equal(t, "cookies", len(r.Header.Values("Set-Cookie")), 0)
	h.script().get("/_rushgate/hamlet/now", "If-None-Match", r.Header.Get("ETag")).want(t, "nothing new", 304)
	h.store.asleep.Store(true)
	h.script().get("/_rushgate/hamlet/now").want(t, "now, with the store away", 200)
}

func TestAFormThatMeetsASilentStoreGetsThePage(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	form := func(f *fan, action string) reply {
		return f.do("POST", "/_rushgate/hamlet/"+action, "return=/buy", "Content-Type", "application/x-www-form-urlencoded")
	}
	waiting, newcomer := h.browser(), h.browser()
	for _, f := range []*fan{waiting, newcomer} {
		f.get("/buy")
	}
	form(waiting, "join").want(t, "join", 303)
	h.store.asleep.Store(true)

	// The store is asked before the gateway has noticed.
	r := form(waiting, "leave").want(t, "leave", 503)
	if !strings.Contains(r.body, `data-screen="waiting"`) || !strings.Contains(r.body, "Your place is kept.") {
		t.Errorf("leave = %s; want the waiting page, with the place kept", r.body)
	}
	r = form(newcomer, "join").want(t, "join", 503)
	if !strings.Contains(r.body, `data-screen="hold"`) {
		t.Errorf("join = %s; want the page that tries again", r.body)
	}
}
