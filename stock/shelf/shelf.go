// Package shelf keeps what all gateways know about the stock of each event: they
// tell each other what shops and organizers say, decide together whether the
// line is held, and bring that into force in the event.
//
// Whoever answers visitors reads it from memory, and hands in what a shop says
// without waiting.
package shelf

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/stock"
)

const (
	// writeEvery is how often a gateway tells the others what it has heard: what a
	// busy shop says in between is one report.
	writeEvery = 500 * time.Millisecond
	// readEvery is how often it looks where it has heard nothing.
	readEvery = time.Second

	storeTimeout   = time.Second
	enforceTimeout = 2 * time.Second

	// attempts is how often somebody who waits for an answer decides anew when
	// another gateway was quicker.
	attempts = 10
)

// Config is what a shelf works with. All but Metrics is needed.
type Config struct {
	Store  accord.Store
	Events func() []event.Event // those that are served now
	// Enforce makes an event say this availability. It returns an error, and is
	// asked again, if the event has changed meanwhile.
	Enforce func(context.Context, event.Event, event.Availability, stock.Reason) error
	Now     func() time.Time
	Log     *slog.Logger
	Metrics prometheus.Registerer // nil: nobody counts
}

// Shelf is safe for use by many goroutines.
type Shelf struct {
	store   accord.Store
	events  func() []event.Event
	enforce func(context.Context, event.Event, event.Availability, stock.Reason) error
	now     func() time.Time
	log     *slog.Logger
	metrics metrics
	skew    atomic.Int64 // ms: the store's clock less this one's
	failing bool         // Run's alone

	shown atomic.Pointer[map[string]*stock.Stock]

	mu    sync.Mutex
	known map[string]known
	heard map[string]stock.Stock // and not told to the others yet
}

// known is a record as this gateway saw it last. It never changes.
type known struct {
	version int64
	state   stock.State
	met     time.Time // by this gateway's clock
}

// New returns a shelf that knows nothing; Run makes it work.
func New(c Config) *Shelf {
	s := &Shelf{
		store: c.Store, events: c.Events, enforce: c.Enforce, now: c.Now, log: c.Log,
		known: map[string]known{}, heard: map[string]stock.Stock{},
	}
	s.shown.Store(&map[string]*stock.Stock{})
	s.metrics = newMetrics(c.Metrics, s)
	return s
}

// Stock is what was last known of an event's stock; nil: nothing is. It is the
// same pointer for as long as nothing changes, and costs one atomic load.
func (s *Shelf) Stock(eventID string) *stock.Stock { return (*s.shown.Load())[eventID] }

// Hear takes the lines of stock.Header that a shop sent for an event. What it
// can't take it counts, and changes nothing.
func (s *Shelf) Hear(e event.Event, lines []string) {
	report, err := stock.Parse(lines)
	if err == nil {
		err = report.Check(e.Tiers)
	}
	if err != nil {
		s.metrics.reports.WithLabelValues(e.ID, string(stock.Why(err))).Inc()
		s.log.Debug("a shop told a stock that cannot be taken", "event", e.ID, "header", lines, "error", err)
		return
	}
	report = report.Heard(s.storeTime())
	s.mu.Lock()
	defer s.mu.Unlock()
	result := "taken"
	if _, told := s.known[e.ID].state.Stock.Merge(report); !told {
		result = "old"
	} else if next, told := s.heard[e.ID].Merge(report); told {
		s.heard[e.ID] = next
	} else {
		result = "old"
	}
	s.metrics.reports.WithLabelValues(e.ID, result).Inc()
}

// Put takes an organizer's word, for all gateways at once. It returns the
// problems of stock.Report.Check, and stock.ErrAway.
func (s *Shelf) Put(ctx context.Context, e event.Event, report stock.Report) (stock.Stock, error) {
	if err := report.Check(e.Tiers); err != nil {
		return stock.Stock{}, err
	}
	return s.settle(ctx, e, func(is stock.State, now time.Time) (stock.State, stock.Reason) {
		return is.Next(report.Heard(now.UnixMilli()), e.Tiers, now)
	})
}

// Forget says that nothing is known of the stock any more, and nothing held
// back because of it.
func (s *Shelf) Forget(ctx context.Context, e event.Event) error {
	_, err := s.settle(ctx, e, func(stock.State, time.Time) (stock.State, stock.Reason) {
		return stock.State{Availability: event.Available, Due: true}, stock.ReasonUnknown
	})
	return err
}

