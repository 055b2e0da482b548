package page

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/event"
	"golang.org/x/net/html"
)

const prefix = "/_rushgate"

// waitingView is a visitor in the middle of a line, with every text set.
func waitingView() View {
	return View{
		EventID: "tour",
		Name:    "tour",
		Texts:   event.Page{Organizer: "Northwind", Title: "Winter Tour", Message: "Doors at seven.", Language: "en", HelpURL: "https://help.example/"},
		Place: Place{
			Event: "tour", Mode: ModeNormal, Phase: "open", State: StateWaiting, Line: "general",
			Number: 12345, Serving: 9870, Ahead: 2474, Wait: Wait{P50: 245, P90: 410},
			At: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC), RetryAfterMS: 5000, Reference: "K7QX-2M9P", Message: "Doors at seven.",
		},
		Return:    "/buy?seat=1",
		TurnTTL:   3 * time.Minute,
		LateGrace: 15 * time.Minute,
		Refresh:   20 * time.Second,
	}
}

// views is one view for every screen.
func views() map[Screen]View {
	all := map[Screen]View{ScreenWaiting: waitingView()}
	newcomer := func(change func(*View)) View {
		v := waitingView()
		v.Place.State, v.Place.Number, v.Place.Serving, v.Place.Ahead, v.Place.Reference = StateNone, 0, 0, 0, ""
		change(&v)
		return v
	}
	all[ScreenJoining] = newcomer(func(*View) {})
	all[ScreenHold] = newcomer(func(v *View) { v.Place.Mode = ModeHold })
	all[ScreenSignIn] = newcomer(func(v *View) {
		v.Accounts, v.SignIn, v.SignInURL = true, true, "https://id.example/sign-in"
	})
	all[ScreenNoCookie] = newcomer(func(v *View) { v.CookieRefused = true })
	all[ScreenCountdown] = newcomer(func(v *View) {
		starts := time.Date(2027, 3, 1, 10, 0, 0, 0, time.UTC)
		v.Place.Phase, v.Place.StartsAt = "before", &starts
	})
	for screen, state := range map[Screen]State{
		ScreenTurn: StateTurn, ScreenMissed: StateMissed, ScreenLeft: StateLeft,
		ScreenClosed: StateClosed, ScreenRejected: StateRejected, ScreenSoldOut: StateSoldOut,
	} {
		v := waitingView()
		v.Place.State = state
		all[screen] = v
	}
	return all
}

func newPages(t *testing.T) *Pages {
	t.Helper()
	p, err := New(prefix)
	if err != nil {
		t.Fatalf("New(%q) = %v; want pages", prefix, err)
	}
	return p
}

// show renders v and returns the answer and its tree, as a browser without
// JavaScript reads it.
func show(t *testing.T, v View) (*http.Response, string, *html.Node) {
	t.Helper()
	recorder := httptest.NewRecorder()
	if err := newPages(t).Waiting(recorder, http.StatusOK, v); err != nil {
		t.Fatalf("Waiting() = %v; want a page", err)
	}
	return recorder.Result(), recorder.Body.String(), parse(t, recorder.Body.String())
}

func parse(t *testing.T, page string) *html.Node {
	t.Helper()
	root, err := html.ParseWithOptions(strings.NewReader(page), html.ParseOptionEnableScripting(false))
	if err != nil {
		t.Fatalf("parse the page: %v", err)
	}
	return root
}

func find(root *html.Node, match func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && match(n) {
			found = append(found, n)
		}
	}
	return found
}

func tag(names ...string) func(*html.Node) bool {
	return func(n *html.Node) bool { return slices.Contains(names, n.Data) }
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var out strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			out.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(out.String())
}

