package redisqueue_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/internal/redistest"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/queue/queuetest"
	"github.com/bilten/rushgate/queue/redisqueue"
)

// Gateways work on one room at once, and answers get lost on the way. Whatever
// each of them was told must be explained by one order of single steps.

const (
	players      = 6 // visitors of a room
	playerSlots  = 2
	playGateways = 4
	playSteps    = 40 // of each gateway: a history of 160 in all
)

// asked is a step as a gateway asked for it.
type asked struct {
	tick    bool
	op      queue.Op
	who     int
	order   int64
	session int64
	room    uint64 // generation of the session
}

// answered is what it was told; lost: nobody knows.
type answered struct {
	lost   bool
	answer queue.Answer   // State, Number and Session of it
	room   queue.Snapshot // Called, Active and the line's figures of it
}

// line is the room as the rules describe it from outside, while no time passes.
type line struct {
	state    [players]queue.State
	number   [players]int64 // in the line
	session  [players]int64
	issued   int64
	serving  int64
	admitted int64
}

func (l line) count(s queue.State) (n int64) {
	for _, state := range l.state {
		if state == s {
			n++
		}
	}
	return n
}

func (l line) free() int64 { return playerSlots - l.count(queue.Called) - l.count(queue.Active) }

func (l line) admit(who int) line {
	l.admitted++
	l.state[who], l.session[who] = queue.Active, l.admitted
	return l
}

// tick calls the lowest numbers, as long as there are slots.
func (l line) tick() line {
	for free := l.free(); free > 0 && l.count(queue.Waiting) > 0; free-- {
		first := -1
		for who, state := range l.state {
			if state == queue.Waiting && (first < 0 || l.number[who] < l.number[first]) {
				first = who
			}
		}
		l.state[first], l.serving = queue.Called, l.number[first]
	}
	return l
}

// step is what a room does with one visit.
func (l line) step(in asked) line {
	switch state := l.state[in.who]; in.op {
	case queue.Join:
		switch {
		case state != queue.None:
		case l.count(queue.Waiting) == 0 && l.free() > 0:
			return l.admit(in.who)
		default:
			l.issued++
			l.state[in.who], l.number[in.who] = queue.Waiting, l.issued
		}
	case queue.Claim:
		if state == queue.Called {
			return l.admit(in.who)
		}
	case queue.Leave:
		if state == queue.Called || state == queue.Waiting && in.order == queue.Base+l.number[in.who] {
			l.state[in.who] = queue.None
		}
	case queue.Complete:
		if state == queue.Active && in.session == l.session[in.who] {
			l.state[in.who] = queue.None
		}
	}
	return l
}

// tells whether this is what a gateway may have been told in this state.
func (l line) tells(in asked, out answered) bool {
	if out.lost {
		return true
	}
	if in.tick {
		seen := out.room.Lines[0]
		return out.room.Called == l.count(queue.Called) && out.room.Active == l.count(queue.Active) &&
			seen.Issued == l.issued && seen.Serving == l.serving && seen.Waiting == l.count(queue.Waiting)
	}
	a := out.answer
	switch state := l.state[in.who]; state {
	case queue.Waiting:
		return a.State == state && a.Number == l.number[in.who]
	case queue.Active:
		return a.State == state && a.Session == l.session[in.who]
	case queue.None: // a claim of a place that has been passed has missed its turn
		missed := in.op == queue.Claim && 0 < in.order && in.order <= queue.Base+l.serving && l.serving > 0
		return a.State == queue.Missed == missed && (missed || a.State == queue.None)
	default:
		return a.State == state
	}
}

func lineModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return line{} },
		Step: func(state, input, output any) (bool, any) {
			l, _ := state.(line)
			in, _ := input.(asked)
			out, _ := output.(answered)
			if in.tick {
				l = l.tick()
			} else {
				l = l.step(in)
			}
			return l.tells(in, out), l
		},
	}
}

// lossy is a connection that breaks now and then: before the server has read the
// request, or before the gateway has read the answer.
type lossy struct {
	net.Conn
	breaks func() bool
}

var errBroken = errors.New("connection broken by the test")

func (c lossy) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil && c.breaks() {
		return 0, errors.Join(errBroken, c.Close())
	}
	return n, err
}

func (c lossy) Write(b []byte) (int, error) {
	if c.breaks() {
		return 0, errors.Join(errBroken, c.Close())
	}
	return c.Conn.Write(b)
}

