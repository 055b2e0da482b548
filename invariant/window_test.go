package invariant

import "testing"

func TestWindow(t *testing.T) {
	for _, st := range []story{
		{name: "an admission is refused in the middle of its window",
			more: []Event{TurnedAway(between(3, 3.1), bob, "bob.1")},
			want: "I7: visitor b20000.. was told to wait at 3.100 s with an admission that lasts until 60.000 s (bob.1)"},
		{name: "refused in the time by which it was extended",
			more: []Event{Extended(between(50, 50.1), bob, "bob.1", s(110)), TurnedAway(between(70, 70.1), bob, "bob.1")},
			want: "I7: visitor b20000.. was told to wait at 70.100 s with an admission that lasts until 110.000 s (bob.1)"},
		{name: "refused when it has run out", more: []Event{TurnedAway(between(60.5, 60.6), bob, "bob.1")}},
		{name: "refused when it may have run out just before the answer", more: []Event{TurnedAway(between(59.9, 60), bob, "bob.1")}},
		{name: "refused after it was given back", more: []Event{TurnedAway(between(2.3, 2.4), ann, "ann.1")}},
		{name: "refused while it is being given back", more: []Event{TurnedAway(between(2.0, 2.15), ann, "ann.1")}},
		{name: "refused by a gateway whose clock may be a second ahead",
			more: []Event{TurnedAway(between(59.3, 59.4), bob, "bob.1")}, rules: func(l *Limits) { l.Lag = s(1) }},
		{name: "the extension was learned of only afterwards",
			more: []Event{TurnedAway(between(60.1, 60.2), bob, "bob.1"), Extended(between(60.15, 60.3), bob, "bob.1", s(110))}},
		{name: "an admission that nobody was given is no promise", more: []Event{TurnedAway(between(3, 3.1), bob, "made-up")}},
	} {
		t.Run(st.name, st.run)
	}
}
