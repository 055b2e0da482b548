package leases_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/capacity"
	"github.com/bilten/rushgate/capacity/leases"
	"github.com/bilten/rushgate/queue"
)

// lab is a shop behind gateways whose keepers are real. Only the visitors, the rooms'
// stores and the instances are made of numbers; one step is a tick of every room.
type lab struct {
	store    accord.Store
	policies map[string]capacity.Policy
	log      *slog.Logger

	mu       sync.Mutex
	loading  bool // the gateways do not know their events yet
	shop     shop
	rooms    map[string]*room
	seen     map[string]map[string]capacity.Sight // by gateway and event
	gateways map[string]*gateway
}

type gateway struct {
	keeper *leases.Keeper
	stop   context.CancelFunc
	over   chan struct{}
}

// room is what a room's store has; people come without end where line is set.
type room struct {
	pools    []string
	ask      capacity.Ask
	line     bool
	inForce  capacity.Order
	credit   float64
	ends     []time.Time // of the sessions
	seq      int64
	admitted int64
}

// shop is a pool of equal instances. Each answers so many requests a second with
// ease; a session asks once in three seconds.
type shop struct {
	instances int
	ready     int
	perSecond float64 // that one instance can answer
	quick     time.Duration
	slow      time.Duration // added to every answer
	failing   float64       // share of the answers
	window    []moment      // the last ten seconds
}

type moment struct {
	requests, failed float64
	p95              time.Duration
}

const (
	step        = 250 * time.Millisecond
	windowSteps = int(10 * time.Second / step)
	sessionLong = time.Minute
	askEvery    = 3.0 // seconds between a session's requests
)

func newLab(t *testing.T, policy capacity.Policy, s shop) *lab {
	return &lab{
		store: accord.NewMemory(time.Now), policies: map[string]capacity.Policy{"shop": policy}, shop: s,
		log:   slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		rooms: map[string]*room{}, seen: map[string]map[string]capacity.Sight{}, gateways: map[string]*gateway{},
	}
}

// change does something to the shop.
func (l *lab) change(what func(*shop)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	what(&l.shop)
}

func (l *lab) open(event string, perMinute, atOnce int64) *room {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := &room{pools: []string{"shop"}, line: true, ask: capacity.Ask{Version: 1, Rate: queue.PerMinute(perMinute), Cap: atOnce, SessionMax: time.Hour}}
	l.rooms[event] = r
	return r
}

func (l *lab) start(t *testing.T, names ...string) {
	for _, name := range names {
		ctx, cancel := context.WithCancel(t.Context())
		g := &gateway{stop: cancel, over: make(chan struct{})}
		g.keeper = leases.New(leases.Config{
			Store: l.store, Member: name, World: view{l, name}, Policies: l.policies, Log: l.log,
			Rand: func() float64 { return float64(len(name)) / 10 },
		})
		l.mu.Lock()
		l.gateways[name], l.seen[name] = g, map[string]capacity.Sight{}
		l.mu.Unlock()
		go func() { defer close(g.over); g.keeper.Run(ctx) }()
	}
}

func (l *lab) kill(names ...string) {
	for _, name := range names {
		g := l.gateways[name]
		g.stop()
		<-g.over
		l.mu.Lock()
		delete(l.gateways, name)
		l.mu.Unlock()
	}
}

func (l *lab) killAll() { l.kill(slices.Sorted(maps.Keys(l.gateways))...) }

// view is what one gateway sees of the lab.
type view struct {
	lab  *lab
	name string
}

func (v view) Measure() map[string]capacity.Measurement {
	v.lab.mu.Lock()
	defer v.lab.mu.Unlock()
	return map[string]capacity.Measurement{"shop": v.lab.shop.measure(len(v.lab.gateways))}
}

func (v view) Rooms() ([]capacity.Room, bool) {
	v.lab.mu.Lock()
	defer v.lab.mu.Unlock()
	var rooms []capacity.Room
	for event, r := range v.lab.rooms {
		rooms = append(rooms, capacity.Room{Event: event, Pools: r.pools, Ask: r.ask, Sight: v.lab.seen[v.name][event]})
	}
	return rooms, !v.lab.loading
}

// measure is one of n gateways' part.
func (s *shop) measure(n int) capacity.Measurement {
	m := capacity.Measurement{Checked: true, Known: int64(s.instances), Ready: int64(s.ready) * 1000}
	var requests, failed float64
	var p95s []time.Duration
	for _, at := range s.window {
		requests, failed = requests+at.requests, failed+at.failed
		if at.requests > 0 {
			p95s = append(p95s, at.p95)
		}
	}
	m.Requests, m.Failed = int64(requests)/int64(n), int64(failed)/int64(n)
	if len(p95s) > 0 {
		slices.Sort(p95s)
		m.P95 = p95s[len(p95s)*95/100]
	}
	return m
}

// serve is a step of the shop with so many sessions: the closer it comes to what it
// can do the slower it is, and beyond it requests fail.
func (s *shop) serve(sessions int) {
	requests := float64(sessions) / askEvery * step.Seconds()
	at := moment{requests: requests, p95: 10 * time.Second, failed: requests}
	if able := float64(s.ready) * s.perSecond * step.Seconds(); able > 0 {
		use := requests / able
		at.p95 = min(10*time.Second, time.Duration(float64(s.quick)/max(0.01, 1-use))+s.slow)
		at.failed = requests * min(1, max(s.failing, 1-1/max(1, use)))
	}
	s.window = append(s.window, at)
	s.window = s.window[max(0, len(s.window)-windowSteps):]
}

// tick is a step of everything: every gateway ticks every room.
func (l *lab) tick(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	sessions := 0
	for event, r := range l.rooms {
		for _, name := range slices.Sorted(maps.Keys(l.gateways)) {
			r.obey(l.gateways[name].keeper.Budget(event).Order)
		}
		r.admit(now)
		for _, name := range slices.Sorted(maps.Keys(l.gateways)) {
			r.seq++
			l.seen[name][event] = r.sight()
		}
		sessions += len(r.ends)
	}
	l.shop.serve(sessions)
}

func (r *room) obey(o capacity.Order) {
	if o.Version >= r.inForce.Version {
		r.inForce = o
	}
}

func (r *room) admit(now time.Time) {
	r.ends = slices.DeleteFunc(r.ends, func(end time.Time) bool { return !end.After(now) })
	perStep := float64(r.inForce.Rate) / 1000 * step.Minutes()
	r.credit = math.Min(r.credit+perStep, perStep+1)
	for r.line && r.credit >= 1 && int64(len(r.ends)) < r.inForce.Cap {
		r.credit--
		r.admitted++
		r.ends = append(r.ends, now.Add(sessionLong))
	}
}

func (r *room) sight() capacity.Sight {
	s := capacity.Sight{Generation: 1, Seq: r.seq, InForce: r.inForce, Occupied: int64(len(r.ends)), Admitted: r.admitted}
	if r.line {
		s.Waiting = 1000
	}
	return s
}

// pass lets so much time pass, and looks after each step.
func (l *lab) pass(d time.Duration, look func()) {
	for range int(d / step) {
		time.Sleep(step) // a bubble's time
		l.tick(time.Now())
		if look != nil {
			look()
		}
	}
}

// perMinute is what a room's store lets in per minute now.
func (r *room) perMinute() int64 { return int64(r.inForce.Rate) / 1000 }

func (r *room) String() string { return fmt.Sprintf("%+v, %d inside", r.inForce, len(r.ends)) }
