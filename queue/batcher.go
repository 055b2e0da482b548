package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// MaxBatch is how many visits go to the store in one call.
	MaxBatch = 256

	// MaxPending is how many visits of one operation may wait for the store.
	// At a thousand batches a second it is 80 ms of work; whoever comes on top
	// of that is told at once.
	MaxPending = 20_000

	// FlushTimeout is how long the store may take for one batch.
	FlushTimeout = time.Second
)

// ErrBusy says that more visits wait for the store than a gateway keeps.
var ErrBusy = errors.New("too many visits wait for the store")

// Batcher gathers what many visitors ask of one room into few calls of Apply.
//
// Each operation has a lane with one call in flight. What arrives meanwhile is
// the next batch, so an idle room answers without delay, a busy one costs the
// store a fraction of a call per visit, and visits reach the store in the order
// in which they came to this gateway. When a call fails, so does whatever waits
// behind it: nobody waits longer than FlushTimeout and a moment. A lane's
// goroutine lives only as long as there is work: a batcher needs no closing.
type Batcher struct {
	store Store
	room  string
	lanes [Restore + 1]lane
}

type lane struct {
	mu      sync.Mutex
	pending []*call
	running bool
}

// call is one visitor waiting for an answer.
type call struct {
	visit Visit
	reply chan reply // holds one: nobody waits for a caller who has left
}

type reply struct {
	answer Answer
	err    error
}

// NewBatcher returns a batcher for one room of a store.
func NewBatcher(store Store, room string) *Batcher {
	return &Batcher{store: store, room: room}
}

// Do asks for op on behalf of one visitor and returns the store's answer. It
// returns ErrBusy when the lane is full, and whatever the store returned for
// the batch. A caller whose ctx ends leaves with its error; the visit may still
// happen, and asking again is harmless.
func (b *Batcher) Do(ctx context.Context, op Op, v Visit) (Answer, error) {
	if err := ctx.Err(); err != nil {
		return Answer{}, err
	}
	c := &call{visit: v, reply: make(chan reply, 1)}
	start, err := b.lanes[op].add(c)
	if err != nil {
		return Answer{}, fmt.Errorf("%s in room %s: %w", op, b.room, err)
	}
	if start {
		go b.run(op)
	}
	select {
	case r := <-c.reply:
		return r.answer, r.err
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
}

// run empties a lane, batch by batch. The slices are used again: a store keeps
// nothing of a call that has returned.
func (b *Batcher) run(op Op) {
	var calls []*call
	var visits []Visit
	for {
		calls = b.lanes[op].take(calls[:0])
		if len(calls) == 0 {
			return
		}
		visits = visits[:0]
		for _, c := range calls {
			visits = append(visits, c.visit)
		}
		answers, err := b.flush(op, visits)
		if err != nil {
			// Whoever gathered meanwhile would only wait for the same silence.
			calls = b.lanes[op].drain(calls)
		}
		for i, c := range calls {
			if err != nil {
				c.reply <- reply{err: err}
				continue
			}
			c.reply <- reply{answer: answers[i]}
		}
	}
}

// flush has a context of its own: the batch belongs to nobody in particular.
func (b *Batcher) flush(op Op, visits []Visit) ([]Answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), FlushTimeout)
	defer cancel()
	answers, err := b.store.Apply(ctx, b.room, op, visits)
	if err == nil && len(answers) != len(visits) {
		return nil, fmt.Errorf("%s in room %s: %d answers to %d visits", op, b.room, len(answers), len(visits))
	}
	return answers, err
}

// drain appends all that wait to calls.
func (l *lane) drain(calls []*call) []*call {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls = append(calls, l.pending...)
	clear(l.pending)
	l.pending = l.pending[:0]
	return calls
}

// add says whether the caller is to start the lane's goroutine.
func (l *lane) add(c *call) (start bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) >= MaxPending {
		return false, ErrBusy
	}
	l.pending = append(l.pending, c)
	start = !l.running
	l.running = true
	return start, nil
}

// take appends the next batch to calls; with none left the lane has stopped.
func (l *lane) take(calls []*call) []*call {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.pending), MaxBatch)
	l.running = n > 0
	calls = append(calls, l.pending[:n]...)
	l.pending = slices.Delete(l.pending, 0, n)
	return calls
}
