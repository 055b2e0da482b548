package crew

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/prescale/rush"
)

// Target is something that can be scaled. Both kinds of order may come more than
// once, and late ones after newer: the order's Version tells.
type Target interface {
	// Scale asks for a level and does not wait for it.
	Scale(ctx context.Context, o rush.Order) error
	// Ready tells how far an order has come. It changes nothing.
	Ready(ctx context.Context, o rush.Order) (rush.Readiness, error)
	// Release gives back what was there before all orders.
	Release(ctx context.Context, o rush.Order) error
}

// Catalog is where a room's switch is turned.
type Catalog interface {
	Find(ctx context.Context, organization, id string) (catalog.Record, error)
	Patch(ctx context.Context, organization, id string, patch []byte, version int64, by catalog.Author) (catalog.Record, error)
	Log(ctx context.Context, organization, id string, limit int) ([]catalog.Entry, error)
}

// Pricing turns an event's price rules on and off. Both may come more than once;
// key is the same for every attempt at one of them.
type Pricing interface {
	Activate(ctx context.Context, eventID, key string) error
	Deactivate(ctx context.Context, eventID, key string) error
}

// Events is what this gateway knows of the events, from memory.
type Events interface {
	// All returns the events as they were last read; false: they were not yet.
	All() ([]event.Event, bool)
	// Plan returns what an event needs.
	Plan(event.Event) Plan
	// Quiet says that nobody waits for the event, is called or has a session, for
	// all that is known.
	Quiet(eventID string) bool
}

// Config is what a keeper works with. Pricing and Metrics may be nil.
type Config struct {
	Store   accord.Store
	Catalog Catalog
	Events  Events
	Targets map[string]Target
	Pricing Pricing
	Member  string // this gateway, by a name no other process has
	Now     func() time.Time
	Chance  func() float64 // in [0, 1)
	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// Keeper keeps the rushes of all events.
type Keeper struct {
	config  Config
	metrics *metrics

	mu      sync.Mutex
	known   map[string]*known  // by event id
	claimed map[string]claimed // by target
}

// known is what this gateway remembers of an event's rush: for an event that has
// left the catalog, and for a store that has lost the record.
type known struct {
	event   event.Event
	version int64
	data    []byte
	state   rush.State
	busy    bool // a look at it is under way here
	next    time.Time
}

// New returns a keeper that does nothing yet.
func New(c Config) *Keeper {
	if c.Pricing == nil {
		c.Pricing = noPricing{}
	}
	return &Keeper{config: c, metrics: newMetrics(c.Metrics), known: map[string]*known{}, claimed: map[string]claimed{}}
}

const (
	lookEvery = time.Second      // at rushes that are under way or near
	heldEvery = 5 * time.Second  // at those that are up
	restEvery = 10 * time.Second // at all others: somebody may have started one elsewhere
	nearBy    = time.Minute      // before the hour a rush is armed for
	meetBound = 2 * time.Second
	giveUp    = 10 // swaps lost in a row
)

func key(eventID string) string { return "rush:" + eventID }

// Run looks at every event's rush until ctx ends, and returns when what it has
// begun has ended.
func (k *Keeper) Run(ctx context.Context) {
	var looks sync.WaitGroup
	defer looks.Wait()
	var swept time.Time
	for {
		now := k.config.Now()
		if events, ok := k.config.Events.All(); ok {
			for _, one := range k.due(now, events) {
				looks.Go(func() { k.look(ctx, one) })
			}
		}
		if now.Sub(swept) >= sweepEvery {
			swept = now
			looks.Go(func() { k.sweep(ctx) })
		}
		select {
		case <-time.After(time.Duration(float64(lookEvery) * (0.8 + 0.4*k.config.Chance()))):
		case <-ctx.Done():
			return
		}
	}
}

// due lists the events to look at now, those that have left the catalog with a
// rush in force included.
func (k *Keeper) due(now time.Time, events []event.Event) []event.Event {
	k.mu.Lock()
	defer k.mu.Unlock()
	here := map[string]bool{}
	for _, e := range events {
		here[e.ID] = true
		one, ok := k.known[e.ID]
		if !ok {
			one = &known{}
			k.known[e.ID] = one
		}
		one.event = e
	}
	var due []event.Event
	for id, one := range k.known {
		if resting := one.state.Phase == rush.Idle || one.state.Phase == rush.Over; resting && !here[id] {
			delete(k.known, id)
			k.metrics.forget(id)
			continue
		}
		if one.event.ID == "" { // somebody has asked for its rush before it was read here
			continue
		}
		if one.busy || now.Before(one.next) {
			continue
		}
		one.busy, one.next = true, now.Add(k.pause(one, now))
		due = append(due, one.event)
	}
	return due
}

// pause is how long a rush may go unseen. A gateway that has taken a command
// looks at once.
func (k *Keeper) pause(one *known, now time.Time) time.Duration {
	switch one.state.Phase {
	case rush.Rising, rush.Falling:
		return 0
	case rush.Up, rush.Cancelled:
		return heldEvery
	default:
		hour := schedule(one.event, k.config.Events.Plan(one.event)).Due()
		if hour.IsZero() || hour.After(now.Add(nearBy)) || one.state.Phase == rush.Over {
			return restEvery
		}
		return 0
	}
}

func (k *Keeper) look(ctx context.Context, e event.Event) {
	defer func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if one, ok := k.known[e.ID]; ok {
			one.busy = false
		}
	}()
	if err := k.Step(ctx, e); err != nil && ctx.Err() == nil && !errors.Is(err, accord.ErrBeaten) {
		k.metrics.errors.Inc()
		k.config.Log.Warn("a rush could not be looked at", "event", e.ID, "error", err)
	}
}