// game is a room, several gateways and what they were told.
type game struct {
	t    *testing.T
	room string
	mu   sync.Mutex
	dice *rand.Rand
	held [players]queue.Answer // the last that anybody was told
	told []porcupine.Operation
}

func (g *game) roll(n int) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.dice.IntN(n)
}

func playPolicy() queue.Policy {
	p := queuetest.Generous()
	p.Cap, p.Rate = playerSlots, queue.MaxRate
	return p
}

// play lets the gateways loose on the room and returns the history.
func (g *game) play(addr string, wrap func(queue.Store) queue.Store) []porcupine.Operation {
	began := time.Now()
	var gateways sync.WaitGroup
	for range playGateways {
		client := redis.NewClient(&redis.Options{
			Addr: addr, MaxRetries: -1, DialerRetries: 1,
			Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
				var d net.Dialer
				c, err := d.DialContext(ctx, network, addr)
				return lossy{c, func() bool { return g.roll(20) == 0 }}, err
			},
		})
		g.t.Cleanup(func() { _ = client.Close() })
		store := wrap(redisqueue.WithClock(redisqueue.New(client, rand.Uint64)))
		gateways.Go(func() {
			for range playSteps {
				g.step(store, began)
			}
		})
	}
	gateways.Wait()
	return g.told
}

// step asks for one thing and writes down what came of it.
func (g *game) step(store queue.Store, began time.Time) {
	in := g.choose()
	call := time.Since(began).Nanoseconds()
	var out answered
	var err error
	if in.tick {
		out.room, err = store.Tick(g.t.Context(), g.room, playPolicy(), queue.Budget{}, queue.Remembered{})
	} else {
		visit := queue.Visit{Visitor: queuetest.Visitor(in.who + 1), Line: "general", Order: in.order, Session: in.session, Generation: in.room}
		var answers []queue.Answer
		if answers, err = store.Apply(g.t.Context(), g.room, in.op, []queue.Visit{visit}); err == nil {
			out.answer = answers[0]
		}
	}
	done := time.Since(began).Nanoseconds()
	if err != nil { // it may happen at any time from here on, or never
		out, done = answered{lost: true}, time.Hour.Nanoseconds()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil && !in.tick {
		g.held[in.who] = out.answer
	}
	g.told = append(g.told, porcupine.Operation{ClientId: len(g.told), Input: in, Call: call, Output: out, Return: done})
}

func (g *game) choose() asked {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dice.IntN(5) == 0 {
		return asked{tick: true}
	}
	who := g.dice.IntN(players)
	ops := []queue.Op{queue.Join, queue.Join, queue.Claim, queue.Claim, queue.Complete, queue.Leave}
	return asked{op: ops[g.dice.IntN(len(ops))], who: who, order: g.held[who].Order, session: g.held[who].Session, room: g.held[who].Generation}
}

// explain plays one room and says whether some order of single steps explains
// everything that was told.
func explain(t *testing.T, seed uint64, wrap func(queue.Store) queue.Store) porcupine.CheckResult {
	t.Helper()
	addr := redistest.Start(t)
	client := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { _ = client.Close() })
	store := harness(t, client).Store
	if _, err := store.Tick(t.Context(), "play", playPolicy(), queue.Budget{}, queue.Remembered{}); err != nil {
		t.Fatal(err)
	}
	g := &game{t: t, room: "play", dice: rand.New(rand.NewPCG(seed, 4))}
	told := g.play(addr, wrap)
	lost := 0
	for _, one := range told {
		if out, _ := one.Output.(answered); out.lost {
			lost++
		}
	}
	t.Logf("seed %d: %d steps, %d answers lost", seed, len(told), lost)
	if lost == 0 {
		t.Error("no answer was lost; want some")
	}
	return porcupine.CheckOperationsTimeout(lineModel(), told, time.Minute)
}

func TestWhatGatewaysAreToldIsOneOrderOfSteps(t *testing.T) {
	for seed := range uint64(4) {
		if got := explain(t, seed, func(s queue.Store) queue.Store { return s }); got != porcupine.Ok {
			t.Errorf("history of seed %d: %s; want %s", seed, got, porcupine.Ok)
		}
	}
}

// A store that gives every claim a session of its own has no such order.
func TestAStoreThatForgetsHasNoSuchOrder(t *testing.T) {
	if got := explain(t, 1, func(s queue.Store) queue.Store { return forgetful{s} }); got != porcupine.Illegal {
		t.Errorf("history of a store that admits twice who claims twice: %s; want %s", got, porcupine.Illegal)
	}
}