// What a first visit loads. Compressed it is what the network carries: the page
// itself and the files, with the work that some events ask for.
func TestThePageStaysUnderItsBudget(t *testing.T) {
	const budget, compressed = 23_500, 11_000
	p := newPages(t)
	for screen, v := range views() {
		v.Place.Message = strings.Repeat("m", 200) // two sentences from the organizer
		v.Texts.Message = v.Place.Message
		_, page, _ := show(t, v)
		style, code := len(p.style.plain), len(p.editions[0].script.plain)
		t.Logf("%s: page %d + style %d + script %d", screen, len(page), style, code)
		if total := len(page) + style + code; total >= budget {
			t.Errorf("%s: page %d + style %d + script %d = %d bytes; want under %d", screen, len(page), style, code, total, budget)
		}
		packed, err := newAsset("page", ".html", "text/html", []byte(page))
		if err != nil {
			t.Fatal(err)
		}
		total := len(packed.gzipped) + len(p.style.gzipped) + len(p.editions[0].script.gzipped) + len(p.work.gzipped)
		t.Logf("%s: %d bytes compressed", screen, total)
		if total >= compressed {
			t.Errorf("%s: %d bytes compressed; want under %d", screen, total, compressed)
		}
	}
}

func TestEveryScreenIsWellFormedAndAccessible(t *testing.T) {
	for screen, v := range views() {
		t.Run(string(screen), func(t *testing.T) {
			_, _, root := show(t, v)
			if got := attribute(find(root, tag("main"))[0], "data-screen"); got != string(screen) {
				t.Errorf("data-screen = %q; want %q", got, screen)
			}
			checkDocument(t, root)
			live := find(root, func(n *html.Node) bool { return attribute(n, "aria-live") == "polite" })
			if len(live) != 1 || attribute(live[0], "role") != "status" {
				t.Errorf("polite live regions = %d; want one, with role status", len(live))
			}
			for _, n := range find(root, tag("form")) {
				if attribute(n, "method") != "post" || !strings.HasPrefix(attribute(n, "action"), prefix+"/tour/") {
					t.Errorf("form %s %s; want a post to the event's routes", attribute(n, "method"), attribute(n, "action"))
				}
				hidden := find(n, tag("input"))
				if len(hidden) != 1 || attribute(hidden[0], "name") != "return" || attribute(hidden[0], "value") != v.Return {
					t.Errorf("form %s carries no return path %q", attribute(n, "action"), v.Return)
				}
			}
		})
	}
}

// checkDocument holds for every page: language, title, one h1, unique ids,
// labels that exist, nothing inline, nothing from elsewhere.
func checkDocument(t *testing.T, root *html.Node) {
	t.Helper()
	page := find(root, tag("html"))[0]
	if attribute(page, "lang") != "en" || attribute(page, "dir") != "ltr" {
		t.Errorf("html lang=%q dir=%q; want en, ltr", attribute(page, "lang"), attribute(page, "dir"))
	}
	if titles := find(root, tag("title")); len(titles) != 1 || text(titles[0]) == "" {
		t.Error("want one title with words in it")
	}
	if h1 := find(root, tag("h1")); len(h1) != 1 || text(h1[0]) == "" {
		t.Error("want one h1 with words in it")
	}
	ids := map[string]bool{}
	for n := range root.Descendants() {
		if id := attribute(n, "id"); id != "" {
			if ids[id] {
				t.Errorf("id %q appears twice", id)
			}
			ids[id] = true
		}
	}
	for n := range root.Descendants() {
		for _, id := range strings.Fields(attribute(n, "aria-labelledby")) {
			if !ids[id] {
				t.Errorf("<%s> is labelled by %q, which is not there", n.Data, id)
			}
		}
		checkElement(t, n)
	}
}

func checkElement(t *testing.T, n *html.Node) {
	t.Helper()
	if n.Type != html.ElementNode {
		return
	}
	for _, a := range n.Attr {
		switch {
		case strings.HasPrefix(a.Key, "on"), a.Key == "style":
			t.Errorf("<%s> has an inline %s", n.Data, a.Key)
		case a.Key == "src", n.Data == "link" && a.Key == "href", n.Data == "form" && a.Key == "action":
			if !strings.HasPrefix(a.Val, prefix+"/") && a.Val != "data:," {
				t.Errorf("<%s %s=%q> is not our own", n.Data, a.Key, a.Val)
			}
		}
	}
	switch n.Data {
	case "button", "a", "summary":
		if text(n) == "" {
			t.Errorf("<%s> has no words", n.Data)
		}
	case "progress":
		if attribute(n, "aria-label") == "" {
			t.Error("<progress> has no label")
		}
	case "script":
		if kind := attribute(n, "type"); kind != "application/json" && n.FirstChild != nil {
			t.Errorf("inline script of type %q", kind)
		}
	}
}

