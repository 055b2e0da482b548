package event

import (
	"fmt"
	"strings"
	"testing"
)

var hamlet = Event{ID: "hamlet", Routes: []Route{
	{Host: "tickets.example", Path: "/buy/**", Action: Protect},
	{Host: "tickets.example", Path: "/buy/webhook", Action: Bypass},
	{Host: "tickets.example", Path: "/buy/*/confirm", Action: Commit},
	{Host: "tickets.example", Path: "/buy/vip/**", Action: Protect, Shared: true},
	{Host: "tickets.example", Path: "/seats/*", Action: Protect},
}}

var everything = Event{ID: "everything", Routes: []Route{
	{Host: "all.example", Path: "/**", Action: Protect},
	{Host: "all.example", Path: "/caf%C3%A9/**", Action: Protect},
}}

func TestLookup(t *testing.T) {
	routes, err := NewRoutes([]Event{hamlet, everything})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ say, host, path, want string }{
		{"** matches what is below", "tickets.example", "/buy/a/b/c", "/buy/**"},
		{"** matches nothing more, too", "tickets.example", "/buy", "/buy/**"},
		{"a final slash makes no difference", "tickets.example", "/buy/", "/buy/**"},
		{"A33 letter case of the path is no way around", "tickets.example", "/BUY/x", "/buy/**"},
		{"A33 letter case of the host is no way around", "Tickets.EXAMPLE", "/buy", "/buy/**"},
		{"A33 a final dot of the host is no way around", "tickets.example.", "/buy", "/buy/**"},
		{"A33 doubled slashes are no way around", "tickets.example", "//buy", "/buy/**"},
		{"A33 a Kelvin sign is a k to servers that ignore case", "tickets.example", "/buy/webhoo%E2%84%AA", "/buy/webhook"},
		{"A33 a long s is an s", "tickets.example", "/%C5%BFeats/4", "/seats/*"},
		{"A33 fullwidth letters are letters", "tickets.example", "/%EF%BD%82%EF%BD%95%EF%BD%99", "/buy/**"},
		{"A33 an accent is no way around", "tickets.example", "/b%C3%BAy/x", "/buy/**"},
		{"A33 nor is one written apart", "tickets.example", "/bu%CC%81y/x", "/buy/**"},
		{"A33 nor an invisible character", "tickets.example", "/b%E2%80%8Buy", "/buy/**"},
		{"A33 nor a dotless i", "tickets.example", "/buy/v%C4%B1p", "/buy/vip/**"},
		{"A33 an accented route is met by the plain word, too", "all.example", "/cafe/x", "/caf%C3%A9/**"},
		{"A33 and by its capitals", "all.example", "/CAF%C3%89/x", "/caf%C3%A9/**"},
		{"A33 another letter is another path", "tickets.example", "/b%C3%B8y", ""},
		{"a longer word is another path", "tickets.example", "/buyer", ""},
		{"the written segment beats **", "tickets.example", "/buy/webhook", "/buy/webhook"},
		{"with a final slash as well", "tickets.example", "/buy/webhook/", "/buy/webhook"},
		{"below a written route ** is back", "tickets.example", "/buy/webhook/x", "/buy/**"},
		{"* beats **", "tickets.example", "/buy/9/confirm", "/buy/*/confirm"},
		{"a written segment beats * even when ** ends it", "tickets.example", "/buy/vip/confirm", "/buy/vip/**"},
		{"a dead end goes back to **", "tickets.example", "/buy/9/other", "/buy/**"},
		{"* stands for exactly one segment", "tickets.example", "/seats/4", "/seats/*"},
		{"* is not nothing", "tickets.example", "/seats", ""},
		{"* is not two", "tickets.example", "/seats/4/5", ""},
		{"/** matches the root", "all.example", "/", "/**"},
		{"/** matches everything", "all.example", "/x/y", "/**"},
		{"an unknown host matches nothing", "other.example", "/buy", ""},
		{"a host beyond any length matches nothing", strings.Repeat("a", 300), "/buy", ""},
		{"a segment beyond any length still meets **", "tickets.example", "/buy/" + strings.Repeat("a", 300), "/buy/**"},
		{"a star in a request is a segment as any other", "tickets.example", "/buy/**", "/buy/**"},
	} {
		_, route, ok := routes.Lookup(test.host, test.path)
		if route.Path != test.want || ok != (test.want != "") {
			t.Errorf("%s: Lookup(%q, %q) = %q, %t; want %q", test.say, test.host, test.path, route.Path, ok, test.want)
		}
	}
	if id, _, _ := routes.Lookup("all.example", "/"); id != "everything" {
		t.Errorf("Lookup(all.example, /) names event %q; want everything", id)
	}
}

