package capacity_test

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/bilten/rushgate/capacity"
)

// world is a fleet of gateways, the record they meet at and the rooms' stores, with
// every word as late as it likes.
type world struct {
	now      int64
	policies map[string]capacity.Policy
	ready    map[string]int64 // instances
	known    int64            // instances of each pool; 0: as many as are ready
	failing  int64            // thousandths of the requests
	changes  []capacity.Change

	version int64
	data    []byte
	reports map[string]capacity.Report
	left    map[string]int64 // when each report was left

	gateways map[string]*gateway
	rooms    map[string]*room
}

// room is what a room's store has.
type room struct {
	pools              []string
	ask                capacity.Ask
	inForce            capacity.Order
	seq                int64
	generation         uint64
	occupied, admitted int64
	waiting            int64
}

// gateway is what one gateway believes.
type gateway struct {
	met    int64
	serves map[string]bool
	held   map[string]capacity.Order
	sights map[string]capacity.Sight
	last   map[string]capacity.Pool
}

func newWorld(policies map[string]capacity.Policy, ready map[string]int64) *world {
	return &world{
		now: 1_800_000_000_000, policies: policies, ready: ready,
		reports: map[string]capacity.Report{}, left: map[string]int64{},
		gateways: map[string]*gateway{}, rooms: map[string]*room{},
	}
}

func (w *world) start(name string) {
	g := &gateway{met: w.now, serves: map[string]bool{}, held: map[string]capacity.Order{}, sights: map[string]capacity.Sight{}}
	for event := range w.rooms {
		g.serves[event] = true
	}
	w.gateways[name] = g
}

func (g *gateway) forget(event string) {
	delete(g.serves, event)
	delete(g.sights, event)
	delete(g.held, event)
}

func (w *world) open(event string, ask capacity.Ask, pools ...string) *room {
	r := &room{pools: pools, ask: ask, generation: uint64(w.now)}
	w.rooms[event] = r
	for _, g := range w.gateways {
		g.serves[event] = true
	}
	return r
}

// tick is a gateway's tick of a room, which lets as many in as it may.
func (w *world) tick(g *gateway, event string, wants int64) {
	r := w.rooms[event]
	held, has := g.held[event]
	if !has {
		held = capacity.Order{Version: capacity.Fallback}
		g.held[event] = held
	}
	if held.Version >= r.inForce.Version {
		r.inForce = held
	}
	enter := max(0, min(wants, r.inForce.Cap-r.occupied))
	r.occupied, r.admitted = r.occupied+enter, r.admitted+enter
	r.seq++
	g.sights[event] = capacity.Sight{
		Generation: r.generation, Seq: r.seq, InForce: r.inForce,
		Occupied: r.occupied, Waiting: r.waiting, Admitted: r.admitted,
	}
}

func (w *world) report(g *gateway) capacity.Report {
	report := capacity.Report{Pools: map[string]capacity.Measurement{}, Last: g.last}
	for pool, n := range w.ready {
		report.Pools[pool] = capacity.Measurement{
			Checked: true, Known: cmp.Or(w.known, max(n, 1)), Ready: n * 1000,
			Requests: 1000, Failed: w.failing, P95: 100 * time.Millisecond,
		}
	}
	for _, event := range slices.Sorted(maps.Keys(g.serves)) {
		r := w.rooms[event]
		report.Rooms = append(report.Rooms, capacity.Room{
			Event: event, Pools: r.pools, Ask: r.ask, Sight: g.sights[event], Held: g.held[event],
		})
	}
	return report
}

// meet is a gateway's second. A gateway whose swap's answer is lost goes on with what
// it had.
func (w *world) meet(t rapid.TB, name string, answerLost bool) {
	g := w.gateways[name]
	g.met = w.now
	w.reports[name], w.left[name] = w.report(g), w.now
	for member, at := range w.left {
		if w.now-at > capacity.Fresh.Milliseconds() {
			delete(w.reports, member)
			delete(w.left, member)
		}
	}
	state := w.state(t)
	if state.Due(w.now) {
		next, changes := capacity.Decide(state, w.policies, w.reports, w.now)
		w.changes = append(w.changes, changes...)
		data, err := next.Data()
		if err != nil {
			t.Fatal(err)
		}
		w.data = data
		w.version = max(w.version+1, w.now*1000)
		if answerLost {
			return
		}
		state = w.state(t)
	}
	w.publish(g, state)
}

func (w *world) state(t rapid.TB) capacity.State {
	state, err := capacity.Read(w.data, w.version)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func (w *world) publish(g *gateway, state capacity.State) {
	g.last = state.Pools
	for event := range g.serves {
		if b, _ := state.Budget(event, w.policies); b.Version >= g.held[event].Version {
			g.held[event] = b.Order
		}
	}
}

// lose makes the store forget the record and who was there.
func (w *world) lose() {
	w.data = nil
	w.reports, w.left = map[string]capacity.Report{}, map[string]int64{}
	w.version = 0
}

// settle lets everybody meet and tick for so many seconds.
func (w *world) settle(t rapid.TB, seconds int, each func()) {
	for range seconds {
		w.now += 1000
		for _, name := range slices.Sorted(maps.Keys(w.gateways)) {
			w.meet(t, name, false)
			for _, event := range slices.Sorted(maps.Keys(w.gateways[name].serves)) {
				w.tick(w.gateways[name], event, 0)
				if each != nil {
					each()
				}
			}
		}
	}
}

// used is what a pool's rooms may let in per minute, and how many may be inside.
func (w *world) used(pool string) (rate, sessions int64) {
	for _, r := range w.rooms {
		if slices.Contains(r.pools, pool) {
			rate += int64(r.inForce.Rate)
			sessions += max(r.inForce.Cap, r.occupied)
		}
	}
	return rate, sessions
}

// obeyed fails if a pool has to carry more than it can.
func (w *world) obeyed(t rapid.TB) {
	for pool, policy := range w.policies {
		rate, sessions := w.used(pool)
		if most := w.ready[pool] * policy.PerMinute * 1000; policy.PerMinute > 0 && rate > most {
			t.Fatalf("pool %s: rooms have %d in force together; want at most %d", pool, rate, most)
		}
		if most := w.ready[pool] * policy.Sessions; sessions > most {
			t.Fatalf("pool %s: rooms hold or may hold %d sessions; want at most %d", pool, sessions, most)
		}
	}
}
