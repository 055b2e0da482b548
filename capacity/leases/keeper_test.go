package leases_test

import (
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bilten/rushgate/capacity"
	"github.com/bilten/rushgate/capacity/leases"
)

// healthy is a shop that six instances keep in good health at 600 per minute.
func healthy() shop {
	return shop{instances: 6, ready: 6, perSecond: 60, quick: 100 * time.Millisecond}
}

var ratedAt100 = capacity.Policy{Sessions: 1000, PerMinute: 100}

// within fails unless it comes true in time; it returns when it does.
func (l *lab) within(t *testing.T, most time.Duration, what string, holds func() bool) {
	t.Helper()
	began := time.Now()
	for !holds() {
		if time.Since(began) >= most {
			for event, r := range l.rooms {
				t.Logf("%s: %v", event, r)
			}
			t.Fatalf("%s: not within %v", what, most)
		}
		l.pass(step, nil)
	}
	t.Logf("%s: after %v", what, time.Since(began))
}

func TestInstancesDieAndComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ratedAt100, healthy())
		r := l.open("hamlet", 600, 6000)
		l.start(t, "g1", "g22", "g333")
		defer l.killAll()
		l.within(t, 4*time.Second, "a first start", func() bool { return r.perMinute() == 600 })
		l.change(func(s *shop) { s.ready = 3 })
		l.within(t, 3*time.Second, "half of the instances are gone", func() bool { return r.perMinute() == 300 })
		l.kill("g22")
		l.pass(10*time.Second, func() {
			if r.perMinute() != 300 {
				t.Fatalf("a gateway died: %v; want 300 per minute still", r)
			}
		})
		l.change(func(s *shop) { s.ready = 0 })
		l.within(t, 3*time.Second, "everything is down", func() bool { return r.inForce.Down && r.perMinute() == 0 })
		l.change(func(s *shop) { s.ready = 6 })
		l.within(t, 7*time.Second, "everything is back", func() bool { return !r.inForce.Down && r.perMinute() == 600 })
		l.start(t, "g4444")
		l.pass(10*time.Second, func() {
			if r.perMinute() != 600 {
				t.Fatalf("a gateway came: %v; want 600 per minute still", r)
			}
		})
	})
}

func TestInstancesThatFlapAreTakenAtTheirWorst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ratedAt100, healthy())
		r := l.open("hamlet", 600, 6000)
		l.start(t, "g1", "g22", "g333")
		defer l.killAll()
		l.pass(5*time.Second, nil)
		l.change(func(s *shop) { s.ready = 2 })
		l.pass(3*time.Second, nil)
		for range 10 {
			l.change(func(s *shop) { s.ready = 6 })
			l.pass(time.Second, nil)
			l.change(func(s *shop) { s.ready = 2 })
			l.pass(time.Second, nil)
			if r.perMinute() != 200 {
				t.Fatalf("%v; want the 200 per minute of the two that stay", r)
			}
		}
		l.change(func(s *shop) { s.ready = 6 })
		l.within(t, 7*time.Second, "the flapping ends", func() bool { return r.perMinute() == 600 })
	})
}

func TestSlowAndFailingShops(t *testing.T) {
	tests := []struct {
		name string
		harm func(*shop)
		mend func(*shop)
	}{
		{"slowed to ten seconds", func(s *shop) { s.slow = 10 * time.Second }, func(s *shop) { s.slow = 0 }},
		{"every second answer a 5xx", func(s *shop) { s.failing = 0.5 }, func(s *shop) { s.failing = 0 }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, ratedAt100, healthy())
				r := l.open("hamlet", 600, 6000)
				l.start(t, "g1", "g22", "g333")
				defer l.killAll()
				l.pass(30*time.Second, nil)
				l.change(test.harm)
				l.within(t, 4*time.Second, "the first cut", func() bool { return r.perMinute() <= 420 })
				l.within(t, 12*time.Second, "a quarter", func() bool { return r.perMinute() <= 150 })
				l.pass(time.Minute, nil)
				if got := r.perMinute(); got != 30 {
					t.Errorf("after a minute %d per minute go in; want 30, a twentieth", got)
				}
				l.change(test.mend)
				l.within(t, 30*time.Second, "a quarter again", func() bool { return r.perMinute() >= 150 })
				l.within(t, 30*time.Second, "seven tenths", func() bool { return r.perMinute() >= 420 })
				l.within(t, 160*time.Second, "all", func() bool { return r.perMinute() == 600 })
			})
		})
	}
}

