package capacity_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bilten/rushgate/capacity"
	"github.com/bilten/rushgate/queue"
)

var (
	twoPools = map[string]capacity.Policy{
		"shop":  {Sessions: 100, PerMinute: 60, Weights: map[string]int64{"a": 3}},
		"seats": {Sessions: 70, PerMinute: 40},
	}
	eventNames   = []string{"a", "b", "c", "d"}
	gatewayNames = []string{"g1", "g2", "g3"}
	poolsOf      = map[string][]string{"a": {"shop"}, "b": {"seats"}, "c": {"seats", "shop"}, "d": {"shop"}} // for good
)

// Whatever is late, lost, repeated, gone or new: pools that do not change are never
// used beyond what they can do.
func TestPoolsAreNeverOverdrawn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(twoPools, map[string]int64{"shop": 3, "seats": 2})
		d := dice{t, w}
		w.start("g1")
		d.openEvent()
		t.Repeat(map[string]func(*rapid.T){
			"":                    func(t *rapid.T) { w.obeyed(t) },
			"time passes":         func(t *rapid.T) { dice{t, w}.pass() },
			"a gateway meets":     func(t *rapid.T) { dice{t, w}.meet() },
			"a room ticks":        func(t *rapid.T) { dice{t, w}.tick() },
			"a crowd":             func(t *rapid.T) { dice{t, w}.crowd() },
			"sessions end":        func(t *rapid.T) { dice{t, w}.end() },
			"the record is lost":  func(t *rapid.T) { dice{t, w}.lose() },
			"a gateway starts":    func(t *rapid.T) { w.start(dice{t, w}.of("gateway", gatewayNames)) },
			"a gateway dies":      func(t *rapid.T) { dice{t, w}.die() },
			"an event comes":      func(t *rapid.T) { dice{t, w}.openEvent() },
			"an event is dropped": func(t *rapid.T) { dice{t, w}.drop() },
		})
	})
}

// Whatever went before, pools that rise and fall included: a few seconds in which
// everybody hears everybody, and the pools are used up to what they can do now, not
// beyond.
func TestWhatIsFreeIsGivenOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(twoPools, map[string]int64{"shop": 3, "seats": 2})
		d := dice{t, w}
		w.start("g1")
		d.openEvent()
		t.Repeat(map[string]func(*rapid.T){
			"time passes":        func(t *rapid.T) { dice{t, w}.pass() },
			"a gateway meets":    func(t *rapid.T) { dice{t, w}.meet() },
			"a room ticks":       func(t *rapid.T) { dice{t, w}.tick() },
			"a crowd":            func(t *rapid.T) { dice{t, w}.crowd() },
			"the record is lost": func(t *rapid.T) { dice{t, w}.lose() },
			"a gateway starts":   func(t *rapid.T) { w.start(dice{t, w}.of("gateway", gatewayNames)) },
			"an event comes":     func(t *rapid.T) { dice{t, w}.openEvent() },
			"a pool changes": func(t *rapid.T) {
				w.ready[dice{t, w}.of("pool", []string{"seats", "shop"})] = rapid.Int64Range(0, 4).Draw(t, "ready")
			},
		})
		w.start("g1")
		w.settle(t, 12, nil)
		for pool, policy := range w.policies {
			var rate, sessions, asked, narrow int64
			for _, r := range w.rooms {
				if !slices.Contains(r.pools, pool) {
					continue
				}
				rate, sessions, asked = rate+int64(r.inForce.Rate), sessions+r.inForce.Cap, asked+int64(r.ask.Rate)
				if len(r.pools) > 1 { // the other pool may be narrower
					narrow += int64(r.ask.Rate - r.inForce.Rate)
				}
			}
			most := w.ready[pool] * policy.PerMinute * 1000
			if least := min(most, asked-narrow); rate > most || rate < least || sessions > w.ready[pool]*policy.Sessions {
				t.Fatalf("pool %s, %d ready: %d in force and %d sessions; want %d to %d, and at most %d", pool, w.ready[pool], rate, sessions, least, most, w.ready[pool]*policy.Sessions)
			}
		}
	})
}

