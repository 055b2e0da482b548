package leases

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/capacity"
)

const (
	// Key is that of the record and its log.
	Key = "capacity"

	jitter      = 0.05 // gateways must not fall into step
	meetTimeout = time.Second
)

// World is what a keeper looks at: the pools and rooms of this gateway.
type World interface {
	// Measure is what this gateway has seen of its pools lately, by name.
	Measure() map[string]capacity.Measurement
	// Rooms are this gateway's rooms, one for every event. Held is left empty. A room
	// whose routes lie on no pool that is measured has no Pools. ok is false until the
	// gateway knows its events: it must not decide before that.
	Rooms() (rooms []capacity.Room, ok bool)
}

// Config is what a keeper works with. All but Metrics is needed.
type Config struct {
	Store    accord.Store
	Member   string // names this gateway among all, for as long as it runs
	World    World
	Policies map[string]capacity.Policy // by pool
	Rand     func() float64             // in [0, 1)
	Log      *slog.Logger
	Metrics  prometheus.Registerer // nil: nobody counts
}

// Keeper keeps the budgets of this gateway's rooms. Its methods may be called by
// many goroutines at once.
type Keeper struct {
	config  Config
	metrics *metrics
	agreed  atomic.Pointer[agreement]
	ready   atomic.Bool
	failing bool // the store, when last asked; Run's alone
}

// agreement is what was agreed last. It never changes; a newer one replaces it.
type agreement struct {
	state   capacity.State
	budgets map[string]capacity.Budget // of this gateway's rooms
}

// New returns a keeper that knows nothing; Run makes it work.
func New(c Config) *Keeper {
	k := &Keeper{config: c}
	k.agreed.Store(&agreement{})
	k.metrics = newMetrics(c.Metrics, k)
	return k
}

// Budget is what an event may do. A room that no pool limits gets Version 0. Until
// the gateways have agreed on a room it may do nothing, unless its store knows better.
func (k *Keeper) Budget(event string) capacity.Budget {
	if b, ok := k.agreed.Load().budgets[event]; ok {
		return b
	}
	return capacity.Budget{Order: capacity.Order{Version: capacity.Fallback}, Reason: capacity.ReasonStarting}
}

var errNotMet = errors.New("what the pools can take has not been agreed on yet")

// Ready says why this gateway cannot pace its rooms yet. Once nil it stays nil.
func (k *Keeper) Ready() error {
	if k.ready.Load() || k.agreed.Load().state.Settled() {
		k.ready.Store(true)
		return nil
	}
	return errNotMet
}

// Status is an event's capacity as its organizer sees it.
func (k *Keeper) Status(event string) capacity.EventStatus {
	return k.agreed.Load().state.Status(event, k.config.Policies)
}

// Pools are all pools, by name.
func (k *Keeper) Pools() []capacity.PoolStatus {
	return k.agreed.Load().state.PoolStatuses(k.config.Policies)
}

// Run meets the others once a second until ctx ends, more often while it is not
// certain what rooms have in force. It may be called once.
func (k *Keeper) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		k.report(ctx, k.meet(ctx))
		timer.Reset(k.rest())
	}
}

func (k *Keeper) rest() time.Duration {
	rest := capacity.Every
	if !k.failing && !k.agreed.Load().state.Settled() {
		rest = capacity.Soon
	}
	return time.Duration(float64(rest) * (1 - jitter + 2*jitter*k.config.Rand()))
}

// report counts failures, and logs when they begin and end.
func (k *Keeper) report(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		k.metrics.errors.Inc()
	}
	switch failing := err != nil; {
	case failing && !k.failing:
		k.config.Log.Error("gateways cannot agree on capacity: budgets stay as they are", "error", err)
	case !failing && k.failing:
		k.config.Log.Info("gateways agree on capacity again")
	}
	k.failing = err != nil
}

// meet is one second of a gateway.
func (k *Keeper) meet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, meetTimeout)
	defer cancel()
	rooms, ok := k.rooms()
	if !ok {
		return nil
	}
	told, err := json.Marshal(capacity.Report{Pools: k.config.World.Measure(), Rooms: rooms, Last: k.agreed.Load().state.Pools})
	if err != nil {
		return err
	}
	record, err := k.config.Store.Meet(ctx, Key, k.config.Member, told, capacity.Fresh)
	if err != nil {
		return err
	}
	state, err := capacity.Read(record.Data, record.Version)
	switch {
	case errors.Is(err, capacity.ErrNewer):
		return err
	case err != nil: // then it is as good as lost
		k.config.Log.Error("the capacity record cannot be read and is made anew", "error", err)
	}
	if now := record.Now.UnixMilli(); state.Due(now) {
		if state, err = k.decide(ctx, record, state, now); err != nil {
			return err
		}
	}
	k.publish(state, rooms)
	return nil
}

// rooms are this gateway's, with the orders that it hands to their stores.
func (k *Keeper) rooms() ([]capacity.Room, bool) {
	rooms, ok := k.config.World.Rooms()
	for i := range rooms {
		rooms[i].Held = k.Budget(rooms[i].Event).Order
	}
	return rooms, ok
}

// decide agrees on the next state, or leaves it to whoever was quicker: then what
// stands there now is read a second later.
func (k *Keeper) decide(ctx context.Context, record accord.Record, before capacity.State, now int64) (capacity.State, error) {
	next, changes := capacity.Decide(before, k.config.Policies, k.heard(record.Reports), now)
	data, err := next.Data()
	if err != nil {
		return before, err
	}
	var entries [][]byte
	for _, change := range changes {
		entry, err := change.Data()
		if err != nil {
			return before, err
		}
		entries = append(entries, entry)
	}
	version, err := k.config.Store.Swap(ctx, Key, record.Version, data, entries...)
	switch {
	case errors.Is(err, accord.ErrBeaten):
		return before, nil
	case err != nil:
		return before, err
	}
	for _, c := range changes {
		k.config.Log.Info("event's capacity changed", "event", c.Event, "reason", c.Reason, "per_minute", float64(c.Rate)/1000, "cap", c.Cap,
			"before", c.Before.Reason, "pool", c.Pool, "ready", float64(c.Ready)/1000, "known", c.Known, "factor", float64(c.Factor)/capacity.Full, "condition", c.Condition)
	}
	return next.Stamped(version), nil
}

// heard are the reports that can be read: those of a newer version may not be.
func (k *Keeper) heard(told map[string][]byte) map[string]capacity.Report {
	heard := map[string]capacity.Report{}
	for member, data := range told {
		var r capacity.Report
		if err := json.Unmarshal(data, &r); err != nil {
			k.config.Log.Warn("a gateway's report on capacity cannot be read", "gateway", member, "error", err)
			continue
		}
		heard[member] = r
	}
	return heard
}

// publish keeps what was agreed for this gateway's rooms. No room goes back to an
// older order: a store may have fallen back to an older copy of the record.
func (k *Keeper) publish(state capacity.State, rooms []capacity.Room) {
	next := &agreement{state: state, budgets: make(map[string]capacity.Budget, len(rooms))}
	before := k.agreed.Load()
	for _, r := range rooms {
		if len(r.Pools) == 0 {
			next.budgets[r.Event] = capacity.Budget{Reason: capacity.ReasonOrganizer}
			continue
		}
		b, _ := state.Budget(r.Event, k.config.Policies)
		if was, met := before.budgets[r.Event]; met && was.Version > b.Version {
			b = was
		}
		next.budgets[r.Event] = b
	}
	k.agreed.Store(next)
}
