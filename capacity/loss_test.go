package capacity_test

import (
	"bytes"
	"testing"

	"github.com/bilten/rushgate/capacity"
	"github.com/bilten/rushgate/queue"
)

// One gateway alone has heard of an order when the record is lost, and no room has
// shown it: what it says may come into force at any moment.
func TestALostRecordWasKnownToOneGateway(t *testing.T) {
	w := newWorld(shop(1000, 100), map[string]int64{"shop": 2})
	w.start("g1")
	w.start("g2")
	w.open("a", ask(200, 2000), "shop")
	b := w.open("b", ask(200, 2000), "shop")
	for _, g := range w.gateways {
		w.tick(g, "a", 0)
		w.tick(g, "b", 0)
	}
	w.gateways["g2"].held["a"] = capacity.Order{Version: w.now*1000 - 1, Rate: queue.PerMinute(200), Cap: 2000}
	b.waiting = 1000
	for range 20 { // g2 says nothing
		w.now += 1000
		w.meet(t, "g1", false)
		w.tick(w.gateways["g1"], "b", 0)
	}
	w.tick(w.gateways["g2"], "a", 0)
	w.obeyed(t)
	w.settle(t, 6, func() { w.obeyed(t) })
	if b.inForce.Rate < queue.PerMinute(150) {
		t.Errorf("in force %v when all have spoken; want most of the pool", b.inForce)
	}
}

// The store falls back to an older copy of the record: rooms show orders that it does
// not know.
func TestAnOlderRecordComesBack(t *testing.T) {
	w := newWorld(shop(1000, 100), map[string]int64{"shop": 2})
	w.start("g1")
	a := w.open("a", ask(200, 2000), "shop")
	b := w.open("b", ask(200, 2000), "shop")
	a.waiting, b.waiting = 1000, 1000
	w.settle(t, 4, nil)
	older := bytes.Clone(w.data)
	a.waiting = 0
	w.settle(t, 5, nil)
	if a.inForce.Rate >= queue.PerMinute(50) {
		t.Fatalf("in force %v with nobody waiting; want an idle event's", a.inForce)
	}
	a.waiting = 1000
	w.tick(w.gateways["g1"], "a", 0)
	w.data = older
	w.settle(t, 6, func() { w.obeyed(t) })
	if a.inForce.Rate != queue.PerMinute(100) || b.inForce.Rate != queue.PerMinute(100) {
		t.Errorf("in force %v and %v; want 100 per minute each", a.inForce, b.inForce)
	}
}

// A room that nobody ticks may have any of the orders that it was given meanwhile,
// however many there were.
func TestOrdersPileUp(t *testing.T) {
	w := newWorld(shop(1000, 100), map[string]int64{"shop": 2})
	w.start("g1")
	a := w.open("a", ask(200, 2000), "shop")
	b := w.open("b", ask(200, 2000), "shop")
	a.waiting = 1000
	w.settle(t, 5, nil)
	b.waiting = 1000
	for i := range int64(30) {
		w.now += 1000
		a.ask = capacity.Ask{Version: 2 + i, Rate: queue.PerMinute(90 - i), Cap: 900 - i, SessionMax: hour}
		w.meet(t, "g1", false)
		w.tick(w.gateways["g1"], "b", 0)
		w.obeyed(t)
	}
	w.settle(t, 3, func() { w.obeyed(t) })
	if b.inForce.Rate < queue.PerMinute(130) {
		t.Errorf("in force %v when a obeys; want what a leaves", b.inForce)
	}
}
