package room

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/queue"
)

// Room is one event's room as this gateway sees it. Every method may be called
// by many goroutines at once.
type Room struct {
	id      string
	house   *house
	batcher *queue.Batcher
	record  atomic.Pointer[catalog.Record]
	view    atomic.Pointer[View]
	ended   endings
	loop    *loop
}

// house is what all rooms of a gateway share.
type house struct {
	store   queue.Store
	now     func() time.Time
	random  func() float64 // in [0, 1)
	log     *slog.Logger
	metrics *metrics
	budget  func(event.Event) (perMinute, limit int)
}

func newRoom(h *house, record catalog.Record, retired bool) *Room {
	r := &Room{id: record.Event.ID, house: h, batcher: queue.NewBatcher(h.store, record.Event.ID), loop: newLoop()}
	r.record.Store(&record)
	r.view.Store(blindView(record, retired, h.now()))
	if retired {
		close(r.loop.over) // it never runs
	}
	return r
}

// View is the room as it was last seen; never nil. It costs one atomic load.
func (r *Room) View() *View { return r.view.Load() }

// Do asks the store for op on behalf of one visitor, together with whatever
// other visitors ask meanwhile. It returns the errors of queue.Batcher, and
// queue.ErrNoRoom only if the room cannot be made now.
func (r *Room) Do(ctx context.Context, op queue.Op, v queue.Visit) (queue.Answer, error) {
	if r.View().Retired {
		return queue.Answer{}, queue.ErrNoRoom
	}
	answer, err := r.batcher.Do(ctx, op, v)
	if !errors.Is(err, queue.ErrNoRoom) {
		return answer, err
	}
	if err := r.loop.awaitTick(ctx); err != nil {
		return queue.Answer{}, err
	}
	return r.batcher.Do(ctx, op, v)
}

// Complete ends the session that an admission names: for this gateway at once,
// for all others within a tick. A session of another generation has gone with
// its room, so nothing is asked then. A store that does not answer keeps the
// slot until the session's end, but here nobody comes in with it.
func (r *Room) Complete(ctx context.Context, v queue.Visitor, generation uint64, session int64) (queue.Answer, error) {
	if generation != r.View().Snapshot.Generation { // or this gateway is behind
		if err := r.loop.awaitTick(ctx); err != nil {
			return queue.Answer{}, err
		}
	}
	if now := r.View().Snapshot.Generation; generation != now {
		return queue.Answer{Generation: now}, nil
	}
	answer, err := r.Do(ctx, queue.Complete, queue.Visit{Visitor: v, Session: session})
	if err != nil || answer.Generation == generation {
		r.ended.add(generation, r.house.now(), session)
	}
	return answer, err
}

// EndedSession says that a session was completed or revoked before its time.
func (r *Room) EndedSession(generation uint64, session int64) bool {
	return r.ended.has(generation, session)
}

// Nudge asks for a fresh snapshot soon. It does not wait.
func (r *Room) Nudge() { r.loop.poke() }

// update takes the event's definition as it is now.
func (r *Room) update(record catalog.Record) {
	if r.record.Load().Version == record.Version {
		return
	}
	newer := record
	r.record.Store(&newer)
	if r.View().Retired { // it has no loop
		r.view.Store(blindView(record, true, r.house.now()))
		return
	}
	r.Nudge()
}