// A21: no page of ours stands in another's frame.
func TestTheAnswerIsNotStoredAndAllowsNothingElse(t *testing.T) {
	answer, _, root := show(t, waitingView())
	if got := answer.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control = %q; want no-store", got)
	}
	policy := answer.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("Content-Security-Policy = %q; want %s in it", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("Content-Security-Policy = %q; want nothing unsafe", policy)
	}
	styles := find(root, tag("style"))
	if len(styles) == 0 {
		t.Fatal("want the organizer's colours in a style")
	}
	for _, n := range styles {
		if nonce := attribute(n, "nonce"); nonce == "" || !strings.Contains(policy, "'nonce-"+nonce+"'") {
			t.Errorf("style has nonce %q; want the one in %q", nonce, policy)
		}
	}
	_, again, _ := show(t, waitingView())
	if nonce := attribute(styles[0], "nonce"); strings.Contains(again, nonce) {
		t.Error("two answers share a nonce")
	}
}

func TestWithoutJavaScript(t *testing.T) {
	tests := []struct {
		name    string
		screen  Screen
		refresh string
		form    string // an action that a visitor finds
	}{
		{"A newcomer finds a button and the page asks again.", ScreenJoining, "20", "/join"},
		{"Somebody in the line may leave.", ScreenWaiting, "20", "/leave"},
		{"Before the start the page asks again.", ScreenCountdown, "20", ""},
		{"A closed line may open again.", ScreenClosed, "20", ""},
		{"Who missed a turn decides; the page stays.", ScreenMissed, "", "/join"},
		{"Who left is not asked again.", ScreenLeft, "", "/join"},
		{"Sold out tickets may come back.", ScreenSoldOut, "20", ""},
	}
	for _, tt := range tests {
		_, _, root := show(t, views()[tt.screen])
		var refresh string
		for _, n := range find(root, tag("meta")) {
			if attribute(n, "http-equiv") == "refresh" {
				refresh, _ = strings.CutSuffix(attribute(n, "content"), ";url=/buy?seat=1") // also where this answers a form
			}
		}
		if refresh != tt.refresh {
			t.Errorf("%s refresh = %q; want %q", tt.name, refresh, tt.refresh)
		}
		forms := find(root, func(n *html.Node) bool {
			return n.Data == "form" && strings.HasSuffix(attribute(n, "action"), tt.form)
		})
		if len(forms) == 0 {
			t.Errorf("%s no form for %q", tt.name, tt.form)
		}
	}
}

func TestTheVisitorsOwnNumbersAreOnThePage(t *testing.T) {
	_, _, root := show(t, waitingView())
	for id, want := range map[string]string{
		"number": "12,345", "serving": "9,870", "ahead": "2,474", "wait": "about 4 to 7 minutes",
		"reference": "K7QX-2M9P", "message": "Doors at seven.", "title": "You are in the line",
	} {
		found := find(root, func(n *html.Node) bool { return attribute(n, "id") == id })
		if len(found) != 1 || text(found[0]) != want {
			t.Errorf("#%s = %q; want %q", id, text(found[0]), want)
		}
	}
}

