package capacity_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bilten/rushgate/capacity"
	"github.com/bilten/rushgate/queue"
)

const hour = time.Hour

func ask(perMinute, atOnce int64) capacity.Ask {
	return capacity.Ask{Version: 1, Rate: queue.PerMinute(perMinute), Cap: atOnce, SessionMax: hour}
}

func shop(sessions, perMinute int64) map[string]capacity.Policy {
	return map[string]capacity.Policy{"shop": {Sessions: sessions, PerMinute: perMinute}}
}

func TestRateFollowsTheInstances(t *testing.T) {
	tests := []struct {
		name         string
		policy       capacity.Policy
		ready, known int64
		ask          capacity.Ask
		rate         int64 // per minute
		atOnce       int64
		reason       capacity.Reason
	}{
		{"all are ready: the organizer's rate", capacity.Policy{Sessions: 1000}, 13, 13, ask(1300, 13000), 1300, 13000, capacity.ReasonOrganizer},
		{"7 of 13 are ready: seven thirteenths of the rate", capacity.Policy{Sessions: 1000}, 7, 13, ask(1300, 13000), 700, 7000, capacity.ReasonCapacity},
		{"7 of 13 are ready, and what one can take is known", capacity.Policy{Sessions: 1000, PerMinute: 100}, 7, 13, ask(1300, 13000), 700, 7000, capacity.ReasonCapacity},
		{"an organizer who wants less than the ready ones can take gets it", capacity.Policy{Sessions: 1000, PerMinute: 100}, 7, 13, ask(500, 5000), 500, 5000, capacity.ReasonOrganizer},
		{"instances hold only so many sessions", capacity.Policy{Sessions: 10, PerMinute: 1000}, 2, 2, ask(500, 5000), 500, 20, capacity.ReasonOrganizer},
		{"nothing is ready", capacity.Policy{Sessions: 1000}, 0, 13, ask(1300, 13000), 0, 0, capacity.ReasonDown},
		{"there is nothing at all", capacity.Policy{Sessions: 1000}, 0, 0, ask(1300, 13000), 0, 0, capacity.ReasonDown},
		{"an organizer who lets nobody in", capacity.Policy{Sessions: 1000}, 1, 1, ask(0, 100), 0, 100, capacity.ReasonOrganizer},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(map[string]capacity.Policy{"shop": test.policy}, map[string]int64{"shop": test.ready})
			w.known = test.known
			w.start("g1")
			r := w.open("hamlet", test.ask, "shop")
			r.waiting = 1000
			w.settle(t, 3, nil)
			b, _ := w.state(t).Budget("hamlet", w.policies)
			if r.inForce.Rate != queue.PerMinute(test.rate) || r.inForce.Cap != test.atOnce || b.Reason != test.reason || r.inForce.Down != (test.reason == capacity.ReasonDown) {
				t.Errorf("in force %+v, %s; want %d per minute, %d at once, %s", r.inForce, b.Reason, test.rate, test.atOnce, test.reason)
			}
		})
	}
}

// Three gateways, one of which cannot reach the instances, or alone believes it can.
func TestGatewaysAgreeOnWhatIsReady(t *testing.T) {
	sees := func(ready int64) capacity.Measurement {
		return capacity.Measurement{Checked: true, Known: 4, Ready: ready * 1000}
	}
	tests := []struct {
		name string
		all  []capacity.Measurement
		want int64 // per minute, of 400
		down bool
	}{
		{"all see the same", []capacity.Measurement{sees(3), sees(3), sees(3)}, 300, false},
		{"one is cut off", []capacity.Measurement{sees(4), sees(0), sees(4)}, 400, false},
		{"one alone believes they are there", []capacity.Measurement{sees(0), sees(4), sees(0)}, 0, true},
		{"of two, one is cut off: half of the visitors come through the other", []capacity.Measurement{sees(0), sees(4)}, 200, false},
		{"one has just started and says nothing", []capacity.Measurement{{}, sees(4), sees(4)}, 400, false},
		{"one in slow start counts in part", []capacity.Measurement{{Checked: true, Known: 4, Ready: 3250}}, 325, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reports := map[string]capacity.Report{}
			for i, m := range test.all {
				reports[fmt.Sprint("g", i)] = capacity.Report{
					Pools: map[string]capacity.Measurement{"shop": m},
					Rooms: []capacity.Room{{Event: "hamlet", Pools: []string{"shop"}, Ask: ask(400, 4000), Sight: capacity.Sight{Seq: 1, InForce: capacity.Order{Version: capacity.Fallback}, Waiting: 1}}},
				}
			}
			state, _ := capacity.Decide(capacity.State{At: 1}, shop(1000, 0), reports, 1_000_000)
			b, _ := state.Stamped(7).Budget("hamlet", shop(1000, 0))
			if b.Rate != queue.PerMinute(test.want) || b.Down != test.down {
				t.Errorf("budget %+v; want %d per minute, down %v", b, test.want, test.down)
			}
		})
	}
}

