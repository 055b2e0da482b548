package upstream

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// named makes an instance that is ready, called as given.
func named(id string, weight int) *instance {
	return &instance{found: Found{ID: id, Weight: weight}, health: health{state: Ready}}
}

func TestPickingTakesTurns(t *testing.T) {
	slow := func(id string, age time.Duration) *instance {
		in := named(id, 1)
		in.health.slow, in.health.since = true, noon.Add(-age)
		return in
	}
	for _, tt := range []struct {
		says      string
		algorithm Algorithm
		members   []*instance
		turns     int
		want      string
	}{
		{"round-robin: each in its turn, whatever it weighs", RoundRobin, []*instance{named("a", 5), named("b", 1), named("c", 1)}, 6, "b c a b c a"},
		{"weighted: as often as the weight says, spread evenly", Weighted, []*instance{named("a", 5), named("b", 1), named("c", 1)}, 7, "a b a c a a a"},
		{"equal weights are turns", Weighted, []*instance{named("a", 7), named("b", 7)}, 4, "b a b a"},
		{"half way through its slow start an instance has half the turns", RoundRobin, []*instance{named("a", 1), slow("b", 15*time.Second)}, 6, "b a a b a a"},
		{"the only one has them all", LeastConnections, []*instance{named("a", 1)}, 3, "a a a"},
		{"nobody is there", RoundRobin, nil, 1, "-"},
	} {
		s := newSet(tt.members, Balance{Algorithm: tt.algorithm, SlowStart: 30 * time.Second}, noon)
		var got []string
		for turn := range tt.turns {
			if in := s.pick(uint64(turn+1), &tried{}); in != nil {
				got = append(got, in.found.ID)
			} else {
				got = append(got, "-")
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v; want %s", tt.says, got, tt.want)
		}
	}
}

func TestPickingNeverAsksTheSameTwice(t *testing.T) {
	for _, algorithm := range []Algorithm{RoundRobin, LeastConnections, Weighted} {
		s := newSet([]*instance{named("a", 3), named("b", 1), named("c", 2)}, Balance{Algorithm: algorithm}, noon)
		for turn := range uint64(50) {
			var had tried
			seen := map[string]bool{}
			for range 3 {
				in := s.pick(turn, &had)
				if in == nil || seen[in.found.ID] {
					t.Fatalf("%s, turn %d: pick = %v after %v; want another one", algorithm, turn, in, seen)
				}
				seen[in.found.ID] = true
				had.add(in)
			}
			if in := s.pick(turn, &had); in != nil {
				t.Errorf("%s: pick = %s after all were tried; want none", algorithm, in.found.ID)
			}
		}
	}
}

func TestLeastConnectionsFillEvenlyByWeight(t *testing.T) {
	a, b, c := named("a", 1), named("b", 1), named("c", 2)
	s := newSet([]*instance{a, b, c}, Balance{Algorithm: LeastConnections}, noon)
	for turn := range uint64(4000) { // nothing ends, so what is under way is what was given
		s.pick(turn, &tried{}).load.Add(1)
	}
	for in, want := range map[*instance]int64{a: 1000, b: 1000, c: 2000} {
		if got := in.load.Load(); got < want*95/100 || got > want*105/100 {
			t.Errorf("%s (weight %d) has %d of 4000; want about %d", in.found.ID, in.weight(), got, want)
		}
	}
	s = newSet([]*instance{a, b, c}, Balance{Algorithm: LeastConnections}, noon)
	a.load.Store(100_000) // hangs
	for turn := range uint64(1000) {
		if in := s.pick(turn, &tried{}); in == a {
			t.Fatal("the one that hangs got another request; two choices always have a better one")
		}
	}
}

func TestWhoMayGetRequests(t *testing.T) {
	in := func(id string, state State, cause Cause) *instance {
		return &instance{found: Found{ID: id}, health: health{state: state, cause: cause}}
	}
	drained := named("d", 1)
	drained.drain.cause = ByOperator
	ready, ill, resting, fresh := named("r", 1), in("u", Unhealthy, CheckStatus), in("e", Ejected, FailureShare), in("n", Warming, Named)
	for _, tt := range []struct {
		says    string
		members []*instance
		want    string
		panic   bool
	}{
		{"those that are ready", []*instance{ready, ill, resting, fresh, drained}, "r", false},
		{"too few are ready: all that were ever", []*instance{ready, ill, ill, ill, resting, fresh, drained}, "r u u u e", true},
		{"many new ones are no reason for that", []*instance{ready, fresh, fresh, fresh, fresh, fresh}, "r", false},
		{"none is ready: all that were ever", []*instance{ill, fresh}, "u", true},
		{"at the start nobody was ever ready: new ones are better than none", []*instance{fresh}, "n", false},
		{"who drains gets nothing, even then", []*instance{drained}, "", false},
	} {
		s := newSet(tt.members, Balance{Algorithm: RoundRobin, Panic: 0.25}, noon)
		var got []string
		for _, m := range s.usable {
			got = append(got, m.instance.found.ID)
		}
		if strings.Join(got, " ") != tt.want || s.panicked != tt.panic {
			t.Errorf("%s: %v, panic %v; want %s, %v", tt.says, got, s.panicked, tt.want, tt.panic)
		}
	}
}

func TestSequencesAreBounded(t *testing.T) {
	members := make([]*instance, 0, 500)
	for i := range 500 {
		members = append(members, named(fmt.Sprint(i), 1+i*i))
	}
	s := newSet(members, Balance{Algorithm: Weighted}, noon)
	if n := len(s.sequence); n < len(members) || n > longestSequence+len(members) {
		t.Errorf("the sequence of 500 very different weights has %d turns; want about %d", n, longestSequence)
	}
	turns := map[uint16]int{}
	for _, i := range s.sequence {
		turns[i]++
	}
	if len(turns) != len(members) {
		t.Errorf("%d of %d members have turns; want each", len(turns), len(members))
	}
}

func TestMixSpreads(t *testing.T) {
	var got [4]int
	for turn := range uint64(4000) {
		got[mix(turn)&3]++
	}
	for i, n := range got {
		if n < 900 || n > 1100 {
			t.Errorf("die %d came %d times of 4000; want about 1000: %v", i, n, got)
		}
	}
}

func TestTheBudgetOfRetries(t *testing.T) {
	b := budget{share: oneRetry / 10}
	var got []bool
	got = append(got, b.spend())
	for range 20 {
		b.earn()
	}
	got = append(got, b.spend(), b.spend(), b.spend())
	if diff := cmp.Diff([]bool{false, true, true, false}, got); diff != "" {
		t.Errorf("a tenth of 20 requests is two retries (-want +got)\n%s", diff)
	}
	for range 10_000 {
		b.earn()
	}
	if n := b.saved.Load(); n > reserve+oneRetry {
		t.Errorf("saved %d retries; want %d at most", n/oneRetry, reserve/oneRetry)
	}
}

func BenchmarkPick(b *testing.B) {
	for _, algorithm := range []Algorithm{RoundRobin, LeastConnections, Weighted} {
		for _, n := range []int{3, 50} {
			b.Run(fmt.Sprintf("%s/%d", algorithm, n), func(b *testing.B) {
				members := make([]*instance, 0, n)
				for i := range n {
					members = append(members, named(fmt.Sprint(i), 1+i%3))
				}
				p := &Pool{roll: &roll{}}
				p.roll.set.Store(newSet(members, Balance{Algorithm: algorithm}, noon))
				b.ReportAllocs()
				for b.Loop() {
					var none tried
					if p.roll.set.Load().pick(p.turn.Add(1), &none) == nil {
						b.Fatal("nobody")
					}
				}
			})
		}
	}
}

func TestPickingAllocatesNothing(t *testing.T) {
	for _, algorithm := range []Algorithm{RoundRobin, LeastConnections, Weighted} {
		s := newSet([]*instance{named("a", 3), named("b", 1), named("c", 2)}, Balance{Algorithm: algorithm}, noon)
		var turn uint64
		if n := testing.AllocsPerRun(100, func() {
			var none tried
			turn++
			s.pick(turn, &none)
		}); n != 0 {
			t.Errorf("%s: %v allocations; want none", algorithm, n)
		}
	}
}
