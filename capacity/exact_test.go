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
		d := dice{t, w, true}
		w.start("g1")
		w.start("g2")
		for range 3 {
			d.maybe(d.openEvent)
		}
		for range 40 {
			d.second(func() { w.obeyed(t) })
		}
	})
}

// Whatever went before, pools that rise and fall included: a few seconds in which
// everybody hears everybody, and the pools are used up to what they can do now, not
// beyond.
func TestWhatIsFreeIsGivenOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(twoPools, map[string]int64{"shop": 3, "seats": 2})
		d := dice{t, w, false}
		w.start("g1")
		d.openEvent()
		for range 15 {
			d.second(nil)
			if d.one(5) {
				w.ready[d.of("pool", []string{"seats", "shop"})] = rapid.Int64Range(0, 4).Draw(t, "ready")
			}
		}
		w.start("g1")
		w.settle(t, 25, nil) // the counts of who came lately fade, and shares with them
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
			// An event on two pools may leave a little of the wider one unused: what the
			// narrower refuses is given away once, not until nothing is left.
			if least := min(most, asked-narrow) * 9 / 10; rate > most || rate < least || sessions > w.ready[pool]*policy.Sessions {
				t.Fatalf("pool %s, %d ready: %d in force and %d sessions; want %d to %d, and at most %d", pool, w.ready[pool], rate, sessions, least, most, w.ready[pool]*policy.Sessions)
			}
		}
	})
}

type dice struct {
	t     *rapid.T
	w     *world
	leave bool // events leave, too
}

func (d dice) of(what string, names []string) string { return rapid.SampledFrom(names).Draw(d.t, what) }

// one in so many.
func (d dice) one(in int) bool { return rapid.IntRange(1, in).Draw(d.t, "one in") == 1 }

func (d dice) maybe(f func()) {
	if d.one(2) {
		f()
	}
}

// second is about a second, in which most gateways meet and tick some of their rooms,
// and now and then something happens. look is called after each step.
func (d dice) second(look func()) {
	steps := []func(){d.pass}
	for _, name := range slices.Sorted(maps.Keys(d.w.gateways)) {
		if !d.one(4) {
			steps = append(steps, func() { d.meet(name) })
		}
		for _, event := range slices.Sorted(maps.Keys(d.w.rooms)) {
			steps = append(steps, func() { d.maybe(func() { d.tick(name, event) }) })
		}
	}
	for _, rare := range []func(){d.crowd, d.end, d.openEvent, d.startGateway} {
		if d.one(5) {
			steps = append(steps, rare)
		}
	}
	for _, rarer := range []func(){d.lose, d.die, d.drop} {
		if d.one(25) {
			steps = append(steps, rarer)
		}
	}
	for _, step := range rapid.Permutation(steps).Draw(d.t, "order") {
		step()
		if look != nil {
			look()
		}
	}
}

func (d dice) startGateway() {
	if name := d.of("gateway", gatewayNames); d.w.gateways[name] == nil {
		d.w.start(name)
	}
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
func (d dice) meet(name string) {
	g := d.w.gateways[name]
	if g == nil {
		return
	}
	for _, event := range slices.Sorted(maps.Keys(g.serves)) {
		if g.sights[event].Seq == 0 {
			d.w.tick(g, event, 0)
		}
	}
	d.w.meet(d.t, name, d.one(10))
}

func (d dice) tick(name, event string) {
	if g := d.w.gateways[name]; g != nil && g.serves[event] {
		d.w.tick(g, event, rapid.SampledFrom([]int64{0, 0, 3, 1000}).Draw(d.t, "wants"))
	}
}

func (d dice) crowd() {
	for _, event := range slices.Sorted(maps.Keys(d.w.rooms)) {
		d.w.rooms[event].waiting = rapid.SampledFrom([]int64{0, 0, 1000}).Draw(d.t, "waiting")
	}
}

func (d dice) end() {
	for _, event := range slices.Sorted(maps.Keys(d.w.rooms)) {
		r := d.w.rooms[event]
		r.occupied -= rapid.Int64Range(0, r.occupied).Draw(d.t, "ended")
	}
}

func (d dice) die() {
	delete(d.w.gateways, d.of("gateway", gatewayNames))
	d.w.forsake()
}

func (d dice) openEvent() {
	event := d.of("event", eventNames)
	if d.w.rooms[event] != nil {
		return
	}
	d.w.open(event, capacity.Ask{
		Version: d.w.now, SessionMax: time.Hour,
		Rate: queue.PerMinute(rapid.Int64Range(0, 400).Draw(d.t, "rate")),
		Cap:  rapid.Int64Range(1, 500).Draw(d.t, "cap"),
	}, poolsOf[event]...)
}

func (d dice) lose() {
	d.depart()
	d.w.forsake()
	d.w.lose()
}

// depart: whoever decides first after a loss must know of every event, so one that is
// on its way out has gone by then.
func (d dice) depart() {
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
	g, event := d.w.gateways[d.of("gateway", gatewayNames)], d.of("event", eventNames)
	if !d.leave || g == nil || !g.serves[event] {
		return
	}
	g.forget(event)
	if d.w.data == nil {
		d.depart()
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
