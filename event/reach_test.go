package event_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bilten/rushgate/event"
)

func TestReaches(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		says   string
		routes string // "path action", with commas between them
		others string // "id path"
		want   string
	}{
		{"the same path", "/buy/**", "shop /buy/**", "shop"},
		{"what serves everything", "/buy/**", "shop /**", "shop"},
		{"a more specific one stands before what serves everything", "/buy/**", "shop /**, tickets /buy/**", "tickets"},
		{"a path below the route", "/buy/**", "shop /**, pay /buy/pay/**", "pay shop"},
		{"a single path below", "/buy/**", "shop /**, pay /buy/pay", "pay shop"},
		{"any segment meets a written one", "/*/buy", "shop /**, spring /spring/buy", "shop spring"},
		{"a written segment meets any", "/spring/buy", "shop /*/buy", "shop"},
		{"somewhere else", "/buy/**", "shop /**, news /news/**", "shop"},
		{"a longer path than the route has", "/buy", "pay /buy/pay", ""},
		{"nobody serves it", "/buy/**", "news /news/**", ""},
		{"letter case makes no difference", "/Buy/**", "shop /buy/**", "shop"},
		{"the path itself, and what is below it", "/buy/**", "door /buy, shop /buy/**", "door shop"},
		{"all of one length have somebody else", "/buy/**", "shop /buy/**, steps /buy/*", "shop steps"},
		{"what is below has somebody else at every length", "/buy/*/**", "shop /buy/**, steps /buy/*/**", "steps"},
		{"what the event lets pass does not count", "/** protect, /static/** bypass", "shop /**, files /static/**", "shop"},
		{"but what it protects below does", "/** protect, /static/** bypass, /static/vip/** protect", "shop /**, files /static/**", "files shop"},
		{"nothing is protected", "/static/** bypass", "files /static/**", ""},
	} {
		e := event.Event{ID: "spring"}
		for route := range strings.SplitSeq(tt.routes, ", ") {
			path, action, _ := strings.Cut(route, " ")
			e.Routes = append(e.Routes, event.Route{Host: "acme.example", Path: path, Action: event.Action(action)})
		}
		others := []event.Event{{ID: "elsewhere", Routes: []event.Route{{Host: "other.example", Path: "/**"}}}}
		for other := range strings.SplitSeq(tt.others, ", ") {
			id, path, _ := strings.Cut(other, " ")
			others = append(others, event.Event{ID: id, Routes: []event.Route{{Host: "ACME.example", Path: path}}})
		}
		routes, err := event.NewRoutes(others)
		if err != nil {
			t.Fatal(err)
		}
		reached := slices.Compact(slices.Sorted(e.Reaches(routes, func(r event.Route) bool { return r.Action != event.Bypass })))
		if got := strings.Join(reached, " "); got != tt.want {
			t.Errorf("%s: %s reaches %q of %s; want %q", tt.says, tt.routes, got, tt.others, tt.want)
		}
	}
}
