package web

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/web/page"
)

func TestAVisitorsWay(t *testing.T) {
	h := openHouse(t, "")
	first, second := h.browser(), h.browser()

	r := first.get("/buy/seats?row=1").want(t, "while nobody waits a visitor goes straight in", 200)
	equal(t, "answer", r.body, "the shop")
	if h.shop.requests()[0].Header.Get("Rushgate-Admission") == "" {
		t.Fatal("the shop got no admission to verify")
	}
	first.get("/buy/seats").want(t, "and stays in", 200)

	r = second.get("/buy/seats?row=2").want(t, "the next one waits", 200)
	equal(t, "Rushgate-State", r.Header.Get("Rushgate-State"), "none")
	if !strings.Contains(r.body, "<!doctype html>") || r.Header.Get("Retry-After") == "" {
		t.Fatalf("no waiting page: %s", first.text(r))
	}
	equal(t, "places taken by a GET", h.view().Snapshot.Waiting(), 0)

	_, place := second.call("join")
	equal(t, "number", place.Number, 1)
	equal(t, "state", place.State, page.StateWaiting)
	_, again := second.call("join")
	equal(t, "number after a double click", again.Number, 1)
	if place.Reference == "" || place.Reference != again.Reference {
		t.Fatalf("references %q and %q; want the same", place.Reference, again.Reference)
	}
	h.until("the snapshot shows the line", func() bool { return h.view().Snapshot.Waiting() == 1 })
	_, place = second.call("status")
	equal(t, "ahead", place.Ahead, 0)
	answer, _ := second.call("claim")
	answer.code(t, "a claim before its time", 409, "not_your_turn")

	h.shop.answers(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Rushgate-Command", "complete") })
	r = first.get("/buy/done").want(t, "the shop completes the first session", 200)
	equal(t, "Rushgate-Command to the visitor", r.Header.Get("Rushgate-Command"), "")
	h.shop.answers(nil)

	h.until("the second is called", func() bool { _, p := second.call("status"); return p.State == page.StateTurn })
	r, place = second.call("claim")
	r.want(t, "claim", 200)
	equal(t, "state", place.State, page.StateAdmitted)
	equal(t, "where to", place.Location, "/buy")
	second.get("/buy/seats?row=2").want(t, "into the shop", 200)
	first.get("/buy/seats").want(t, "the first, completed, is outside again", 200)
	reached := h.shop.requests()
	equal(t, "last to reach the shop", reached[len(reached)-1].URL.RawQuery, "row=2")
}

func TestWhoHasBeenInStandsAtTheEndAgain(t *testing.T) {
	for sentence, end := range map[string]func(h *house, f *fan){
		"after buying": func(h *house, f *fan) {
			h.shop.answers(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Rushgate-Command", "complete") })
			f.get("/buy/pay")
			h.shop.answers(nil)
		},
		"after leaving": func(_ *house, f *fan) { f.call("leave") },
	} {
		h := openHouse(t, `{"room":{"queue_all":true}}`)
		f := h.browser()
		f.get("/buy")
		f.call("join")
		h.change(`{"room":{"queue_all":false}}`)
		h.until("in", func() bool { return f.get("/buy").body == "the shop" })
		h.change(`{"room":{"queue_all":true}}`)
		end(h, f)
		r := f.get("/buy").want(t, sentence, 200)
		equal(t, sentence, r.Header.Get("Rushgate-State"), "none")
		_, p := f.call("join")
		equal(t, sentence+", number", p.Number, 2)
	}
}

func (f *fan) text(r reply) string { return head(r.body, 300) }

func TestATurnIsTakenByTheNextGET(t *testing.T) {
	h := openHouse(t, `{"room":{"total_active_users":10,"queue_all":true}}`)
	f := h.browser()
	f.get("/buy").want(t, "everybody queues", 200)
	f.call("join")
	h.change(`{"room":{"queue_all":false}}`)
	h.until("called", func() bool { _, p := f.call("status"); return p.State == page.StateTurn })
	r := f.get("/buy/now").want(t, "a reload goes in", 200)
	equal(t, "answer", r.body, "the shop")
}

func TestWithoutJavaScript(t *testing.T) {
	h := openHouse(t, `{"room":{"total_active_users":10,"queue_all":true}}`)
	f := h.browser()
	f.get("/buy/seats").want(t, "page", 200)
	form := url.Values{"return": {"/buy/seats?row=3"}}.Encode()
	r := f.do("POST", "/_rushgate/hamlet/join", form, "Content-Type", "application/x-www-form-urlencoded").want(t, "join by form", 303)
	r = f.get(r.Header.Get("Location")).want(t, "cookie kept", 303)
	equal(t, "back to", r.Header.Get("Location"), "/buy/seats?row=3")
	r = f.get("/buy/seats?row=3").want(t, "page with the number", 200)
	equal(t, "state", r.Header.Get("Rushgate-State"), "waiting")
	if !strings.Contains(r.body, `http-equiv="refresh"`) {
		t.Fatal("the page does not come back by itself")
	}
	r = f.do("POST", "/_rushgate/hamlet/leave", form, "Content-Type", "application/x-www-form-urlencoded").want(t, "leave by form", 200)
	h.until("gone", func() bool { return h.view().Snapshot.Waiting() == 0 })

	bare := h.browser()
	bare.client.Jar = nil
	r = bare.do("POST", "/_rushgate/hamlet/join", form, "Content-Type", "application/x-www-form-urlencoded").want(t, "join", 303)
	r = bare.get(r.Header.Get("Location")).want(t, "a browser that refuses cookies is told so, not sent round", 200)
	if !strings.Contains(r.body, `data-screen="no_cookie"`) {
		t.Fatalf("page says nothing of cookies: %s", r.body)
	}
}

func TestWhatMustWaitGetsTheRightForm(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true,"queueing_status_code":202}}`)
	h.browser().get("/buy").want(t, "a navigation gets the page", 202)
	h.browser().do("HEAD", "/buy", "").want(t, "HEAD, too", 202)
	h.script().get("/buy/api").code(t, "a script gets 429", 429, "must_wait")
	h.fan().get("/buy/api").code(t, "curl gets 429", 429, "must_wait")
	h.script().do("POST", "/buy/order", `{}`).code(t, "a POST gets 429", 429, "must_wait")
	h.browser().do("POST", "/buy/order", `x`).want(t, "a form, too", 429)
	equal(t, "what reached the shop", len(h.shop.requests()), 0)

	h.change(`{"room":{"queue_all":true}}`)
	r := h.fan("Accept", "text/html", "Sec-Purpose", "prefetch;prerender").get("/buy").want(t, "a prefetch waits", 202)
	equal(t, "state", r.Header.Get("Rushgate-State"), "none")
}

func TestAClaimBeforeItsTimeAsksNobody(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	f := h.browser()
	f.call("join")
	h.until("the snapshot shows the line", func() bool { return h.view().Snapshot.Waiting() == 1 })
	for range 3 {
		r, p := f.call("claim")
		r.code(t, "a claim", 409, "not_your_turn")
		equal(t, "number", p.Number, 1)
	}
	families, err := h.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "rushgate_claims_total" {
			t.Errorf("the store was asked: %v", family.GetMetric())
		}
	}
}

func TestJSONModeJoinsWithTheGET(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true,"json_response_enabled":true}}`)
	f := h.script()
	r := f.get("/buy").want(t, "GET in JSON mode", 200)
	if !strings.Contains(r.body, `"number":1`) {
		t.Fatalf("GET in JSON mode = %s; want a place", r.body)
	}
	h.until("the snapshot shows the line", func() bool { return h.view().Snapshot.Waiting() == 1 })
	f.get("/buy").want(t, "again", 200)
	equal(t, "places", h.view().Snapshot.Waiting(), 1)
}

