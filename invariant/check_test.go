package invariant

import (
	"slices"
	"testing"
)

var (
	ann = Visitor{0xa1}
	bob = Visitor{0xb2}
	cat = Visitor{0xc3}
	dan = Visitor{0xd4}
	eve = Visitor{0xe5}
)

// s is a moment in seconds of the history.
func s(seconds float64) int64 { return int64(seconds * 1e6) }

func between(from, to float64) Span { return Between(s(from), s(to)) }

// rules: three slots, one admission a second, two at once.
func rules() Limits {
	return Limits{Policies: []Policy{{PerMinute: 60, Burst: 2, Cap: 3}}, Tick: s(1)}
}

func room(calledNow, active, serving, waiting int64) Room {
	return Room{Version: 1, Called: calledNow, Active: active, Lines: []Line{{Name: "general", Serving: serving, Waiting: waiting}}}
}

// evening is a history in which every promise was kept: two go straight in,
// three wait, two of them are called, one leaves.
func evening() []Event {
	return []Event{
		Changed(At(0), "new_users_per_minute", 1, "key box-office"),
		Admitted(between(0.1, 0.15), ann, Direct, "ann.1", s(60)),
		Admitted(between(0.2, 0.25), bob, Direct, "bob.1", s(60)),
		Joined(between(0.3, 0.4), cat, "general", 1),
		Joined(between(0.32, 0.42), cat, "general", 1), // a double click
		Joined(between(0.5, 0.6), dan, "general", 2),
		Joined(between(0.7, 0.8), eve, "general", 3),
		Saw(between(0.9, 0.95), eve, "g1", 3, 0, 2),
		Called(At(s(1)), cat, s(10)),
		Ticked(At(s(1)), room(1, 2, 1, 2)),
		Turn(between(1.1, 1.15), cat, s(10)),
		Admitted(between(1.2, 1.3), cat, FromLine, "cat.1", s(61)),
		Reached(At(s(1.4)), cat, "cat.1"),
		Reached(At(s(1.5)), ann, "ann.1"),
		Extended(between(1.5, 1.6), ann, "ann.1", s(90)),
		Ended(between(2.1, 2.2), ann, "ann.1"),
		Ticked(At(s(2)), room(0, 3, 1, 2)),
		Called(At(s(3)), dan, s(13)),
		Ticked(At(s(3)), room(1, 2, 2, 1)),
		Saw(between(3.1, 3.2), eve, "g2", 3, 2, 0),
		Admitted(between(3.3, 3.4), dan, FromLine, "dan.1", s(63)),
		Changed(between(3.5, 3.6), "queue_all", 2, "key box-office"),
		Ticked(At(s(4)), room(0, 3, 2, 1)),
		Left(between(4.1, 4.2), eve),
		Ticked(At(s(5)), room(0, 3, 2, 0)),
	}
}

func TestAnHonestEveningBreaksNothing(t *testing.T) {
	for _, v := range check(evening(), rules()) {
		t.Errorf("check(evening) = %v; want no violation", v)
	}
}

// story is the evening with more events, under rules that may differ.
type story struct {
	name  string
	more  []Event
	rules func(*Limits)
	want  string // the violation; "" for none
}

func (st story) run(t *testing.T) {
	t.Helper()
	limits := rules()
	if st.rules != nil {
		st.rules(&limits)
	}
	found := check(append(evening(), st.more...), limits)
	if st.want == "" {
		for _, v := range found {
			t.Errorf("check(%s) = %v; want no violation", st.name, v)
		}
		return
	}
	if !slices.ContainsFunc(found, func(v Violation) bool { return v.String() == st.want }) {
		t.Errorf("check(%s) = %v; want %q among them", st.name, found, st.want)
	}
	for _, v := range found {
		if len(v.Events) == 0 {
			t.Errorf("check(%s) gives no evidence for %q", st.name, v)
		}
	}
}