// A shop that can carry three fifths of what its operator believes. Sessions go on for
// a minute, so every cut comes late; the rate swings, and this says how far.
func TestAnOverratedShopSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := healthy()
		s.perSecond = 20 // 360 sessions at three seconds a request: 360 per minute
		l := newLab(t, ratedAt100, s)
		r := l.open("hamlet", 600, 6000)
		l.start(t, "g1", "g22", "g333")
		defer l.killAll()
		l.pass(10*time.Minute, nil) // it hunts about for its limit at first
		least, most, sum, n, failed, asked := int64(600), int64(0), int64(0), int64(0), 0.0, 0.0
		l.pass(20*time.Minute, func() {
			least, most = min(least, r.perMinute()), max(most, r.perMinute())
			sum, n = sum+r.perMinute(), n+1
			last := l.shop.window[len(l.shop.window)-1]
			failed, asked = failed+last.failed, asked+last.requests
		})
		t.Logf("rate %d to %d, mean %d of 360 per minute that the shop can carry; %.1f %% of the requests failed", least, most, sum/n, 100*failed/asked)
		if least < 120 || most > 378 || sum/n < 240 || failed/asked > 0.01 {
			t.Errorf("%d to %d, mean %d, %.1f %% failed; want a third of 360 to 378, two thirds in the mean, and 1 %%", least, most, sum/n, 100*failed/asked)
		}
	})
}

func TestTwoEventsOnOnePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ratedAt100, healthy())
		a, b := l.open("a", 600, 6000), l.open("b", 600, 6000)
		b.line = false
		l.start(t, "g1", "g22", "g333")
		defer l.killAll()
		watch := func() {
			if sum := a.perMinute() + b.perMinute(); sum > 600 {
				t.Fatalf("a %v, b %v: %d per minute; want at most 600", a, b, sum)
			}
		}
		l.pass(8*time.Second, watch)
		if a.perMinute() != 562 {
			t.Errorf("a alone waits: %v; want 562 per minute, b keeps an eighth of its half", a)
		}
		b.line = true
		l.pass(5*time.Second, watch)
		if a.perMinute() != 300 || b.perMinute() != 300 {
			t.Errorf("both wait: a %v, b %v; want 300 per minute each", a, b)
		}
		if err := l.store.Drop(t.Context(), leases.Key); err != nil {
			t.Fatal(err)
		}
		l.pass(8*time.Second, func() {
			watch()
			if a.perMinute() != 300 || b.perMinute() != 300 {
				t.Fatalf("the record is lost: a %v, b %v; want 300 per minute each, as before", a, b)
			}
		})
		a.line = false
		l.pass(8*time.Second, watch)
		if b.perMinute() < 500 {
			t.Errorf("a's crowd is gone: b %v; want most of the pool", b)
		}
	})
}

// silent is a store that can fall asleep.
func TestAStoreFallsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ratedAt100, healthy())
		r := l.open("hamlet", 600, 6000)
		asleep := &sleeper{Store: l.store}
		l.store = asleep
		l.start(t, "g1")
		defer l.killAll()
		keeper := l.gateways["g1"].keeper
		if keeper.Ready() == nil {
			t.Error("ready before anything was agreed on")
		}
		if b := keeper.Budget("hamlet"); b.Version != capacity.Fallback || b.Rate != 0 || b.Reason != capacity.ReasonStarting {
			t.Errorf("Budget = %+v before anything was agreed on; want nothing, starting", b)
		}
		l.pass(5*time.Second, nil)
		before := keeper.Budget("hamlet")
		asleep.set(true)
		l.change(func(s *shop) { s.ready = 3 })
		l.pass(20*time.Second, nil)
		if got := keeper.Budget("hamlet"); got != before || r.perMinute() != 600 {
			t.Errorf("Budget = %+v while the store is silent; want %+v", got, before)
		}
		asleep.set(false)
		l.within(t, 5*time.Second, "the store is back", func() bool { return r.perMinute() == 300 })
	})
}

func TestLogAndStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ratedAt100, healthy())
		l.open("hamlet", 600, 6000)
		l.start(t, "g1", "g22")
		defer l.killAll()
		l.pass(8*time.Second, nil)
		l.change(func(s *shop) { s.ready = 3 })
		l.pass(8*time.Second, nil)
		entries, err := l.store.Log(t.Context(), leases.Key, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		var last capacity.Change
		if err := json.Unmarshal(entries[len(entries)-1].Data, &last); err != nil {
			t.Fatal(err)
		}
		if last.Event != "hamlet" || last.Reason != capacity.ReasonCapacity || last.Rate != 300_000 || last.Ready != 3000 || last.Known != 6 {
			t.Errorf("last line of the log %+v; want hamlet, capacity, 300 per minute, 3 of 6", last)
		}
		if len(entries) > 6 {
			t.Errorf("%d lines in the log; want a few: starting, organizer, capacity", len(entries))
		}
		for name, g := range l.gateways {
			got := g.keeper.Status("hamlet")
			if got.Reason != capacity.ReasonCapacity || got.PerMinute != 300 || got.Cap != 3000 || len(got.Pools) != 1 || got.Pools[0].Ready != 3 || *got.Pools[0].PerMinute != 300 {
				t.Errorf("%s: Status = %+v; want capacity, 300 per minute, 3 ready", name, got)
			}
			if pools := g.keeper.Pools(); len(pools) != 1 || pools[0].Name != "shop" || pools[0].Known != 6 {
				t.Errorf("%s: Pools = %+v; want shop with 6 known", name, pools)
			}
		}
	})
}

// A gateway that does not know its events yet decides nothing.
func TestEventsAreNotKnownYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ratedAt100, healthy())
		r := l.open("hamlet", 600, 6000)
		l.loading = true
		l.start(t, "g1")
		defer l.killAll()
		l.pass(5*time.Second, nil)
		record, err := l.store.Meet(t.Context(), leases.Key, "test", nil, time.Minute)
		if err != nil || record.Version != 0 || l.gateways["g1"].keeper.Ready() == nil {
			t.Errorf("record %+v, %v; want none, and no gateway ready", record, err)
		}
		l.mu.Lock()
		l.loading = false
		l.mu.Unlock()
		l.within(t, 2*time.Second, "the events are known", func() bool {
			return r.perMinute() == 600 && l.gateways["g1"].keeper.Ready() == nil
		})
	})
}

func TestRoomsThatNoPoolLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ratedAt100, healthy())
		l.open("hamlet", 600, 6000).pools = nil
		l.start(t, "g1")
		defer l.killAll()
		l.pass(2*time.Second, nil)
		if b := l.gateways["g1"].keeper.Budget("hamlet"); b.Version != 0 || b.Reason != capacity.ReasonOrganizer {
			t.Errorf("Budget = %+v; want none", b)
		}
	})
}

func TestARecordOfANewerVersionIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ratedAt100, healthy())
		l.open("hamlet", 600, 6000)
		const newer = `{"schema": 2, "pools": "in another way"}`
		if _, err := l.store.Swap(t.Context(), leases.Key, 0, []byte(newer)); err != nil {
			t.Fatal(err)
		}
		l.start(t, "g1")
		defer l.killAll()
		l.pass(5*time.Second, nil)
		record, err := l.store.Meet(t.Context(), leases.Key, "test", nil, time.Minute)
		if err != nil || string(record.Data) != newer {
			t.Errorf("record %s, %v; want it untouched", record.Data, err)
		}
		if l.gateways["g1"].keeper.Ready() == nil {
			t.Error("a gateway that cannot read the record is ready")
		}
	})
}

func TestABrokenRecordIsMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ratedAt100, healthy())
		l.log = quiet
		r := l.open("hamlet", 600, 6000)
		if _, err := l.store.Swap(t.Context(), leases.Key, 0, []byte(`{"pools": 3}`)); err != nil {
			t.Fatal(err)
		}
		l.start(t, "g1")
		defer l.killAll()
		l.within(t, 5*time.Second, "a rate", func() bool { return r.perMinute() == 600 })
	})
}

var errAsleep = errors.New("asleep")
