package room

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/queue"
)

const (
	tickEvery   = 250 * time.Millisecond
	tickIdle    = time.Second // the room is off and nobody is on the way in
	tickJitter  = 0.1         // gateways must not fall into step
	tickTimeout = time.Second

	// tickRest is the least time between two ticks, however often anybody nudges.
	tickRest = 50 * time.Millisecond

	// maxPages is how many pages of ended sessions one tick reads at most.
	maxPages = 100
)

// run ticks the room until ctx ends.
func (r *Room) run(ctx context.Context) {
	defer close(r.loop.over)
	for {
		r.tick(ctx)
		r.loop.ticked()
		rest := spread(interval(r.View(), r.house.now()), tickJitter, r.house.random())
		if !r.loop.sleep(ctx, rest-tickRest) {
			return
		}
	}
}

// interval is how long a room may go without a tick from local on. The start
// and the end of an event are not slept through.
func interval(v *View, local time.Time) time.Duration {
	s := v.Snapshot
	if v.Mode == Hold || v.Stance.Newcomer != event.Through || s.Waiting() > 0 || s.Called > 0 {
		return tickEvery
	}
	d := tickIdle
	for _, turn := range []event.Time{v.Event.Room.EventStartTime, v.Event.Room.EventEndTime} {
		if left := turn.Sub(local.Add(v.Skew)); left > 0 {
			d = min(d, left+time.Millisecond)
		}
	}
	return d
}

// tick makes a new view.
func (r *Room) tick(ctx context.Context) {
	prev, record := r.View(), *r.record.Load()
	policy, budget := policyOf(record), r.house.budget(record.Event)
	snapshot, seen, err := r.ask(ctx, policy, budget.Budget)
	if err == nil && snapshot.Generation != prev.Snapshot.Generation {
		err = r.remind(ctx, snapshot, seen)
	}
	if err != nil {
		if ctx.Err() == nil {
			r.house.metrics.tickErrors.Inc()
			r.show(prev, heldView(prev, record, ReasonStoreError, r.house.now()), err)
		}
		return
	}
	r.ended.prune(seen, time.Duration(record.Event.Room.SessionMax)+time.Duration(record.Event.Room.CommitGrace))
	r.given.prune(seen, time.Duration(record.Event.Room.TurnTTL)+time.Duration(record.Event.Room.LateGrace))
	r.show(prev, newView(prev, record, policy, budget, snapshot, seen), nil)
}

// ask ticks the store until every ended session is known. A view is shown only
// then: a gateway that has just started must not honour a revoked admission.
func (r *Room) ask(ctx context.Context, policy queue.Policy, budget queue.Budget) (queue.Snapshot, time.Time, error) {
	for page := 1; ; page++ {
		before := r.memory.recall(r.house.window)
		s, seen, err := r.askOnce(ctx, policy, budget, before)
		if err != nil {
			return queue.Snapshot{}, time.Time{}, err
		}
		r.memory.after(s, before)
		if r.house.memories != nil {
			r.house.memories.Keep(r.id, r.memory.recall(0))
		}
		r.ended.add(seen, s.Ended...)
		r.given.end(s.Ended...)
		if !s.More || page == maxPages {
			return s, seen, nil
		}
	}
}

// askOnce also says when, by this gateway's clock, the store answered: in the
// middle between asking and being answered, give or take half the way.
func (r *Room) askOnce(ctx context.Context, policy queue.Policy, budget queue.Budget, m queue.Remembered) (queue.Snapshot, time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, tickTimeout)
	defer cancel()
	asked := r.house.now()
	s, err := r.house.store.Tick(ctx, r.id, policy, budget, m)
	took := r.house.now().Sub(asked)
	r.house.metrics.tickSeconds.Observe(took.Seconds())
	return s, asked.Add(took / 2), err
}

// remind tells a store that has begun a new life which sessions this gateway gave
// before, those that are over included, so that nobody comes in twice. The view
// of the new life is shown after that.
func (r *Room) remind(ctx context.Context, s queue.Snapshot, seen time.Time) error {
	live, over := r.given.tell(s.Generation, seen, s.At)
	for _, told := range []struct {
		op     queue.Op
		visits []queue.Visit
	}{{queue.Complete, over}, {queue.Touch, live}} {
		for batch := range slices.Chunk(told.visits, queue.MaxBatch) {
			ctx, cancel := context.WithTimeout(ctx, queue.FlushTimeout)
			_, err := r.house.store.Apply(ctx, r.id, told.op, batch)
			cancel()
			if err != nil {
				return fmt.Errorf("remind the store of %d sessions: %w", len(told.visits), err)
			}
		}
	}
	if n := len(live) + len(over); n > 0 {
		r.house.log.Info("reminded the store of sessions that it had lost", "event", r.id, "live", len(live), "over", len(over))
	}
	return nil
}

// show publishes a view and logs what is new about it.
func (r *Room) show(prev, next *View, err error) {
	r.view.Store(next)
	log := r.house.log.With("event", r.id)
	if was, is := prev.Snapshot.Generation, next.Snapshot.Generation; was != is && was != 0 {
		log.Warn("the store has lost the room, or a part: places come back from passes", "generation", is, "before", was)
	}
	switch {
	case next.Mode == Hold && prev.Reason != next.Reason:
		log.Error("room on hold", "reason", next.Reason, "error", err)
	case next.Mode != prev.Mode:
		log.Info("room answers", "mode", next.Mode, "generation", next.Snapshot.Generation, "version", next.Version)
	}
	if prev.Stance.Reason != next.Stance.Reason {
		log.Info("room changed its stance", "reason", next.Stance.Reason, "before", prev.Stance.Reason, "version", next.Version)
	}
	if was, is := prev.Limits, next.Limits; was.Reason != is.Reason || was.Ready != is.Ready || was.Known != is.Known {
		level := slog.LevelInfo
		if is.Down() {
			level = slog.LevelWarn
		}
		log.Log(context.Background(), level, "what the room may let in has changed", "reason", is.Reason, "before", was.Reason,
			"rate_per_minute", is.Rate.Visitors(), "cap", is.Cap, "ready", is.Ready, "known", is.Known)
	}
}