func TestCap(t *testing.T) {
	for _, st := range []story{
		{name: "a fourth turn with three slots",
			more: []Event{Called(At(s(3.5)), eve, s(20))},
			want: "I1: visitor e50000.. took a slot by 3.500 s: 4 turns and sessions with a cap of 3"},
		{name: "the room's own counts are above the cap",
			more: []Event{Ticked(At(s(4.5)), room(1, 3, 3, 0))},
			want: "I1: the room held 1 turns and 3 sessions at 4.500 s with a cap of 3"},
		{name: "a cap that falls throws nobody out",
			rules: func(l *Limits) {
				l.Policies = append(l.Policies, Policy{From: s(3.45), PerMinute: 60, Burst: 2, Cap: 1})
			}},
		{name: "a call above a cap that has fallen",
			rules: func(l *Limits) {
				l.Policies = append(l.Policies, Policy{From: s(2.95), PerMinute: 60, Burst: 2, Cap: 2})
			},
			want: "I1: visitor d40000.. took a slot by 3.000 s: 3 turns and sessions with a cap of 2"},
		{name: "a claim after the cap fell takes no new slot",
			rules: func(l *Limits) {
				l.Policies = append(l.Policies, Policy{From: s(3.2), PerMinute: 60, Burst: 2, Cap: 2})
			}},
		{name: "an admission given while the room was off is taken over above the cap",
			more: []Event{Admitted(At(s(3.7)), Visitor{9}, Adopted, "open.1", s(50)), Ticked(At(s(3.8)), room(0, 4, 2, 1))}},
		{name: "four sessions of which two may have changed hands in between",
			more: []Event{
				Ended(between(5, 7), bob, "bob.1"),
				Admitted(between(5, 7), Visitor{9}, Direct, "nine.1", s(60)),
			}},
	} {
		t.Run(st.name, st.run)
	}
}

func TestRate(t *testing.T) {
	at := func(moments ...Span) []Event {
		var events []Event
		for i, when := range moments {
			v := Visitor{0x10, byte(i)}
			id := SessionID(v, int64(i))
			events = append(events, Admitted(when, v, Direct, id, when.To+1), Ended(At(when.To), v, id))
		}
		return events
	}
	for _, st := range []story{
		{name: "three at once with a burst of two",
			more: at(At(s(20)), At(s(20)), At(s(20))),
			want: "I1: visitor 100200.. was admitted by 20.000 s, as number 3 since 20.000 s: the rate and a burst of 2 allow 2"},
		{name: "the burst and then one a second",
			more: at(At(s(20)), At(s(20)), At(s(21)), At(s(22)))},
		{name: "a microsecond before the next second",
			more: at(At(s(20)), At(s(20)), At(s(21)), At(s(22)-1)),
			want: "I1: visitor 100300.. was admitted by 22.000 s, as number 4 since 20.000 s: the rate and a burst of 2 allow 3"},
		{name: "three answers at one moment to requests of which one was sent a second before",
			more: at(between(20, 21), At(s(21)), At(s(21)))},
		{name: "four answers within half a second to requests sent within it",
			more: at(between(20, 20.5), between(20, 20.5), between(20, 20.5), between(20, 20.5)),
			want: "I1: visitor 100200.. was admitted by 20.500 s, as number 3 since 20.000 s: the rate and a burst of 2 allow 2"},
		{name: "two at once after a pause that emptied the bucket",
			more: at(At(s(20)), At(s(20))),
			rules: func(l *Limits) {
				l.Policies = append(l.Policies, Policy{From: s(10), PerMinute: 0, Burst: 1, Cap: 3})
			},
			want: "I1: visitor 100100.. was admitted by 20.000 s, as number 2 since 20.000 s: the rate and a burst of 1 allow 1"},
		{name: "a rate that rises is paid from the moment it rises",
			more: at(At(s(20)), At(s(20)), At(s(20.2)), At(s(20.3)), At(s(20.4))),
			rules: func(l *Limits) {
				l.Policies = append(l.Policies, Policy{From: s(20.1), PerMinute: 600, Burst: 2, Cap: 3})
			}},
		{name: "three who stood at the door, and ask at one moment whether it has opened",
			more: append([]Event{
				AtDoor(between(19, 19.1), Visitor{0x10, 0}), AtDoor(between(19, 19.1), Visitor{0x10, 1}),
			}, at(At(s(20.05)), At(s(20.05)), At(s(20.05)))...)},
		{name: "an admission taken over is not paid for",
			more: []Event{
				Admitted(At(s(20)), Visitor{7}, Adopted, "a", s(21)), Admitted(At(s(20)), Visitor{8}, Adopted, "b", s(21)),
				Admitted(At(s(20)), Visitor{9}, Adopted, "c", s(21)),
			}},
	} {
		t.Run(st.name, st.run)
	}
}