func TestNothingIsKnownYet(t *testing.T) {
	w := newWorld(shop(1000, 100), nil)
	w.start("g1")
	r := w.open("hamlet", ask(100, 100), "shop")
	w.settle(t, 5, nil)
	if r.inForce.Rate != 0 || r.inForce.Cap != 0 || r.inForce.Down {
		t.Errorf("in force %+v before anybody has checked an instance; want nothing", r.inForce)
	}
	w.ready = map[string]int64{"shop": 2}
	w.settle(t, 2, nil)
	if r.inForce.Rate != queue.PerMinute(100) {
		t.Errorf("in force %+v; want the organizer's 100 per minute", r.inForce)
	}
}

// Nobody serves it, so nobody can say what it may do, and nobody may wait for that.
func TestARoomOnNoPoolIsItsOrganizersAloneAndHoldsUpNobody(t *testing.T) {
	sight := capacity.Sight{Seq: 1, Waiting: 5}
	reports := map[string]capacity.Report{"g1": {
		Pools: map[string]capacity.Measurement{"shop": {Checked: true, Known: 2, Ready: 2000}},
		Rooms: []capacity.Room{{Event: "othello", Ask: ask(100, 1000), Sight: sight}},
	}}
	state, _ := capacity.Decide(capacity.State{}, shop(1000, 0), reports, 1_000_000)
	state = state.Stamped(7)
	if !state.Settled() {
		t.Error("not settled; want no gateway to wait for a room that shows no order")
	}
	if b, _ := state.Budget("othello", shop(1000, 0)); b.Reason != capacity.ReasonOrganizer {
		t.Errorf("reason = %s; want %s", b.Reason, capacity.ReasonOrganizer)
	}
}

// The rate falls with the instances within two seconds, and comes back when they have
// been ready for three.
func TestFlappingInstances(t *testing.T) {
	w := newWorld(shop(1000, 100), map[string]int64{"shop": 4})
	w.start("g1")
	r := w.open("hamlet", ask(400, 4000), "shop")
	w.settle(t, 4, nil)
	for range 5 { // two of four come and go, two seconds each
		w.ready["shop"] = 2
		w.settle(t, 2, nil)
		if r.inForce.Rate != queue.PerMinute(200) {
			t.Fatalf("in force %+v with 2 ready; want 200 per minute", r.inForce)
		}
		w.ready["shop"] = 4
		w.settle(t, 2, func() {
			if r.inForce.Rate > queue.PerMinute(200) {
				t.Fatalf("in force %+v while the pool flaps; want 200 per minute", r.inForce)
			}
		})
	}
	w.settle(t, 3, nil)
	if r.inForce.Rate != queue.PerMinute(400) {
		t.Errorf("in force %+v when all are back; want 400 per minute", r.inForce)
	}
}

// A crowd at one event gets what the others on the pool leave, in a few seconds, and
// gives it back to the next.
func TestEventsShareAPool(t *testing.T) {
	w := newWorld(shop(1000, 100), map[string]int64{"shop": 6})
	w.start("g1")
	w.start("g2")
	a := w.open("a", ask(600, 6000), "shop")
	b := w.open("b", ask(600, 6000), "shop")
	c := w.open("c", ask(600, 6000), "shop")
	watch := func() { w.obeyed(t) }
	a.waiting = 1000
	w.settle(t, 5, watch)
	if want := queue.PerMinute(550); a.inForce.Rate != want { // b and c keep an eighth of a third each
		t.Errorf("a alone waits: %v in force; want %v", a.inForce.Rate, want)
	}
	b.waiting = 1000
	w.settle(t, 3, watch)
	if want := queue.PerMinute(287) + 500; a.inForce.Rate != want || b.inForce.Rate != want {
		t.Errorf("a and b wait: %v and %v in force; want %v each", a.inForce.Rate, b.inForce.Rate, want)
	}
	a.waiting, b.waiting = 0, 0
	w.settle(t, 3, watch)
	if want := queue.PerMinute(200); a.inForce.Rate != want || b.inForce.Rate != want || c.inForce.Rate != want {
		t.Errorf("nobody waits: %v, %v and %v in force; want %v each", a.inForce.Rate, b.inForce.Rate, c.inForce.Rate, want)
	}
	if got, _ := w.state(t).Budget("a", w.policies); got.Reason != capacity.ReasonShared {
		t.Errorf("reason %s; want %s", got.Reason, capacity.ReasonShared)
	}
}

