// Package roster holds what all gateways know of a pool's instances beyond what
// each finds out by itself: the instances that registered themselves, and those
// that an operator drains. Both are in the store, so that it does not matter
// which gateway was told.
//
// A registration is a report at the pool's record, alive for as long as it is
// repeated; a drain is part of the record. A gateway that finds the store silent
// or empty goes by what it remembers, and puts the drains back.
package roster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/web/upstream"
)

const (
	// DefaultTTL is how long a registration lasts without being repeated; an
	// instance repeats it three times within.
	DefaultTTL = 30 * time.Second
	// interval is how soon a gateway hears what another one was told.
	interval = time.Second
	// patience bounds one look at the store.
	patience = 2 * time.Second
	// maxRegistered bounds what a stolen key can fill.
	maxRegistered = 500
	// attempts at a drain, when gateways are told at the same moment.
	attempts = 10
)

// Config of a Roster.
type Config struct {
	Store    accord.Store
	Pool     string
	TTL      time.Duration  // 0: DefaultTTL
	Networks []netip.Prefix // in which an instance may be; none: nobody may register
	Now      func() time.Time
	Log      *slog.Logger
}

// Roster is one pool's. It is a source of instances and safe for concurrent use.
type Roster struct {
	config Config
	key    string
	told   chan struct{} // of size 1: something was changed here

	mu    sync.Mutex
	known known
}

// known is what was last read.
type known struct {
	version    int64
	data       []byte
	registered map[string]registered
	drained    map[string]Drain
}

// registered is an instance and when the store was last seen to have it.
type registered struct {
	upstream.Found
	seen time.Time
}

// report is a registration as it stands in the store; without an address it is a
// farewell.
type report struct {
	Address string    `json:"address,omitempty"`
	Weight  int       `json:"weight,omitempty"`
	At      time.Time `json:"at"`
}

// record is what the gateways agree on.
type record struct {
	Drained map[string]Drain `json:"drained"`
}

