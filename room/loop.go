package room

import (
	"context"
	"sync"
	"time"

	"github.com/bilten/rushgate/queue"
)

// loop is what a room's goroutine and those who wait for it share.
type loop struct {
	nudge chan struct{} // holds one
	over  chan struct{} // closed when the goroutine ends

	mu   sync.Mutex
	next chan struct{} // closed when the next tick is done
}

func newLoop() *loop {
	return &loop{nudge: make(chan struct{}, 1), over: make(chan struct{}), next: make(chan struct{})}
}

func (l *loop) poke() {
	select {
	case l.nudge <- struct{}{}:
	default: // somebody has poked already
	}
}

// awaitTick returns after the next tick, whatever came of it.
func (l *loop) awaitTick(ctx context.Context) error {
	l.mu.Lock()
	next := l.next
	l.mu.Unlock()
	l.poke()
	select {
	case <-next:
		return nil
	case <-l.over:
		return queue.ErrNoRoom
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *loop) ticked() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.next)
	l.next = make(chan struct{})
}

// sleep returns false when ctx has ended. After tickRest a nudge ends it.
func (l *loop) sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(tickRest)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return false
	}
	timer.Reset(d)
	select {
	case <-timer.C:
	case <-l.nudge:
	case <-ctx.Done():
		return false
	}
	return true
}
