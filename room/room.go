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
	given   ledger
	memory  memory
	loop    *loop
}

// house is what all rooms of a gateway share.
type house struct {
	store   queue.Store
	now     func() time.Time
	random  func() float64 // in [0, 1)
	log     *slog.Logger
	metrics *metrics
	budget  func(event.Event) Budget

	window   time.Duration
	memories Memories
}

func newRoom(h *house, record catalog.Record, retired bool) *Room {
	r := &Room{id: record.Event.ID, house: h, batcher: queue.NewBatcher(h.store, record.Event.ID), loop: newLoop()}
	if h.memories != nil {
		r.memory.now = h.memories.Recall(record.Event.ID)
		r.memory.now.Cursor = "" // a new process has yet to hear which sessions ended
		r.memory.held = true
	}
	r.record.Store(&record)
	r.view.Store(blindView(record, retired, h.now()))
	if retired {
		close(r.loop.over) // it never runs
	}
	return r
}

// View is the room as it was last seen; never nil. It costs one atomic load.
func (r *Room) View() *View { return r.view.Load() }

// AwaitFirst waits for the first word of the store, for as long as a tick may
// take, if this gateway has just started. It returns the view from then on.
func (r *Room) AwaitFirst(ctx context.Context) *View {
	if r.View().Reason == ReasonStarting {
		_ = r.loop.awaitTick(ctx) // whoever hears nothing finds the room on hold
	}
	return r.View()
}

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
// for all others within a tick. A store that does not answer keeps the slot until
// the session's end, but here nobody comes in with it.
func (r *Room) Complete(ctx context.Context, v queue.Visitor, id queue.SessionID) (queue.Answer, error) {
	if !r.View().Knows(id.Generation) { // or this gateway is behind
		if err := r.loop.awaitTick(ctx); err != nil {
			return queue.Answer{}, err
		}
	}
	if view := r.View(); !view.Knows(id.Generation) { // no store will hear of it again
		r.ended.add(r.house.now(), id)
		return queue.Answer{Generation: view.Snapshot.Generation}, nil
	}
	what := queue.Visit{Visitor: v, Session: id.Number, Generation: id.Generation}
	what.Line, what.Order = r.given.place(id)
	answer, err := r.Do(ctx, queue.Complete, what)
	now := r.house.now()
	r.ended.add(now, id)
	r.given.add(Session{SessionID: id, Visitor: v}, now, r.View().StoreTime(now)) // a store that forgets the end hears of it again
	r.given.end(id)
	return answer, err
}

// EndedSession says that a session was completed or revoked before its time.
func (r *Room) EndedSession(id queue.SessionID) bool {
	_, ended := r.ended.of(id)
	return ended
}

// SessionEnd is when this gateway heard that a session was completed or revoked.
func (r *Room) SessionEnd(id queue.SessionID) (at time.Time, ended bool) { return r.ended.of(id) }

// Gave notes a session that this gateway has given or extended, and the place
// that led there, so that a store that loses it can be told again: one that knows
// of fewer sessions has lost some.
func (r *Room) Gave(s Session) {
	now := r.house.now()
	r.given.add(s, now, r.View().StoreTime(now))
	r.memory.gave(s.SessionID)
}

// Parked notes that somebody has been given a pass without a number, because the
// store did not answer.
func (r *Room) Parked() { r.memory.park(r.View().StoreTime(r.house.now())) }

// Numbered notes a number that the store gave: a store that knows of fewer has
// lost some.
func (r *Room) Numbered(line string, generation uint64, number int64) {
	r.memory.numbered(line, generation, number)
}

// Meet is told of a pass that the room does not know. If the pass can only be
// of the same line, in a store that has forgotten it, the room restores.
func (r *Room) Meet(ctx context.Context, generation uint64, line string, number, joinedAt int64) bool {
	if !r.View().forgot(generation, joinedAt) || !r.memory.learn(generation, line, number, joinedAt) {
		return false
	}
	return r.loop.awaitTick(ctx) == nil && r.View().Knows(generation)
}

// drawnPage is how many of a draw are read at once.
const drawnPage = 10_000

// Drawn lists who stands in a line's draw, by order. It is whole once the draw
// is closed.
func (r *Room) Drawn(ctx context.Context, line string) ([]queue.Visitor, error) {
	var all []queue.Visitor
	for {
		found, err := r.house.store.Drawn(ctx, r.id, line, int64(len(all)), drawnPage)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		if len(found) < drawnPage {
			return all, nil
		}
	}
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