// Drain is an operator's wish that an instance gets no new requests.
type Drain struct {
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// entry is a line of the record's log.
type entry struct {
	Action   string `json:"action"` // drain or undrain
	Instance string `json:"instance"`
	Drain
}

// New returns the roster of a pool.
func New(c Config) *Roster {
	if c.TTL == 0 {
		c.TTL = DefaultTTL
	}
	return &Roster{config: c, key: "instances:" + c.Pool, told: make(chan struct{}, 1), known: known{registered: map[string]registered{}}}
}

// Register makes an instance known to all gateways, or keeps it so. It returns
// an *Invalid if it may not be.
func (r *Roster) Register(ctx context.Context, id string, x Registration) error {
	if err := x.check(id, r.config.Networks); err != nil {
		return err
	}
	r.mu.Lock()
	_, again := r.known.registered[id]
	full := len(r.known.registered) >= maxRegistered
	r.mu.Unlock()
	if full && !again {
		return &Invalid{"id", id, fmt.Sprintf("the pool has %d registered instances, and may not have more", maxRegistered)}
	}
	return r.leave(ctx, id, report{Address: x.Address, Weight: x.Weight, At: r.config.Now().UTC()})
}

// Deregister says farewell to an instance: it is drained at once. One that was
// never registered is no error.
func (r *Roster) Deregister(ctx context.Context, id string) error {
	if !registeredID.MatchString(id) {
		return &Invalid{"id", id, idRule}
	}
	return r.leave(ctx, id, report{At: r.config.Now().UTC()})
}

func (r *Roster) leave(ctx context.Context, id string, x report) error {
	data, err := json.Marshal(x)
	if err != nil {
		return err
	}
	met, err := r.config.Store.Meet(ctx, r.key, id, data, r.config.TTL)
	if err != nil {
		return fmt.Errorf("register with pool %s: %w", r.config.Pool, err)
	}
	r.read(met)
	r.poke()
	return nil
}

// SetDrain drains an instance at all gateways; a nil wish ends its drain. Doing
// it twice is as good as once.
func (r *Roster) SetDrain(ctx context.Context, id string, wish *Drain) error {
	for range attempts {
		met, err := r.config.Store.Meet(ctx, r.key, "", nil, r.config.TTL)
		if err != nil {
			return fmt.Errorf("drain in pool %s: %w", r.config.Pool, err)
		}
		r.read(met)
		next, line, changes := r.decide(id, wish)
		if !changes {
			r.poke()
			return nil
		}
		_, err = r.config.Store.Swap(ctx, r.key, met.Version, next, line)
		if err != nil && !errors.Is(err, accord.ErrBeaten) {
			return fmt.Errorf("drain in pool %s: %w", r.config.Pool, err)
		}
		// Whoever has decided, it is read before it counts.
	}
	return fmt.Errorf("drain in pool %s: %w", r.config.Pool, accord.ErrBeaten)
}

// decide makes the next record of the one that is known.
func (r *Roster) decide(id string, wish *Drain) (next, line []byte, changes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, drained := r.known.drained[id]
	if drained == (wish != nil) {
		return nil, nil, false
	}
	all := maps.Clone(r.known.drained)
	if all == nil {
		all = map[string]Drain{}
	}
	noted := entry{Action: "undrain", Instance: id}
	if wish != nil {
		all[id] = *wish
		noted.Action, noted.Drain = "drain", *wish
	} else {
		delete(all, id)
		noted.At = r.config.Now().UTC()
	}
	next, _ = json.Marshal(record{all}) // strings and times: never fails
	line, _ = json.Marshal(noted)
	return next, line, true
}

// Watch is part of upstream.Source.
func (r *Roster) Watch(ctx context.Context, tell func(upstream.Told)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for failing := false; ; {
		err := r.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			tell(r.all())
		case !failing:
			r.config.Log.Warn("registrations cannot be read: those that are known stay", "pool", r.config.Pool, "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-r.told:
		}
	}
}

func (r *Roster) poke() {
	select {
	case r.told <- struct{}{}:
	default:
	}
}

// look reads the record. One that is older than what is known was lost, and is
// put back.
func (r *Roster) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	met, err := r.config.Store.Meet(ctx, r.key, "", nil, r.config.TTL)
	if err != nil {
		return err
	}
	if lost := r.read(met); lost != nil {
		_, err := r.config.Store.Swap(ctx, r.key, met.Version, lost)
		if err != nil && !errors.Is(err, accord.ErrBeaten) {
			return fmt.Errorf("put back drains: %w", err)
		}
	}
	return nil
}

// read takes what stands in the store. An instance that is missing stays for
// another TTL: the store may have lost what will be repeated in a moment. It
// returns the record that the store has lost, nil if it has not.
func (r *Roster) read(met accord.Record) (lost []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, data := range met.Reports {
		var x report
		switch err := json.Unmarshal(data, &x); {
		case err != nil: // of a newer gateway; not ours to judge
		case x.Address == "":
			delete(r.known.registered, id)
		default:
			r.known.registered[id] = registered{upstream.Found{ID: id, Address: x.Address, Weight: x.Weight, Heartbeat: x.At}, met.Now}
		}
	}
	maps.DeleteFunc(r.known.registered, func(_ string, in registered) bool { return met.Now.Sub(in.seen) > r.config.TTL })
	if met.Version < r.known.version {
		return r.known.data
	}
	var stands record
	if met.Version > r.known.version && json.Unmarshal(met.Data, &stands) == nil {
		r.known.version, r.known.data, r.known.drained = met.Version, met.Data, stands.Drained
	}
	return nil
}

func (r *Roster) all() upstream.Told {
	r.mu.Lock()
	defer r.mu.Unlock()
	told := upstream.Told{Drained: slices.Sorted(maps.Keys(r.known.drained))}
	for _, id := range slices.Sorted(maps.Keys(r.known.registered)) {
		told.Instances = append(told.Instances, r.known.registered[id].Found)
	}
	return told
}

// Drains are who drained what and why.
func (r *Roster) Drains() map[string]Drain {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.known.drained)
}