func TestDouble(t *testing.T) {
	for _, st := range []story{
		{name: "a second tab gets a second place",
			more: []Event{Joined(between(0.85, 0.9), eve, "general", 4)},
			want: "I3: visitor e50000.. was given number 3 in line general and then number 4 in line general"},
		{name: "who left stands at the end",
			more: []Event{Joined(between(4.3, 4.4), eve, "general", 4)}},
		{name: "who may have left before a join that overlaps",
			more: []Event{Joined(between(4.0, 4.15), eve, "general", 4)}},
		{name: "who missed the turn joins again",
			more: []Event{Missed(between(20, 20.1), eve), Joined(between(20.2, 20.3), eve, "general", 4)}},
		{name: "two visitors with one number",
			more: []Event{Joined(between(0.85, 0.9), Visitor{9}, "general", 3)},
			want: "I3: visitors e50000.. and 090000.. were both given number 3 in line general"},
		{name: "a retried claim is admitted twice",
			more: []Event{Admitted(between(1.3, 1.35), cat, FromLine, "cat.2", s(61))},
			want: "I3: visitor c30000.. was admitted again by 1.350 s (cat.2), while the first admission (cat.1) still counted"},
		{name: "a retried claim brings the same admission",
			more: []Event{Admitted(between(1.3, 1.35), cat, FromLine, "cat.1", s(61))}},
		{name: "who completed comes a second time",
			more: []Event{Ended(between(6, 6.1), bob, "bob.1"), Admitted(between(7, 7.1), bob, Direct, "bob.2", s(70))}},
		{name: "two visitors with one admission",
			more: []Event{Ended(At(s(6)), bob, "bob.1"), Admitted(between(7, 7.1), Visitor{9}, Direct, "bob.1", s(60))},
			want: "I3: visitors b20000.. and 090000.. were given one admission (bob.1)"},
	} {
		t.Run(st.name, st.run)
	}
}

func TestOrder(t *testing.T) {
	nina := Visitor{0x9a}
	for _, st := range []story{
		{name: "a later join gets a lower number",
			more: []Event{Joined(between(0.85, 0.9), nina, "general", 0)},
			want: "I4: visitor 9a0000.. was given number 0, before visitor e50000.. (number 3), whose join was answered first"},
		{name: "joins at one time may stand in any order",
			more: []Event{Joined(between(0.31, 0.9), nina, "general", 0), Left(between(0.91, 0.95), nina)}},
		{name: "a later number is called first",
			more: []Event{Joined(between(0.85, 0.9), nina, "general", 4), Called(At(s(2.5)), nina, s(2.6))},
			want: "I4: visitor 9a0000.. (number 4) was called by 2.500 s, before visitor e50000.. (number 3), who still waited at 4.100 s"},
		{name: "a later number is called after the one before has left",
			more: []Event{
				Joined(between(0.85, 0.9), nina, "general", 4), Ended(between(4.3, 4.4), cat, "cat.1"), Called(At(s(5)), nina, s(15)),
			}},
		{name: "a newcomer goes straight in past the line",
			more: []Event{Ended(At(s(2.3)), bob, "bob.1"), Admitted(between(2.4, 2.5), nina, Direct, "nina.1", s(60))},
			want: "I4: visitor 9a0000.. went straight in by 2.500 s, while visitor e50000.. (number 3 in line general) waited"},
		{name: "a newcomer goes straight in when the last has left",
			more: []Event{Ended(At(s(5.3)), bob, "bob.1"), Admitted(between(5.4, 5.5), nina, Direct, "nina.1", s(60))}},
	} {
		t.Run(st.name, st.run)
	}
}

