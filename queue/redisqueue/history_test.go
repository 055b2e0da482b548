package redisqueue_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/internal/redistest"
	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/queue/redisqueue"
)

const (
	crowdSize = 1000
	perSecond = 200
	slots     = 60
)

// Slots and rate both bind: a session lasts a quarter of a second on average.
var rushPolicy = queue.Policy{
	Version: 1, Gates: queue.Gates{Calls: true, Claims: true, Direct: true, Renew: true},
	Rate: queue.PerMinute(perSecond * 60), Cap: slots,
	Times: queue.Times{Turn: 300, Grace: 600, Session: 60_000, SessionMax: 60_000, Probation: 60_000},
	Lines: []queue.Line{{Name: "general", Weight: 1}},
}

func TestARushThroughTwoGatewaysKeepsEveryPromise(t *testing.T) {
	r := newRush(t, func(s queue.Store) queue.Store { return s })
	violations := r.run(3 * time.Second)
	for _, v := range violations[:min(len(violations), 5)] {
		t.Error(v)
	}
	in, waited := r.admitted.Load(), r.waited.Load()
	t.Logf("%d came in, %d of them waited, in %d events; longest gap between ticks %d µs", in, waited, r.history.Len(), r.gap)
	if in < 200 || waited < 100 {
		t.Errorf("%d came in and %d of them waited; want enough of both to prove anything", in, waited)
	}
}

func TestTheHistoryOfABrokenStoreIsCaught(t *testing.T) {
	for _, test := range []struct {
		name   string
		broken func(queue.Store) queue.Store
		want   invariant.ID
	}{
		{"lets in more than the cap", func(s queue.Store) queue.Store { return overfull{s} }, invariant.Cap},
		{"admits twice who claims twice", func(s queue.Store) queue.Store { return forgetful{s} }, invariant.Double},
		{"puts who comes last first", func(s queue.Store) queue.Store { return stack{s} }, invariant.Order},
		{"counts backwards", func(s queue.Store) queue.Store { return &backwards{Store: s} }, invariant.Number},
		{"calls nobody", func(s queue.Store) queue.Store { return deaf{s} }, invariant.Liveness},
	} {
		t.Run(test.name, func(t *testing.T) {
			violations := newRush(t, test.broken).run(time.Second)
			if !slices.ContainsFunc(violations, func(v invariant.Violation) bool { return v.ID == test.want }) {
				t.Errorf("Check(a store that %s) = %v; want %s among them", test.name, violations, test.want)
			}
		})
	}
}

type overfull struct{ queue.Store }

func (s overfull) Tick(ctx context.Context, room string, p queue.Policy, b queue.Budget, m queue.Remembered) (queue.Snapshot, error) {
	p.Cap *= 3
	return s.Store.Tick(ctx, room, p, b, m)
}

type deaf struct{ queue.Store }

func (s deaf) Tick(ctx context.Context, room string, p queue.Policy, b queue.Budget, m queue.Remembered) (queue.Snapshot, error) {
	p.Gates.Calls = false
	return s.Store.Tick(ctx, room, p, b, m)
}

type backwards struct {
	queue.Store
	ticks atomic.Int64
}

func (s *backwards) Tick(ctx context.Context, room string, p queue.Policy, b queue.Budget, m queue.Remembered) (queue.Snapshot, error) {
	snapshot, err := s.Store.Tick(ctx, room, p, b, m)
	if err == nil && s.ticks.Add(1)%5 == 0 {
		snapshot.Lines[0].Serving /= 2
	}
	return snapshot, err
}

type forgetful struct{ queue.Store }

func (s forgetful) Apply(ctx context.Context, room string, op queue.Op, visits []queue.Visit) ([]queue.Answer, error) {
	answers, err := s.Store.Apply(ctx, room, op, visits)
	for i := range answers {
		if op == queue.Claim && answers[i].State == queue.Active {
			answers[i].Session += rand.Int64N(1 << 40)
		}
	}
	return answers, err
}

type stack struct{ queue.Store }

func (s stack) Apply(ctx context.Context, room string, op queue.Op, visits []queue.Visit) ([]queue.Answer, error) {
	answers, err := s.Store.Apply(ctx, room, op, visits)
	for i := range answers {
		if op == queue.Join && answers[i].State == queue.Waiting {
			answers[i].Number = 1_000_000 - answers[i].Number
		}
	}
	return answers, err
}