// A pool that shrinks throws nobody out, and gives no slot away that somebody holds.
func TestAFallingPoolThrowsNobodyOut(t *testing.T) {
	w := newWorld(shop(100, 1000), map[string]int64{"shop": 4})
	w.start("g1")
	a := w.open("a", ask(1000, 1000), "shop")
	b := w.open("b", ask(1000, 1000), "shop")
	a.waiting = 1000
	w.settle(t, 4, nil)
	w.tick(w.gateways["g1"], "a", 1000)
	inside := a.occupied
	if want := int64(375); inside != want { // b keeps an eighth of a half
		t.Fatalf("%d inside a; want %d", inside, want)
	}
	w.ready["shop"] = 2
	b.waiting = 1000
	w.settle(t, 5, nil)
	if a.inForce.Cap != 100 || a.occupied != inside || b.inForce.Cap != 12 {
		t.Errorf("a may have %d, has %d, b may have %d; want 100, still %d, and no more than an idle event's 12", a.inForce.Cap, a.occupied, b.inForce.Cap, inside)
	}
	a.occupied = 120
	w.settle(t, 3, func() { w.obeyed(t) })
	if a.inForce.Cap != 100 || b.inForce.Cap != 80 {
		t.Errorf("a may have %d, b %d; want 100, and the 80 that a has left", a.inForce.Cap, b.inForce.Cap)
	}
}

// Everything is lost in mid-rush: rates stay what they were, and follow again.
func TestALostRecordChangesNoRate(t *testing.T) {
	w := newWorld(shop(1000, 100), map[string]int64{"shop": 4})
	w.start("g1")
	w.start("g2")
	a := w.open("a", ask(400, 4000), "shop")
	b := w.open("b", ask(400, 4000), "shop")
	a.waiting, b.waiting = 10, 10
	w.settle(t, 5, nil)
	w.lose()
	w.settle(t, 5, func() {
		w.obeyed(t)
		if a.inForce.Rate != queue.PerMinute(200) || b.inForce.Rate != queue.PerMinute(200) {
			t.Fatalf("in force %v and %v after a loss; want 200 per minute each, as before", a.inForce.Rate, b.inForce.Rate)
		}
	})
	b.waiting = 0
	w.settle(t, 4, func() { w.obeyed(t) })
	if want := queue.PerMinute(375); a.inForce.Rate != want {
		t.Errorf("in force %v; want %v: what b leaves, as before the loss", a.inForce.Rate, want)
	}
}

// A sick pool does not look well because the record of its sickness is lost.
func TestALostRecordForgetsNoHealth(t *testing.T) {
	w := newWorld(shop(1000, 100), map[string]int64{"shop": 4})
	w.start("g1")
	a := w.open("a", ask(400, 4000), "shop")
	w.failing = 500
	w.settle(t, 4, nil)
	before := w.state(t).Pools["shop"].Health.Factor
	w.lose()
	w.settle(t, 1, nil)
	if after := w.state(t).Pools["shop"].Health.Factor; before != 400 || after > before {
		t.Errorf("factor %d before the loss, %d after; want 400 and no more", before, after)
	}
	if a.inForce.Rate > queue.PerMinute(160) {
		t.Errorf("in force %v; want at most 160 per minute", a.inForce.Rate)
	}
}

// A rate that creeps does not fill the log.
func TestWhatIsWorthALine(t *testing.T) {
	w := newWorld(shop(1000, 100), map[string]int64{"shop": 4})
	w.start("g1")
	w.open("a", ask(400, 4000), "shop")
	w.settle(t, 4, nil)
	w.failing, w.changes = 500, nil
	w.settle(t, 2, nil)
	w.failing = 0
	w.settle(t, 220, nil)
	var lines []string
	for _, c := range w.changes {
		lines = append(lines, fmt.Sprintf("%s %d", c.Reason, c.Rate/1000))
	}
	if len(lines) < 3 || len(lines) > 25 || lines[0] != "health 160" || lines[len(lines)-1] != "organizer 400" {
		t.Errorf("log %q; want a line for the cut, one for each twentieth on the way back, and one at the end", lines)
	}
	if !slices.IsSorted(lines[:len(lines)-1]) {
		t.Errorf("log %q; want rates that only rise after the cut", lines)
	}
}