// A crowd does not see calls. It sees who is told to wait, and who gets a turn.
func TestOrderSeenFromOutside(t *testing.T) {
	limits := rules()
	limits.Lag = s(1)
	history := func(polled float64) []Event {
		return []Event{
			Joined(between(0, 1), ann, "general", 1),
			Joined(between(2, 3), bob, "general", 2),
			Turn(between(9, 10), bob, 0),
			Saw(between(polled, polled+1), ann, "g1", 1, 0, 0),
		}
	}
	reached := append(history(10.5), Saw(between(14, 15), ann, "g1", 0, 1, 0))
	if found := check(reached, limits); len(found) != 0 {
		t.Errorf("check(figures that say ann was reached) = %v; want none: they do not tell her to wait", found)
	}
	if found := check(history(10.5), limits); len(found) != 0 {
		t.Errorf("check(poll half a second after the other's turn) = %v; want none: the snapshot may have been a second old", found)
	}
	again := append(history(0)[:3], Due(between(12.5, 13.5), ann, "general", 1), Turn(between(12.5, 13.5), ann, 0))
	if found := check(again, limits); len(found) != 0 {
		t.Errorf("check(a second join, answered with the turn) = %v; want none: ann may have been called long before", found)
	}
	want := "I4: visitor b20000.. (number 2) was called by 10.000 s, before visitor a10000.. (number 1), who still waited at 11.500 s"
	if found := check(history(12.5), limits); len(found) != 1 || found[0].String() != want {
		t.Errorf("check(poll two seconds after the other's turn) = %v; want [%s]", found, want)
	}
}

func TestNumber(t *testing.T) {
	lagging := func(l *Limits) { l.Lag = s(1) }
	for _, st := range []story{
		{name: "the number shown is not the one given",
			more: []Event{Saw(between(3.5, 3.6), eve, "g1", 5, 2, 0)},
			want: "I5: visitor e50000.. had number 3 and was shown number 5 at 3.600 s"},
		{name: "serving falls on one gateway",
			more: []Event{Saw(between(3.5, 3.6), eve, "g2", 3, 1, 0)}, rules: lagging,
			want: "I5: visitor e50000.. was shown serving 2 at 3.200 s and 1 at 3.600 s"},
		{name: "ahead grows",
			more: []Event{Saw(between(3.5, 3.6), eve, "g2", 3, 2, 1)},
			want: "I5: visitor e50000.. was shown 0 people ahead at 3.200 s and 1 at 3.600 s"},
		{name: "another gateway is a little behind",
			more: []Event{Saw(between(3.5, 3.6), eve, "g1", 3, 1, 1)}, rules: lagging},
		{name: "another gateway is far behind",
			more: []Event{Saw(between(4.5, 4.6), eve, "g1", 3, 1, 0)}, rules: lagging,
			want: "I5: visitor e50000.. was shown serving 2 at 3.200 s and 1 at 4.600 s"},
		{name: "two answers overtake each other",
			more: []Event{Saw(between(3.05, 3.3), eve, "g2", 3, 1, 1)}},
		{name: "the room itself serves a lower number",
			more: []Event{Ticked(At(s(6)), room(0, 2, 1, 0))},
			want: "I5: line general was serving 2 at 3.000 s and 1 at 6.000 s"},
	} {
		t.Run(st.name, st.run)
	}
}

