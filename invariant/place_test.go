package invariant

import "testing"

func TestPlace(t *testing.T) {
	nina := Visitor{0x9a}
	comes := Joined(between(0.85, 0.9), nina, "general", 4)
	minute := func(l *Limits) { l.Turn, l.Grace, l.Lag = s(10), s(60), s(1) }
	for _, st := range []story{
		{name: "who shows the pass of a place is told that there is none",
			more: []Event{Unknown(between(3, 3.1), eve)},
			want: "I2: visitor e50000.. has number 3 in line general and was told at 3.100 s that there is no such place"},
		{name: "a pass that was shown before the place was given", more: []Event{Unknown(between(0.75, 0.85), eve)}},
		{name: "the pass of a place that was given up", more: []Event{Unknown(between(5, 5.1), eve)}},
		{name: "the pass of a place that has been used", more: []Event{Unknown(between(5, 5.1), cat)}},
		{name: "a pass that nobody was given", more: []Event{Unknown(between(5, 5.1), nina)}},
		{name: "the turn goes before it and its grace can have passed", rules: minute,
			more: []Event{comes, Missed(between(20, 20.1), nina)},
			want: "I2: visitor 9a0000.. (number 4) still waited at 0.850 s and was told at 20.100 s that the turn has gone, 50.750 s too early"},
		{name: "the same, told to wait by a gateway whose snapshot may have been a second old", rules: minute,
			more: []Event{comes, Saw(between(30, 30.1), nina, "g1", 4, 3, 0), Missed(between(95, 95.1), nina)},
			want: "I2: visitor 9a0000.. (number 4) still waited at 30.000 s and was told at 95.100 s that the turn has gone, 3.900 s too early"},
		{name: "the turn goes when it and its grace are over", rules: minute, more: []Event{comes, Missed(between(71, 71.1), nina)}},
		{name: "the turn had come by the answer to the join", rules: minute,
			more: []Event{Due(between(0.85, 0.9), nina, "general", 4), Missed(between(20, 20.1), nina)}},
		{name: "who claimed may have been let in, and the answer lost", rules: minute,
			more: []Event{comes, AtDoor(between(10, 10.1), nina), Missed(between(20, 20.1), nina)}},
	} {
		t.Run(st.name, st.run)
	}
}