// rush is a crowd before two gateways of one Redis, and what was seen of it.
type rush struct {
	t        *testing.T
	history  invariant.History
	gateways [2]*rushGateway
	admitted atomic.Int64
	waited   atomic.Int64

	mu       sync.Mutex
	lastTick int64 // µs
	gap      int64 // µs, the longest between two ticks of any gateway
	lag      int64 // µs, the age of the oldest snapshot that anybody was answered from
}

type rushGateway struct {
	name    string
	store   queue.Store
	batcher *queue.Batcher
	last    atomic.Pointer[lastSeen]
}

type lastSeen struct {
	queue.Snapshot
	asked int64 // µs
}

func micros() int64 { return time.Now().UnixMicro() }

func newRush(t *testing.T, wrap func(queue.Store) queue.Store) *rush {
	t.Helper()
	addr := redistest.Start(t)
	r := &rush{t: t}
	for i := range r.gateways {
		client := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
		t.Cleanup(func() { _ = client.Close() })
		store := wrap(redisqueue.New(client, rand.Uint64))
		r.gateways[i] = &rushGateway{name: fmt.Sprint("g", i), store: store, batcher: queue.NewBatcher(store, "rush")}
	}
	return r
}

// run lets the crowd in for so long and returns what was broken.
func (r *rush) run(long time.Duration) []invariant.Violation {
	ctx, cancel := context.WithTimeout(r.t.Context(), long)
	defer cancel()
	for _, g := range r.gateways {
		r.tick(ctx, g)
	}
	var crowd sync.WaitGroup
	for _, g := range r.gateways {
		crowd.Go(func() {
			for pause(ctx, 100*time.Millisecond) {
				r.tick(ctx, g)
			}
		})
	}
	for i := range crowdSize {
		crowd.Go(func() {
			v := &rushVisitor{rush: r, dice: rand.New(rand.NewPCG(1, uint64(i)))}
			binary.BigEndian.PutUint64(v.id[:], uint64(i)+1)
			if pause(ctx, time.Duration(v.dice.Int64N(int64(long/2)))) {
				v.visit(ctx)
			}
		})
	}
	crowd.Wait()

	// A bucket may hold its burst, and what the next tick brings on top.
	burst := perSecond + 1 + perSecond*r.gap/1_000_000 + 1
	return invariant.Check(&r.history, invariant.Limits{
		Policies: []invariant.Policy{{PerMinute: perSecond * 60, Burst: burst, Cap: slots}},
		Tick:     r.gap, Lag: r.lag,
	})
}

// pause returns false if ctx ends before d is over.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

func (r *rush) tick(ctx context.Context, g *rushGateway) {
	asked := micros()
	s, err := g.store.Tick(ctx, "rush", rushPolicy, queue.Budget{}, queue.Remembered{})
	answered := micros()
	if err != nil {
		if ctx.Err() == nil {
			r.t.Errorf("tick: %v", err)
		}
		return
	}
	g.last.Store(&lastSeen{s, asked})
	room := invariant.Room{Version: s.Version, Called: s.Called, Active: s.Active, Late: s.Late}
	for _, l := range s.Lines {
		room.Lines = append(room.Lines, invariant.Line{Name: l.Name, Serving: l.Serving, Waiting: l.Waiting})
	}
	r.history.Add(invariant.Ticked(invariant.Between(asked, answered), room))
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lastTick > 0 {
		r.gap = max(r.gap, answered-r.lastTick)
	}
	r.lastTick = max(r.lastTick, asked)
}

// rushVisitor is one of the crowd. What each does is settled by its dice.
type rushVisitor struct {
	*rush
	id   queue.Visitor
	dice *rand.Rand
}

// ask asks one of the gateways.
func (v *rushVisitor) ask(ctx context.Context, g *rushGateway, op queue.Op, what queue.Visit) (queue.Answer, invariant.Span, bool) {
	what.Visitor = v.id
	sent := micros()
	a, err := g.batcher.Do(ctx, op, what)
	if err != nil && ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
		v.t.Errorf("%s: %v", op, err)
	}
	return a, invariant.Between(sent, micros()), err == nil
}

func (v *rushVisitor) gateway() *rushGateway { return v.gateways[v.dice.IntN(len(v.gateways))] }