// An event that leaves gives its rate to the others soon, its sessions when they are
// over for certain.
func TestAnEventLeaves(t *testing.T) {
	w := newWorld(shop(100, 100), map[string]int64{"shop": 4})
	w.start("g1")
	a := w.open("a", ask(400, 400), "shop")
	b := w.open("b", ask(400, 400), "shop")
	a.waiting, b.waiting = 10, 10
	w.settle(t, 4, nil)
	w.gateways["g1"].forget("a")
	w.settle(t, 20, nil)
	if b.inForce.Rate != queue.PerMinute(200) || b.inForce.Cap != 200 {
		t.Errorf("in force %+v soon after; want 200 per minute and 200 sessions as before", b.inForce)
	}
	w.settle(t, 15, nil)
	if b.inForce.Rate != queue.PerMinute(400) || b.inForce.Cap != 200 {
		t.Errorf("in force %+v half a minute after; want all of the rate, and still 200 sessions", b.inForce)
	}
	w.now += hour.Milliseconds()
	w.settle(t, 3, nil)
	if b.inForce.Cap != 400 {
		t.Errorf("in force %+v when the last session of a must be over; want 400 sessions", b.inForce)
	}
	_ = a
}

func TestANewerRecordIsLeftAlone(t *testing.T) {
	for _, data := range []string{`{"schema": 2}`, `{"pools": 3}`, `{`} {
		if s, err := capacity.Read([]byte(data), 1); err == nil {
			t.Errorf("Read(%s) = %+v; want an error", data, s)
		}
	}
}

func TestPolicyValidate(t *testing.T) {
	for _, bad := range []capacity.Policy{
		{Sessions: 0}, {Sessions: -1}, {Sessions: 1e9}, {Sessions: 1, PerMinute: -1}, {Sessions: 1, PerMinute: 1e9},
		{Sessions: 1, Target: -time.Second}, {Sessions: 1, Weights: map[string]int64{"a": 0}}, {Sessions: 1, Weights: map[string]int64{"a": 1e9}},
	} {
		if err := bad.Validate(); err == nil {
			t.Errorf("%+v.Validate() = nil; want an error", bad)
		}
	}
	if err := (capacity.Policy{Sessions: 1000, Weights: map[string]int64{"a": 2}}).Validate(); err != nil {
		t.Errorf("Validate() = %v; want nil", err)
	}
}

func TestInstancesThatComeAndGoHideNoTrouble(t *testing.T) {
	t.Parallel()
	var s capacity.State
	for second := range int64(60) {
		m := capacity.Measurement{Checked: true, Known: 13, Ready: 13_000, Requests: 1000, Failed: 300}
		if second%8 < 4 { // one of them fails its checks now and then
			m.Ready = 12_000
		}
		reports := map[string]capacity.Report{"g1": {Pools: map[string]capacity.Measurement{"shop": m}}}
		s, _ = capacity.Decide(s, shop(1000, 0), reports, 1_800_000_000_000+1000*second)
	}
	if factor := s.Pools["shop"].Health.Factor; factor > 200 {
		t.Errorf("after a minute in which three requests of ten failed the factor is %d; want it cut again and again", factor)
	}
}

// A pool that no gateway's file has any more is not shown as ready for ever.
func TestAPoolThatNobodyHasIsForgotten(t *testing.T) {
	t.Parallel()
	report := func(pools ...string) map[string]capacity.Report {
		r := capacity.Report{Pools: map[string]capacity.Measurement{}}
		for _, pool := range pools {
			r.Pools[pool] = capacity.Measurement{Checked: true, Known: 1, Ready: 1000}
		}
		return map[string]capacity.Report{"there": r}
	}
	before := capacity.State{Pools: map[string]capacity.Pool{"old": {Ready: 1000, Known: 1}}}
	if after, _ := capacity.Decide(before, shop(1000, 0), report("shop", "old"), 1000); after.Pools["old"].Ready != 1000 {
		t.Errorf("another gateway has it: %+v; want it to stay", after.Pools)
	}
	if after, _ := capacity.Decide(before, shop(1000, 0), report("shop"), 1000); len(after.Pools) != 1 || after.Pools["shop"].Known != 1 {
		t.Errorf("nobody has it: %+v; want shop alone", after.Pools)
	}
}
