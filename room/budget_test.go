package room

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/queue"
)

// allowed is a snapshot of a room with this budget.
func allowed(s queue.Snapshot, b Budget) queue.Snapshot {
	s.Budget = b.Budget
	return s
}

// seven of thirteen instances of a pool that could take the 300 a minute that
// hamlet's organizer set.
var sevenOf13 = Budget{
	Budget: queue.Budget{Version: 5, Rate: queue.PerMinute(300) * 7 / 13, Cap: 70},
	Reason: ReasonCapacity, Ready: 7, Known: 13,
}

func TestLimits(t *testing.T) {
	full := queue.Budget{Version: 6, Rate: queue.PerMinute(300), Cap: 100}
	tests := []struct {
		name   string
		force  queue.Budget // what the store acts on
		own    Budget       // what this gateway heard
		reason Reason
		rate   queue.Rate
		cap    int64
	}{
		{"7 of 13 instances ready: seven thirteenths of the rate", sevenOf13.Budget, sevenOf13, ReasonCapacity, 161_538, 70},
		{"the pool could take more than the organizer wants", queue.Budget{Version: 6, Rate: queue.PerMinute(900), Cap: 500}, Budget{Reason: ReasonHealth}, "", 300_000, 100},
		{"just as much", full, Budget{Budget: full, Reason: ReasonHealth}, "", 300_000, 100},
		{"fewer sessions at the full rate", queue.Budget{Version: 6, Rate: queue.PerMinute(300), Cap: 99}, Budget{Reason: ReasonShared}, ReasonShared, 300_000, 99},
		{"slow instances", queue.Budget{Version: 6, Rate: queue.PerMinute(100), Cap: 100}, Budget{Reason: ReasonHealth}, ReasonHealth, 100_000, 100},
		{"this gateway has not heard why", queue.Budget{Version: 6, Rate: queue.PerMinute(100), Cap: 100}, Budget{}, ReasonCapacity, 100_000, 100},
		{"this gateway has not heard that it is over", queue.Budget{Version: 6, Rate: queue.PerMinute(100), Cap: 100}, Budget{Reason: ReasonDown}, ReasonCapacity, 100_000, 100},
		{"nothing is ready", queue.Budget{Version: 6, Rate: queue.PerMinute(100), Cap: 100, Down: true}, Budget{Reason: ReasonHealth}, ReasonDown, 0, 100},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := limitsOf(policyOf(record(t, 0, "")), queue.Snapshot{Budget: test.force}, test.own)
			if got.Reason != test.reason || got.Rate != test.rate || got.Cap != test.cap || got.Ready != test.own.Ready || got.Known != test.own.Known {
				t.Errorf("limitsOf(%+v) = %+v; want %d, %d because of %q", test.force, got, test.rate, test.cap, test.reason)
			}
		})
	}
}

func TestALongerWaitComesWithItsReason(t *testing.T) {
	r := record(t, 0, "")
	wait := func(b Budget) Wait {
		v := newView(blindView(r, false, nine), r, policyOf(r), b, allowed(general(1, 1000, 500, nine), b), nine)
		return v.Place(holder(1301), nine).Wait
	}
	usual, longer := wait(Budget{Budget: queue.Budget{Rate: queue.MaxRate, Cap: queue.Base}}), wait(sevenOf13)
	if usual.Reason != "" || longer.Reason != "capacity" || longer.P50.Round(time.Second) != (usual.P50*13/7).Round(time.Second) {
		t.Errorf("wait = %+v, and %+v with 7 of 13 instances; want thirteen sevenths of it, because of capacity", usual, longer)
	}
	down := wait(Budget{Budget: queue.Budget{Version: 6, Rate: queue.PerMinute(300), Cap: 100, Down: true}, Reason: ReasonDown})
	if want := (Wait{Reason: "down"}); down != want {
		t.Errorf("wait = %+v while nothing is ready; want %+v", down, want)
	}
}

func TestAWaitIsNotForgottenForAPercent(t *testing.T) {
	r := record(t, 0, "")
	v, at := blindView(r, false, nine), nine
	budget := func(perMinute int64) Budget {
		return Budget{Budget: queue.Budget{Version: perMinute, Rate: queue.PerMinute(perMinute), Cap: 100}, Reason: ReasonHealth}
	}
	for i := range int64(150) { // two a second, at a rate that breathes
		at = at.Add(time.Second)
		b := budget(200 + i%8)
		v = newView(v, r, policyOf(r), b, allowed(general(i+1, 2*i, 1000, at), b), at)
	}
	if p50 := v.Place(holder(498), at).Wait.P50.Round(time.Second); p50 != 100*time.Second {
		t.Errorf("wait of 200 people = %v; want 1m40s, as measured", p50)
	}
	b := budget(60)
	v = newView(v, r, policyOf(r), b, allowed(general(151, 298, 1000, at), b), at)
	if p50 := v.Place(holder(498), at).Wait.P50.Round(time.Second); p50 != 200*time.Second {
		t.Errorf("wait of 200 people = %v after the budget fell to 60 a minute; want 3m20s", p50)
	}
}

func TestARoomFollowsItsBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, "").Event)
		registry := prometheus.NewPedanticRegistry()
		var now atomic.Pointer[Budget]
		now.Store(&sevenOf13)
		b.config.Metrics = registry
		b.config.Budget = func(event.Event) Budget { return *now.Load() }
		r := seenRoom(t, run(t, New(b.config)))
		gauge := func(name, reason string) float64 {
			families, err := registry.Gather()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range families {
				for _, m := range f.GetMetric() {
					if f.GetName() == name && (reason == "" || m.GetLabel()[1].GetValue() == reason) {
						return m.GetGauge().GetValue()
					}
				}
			}
			t.Fatalf("no metric %s{%s}", name, reason)
			return 0
		}
		want := func(sentence string, rate, limit, capacity, down float64) {
			t.Helper()
			got := [4]float64{
				gauge("rushgate_room_rate_per_minute", ""), gauge("rushgate_room_cap", ""),
				gauge("rushgate_room_budget_reason", "capacity"), gauge("rushgate_room_budget_reason", "down"),
			}
			if got != [4]float64{rate, limit, capacity, down} {
				t.Errorf("%s: rate, cap, capacity, down = %v; want %v, %v, %v, %v", sentence, got, rate, limit, capacity, down)
			}
		}
		want("7 of 13", 161.538, 70, 1, 0)
		now.Store(&Budget{Budget: queue.Budget{Version: 6, Rate: queue.MaxRate, Cap: queue.Base, Down: true}, Reason: ReasonDown, Known: 13})
		pass(t, time.Second)
		want("nothing is ready", 0, 100, 0, 1)
		if v := r.View(); !v.Limits.Down() || !v.Snapshot.Budget.Down {
			t.Errorf("limits = %+v, budget in force %+v; want both down within a second", v.Limits, v.Snapshot.Budget)
		}
		now.Store(&Budget{Budget: queue.Budget{Version: 7, Rate: queue.MaxRate, Cap: queue.Base}, Ready: 13, Known: 13})
		pass(t, time.Second)
		want("all are back", 300, 100, 0, 0)
		if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
			t.Errorf("metrics: %v, %v", problems, err)
		}
	})
}