// settle decides until nobody else was quicker.
func (s *Shelf) settle(ctx context.Context, e event.Event, decide decision) (stock.Stock, error) {
	for range attempts {
		is, err := s.meet(ctx, e, decide)
		if !errors.Is(err, accord.ErrBeaten) {
			return is.Stock, err
		}
	}
	return stock.Stock{}, fmt.Errorf("%w: others were quicker %d times", stock.ErrAway, attempts)
}

// decision is what to make of a state at a moment of the store's clock.
type decision func(stock.State, time.Time) (stock.State, stock.Reason)

// meet reads an event's record, decides, and writes what is new. A store that
// knows nothing is told what this gateway remembers: it has lost it.
func (s *Shelf) meet(ctx context.Context, e event.Event, decide decision) (stock.State, error) {
	bounded, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	met, err := s.store.Meet(bounded, key(e.ID), "", nil, 0)
	if err != nil {
		return stock.State{}, errors.Join(stock.ErrAway, err)
	}
	s.skew.Store(met.Now.Sub(s.now()).Milliseconds())
	is := s.remembered(e)
	if met.Version != 0 {
		if is, err = decode(met.Data); err != nil {
			return stock.State{}, fmt.Errorf("stock of event %s: %w", e.ID, err)
		}
	}
	next, why := decide(is, met.Now)
	if next, err = s.write(bounded, e, met, next); err != nil || !next.Due {
		return next, err
	}
	return s.inForce(ctx, e, next, why)
}

// write swaps the record if it is to say something else, and remembers it.
func (s *Shelf) write(ctx context.Context, e event.Event, met accord.Record, next stock.State) (stock.State, error) {
	data, err := json.Marshal(next)
	if err != nil {
		return next, err
	}
	version := met.Version
	if string(data) != string(met.Data) && (met.Version != 0 || len(next.Stock.Counts) > 0) {
		switch version, err = s.store.Swap(ctx, key(e.ID), met.Version, data); {
		case errors.Is(err, accord.ErrBeaten):
			return next, err
		case err != nil:
			return next, errors.Join(stock.ErrAway, err)
		}
	}
	s.remember(e.ID, version, next)
	return next, nil
}

// inForce makes the event say what was decided. A gateway that dies before has
// left word that it is due, so another one does.
func (s *Shelf) inForce(ctx context.Context, e event.Event, next stock.State, why stock.Reason) (stock.State, error) {
	bounded, cancel := context.WithTimeout(ctx, enforceTimeout)
	defer cancel()
	if err := s.enforce(bounded, e, next.Availability, why); err != nil {
		s.log.Warn("what the stock means for the line is not in force yet", "event", e.ID, "availability", next.Availability, "error", err)
		return next, nil // it stays due
	}
	s.log.Info("the stock changed what the line is told", "event", e.ID, "availability", next.Availability, "reason", why)
	met, err := s.store.Meet(bounded, key(e.ID), "", nil, 0)
	if err != nil {
		return next, nil // it stays due, and saying it twice changes nothing
	}
	is, err := decode(met.Data)
	if err != nil || !is.Due || is.Availability != next.Availability {
		return next, nil // somebody has written since: their word goes on from there
	}
	is.Due = false
	if written, err := s.write(bounded, e, met, is); err == nil {
		return written, nil
	}
	return next, nil
}

func key(eventID string) string { return "stock:" + eventID }

func decode(data []byte) (stock.State, error) {
	var is stock.State
	if err := json.Unmarshal(data, &is); err != nil {
		return stock.State{}, fmt.Errorf("decode the record: %w", err)
	}
	return is, nil
}

func (s *Shelf) storeTime() int64 { return s.now().UnixMilli() + s.skew.Load() }

func (s *Shelf) remembered(e event.Event) stock.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.known[e.ID]; k.version != 0 {
		return k.state
	}
	return stock.Begin(e.Room.Availability)
}

// remember shows a state, unless a newer one is shown already.
func (s *Shelf) remember(eventID string, version int64, is stock.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.known[eventID]
	if version < old.version {
		return
	}
	s.known[eventID] = known{version: version, state: is, met: s.now()}
	if version != old.version {
		s.show(eventID, &is.Stock)
	}
}

// show is called with the lock held.
func (s *Shelf) show(eventID string, is *stock.Stock) {
	shown := maps.Clone(*s.shown.Load())
	if delete(shown, eventID); is != nil && len(is.Counts) > 0 {
		shown[eventID] = is
	}
	s.shown.Store(&shown)
}