func (v *rushVisitor) visit(ctx context.Context) {
	if v.dice.IntN(10) == 0 { // a double click, through the other gateway
		done := make(chan struct{})
		defer func() { <-done }()
		go func() {
			defer close(done)
			if a, when, ok := v.ask(ctx, v.gateways[0], queue.Join, queue.Visit{Line: "general"}); ok {
				v.note(a, when, invariant.Direct)
			}
		}()
	}
	a, when, ok := v.ask(ctx, v.gateways[1], queue.Join, queue.Visit{Line: "general"})
	if !ok {
		return
	}
	v.note(a, when, invariant.Direct)
	if a.State == queue.Waiting {
		a, ok = v.wait(ctx, a)
	}
	if ok && a.State == queue.Active {
		v.shop(ctx, a)
	}
}

// note records what an answer says.
func (v *rushVisitor) note(a queue.Answer, when invariant.Span, entry invariant.Entry) {
	switch a.State {
	case queue.Waiting:
		v.history.Add(invariant.Joined(when, v.id, a.Line, a.Number))
	case queue.Active:
		v.history.Add(invariant.Admitted(when, v.id, entry, session(a), a.Ends*1000))
	case queue.AtDoor:
		v.history.Add(invariant.AtDoor(when, v.id))
	case queue.Missed:
		v.history.Add(invariant.Missed(when, v.id))
	}
}

func session(a queue.Answer) string { return fmt.Sprintf("%d.%d", a.Generation, a.Session) }

// wait stands in the line until the turn has come and been claimed.
func (v *rushVisitor) wait(ctx context.Context, place queue.Answer) (queue.Answer, bool) {
	leaves, absent := v.dice.IntN(20) == 0, v.dice.IntN(10) == 0
	for pause(ctx, time.Duration(20+v.dice.IntN(40))*time.Millisecond) {
		g := v.gateway()
		if !v.reached(g, place) {
			if leaves && v.dice.IntN(5) == 0 {
				if _, when, ok := v.ask(ctx, g, queue.Leave, queue.Visit{Line: place.Line, Order: place.Order}); ok {
					v.history.Add(invariant.Left(when, v.id))
				}
				return queue.Answer{}, false
			}
			continue
		}
		if absent { // comes back when the turn has lapsed
			absent = false
			pause(ctx, 500*time.Millisecond)
			continue
		}
		a, when, ok := v.ask(ctx, g, queue.Claim, queue.Visit{Line: place.Line, Order: place.Order})
		if !ok || a.State == queue.Missed || a.State == queue.None {
			return a, false
		}
		v.note(a, when, invariant.FromLine)
		if a.State == queue.Active {
			v.waited.Add(1)
			return a, true
		}
	}
	return queue.Answer{}, false
}

// reached asks a gateway's memory, as a poll does.
func (v *rushVisitor) reached(g *rushGateway, place queue.Answer) bool {
	sent := micros()
	last := g.last.Load()
	line, _ := last.Line(place.Line)
	if place.Order <= line.CalledOrder {
		return true
	}
	ahead := max(0, place.Number-line.Serving-1)
	v.history.Add(invariant.Saw(invariant.Between(sent, micros()), v.id, g.name, place.Number, line.Serving, ahead))
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lag = max(v.lag, micros()-last.asked)
	return false
}

// shop uses a session, claims it once more, and completes it.
func (v *rushVisitor) shop(ctx context.Context, a queue.Answer) {
	v.admitted.Add(1)
	if !pause(ctx, time.Duration(50+v.dice.IntN(400))*time.Millisecond) {
		return
	}
	if v.dice.IntN(3) == 0 {
		if again, when, ok := v.ask(ctx, v.gateway(), queue.Claim, queue.Visit{Line: a.Line}); ok {
			v.note(again, when, invariant.FromLine)
		}
	}
	if touched, when, ok := v.ask(ctx, v.gateway(), queue.Touch, queue.Visit{Session: a.Session, Generation: a.Generation}); ok && touched.State == queue.Active {
		v.history.Add(invariant.Extended(when, v.id, session(touched), touched.Ends*1000))
	}
	// Without an answer it may have happened all the same.
	_, when, _ := v.ask(ctx, v.gateway(), queue.Complete, queue.Visit{Session: a.Session, Generation: a.Generation})
	v.history.Add(invariant.Ended(when, v.id, session(a)))
}