// An odd spelling must not find its way to a route that is open.
func TestLenienceNeverOpens(t *testing.T) {
	routes, err := NewRoutes([]Event{{ID: "open", Routes: []Route{
		{Host: "a", Path: "/buy/**", Action: Protect},
		{Host: "a", Path: "/buy/webhook", Action: Bypass},
		{Host: "a", Path: "/buy/caf%C3%A9/*/pay", Action: Commit},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		say, path string
		want      Action
	}{
		{"as it is written", "/buy/webhook", Bypass},
		{"letter case is the payment provider's habit", "/Buy/WebHook/", Bypass},
		{"A33 a Kelvin sign is nobody's", "/buy/webhoo%E2%84%AA", Protect},
		{"an accented route as it is written", "/buy/caf%C3%A9/7/pay", Commit},
		{"with anything where anything may stand", "/buy/caf%C3%A9/%C3%A9/pay", Commit},
		{"A33 without its accent", "/buy/cafe/%C3%A9/pay", Protect},
		{"A33 without any", "/buy/cafe/7/pay", Protect},
	} {
		if _, route, ok := routes.Lookup("a", test.path); route.Action != test.want || !ok {
			t.Errorf("%s: Lookup(a, %s) = %s, %t; want %s", test.say, test.path, route.Action, ok, test.want)
		}
	}
}

func TestLookupDoesNotAllocate(t *testing.T) {
	routes, err := NewRoutes([]Event{hamlet})
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { routes.Lookup("Tickets.example", "/BUY/9/confirm") }); n != 0 {
		t.Errorf("Lookup allocates %v times; want 0", n)
	}
}

func TestNewRoutesRefusesEqualClaims(t *testing.T) {
	other := Event{ID: "macbeth", Routes: []Route{
		{Host: "TICKETS.example", Path: "/Buy/**", Action: Bypass},
		{Host: "tickets.example", Path: "/buy/*", Action: Protect}, // no equal: narrower
	}}
	_, err := NewRoutes([]Event{hamlet, other})
	const want = "event macbeth: route TICKETS.example/Buy/**: event hamlet has it already, as tickets.example/buy/**"
	if err == nil || err.Error() != want {
		t.Errorf("NewRoutes(hamlet, macbeth) = %v; want %s", err, want)
	}
}

func TestBadPattern(t *testing.T) {
	for pattern, want := range map[string]string{
		"/":             "",
		"/buy":          "",
		"/buy/*/x/**":   "",
		"/a%20b/%C3%A9": "",
		"buy":           `starts with "/"`,
		"":              `starts with "/"`,
		"/buy/":         `leave out the final "/"`,
		"//buy":         `want one "/"`,
		"/a/../b":       "no . or ..",
		"/**/a":         "at the end",
		"/a*":           "whole segment",
		"/a?b":          "; ? #",
		"/a;b":          "; ? #",
		"/%2F":          "; ? #",
		"/%3B":          "; ? #",
		"/%00":          "control character",
		"/a b":          "want a%20b",
		"/é":            "want %C3%A9",
		"/%c3%a9":       "want %C3%A9",
		"/%61":          "want a, the spelling",
		"/%zz":          "two digits",
		"/%c":           "two digits",
		"/%FF":          "not UTF-8",
		"/100%25":       "",
		"/buy.":         "ends in a dot or a space",
		"/buy%20":       "ends in a dot or a space",
	} {
		if got := badPattern(pattern); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("badPattern(%q) = %q; want %q", pattern, got, want)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	var events []Event
	for i := range 1000 {
		events = append(events, Event{ID: fmt.Sprint("e", i), Routes: []Route{
			{Host: "tickets.example", Path: fmt.Sprintf("/events/%d/**", i), Action: Protect},
			{Host: "tickets.example", Path: fmt.Sprintf("/events/%d/hook", i), Action: Bypass},
		}})
	}
	routes, err := NewRoutes(events)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, ok := routes.Lookup("tickets.example", "/events/777/buy/seat"); !ok {
			b.Fatal("no route")
		}
	}
}