func TestHostileTextStaysText(t *testing.T) {
	attacks := []string{
		`<script>alert(1)</script>`, `</script><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`,
		`' onmouseover='alert(1)`, `</style><script>alert(1)</script>`, `</title><svg onload=alert(1)>`,
		`</noscript><script>alert(1)</script>`, `<!--<script>`, `javascript:alert(1)`, `{{.Nonce}}`,
		"\u2028alert(1)", `0;url=javascript:alert(1)`, `#fff;}*{background:url(//evil.example)}`, `red;background:url(//evil.example)`,
	}
	for _, attack := range attacks {
		v := waitingView()
		v.Name, v.Return = attack, attack
		v.Texts = event.Page{
			Organizer: attack, Title: attack, Message: attack, Language: attack, HelpURL: attack, PrivacyURL: attack,
			Theme: event.Theme{Accent: attack, Background: attack, Text: attack},
		}
		v.Place.Message, v.Place.Reference, v.Place.Location, v.Place.Line = attack, attack, attack, attack
		v.Place.State, v.Place.Mode = StateWaiting, Mode(attack)
		_, _, root := show(t, v)
		checkDocument(t, root)
		checkHarmless(t, attack, root)

		p := newPages(t)
		for _, write := range []func(http.ResponseWriter) error{
			func(w http.ResponseWriter) error {
				return p.Error(w, ErrorView{Status: 502, Texts: v.Texts, Reference: attack, Return: attack})
			},
			func(w http.ResponseWriter) error {
				return p.Privacy(w, PrivacyView{Name: attack, Texts: v.Texts, Retention: time.Hour, Return: attack})
			},
		} {
			recorder := httptest.NewRecorder()
			if err := write(recorder); err != nil {
				t.Fatalf("write with %q = %v; want a page", attack, err)
			}
			root := parse(t, recorder.Body.String())
			checkDocument(t, root)
			checkHarmless(t, attack, root)
		}
	}
}

func checkHarmless(t *testing.T, attack string, root *html.Node) {
	t.Helper()
	if n := find(root, tag("img", "svg", "iframe", "object", "base")); len(n) > 0 {
		t.Errorf("%q became a <%s>", attack, n[0].Data)
	}
	for _, n := range find(root, tag("script", "style", "a", "meta")) {
		switch n.Data {
		case "script":
			if attribute(n, "type") != "application/json" && !strings.HasPrefix(attribute(n, "src"), prefix+"/assets/") {
				t.Errorf("%q became a script", attack)
			}
		case "style":
			if strings.Contains(text(n), "url(") || strings.Contains(text(n), "evil") {
				t.Errorf("%q reached the style %s", attack, text(n))
			}
		case "meta":
			if strings.Contains(strings.ToLower(attribute(n, "content")), "url=javascript:") {
				t.Errorf("%q became a refresh to a script", attack)
			}
		case "a":
			if strings.HasPrefix(strings.ToLower(attribute(n, "href")), "javascript:") {
				t.Errorf("%q became a link to a script", attack)
			}
		}
	}
}

func TestOurWordsAndTheOrganizersMayDifferInLanguage(t *testing.T) {
	v := waitingView()
	v.Texts.Language, v.Texts.Title = "de", "Wintertournee"
	_, _, root := show(t, v)
	if got := attribute(find(root, tag("html"))[0], "lang"); got != "en" {
		t.Errorf("html lang = %q; want en, the language of our words", got)
	}
	if got := attribute(find(root, tag("h1"))[0], "lang"); got != "de" {
		t.Errorf("h1 lang = %q; want de, the organizer's", got)
	}
}

func TestErrorAndPrivacyPages(t *testing.T) {
	p := newPages(t)
	for _, status := range []int{400, 403, 404, 429, 500, 502, 503, 504, 418, 507} {
		recorder := httptest.NewRecorder()
		if err := p.Error(recorder, ErrorView{Status: status, Reference: "8F2K", Return: "/buy"}); err != nil {
			t.Fatalf("Error(%d) = %v; want a page", status, err)
		}
		if recorder.Code != status || recorder.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("Error(%d) = %d, Cache-Control %q; want %d, no-store", status, recorder.Code, recorder.Header().Get("Cache-Control"), status)
		}
		checkDocument(t, parse(t, recorder.Body.String()))
	}
	recorder := httptest.NewRecorder()
	if err := p.Privacy(recorder, PrivacyView{Name: "Tour", Retention: 168 * time.Hour, Return: "/buy"}); err != nil {
		t.Fatalf("Privacy() = %v; want a page", err)
	}
	checkDocument(t, parse(t, recorder.Body.String()))
	if !strings.Contains(recorder.Body.String(), "deleted 7 days after") {
		t.Error("the privacy note does not name its retention")
	}
}