// Step looks once at an event's rush and does the step that is due, if this
// gateway is the one to claim it.
func (k *Keeper) Step(ctx context.Context, e event.Event) error {
	met, err := k.meet(ctx, e.ID)
	if err != nil {
		return err
	}
	next, task := rush.Decide(met.state, k.facts(e), k.config.Member, met.now)
	if met, err = k.swap(ctx, e.ID, met, next); err != nil || task == nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, rush.Bound)
	defer cancel()
	outcome, failed := k.do(bounded, e, met.state, *task)
	if failed != nil {
		outcome.Error, outcome.Detail = plain(failed), ""
		k.config.Log.Warn("a step of a rush failed", "event", e.ID, "step", task.Name, "attempt", task.Attempt, "error", failed)
		k.metrics.failures.WithLabelValues(string(task.Name)).Inc()
	}
	// What came of it is noted even while this gateway stops.
	return k.update(context.WithoutCancel(ctx), e.ID, func(s rush.State, now time.Time) (rush.State, bool, error) {
		s, ours := rush.Finish(s, *task, outcome, now)
		return s, ours, nil
	})
}

// Status shows an event's rush.
func (k *Keeper) Status(ctx context.Context, e event.Event) (rush.Status, error) {
	met, err := k.meet(ctx, e.ID)
	if err != nil {
		return rush.Status{}, err
	}
	return rush.Describe(e.ID, met.state, k.facts(e), met.now), nil
}

// Command does what an organizer asks for. The error wraps rush.ErrRefused when
// it does not fit; then nothing has changed.
func (k *Keeper) Command(ctx context.Context, e event.Event, c rush.Command, by, reason string) (rush.Status, error) {
	facts := k.facts(e)
	err := k.update(ctx, e.ID, func(s rush.State, now time.Time) (rush.State, bool, error) {
		s, err := rush.Apply(s, c, facts, by, reason, now)
		return s, true, err
	})
	if err != nil {
		return rush.Status{}, err
	}
	k.hurry(e.ID)
	return k.Status(ctx, e)
}

// hurry has the next look come at once.
func (k *Keeper) hurry(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if one, ok := k.known[id]; ok {
		one.next = time.Time{}
	}
}

func (k *Keeper) facts(e event.Event) rush.Facts {
	f := schedule(e, k.config.Events.Plan(e))
	f.Quiet = k.config.Events.Quiet(e.ID)
	events, read := k.config.Events.All()
	f.Gone = read && !slices.ContainsFunc(events, func(one event.Event) bool { return one.ID == e.ID })
	return f
}

func schedule(e event.Event, p Plan) rush.Facts {
	return rush.Facts{
		Lead: p.Lead, Auto: p.Auto, PrequeueAt: e.Room.PrequeueStartTime.UTC(),
		StartAt: e.Room.EventStartTime.UTC(), EndAt: e.Room.EventEndTime.UTC(),
	}
}

// encode never fails on a state.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err))
	}
	return data
}
