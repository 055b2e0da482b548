package invariant

import (
	"slices"
	"strings"
	"testing"
)

// From outside: ann and bob are in, cat waits, and the third slot is free.
func TestStandstill(t *testing.T) {
	limits := rules()
	limits.Turn = s(5)
	shows := func(serving int64, moments ...float64) []Event {
		var events []Event
		for _, at := range moments {
			events = append(events, Showed(between(at, at+0.01), []Line{{Name: "general", Serving: serving}}))
		}
		return events
	}
	history := func(more ...[]Event) []Event {
		events := []Event{
			Admitted(between(0.1, 0.15), ann, Direct, "ann.1", s(60)),
			Admitted(between(0.2, 0.25), bob, Direct, "bob.1", s(60)),
			Joined(between(0.3, 0.4), cat, "general", 1),
			Saw(between(29, 29.1), cat, "g1", 1, 0, 0),
		}
		return append(events, slices.Concat(more...)...)
	}
	for _, test := range []struct {
		name   string
		events []Event
		want   string
	}{
		{"nobody is called although a slot is free", history(shows(0, 10, 11, 12, 13, 14)),
			"I8: nobody was called from 9.910 s to 13.900 s: at least 1 waited and at most 2 of 3 slots were taken"},
		{"somebody is called every second", history(shows(1, 10), shows(2, 11), shows(3, 12), shows(4, 13), shows(5, 14)), ""},
		{"a token and two ticks are not over yet", history(shows(0, 10, 11, 12, 12.9)), ""},
		{"somebody may still have a turn", history(shows(0, 9), shows(2, 10, 11, 12, 13, 14),
			[]Event{Joined(between(0.31, 0.41), dan, "general", 2)}), ""},
		{"and after the turn has lapsed, the slot is free", history(shows(0, 9), shows(2, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20),
			[]Event{Joined(between(0.31, 0.41), dan, "general", 2), Joined(between(0.5, 0.6), eve, "general", 3), Saw(between(29, 29.1), eve, "g1", 3, 2, 0)}),
			"I8: nobody was called from 15.910 s to 19.900 s: at least 2 waited and at most 2 of 3 slots were taken"},
		{"nobody is known to wait any more", history(shows(0, 30, 31, 32, 33, 34, 35)), ""},
	} {
		var got []string
		for _, v := range check(test.events, limits) {
			got = append(got, v.String())
		}
		if strings.Join(got, "\n") != test.want {
			t.Errorf("check(%s) = %q; want %q", test.name, got, test.want)
		}
	}
}
