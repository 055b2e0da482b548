package shelf

import (
	"context"
	"errors"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/stock"
)

// Run tells the other gateways what was heard here, and learns what they heard,
// until ctx ends. It may be called once.
func (s *Shelf) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		s.report(s.round(ctx))
		timer.Reset(writeEvery)
	}
}

// round sees to every event. It ends early when the store does not answer: the
// others would wait for nothing.
func (s *Shelf) round(ctx context.Context) error {
	served := map[string]bool{}
	for _, e := range s.events() {
		served[e.ID] = true
		if !s.due(e.ID) {
			continue
		}
		switch err := s.exchange(ctx, e); {
		case errors.Is(err, stock.ErrAway):
			return err
		case err != nil && !errors.Is(err, accord.ErrBeaten):
			s.log.Error("the stock of an event is not kept", "event", e.ID, "error", err)
		}
	}
	return s.drop(ctx, served)
}

// due says that something was heard of an event, or that it is time to look.
func (s *Shelf) due(eventID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.heard[eventID].Counts) > 0 || s.now().Sub(s.known[eventID].met) >= readEvery
}

// exchange hands on what was heard. What nobody took is kept for the next round.
func (s *Shelf) exchange(ctx context.Context, e event.Event) error {
	s.mu.Lock()
	heard := stock.Report{Counts: s.heard[e.ID].Counts}
	delete(s.heard, e.ID)
	s.mu.Unlock()
	_, err := s.meet(ctx, e, func(is stock.State, now time.Time) (stock.State, stock.Reason) {
		return is.Next(heard.NotAfter(now.UnixMilli()), e.Tiers, now)
	})
	if err != nil {
		s.mu.Lock()
		s.heard[e.ID], _ = s.heard[e.ID].Merge(heard)
		s.mu.Unlock()
	}
	return err
}

// drop forgets the events that are served no more, on the store as well: an
// event that is made anew under the same name has another stock.
func (s *Shelf) drop(ctx context.Context, served map[string]bool) error {
	s.mu.Lock()
	var gone []string
	for id := range s.known {
		if !served[id] {
			gone = append(gone, id)
		}
	}
	s.mu.Unlock()
	for _, id := range gone {
		bounded, cancel := context.WithTimeout(ctx, storeTimeout)
		err := s.store.Drop(bounded, key(id))
		cancel()
		if err != nil {
			return errors.Join(stock.ErrAway, err)
		}
		s.mu.Lock()
		delete(s.known, id)
		delete(s.heard, id)
		s.show(id, nil)
		s.mu.Unlock()
	}
	return nil
}

// report counts failures, and logs when they begin and end.
func (s *Shelf) report(err error) {
	if err != nil {
		s.metrics.errors.Inc()
	}
	switch failing := err != nil; {
	case failing && !s.failing:
		s.log.Warn("the stock is not shared with other gateways for the moment", "error", err)
	case !failing && s.failing:
		s.log.Info("the stock is shared again")
	}
	s.failing = err != nil
}
