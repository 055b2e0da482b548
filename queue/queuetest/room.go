// Package queuetest is the conformance suite of every store: what the line
// must do, in the words of the product.
package queuetest

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/bilten/rushgate/queue"
)

// Harness is a store under test whose clock the test moves.
type Harness struct {
	Store   queue.Store
	Advance func(time.Duration) // also backwards
}

// Room drives one room of a store and fails the test on any error.
type Room struct {
	Harness
	t      testing.TB
	name   string
	Policy queue.Policy
	Budget queue.Budget
	memory queue.Remembered
}

// Generous is a policy that hinders nobody; tests narrow it.
func Generous() queue.Policy {
	return queue.Policy{
		Version: 1,
		Gates:   queue.Gates{Calls: true, Claims: true, Direct: true, Renew: true},
		Rate:    queue.PerMinute(6000),
		Cap:     1000,
		Times: queue.Times{
			Turn:       ms(3 * time.Minute),
			Grace:      ms(15 * time.Minute),
			Session:    ms(5 * time.Minute),
			SessionMax: ms(time.Hour),
			Probation:  ms(time.Minute),
		},
		Lines: []queue.Line{{Name: "general", Weight: 1}},
	}
}

// NewRoom makes a room with a first tick. change narrows the generous policy.
func NewRoom(t testing.TB, h Harness, change func(*queue.Policy)) *Room {
	t.Helper()
	r := &Room{Harness: h, t: t, name: "hamlet", Policy: Generous()}
	if change != nil {
		change(&r.Policy)
	}
	r.Tick()
	return r
}

// Visitor is the n-th of a test's visitors.
func Visitor(n int) queue.Visitor {
	var v queue.Visitor
	binary.BigEndian.PutUint64(v[8:], uint64(n)*0x9E3779B97F4A7C15) // scattered, so that byte order is not arrival order
	return v
}

// Tick moves no time.
func (r *Room) Tick() queue.Snapshot {
	r.t.Helper()
	return r.TickFrom(&r.memory)
}

// TickFrom ticks as the gateway with this memory.
func (r *Room) TickFrom(m *queue.Remembered) queue.Snapshot {
	r.t.Helper()
	s, err := r.Store.Tick(context.Background(), r.name, r.Policy, r.Budget, *m)
	if err != nil {
		r.t.Fatalf("Tick = %v", err)
	}
	*m = m.After(s)
	return s
}

// Run ticks every step until d has passed and returns the last snapshot.
func (r *Room) Run(d, step time.Duration, each func(queue.Snapshot)) queue.Snapshot {
	r.t.Helper()
	var s queue.Snapshot
	for ; d > 0; d -= step {
		r.Advance(step)
		s = r.Tick()
		if each != nil {
			each(s)
		}
	}
	return s
}

// Change installs a new version of the policy.
func (r *Room) Change(change func(*queue.Policy)) queue.Snapshot {
	r.t.Helper()
	change(&r.Policy)
	r.Policy.Version++
	return r.Tick()
}

// Allow gives the room another budget.
func (r *Room) Allow(change func(*queue.Budget)) queue.Snapshot {
	r.t.Helper()
	if r.Budget.Version == 0 {
		r.Budget.Rate, r.Budget.Cap = queue.MaxRate, queue.Base
	}
	change(&r.Budget)
	r.Budget.Version++
	return r.Tick()
}

// Apply does op for one visit.
func (r *Room) Apply(op queue.Op, v queue.Visit) queue.Answer {
	r.t.Helper()
	return r.ApplyAll(op, v)[0]
}

// ApplyAll does op for all visits in one call.
func (r *Room) ApplyAll(op queue.Op, visits ...queue.Visit) []queue.Answer {
	r.t.Helper()
	answers, err := r.Store.Apply(context.Background(), r.name, op, visits)
	if err != nil {
		r.t.Fatalf("%v = %v", op, err)
	}
	if len(answers) != len(visits) {
		r.t.Fatalf("%v of %d visits gave %d answers", op, len(visits), len(answers))
	}
	return answers
}

// Join joins the general line.
func (r *Room) Join(n int) queue.Answer {
	r.t.Helper()
	return r.Apply(queue.Join, queue.Visit{Visitor: Visitor(n), Line: "general"})
}

// Crowd joins visitors from..to in one call and returns their answers.
func (r *Room) Crowd(from, to int) []queue.Answer {
	r.t.Helper()
	var visits []queue.Visit
	for n := from; n <= to; n++ {
		visits = append(visits, queue.Visit{Visitor: Visitor(n), Line: "general"})
	}
	return r.ApplyAll(queue.Join, visits...)
}

// Claim claims with what a pass for the general line holds.
func (r *Room) Claim(n int, order int64) queue.Answer {
	r.t.Helper()
	return r.Apply(queue.Claim, queue.Visit{Visitor: Visitor(n), Line: "general", Order: order})
}

// claimAll claims, after each tick, for every n-th visitor of the general line
// whose number has been reached. Visitor i must hold number i.
func (r *Room) claimAll(n int64) func(queue.Snapshot) {
	var seen int64
	return func(s queue.Snapshot) {
		for seen < s.Lines[0].Serving {
			seen++
			if seen%n == 0 {
				r.Claim(int(seen), queue.Base+seen)
			}
		}
	}
}

// Touch uses a session.
func (r *Room) Touch(n int, session int64) queue.Answer {
	r.t.Helper()
	return r.Apply(queue.Touch, queue.Visit{Visitor: Visitor(n), Session: session, Generation: r.memory.Generation})
}

// Complete ends a session.
func (r *Room) Complete(n int, session int64) queue.Answer {
	r.t.Helper()
	return r.Apply(queue.Complete, queue.Visit{Visitor: Visitor(n), Session: session, Generation: r.memory.Generation})
}

// Want fails unless a visitor's answer has this state.
func (r *Room) Want(a queue.Answer, want queue.State, sentence string) queue.Answer {
	r.t.Helper()
	if a.State != want {
		r.t.Fatalf("%s: state = %v; want %v", sentence, a.State, want)
	}
	return a
}

// Equal fails unless got == want.
func Equal[T comparable](t testing.TB, sentence string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v; want %v", sentence, got, want)
	}
}

func ms(d time.Duration) int64 { return d.Milliseconds() }
