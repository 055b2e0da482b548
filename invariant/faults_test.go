package invariant

import "testing"

func TestLost(t *testing.T) {
	for _, st := range []story{
		{name: "who waits is told that there is no place",
			more: []Event{Forgotten(between(3.0, 3.1), eve)},
			want: "I2: visitor e50000.. held number 3 and was told at 3.100 s that there is no such place"},
		{name: "who left has no place", more: []Event{Forgotten(between(5, 5.1), eve)}},
		{name: "a stranger has no place", more: []Event{Forgotten(between(3, 3.1), Visitor{9})}},
		{name: "who has been in and gone has no place any more",
			more: []Event{Ended(between(5, 5.1), cat, "cat.1"), Forgotten(between(6, 6.1), cat)}},
		{name: "who waits is sent to the end",
			more: []Event{Joined(between(3.0, 3.1), eve, "general", 40)},
			want: "I2: visitor e50000.. held number 3 and was sent back to number 40 at 3.100 s"},
		{name: "who is moved up has lost nothing, but has two places",
			more: []Event{Joined(between(3.0, 3.1), eve, "general", 0)},
			want: "I3: visitor e50000.. was given number 3 in line general and then number 0 in line general"},
	} {
		t.Run(st.name, st.run)
	}
}

func TestModes(t *testing.T) {
	silent := func(l *Limits) {
		l.Lag = s(2)
		l.Disturbed = []Disturbance{{Span: between(10, 40), Silent: between(10, 20)}}
	}
	for _, st := range []story{
		{name: "all is well and says so", more: []Event{Told(between(3, 3.1), eve, "g1", "normal")}},
		{name: "a pause is the organizer's", more: []Event{Told(between(3, 3.1), eve, "g1", "paused")}},
		{name: "a hold of a moment", more: []Event{Told(between(3, 3.1), eve, "g1", Hold), Told(between(3.9, 4), eve, "g1", Hold)}},
		{name: "holds of a moment, now and then", more: []Event{
			Told(between(3, 3.1), eve, "g1", Hold), Told(between(3.5, 3.6), eve, "g1", "normal"), Told(between(5, 5.1), eve, "g1", Hold),
		}},
		{name: "a hold while nothing is wrong", more: []Event{Told(between(3, 3.1), eve, "g1", Hold), Told(between(4.5, 4.6), eve, "g1", Hold)},
			want: "I11: gateway g1 answered in mode hold from 3.100 s to 4.600 s, while nothing was wrong"},
		{name: "places are put back while nothing is wrong", more: []Event{Told(between(3, 3.1), eve, "g1", Restore)},
			want: "I11: gateway g1 put places back at 3.100 s, while nothing was wrong"},
		{name: "a hold while the store is silent", more: []Event{Told(between(15, 15.1), eve, "g1", Hold)}, rules: silent},
		{name: "places are put back afterwards", more: []Event{Told(between(25, 25.1), eve, "g1", Restore)}, rules: silent},
		{name: "nothing is said while the store is silent", more: []Event{Told(between(15, 15.1), eve, "g1", "normal")}, rules: silent,
			want: "I11: gateway g1 answered in mode normal at 15.100 s, while its store had been silent for 5.0 s"},
		{name: "nothing is known yet of a store that has just fallen silent", more: []Event{Told(between(11.9, 12), eve, "g1", "normal")}, rules: silent},
		{name: "doors that open because something failed", more: []Event{Told(between(15, 15.1), eve, "g1", "bypass")}, rules: silent,
			want: "I11: gateway g1 let everybody through at 15.100 s, and nobody had chosen that"},
		{name: "a mode without a name", more: []Event{Told(between(3, 3.1), eve, "g1", "")},
			want: `I11: visitor e50000.. was told at 3.100 s of mode "", which has no name in the contract`},
	} {
		t.Run(st.name, st.run)
	}
}

func TestRestoreIsAnAnnouncement(t *testing.T) {
	restoring := func(l *Limits) { l.Disturbed = []Disturbance{{Span: between(3, 3.5)}} }
	for _, st := range []story{
		{name: "ahead grows after a restore was announced", rules: restoring,
			more: []Event{Told(between(3.3, 3.35), eve, "g1", Restore), Saw(between(3.8, 3.9), eve, "g2", 3, 1, 1)}},
		{name: "ahead grows without a word",
			more: []Event{Saw(between(3.8, 3.9), eve, "g2", 3, 1, 1)},
			want: "I5: visitor e50000.. was shown serving 2 at 3.200 s and 1 at 3.900 s"},
	} {
		t.Run(st.name, st.run)
	}
}

func TestBystanders(t *testing.T) {
	bystander := func(l *Limits) {
		l.Bystander = true
		l.Disturbed = []Disturbance{{Span: between(0, 60)}}
	}
	for _, st := range []story{
		{name: "nothing is felt", more: []Event{Told(between(3, 3.1), eve, "g1", "normal")}, rules: bystander},
		{name: "another event's restore is felt", more: []Event{Told(between(3, 3.1), eve, "g1", Restore)}, rules: bystander,
			want: "I10: visitor e50000.. of another event was told of mode restore at 3.100 s"},
		{name: "another event's loss is felt", more: []Event{Forgotten(between(3, 3.1), eve)}, rules: bystander,
			want: "I10: visitor e50000.. of another event had no place any more at 3.100 s"},
		{name: "the event itself may say so", more: []Event{Told(between(3, 3.1), eve, "g1", Restore)},
			rules: func(l *Limits) { l.Disturbed = []Disturbance{{Span: between(0, 60)}} }},
	} {
		t.Run(st.name, st.run)
	}
}

func TestWeight(t *testing.T) {
	bounds := func(l *Limits) { l.Weight = Weight{Resident: 100 << 20, Descriptors: 500, Goroutines: 1000} }
	for _, st := range []story{
		{name: "within its bounds", more: []Event{Weighed(At(s(3)), "g1", Weight{50 << 20, 500, 1000})}, rules: bounds},
		{name: "a socket too many", more: []Event{Weighed(At(s(3)), "g1", Weight{50 << 20, 501, 10})}, rules: bounds,
			want: "I9: gateway g1 had 501 open files and sockets at 3.000 s; at most 500 are allowed"},
		{name: "goroutines pile up", more: []Event{Weighed(At(s(3)), "g1", Weight{0, 1, 1001})}, rules: bounds,
			want: "I9: gateway g1 had 1001 goroutines at 3.000 s; at most 1000 are allowed"},
		{name: "no bounds, no judgement", more: []Event{Weighed(At(s(3)), "g1", Weight{1 << 40, 1 << 20, 1 << 20})}},
	} {
		t.Run(st.name, st.run)
	}
}

func TestEveryInvariantHasAChecker(t *testing.T) {
	if got := All(); len(got) != 12 || got[0] != Cap || got[11] != Controls {
		t.Errorf("All() = %v; want I1 to I12", got)
	}
}