func TestAppsWithoutCookies(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true,"total_active_users":10}}`)
	app := h.fan("Rushgate-Tokens", "yes")
	app.client.Jar = nil
	r, _ := app.call("join")
	pass := r.Header.Get("Rushgate-Pass")
	equal(t, "cookies", len(r.Header.Values("Set-Cookie")), 0)
	_, place := app.call("join", "Rushgate-Pass", pass)
	equal(t, "number by pass", place.Number, 1)
	h.change(`{"room":{"queue_all":false}}`)
	var token string
	h.until("admitted", func() bool {
		r, _ := app.call("claim", "Rushgate-Pass", pass)
		token = r.Header.Get("Rushgate-Admission")
		return token != ""
	})
	app.get("/buy", "Rushgate-Admission", token).want(t, "into the shop", 200)
	equal(t, "admission for the shop", h.shop.requests()[0].Header.Get("Rushgate-Admission") != "", true)
}

func TestCredentialsThatAreNotGood(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	now := time.Now().UnixMilli()
	good := admission.Admission{
		Event: "hamlet", Organization: "globe", Generation: h.view().Snapshot.Generation, Session: 1,
		IssuedAt: now, Ends: now + 280_000, // more than half of a session, so that the store is not asked
	}
	sign := func(change func(*admission.Admission)) string {
		a := good
		change(&a)
		token, err := h.keys.Sign(a)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	stranger, err := admission.Ephemeral("rushgate")
	if err != nil {
		t.Fatal(err)
	}
	forged, err := stranger.Sign(good)
	if err != nil {
		t.Fatal(err)
	}
	pass := h.keys.SealPass(admission.Pass{Event: "macbeth", Generation: good.Generation, Line: "general", Order: 1})
	tests := []struct{ sentence, cookie string }{
		{"signed by somebody else", "rg_adm_hamlet=" + forged},
		{"of another event", "rg_adm_hamlet=" + sign(func(a *admission.Admission) { a.Event = "macbeth" })},
		{"of another organization", "rg_adm_hamlet=" + sign(func(a *admission.Admission) { a.Organization = "rose" })},
		{"expired", "rg_adm_hamlet=" + sign(func(a *admission.Admission) { a.IssuedAt, a.Ends = now-120_000, now-60_000 })},
		{"not valid yet", "rg_adm_hamlet=" + sign(func(a *admission.Admission) { a.IssuedAt = now + 30_000 })},
		{"cut short", "rg_adm_hamlet=" + sign(func(*admission.Admission) {})[:80]},
		{"A13 a pass as an admission", "rg_adm_hamlet=" + pass},
		{"A13 an admission as a pass", "rg_pass_hamlet=" + sign(func(*admission.Admission) {})},
		{"a pass of another event", "rg_pass_hamlet=" + pass},
		{"another event's admission under its own name", "rg_adm_macbeth=" + sign(func(a *admission.Admission) { a.Event = "macbeth" })},
		{"nonsense", "rg_adm_hamlet=%%%; rg_pass_hamlet=; rg_visitor=x"},
	}
	for _, tt := range tests {
		r := h.browser().get("/buy", "Cookie", tt.cookie).want(t, tt.sentence, 200)
		if r.Header.Get("Rushgate-State") == "" {
			t.Errorf("%s: came through", tt.sentence)
		}
		r, _ = h.script().call("status", "Cookie", tt.cookie)
		r.code(t, tt.sentence+", in a poll", 404, "no_place")
	}
	equal(t, "what reached the shop", len(h.shop.requests()), 0)

	// The same, good, does come through: the rows above fail for their own reasons.
	h.browser().get("/buy", "Cookie", "rg_adm_hamlet=junk; rg_adm_hamlet="+sign(func(*admission.Admission) {})).want(t, "a planted cookie before the good one", 200)
	equal(t, "what reached the shop", len(h.shop.requests()), 1)
	ahead := sign(func(a *admission.Admission) { a.IssuedAt = now + 2_000 })
	equal(t, "of a gateway whose clock is ahead", h.browser().get("/buy", "Cookie", "rg_adm_hamlet="+ahead).body, "the shop")
	h.fan().get("/buy", "Authorization", "Bearer the-shops-own", "Rushgate-Admission", sign(func(*admission.Admission) {})).want(t, "by header", 200)
	equal(t, "Authorization is the shop's own", h.shop.requests()[2].Header.Get("Authorization"), "Bearer the-shops-own")
}

// Raw requests: a client library would tidy them up.
func TestNoSpellingGoesRoundTheGate(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	for _, path := range []string{
		"/buy", "/buy/", "//buy", "/./buy", "/x/../buy", "/buy;x", "/buy;x/y", "/BUY", "/bUy/Seats", "/%62uy", "/%2562uy",
		"/buy%2fseats", "/buy%5cseats", "/%2e/buy", "/%2e%2e/buy", "/x/%2e%2e/buy", `/\buy`, "/buy%00", "/buy%20", "/buy.", "/buy#x",
		"/%c0%afbuy", "/buy/..;/seats", "http://tickets.example/buy", "http://tickets.example//buy", "/buy?", "/buy/%2e%2e/buy/webhook",
		"/buy/webhook/../seats", "/buy/webhook%2f..%2fseats", "*",
	} {
		for _, method := range []string{"GET", "POST", "HEAD", "PUT", "OPTIONS", "QUERY", "PROPFIND", "get", "TRACE"} {
			conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: Tickets.Example:8080\r\nConnection: close\r\nX-Original-URL: /buy/webhook\r\nX-HTTP-Method-Override: GET\r\n\r\n", method, path)
			status, err := bufio.NewReader(conn).ReadString('\n')
			_ = conn.Close()
			if err != nil {
				t.Fatalf("%s %s: %v", method, path, err)
			}
			if strings.Contains(status, " 500") {
				t.Errorf("%s %s = %s", method, path, strings.TrimSpace(status))
			}
		}
	}
	for _, r := range h.shop.requests() {
		t.Errorf("%s %s reached the shop without an admission", r.Method, r.RequestURI)
	}
}

func TestWhatAClientSaysAboutItself(t *testing.T) {
	h := openHouse(t, "")
	f := h.browser()
	r := f.get("/buy", "Rushgate-Admission", "forged", "Rushgate_Admission", "forged", "X-Rushgate-Number", "1", "Forwarded", "for=1.2.3.4",
		"X-Real-Ip", "1.2.3.4", "Cookie", "theirs=1; rg_visitor=x; rg_adm_hamlet=y").want(t, "a client with our headers", 200)
	if r.body != "the shop" {
		t.Fatal("did not go straight in")
	}
	seen := h.shop.requests()[0]
	for name, values := range seen.Header {
		if strings.Contains(strings.Join(values, " "), "forged") || strings.HasPrefix(name, "X-Rushgate") || name == "Forwarded" {
			t.Errorf("%s: %v reached the shop", name, values)
		}
	}
	equal(t, "cookies for the shop", seen.Header.Get("Cookie"), "theirs=1")
}

// A59: a crowd without cookies from one address.
func TestJoinsAreLimitedByAddressAndLoseNoPlace(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	h.burstsOnly()
	behind := func(address string) []string { return []string{"X-Forwarded-For", "9.9.9.9, " + address} }
	keeper := h.browser()
	_, place := keeper.call("join", behind("198.51.100.7")...)
	refused := 0
	for range 250 {
		r, _ := h.browser().call("join", behind("198.51.100.7")...)
		if r.StatusCode == 429 {
			refused++
			r.code(t, "over the limit", 429, "too_many_joins")
		}
	}
	if refused == 0 {
		t.Fatal("nobody was refused; want a limit of 200 at once")
	}
	form := append(behind("198.51.100.7"), "Content-Type", "application/x-www-form-urlencoded")
	if r := h.browser().do("POST", "/_rushgate/hamlet/join", "return=/buy", form...).want(t, "a form over the limit", 429); !strings.Contains(r.body, `href="/buy"`) {
		t.Errorf("page = %s; want a way to try again", r.body)
	}
	_, still := keeper.call("status", behind("198.51.100.7")...)
	equal(t, "number of who was there before", still.Number, place.Number)
	r, _ := h.browser().call("join", behind("203.0.113.9")...)
	r.want(t, "another address", 200)
}

func TestEventsAreSeenOnTheirOwnHostsAlone(t *testing.T) {
	h := openHouse(t, "")
	h.script().get("/_rushgate/hamlet/now", "Host", "rose.example").code(t, "on another organization's host", 404, "no_event")
	h.script().get("/_rushgate/macbeth/now").code(t, "an event that is not", 404, "no_event")
	h.script().get("/_rushgate/hamlet/nothing").want(t, "a route that is not", 404)
	h.script().get("/buy", "Host", "nobody.example").code(t, "a host that nobody serves", 404, "no_shop")
	h.browser().get("/buy", "Host", "rose.example").want(t, "a host without events is the shop's", 200)
}

func TestBadRequestsAreRefusedByName(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	post := func(body string, headers ...string) reply {
		return h.script().do("POST", "/_rushgate/hamlet/join", body, headers...)
	}
	post(`{"line":"presale"}`).code(t, "a line that needs a code", 403, "line_closed")
	post(`{"lime":"general"}`).code(t, "an unknown member", 400, "bad_request")
	post(`{`).code(t, "half a body", 400, "bad_request")
	post(`{"line":"`+strings.Repeat("x", 5000)+`"}`).code(t, "a long body", 413, "body_too_large")
	post(`x`, "Content-Type", "text/plain").code(t, "A19 a form that browsers send across sites", 400, "bad_request")
	post(`{}`, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example").code(t, "another site's page", 403, "cross_site")
	h.script().get("/buy", "X-Long", strings.Repeat("x", 40<<10)).want(t, "long headers", 431)
	// A25: nothing signs a return address, so it is judged whenever it is used.
	for _, back := range []string{"//evil.example", `/\evil.example`, "https://evil.example", "/\t/evil.example", "/_rushgate/hamlet/leave", "javascript:alert(1)"} {
		form := url.Values{"return": {back}}.Encode()
		r := h.browser().do("POST", "/_rushgate/hamlet/join", form, "Content-Type", "application/x-www-form-urlencoded").want(t, back, 303)
		if to, _ := url.QueryUnescape(r.Header.Get("Location")); !strings.HasSuffix(to, "return=/buy") {
			t.Errorf("return %q leads to %q; want the event's own address", back, to)
		}
	}
	equal(t, "what reached the shop", len(h.shop.requests()), 0)
}
