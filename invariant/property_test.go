package invariant

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The bucket must agree with the promise read literally: no window holds more
// admissions than its burst and what the rate brings in it.
func TestTheBucketFindsExactlyTheWindowsThatAreTooFull(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := Limits{Policies: []Policy{drawPolicy(t, 0), drawPolicy(t, s(5)), drawPolicy(t, s(12))}}
		moments := rapid.SliceOfN(rapid.Int64Range(0, 20), 1, 30).Draw(t, "seconds")
		var events []Event
		for i, m := range moments {
			v := Visitor{byte(i), 1}
			events = append(events, Admitted(At(s(float64(m))), v, Direct, SessionID(v, 0), s(float64(m))))
		}
		got := len(checkRate(newLedger(events, limits))) > 0
		if want := someWindowTooFull(moments, limits); got != want {
			t.Fatalf("checkRate(%v, %+v) found a window = %v; want %v", moments, limits.Policies, got, want)
		}
	})
}

func drawPolicy(t *rapid.T, from int64) Policy {
	return Policy{
		From: from, Cap: 1000,
		PerMinute: rapid.Int64Range(0, 4).Draw(t, "rate") * 30,
		Burst:     rapid.Int64Range(1, 5).Draw(t, "burst"),
	}
}

// someWindowTooFull tries every window. The last microsecond of a policy opens
// windows with the burst of that policy.
func someWindowTooFull(seconds []int64, limits Limits) bool {
	opens := []int64{s(5) - 1, s(12) - 1, s(5), s(12)}
	for _, m := range seconds {
		opens = append(opens, s(float64(m)))
	}
	for _, from := range opens {
		for _, m := range seconds {
			to := s(float64(m))
			var inside, brings int64
			for _, other := range seconds {
				if at := s(float64(other)); at >= from && at <= to {
					inside++
				}
			}
			for i, p := range limits.Policies {
				brings += p.PerMinute * max(0, min(to, limits.until(i))-max(from, p.From))
			}
			burst := limits.Policies[limits.at(from)].Burst
			if to >= from && inside*perToken > burst*perToken+brings {
				return true
			}
		}
	}
	return false
}

// Widening spans can only hide a fault, never make one up.
func TestLessCertaintyNeverAccuses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := evening()
		for i := range events {
			events[i].From -= rapid.Int64Range(0, s(3)).Draw(t, "earlier")
			if events[i].Kind != ticked {
				events[i].To += rapid.Int64Range(0, s(3)).Draw(t, "later")
			}
		}
		// The evening's calls are known exactly or not at all.
		events = slices.DeleteFunc(events, func(e Event) bool { return e.Kind == called })
		slices.SortStableFunc(events, func(a, b Event) int { return cmp.Compare(a.To, b.To) })
		for _, v := range check(events, rules()) {
			t.Errorf("check(evening seen less exactly) = %v; want no violation", v)
		}
	})
}

// rush is an honest history of n visitors who join, poll, claim and reach the
// shop, one every millisecond.
func rush(n int) ([]Event, Limits) {
	var events []Event
	for i := range int64(n) {
		v := Visitor{byte(i), byte(i >> 8), byte(i >> 16), 1}
		at, id := i*1000, SessionID(v, i)
		events = append(events,
			Joined(Between(at, at+500), v, "general", i+1),
			Saw(Between(at+5_000_000, at+5_000_400), v, "g1", i+1, max(0, i-5000), min(i, 5000)),
			Saw(Between(at+6_000_000, at+6_000_400), v, "g2", i+1, max(0, i-4000), min(i, 4000)),
			Turn(Between(at+10_000_000, at+10_000_300), v, 0),
			Admitted(Between(at+10_001_000, at+10_001_900), v, FromLine, id, at+70_000_000),
			Reached(At(at+10_002_000), v, id),
			Ended(Between(at+10_900_000, at+10_901_000), v, id),
		)
	}
	return events, Limits{Policies: []Policy{{PerMinute: 60_000, Burst: 10, Cap: 1000}}, Tick: s(0.25), Lag: s(1)}
}

func TestAnHonestRushBreaksNothing(t *testing.T) {
	events, limits := rush(10_000)
	for _, v := range check(events, limits) {
		t.Errorf("check(rush of 10,000) = %v; want no violation", v)
	}
}

func BenchmarkCheckAMillionEvents(b *testing.B) {
	events, limits := rush(1_000_000 / 7)
	for b.Loop() {
		if found := check(events, limits); len(found) > 0 {
			b.Fatal(found[0])
		}
	}
}