type dice struct {
	t *rapid.T
	w *world
}

func (d dice) of(what string, names []string) string { return rapid.SampledFrom(names).Draw(d.t, what) }

func (d dice) gateway() *gateway {
	if len(d.w.gateways) == 0 {
		d.t.Skip("no gateway")
	}
	return d.w.gateways[d.of("gateway", slices.Sorted(maps.Keys(d.w.gateways)))]
}

func (d dice) event() *room {
	if len(d.w.rooms) == 0 {
		d.t.Skip("no event")
	}
	return d.w.rooms[d.of("event", slices.Sorted(maps.Keys(d.w.rooms)))]
}

// pass: a gateway that has been silent for Linger is dead.
func (d dice) pass() {
	d.w.now += rapid.Int64Range(1, 3000).Draw(d.t, "ms")
	for name, g := range d.w.gateways {
		if d.w.now-g.met >= capacity.Linger.Milliseconds()-3000 {
			delete(d.w.gateways, name)
		}
	}
	d.w.forsake()
}

// meet: a gateway ticks the rooms it has not seen before anything else.
func (d dice) meet() {
	g := d.gateway()
	for _, event := range slices.Sorted(maps.Keys(g.serves)) {
		if g.sights[event].Seq == 0 {
			d.w.tick(g, event, 0)
		}
	}
	for name, known := range d.w.gateways {
		if known == g {
			d.w.meet(d.t, name, rapid.IntRange(0, 9).Draw(d.t, "lost") == 0)
		}
	}
}

func (d dice) tick() {
	g := d.gateway()
	if len(g.serves) == 0 {
		d.t.Skip("no room")
	}
	d.w.tick(g, d.of("event", slices.Sorted(maps.Keys(g.serves))), rapid.Int64Range(0, 300).Draw(d.t, "wants"))
}

func (d dice) crowd() {
	d.event().waiting = rapid.SampledFrom([]int64{0, 0, 1, 1000}).Draw(d.t, "waiting")
}

func (d dice) end() {
	r := d.event()
	r.occupied -= rapid.Int64Range(0, r.occupied).Draw(d.t, "ended")
}

func (d dice) die() {
	delete(d.w.gateways, d.of("gateway", gatewayNames))
	d.w.forsake()
}

func (d dice) openEvent() {
	event := d.of("event", eventNames)
	if _, here := d.w.rooms[event]; here {
		d.t.Skip("here already")
	}
	d.w.open(event, capacity.Ask{
		Version: d.w.now, SessionMax: time.Hour,
		Rate: queue.PerMinute(rapid.Int64Range(0, 400).Draw(d.t, "rate")),
		Cap:  rapid.Int64Range(1, 500).Draw(d.t, "cap"),
	}, poolsOf[event]...)
}

func (d dice) lose() {
	d.leave()
	d.w.forsake()
	d.w.lose()
}

// leave: whoever decides first after a loss must know of every event, so one that is
// on its way out has gone by then.
func (d dice) leave() {
	for _, g := range d.w.gateways {
		for event := range d.w.rooms {
			if g.serves[event] {
				continue
			}
			for _, other := range d.w.gateways {
				other.forget(event)
			}
		}
	}
}

// drop: gateways notice one by one that an event has left; its sessions go on.
func (d dice) drop() {
	g := d.gateway()
	if len(g.serves) == 0 {
		d.t.Skip("no room")
	}
	event := d.of("event", slices.Sorted(maps.Keys(g.serves)))
	g.forget(event)
	if d.w.data == nil {
		d.leave()
	}
	d.w.forsake()
}

// forsake removes the rooms that only gateways served which are gone or serve them no
// more. When no gateway is left, all rooms wait for the next.
func (w *world) forsake() {
	if len(w.gateways) == 0 {
		return
	}
	maps.DeleteFunc(w.rooms, func(event string, _ *room) bool {
		for _, g := range w.gateways {
			if g.serves[event] {
				return false
			}
		}
		return true
	})
}