func TestBypass(t *testing.T) {
	for _, st := range []story{
		{name: "no admission", more: []Event{Reached(At(s(2)), Visitor{}, "")},
			want: "I6: a request reached the shop without an admission at 2.000 s"},
		{name: "an invented admission", more: []Event{Reached(At(s(2)), ann, "made-up")},
			want: "I6: a request reached the shop at 2.000 s with an admission that nobody was given (made-up)"},
		{name: "somebody else's", more: []Event{Reached(At(s(2)), ann, "cat.1")},
			want: "I6: visitor a10000.. reached the shop at 2.000 s with an admission that belongs to somebody else (cat.1)"},
		{name: "before it was given", more: []Event{Reached(At(s(1.1)), cat, "cat.1")},
			want: "I6: visitor c30000.. reached the shop at 1.100 s with an admission that had not been given yet (cat.1)"},
		{name: "after it was ended", more: []Event{Reached(At(s(2.5)), ann, "ann.1")},
			want: "I6: visitor a10000.. reached the shop at 2.500 s with an admission that had been ended (ann.1)"},
		{name: "after an end that a gateway knew of which died with the store at once",
			more: []Event{Reached(At(s(2.5)), ann, "ann.1"), Lost(between(2.3, 2.4), true)}, rules: func(l *Limits) { l.Lag = s(0.2) }},
		{name: "after an end that the other gateways had heard of when one died with the store",
			more: []Event{Reached(At(s(2.5)), ann, "ann.1"), Lost(between(2.3, 2.4), true)}, rules: func(l *Limits) { l.Lag = s(0.05) },
			want: "I6: visitor a10000.. reached the shop at 2.500 s with an admission that had been ended (ann.1)"},
		{name: "after an end that the store forgot, and no gateway did",
			more: []Event{Reached(At(s(2.5)), ann, "ann.1"), Lost(between(2.3, 2.4), false)}, rules: func(l *Limits) { l.Lag = s(0.2) },
			want: "I6: visitor a10000.. reached the shop at 2.500 s with an admission that had been ended (ann.1)"},
		{name: "after it ran out", more: []Event{Reached(At(s(62)), bob, "bob.1")},
			want: "I6: visitor b20000.. reached the shop at 62.000 s with an admission that had run out (bob.1)"},
		{name: "within the second that a gateway may take to learn of the end",
			more: []Event{Reached(At(s(3)), ann, "ann.1")}, rules: func(l *Limits) { l.Lag = s(1) }},
		{name: "straight in, and the answer that told of it was lost",
			more: []Event{Reached(At(s(2)), eve, "eve.1"), Unanswered(between(1.9, 2.1), eve)}},
		{name: "the shop read the request after the visitor had lost the connection",
			more: []Event{Reached(At(s(2.5)), eve, "eve.1"), Unanswered(between(1.9, 2.1), eve)}, rules: func(l *Limits) { l.Lag = s(1) }},
		{name: "a session that was extended by the answer that was lost",
			more: []Event{Reached(At(s(62)), bob, "bob.1"), Unanswered(between(61.9, 62.1), bob)}},
		{name: "a session that was ended, and an answer that was lost",
			more: []Event{Reached(At(s(2.5)), ann, "ann.1"), Unanswered(between(2.4, 2.6), ann)},
			want: "I6: visitor a10000.. reached the shop at 2.500 s with an admission that had been ended (ann.1)"},
		{name: "an answer was lost, but long before",
			more: []Event{Reached(At(s(2)), eve, "made-up"), Unanswered(between(0.9, 1), eve)},
			want: "I6: a request reached the shop at 2.000 s with an admission that nobody was given (made-up)"},
		{name: "an answer was lost, but to another visitor",
			more: []Event{Reached(At(s(2)), eve, "made-up"), Unanswered(between(1.9, 2.1), dan)},
			want: "I6: a request reached the shop at 2.000 s with an admission that nobody was given (made-up)"},
		{name: "a lost answer opens no door",
			more: []Event{Reached(At(s(2)), eve, ""), Unanswered(between(1.9, 2.1), eve)},
			want: "I6: a request reached the shop without an admission at 2.000 s"},
	} {
		t.Run(st.name, st.run)
	}
}

func TestLiveness(t *testing.T) {
	quiet := func(seconds ...float64) []Event {
		var events []Event
		for _, at := range seconds {
			events = append(events, Ticked(At(s(at)), room(0, 1, 2, 1)))
		}
		return events
	}
	for _, st := range []story{
		{name: "nobody is called although a slot is free", more: quiet(20, 21, 22, 23),
			want: "I8: nobody was called from 20.000 s to 23.000 s: 1 waited and 1 of 3 slots were taken"},
		{name: "the token comes at the first tick, the call may take two", more: quiet(20, 21, 22)},
		{name: "the room is paused", more: quiet(20, 21, 22, 23),
			rules: func(l *Limits) {
				l.Policies = append(l.Policies, Policy{From: s(19), PerMinute: 60, Burst: 2, Cap: 3, Held: true})
			}},
		{name: "one a minute leaves a minute's time", more: quiet(20, 21, 22, 23),
			rules: func(l *Limits) {
				l.Policies = append(l.Policies, Policy{From: s(19), PerMinute: 1, Burst: 2, Cap: 3})
			}},
		{name: "no slot is free", more: quiet(20, 21, 22, 23),
			rules: func(l *Limits) {
				l.Policies = append(l.Policies, Policy{From: s(19), PerMinute: 60, Burst: 2, Cap: 1})
			}},
		{name: "somebody came back late and was called",
			more: append(quiet(20, 21), Ticked(At(s(22)), room(1, 1, 2, 1)), Ticked(At(s(23)), room(0, 1, 2, 1)))},
	} {
		t.Run(st.name, st.run)
	}
}
