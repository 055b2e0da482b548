package room

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/queue"
)

// Catalog is where the events come from.
type Catalog interface {
	// All returns every event of the installation.
	All(ctx context.Context) (catalog.View, error)
	// Revision changes with every change to any event.
	Revision(ctx context.Context) (int64, error)
}

// Config is what a keeper works with. All but Metrics and Budget is needed.
type Config struct {
	Store   queue.Store
	Catalog Catalog
	Now     func() time.Time
	Rand    func() float64 // in [0, 1)
	Log     *slog.Logger
	Metrics prometheus.Registerer // nil: nobody counts
	// Budget says what an event may use of the instances behind it. Every tick asks,
	// so it must not wait. nil: this gateway knows of no budgets.
	Budget func(event.Event) Budget
	// Window is how long a room calls nobody after the store has lost it; 0:
	// DefaultWindow.
	Window time.Duration
	// Memories outlive the process: what each room was when it was last seen. nil:
	// they do not.
	Memories Memories
}

// Keeper keeps a room for every event of the catalog.
type Keeper struct {
	catalog Catalog
	house   *house
	table   atomic.Pointer[table]
	ready   atomic.Bool
	follower
}

// table is what requests read. It never changes; a newer one replaces it.
type table struct {
	routes *event.Routes
	rooms  map[string]*Room
}

// New returns a keeper without rooms; Run makes it work.
func New(c Config) *Keeper {
	k := &Keeper{
		catalog: c.Catalog,
		house: &house{
			store: c.Store, now: c.Now, random: c.Rand, log: c.Log, budget: c.Budget,
			window: cmp.Or(c.Window, DefaultWindow), memories: c.Memories,
		},
		follower: follower{revision: -1, kept: map[string]*kept{}},
	}
	if k.house.budget == nil {
		k.house.budget = unmeasured
	}
	k.house.metrics = newMetrics(c.Metrics, k.Rooms)
	return k
}

// Loaded says that the catalog has been read. Before that Lookup finds nothing,
// and whoever takes this for "no event" leaves every shop open.
func (k *Keeper) Loaded() bool { return k.table.Load() != nil }

// Lookup returns the room and route of a request: host without its port, a
// canonical path without its query. It does not allocate.
func (k *Keeper) Lookup(host, path string) (*Room, event.Route, bool) {
	t := k.table.Load()
	if t == nil {
		return nil, event.Route{}, false
	}
	id, route, ok := t.routes.Lookup(host, path)
	if !ok {
		return nil, event.Route{}, false
	}
	return t.rooms[id], route, true
}

// Room returns the room of an event.
func (k *Keeper) Room(eventID string) (*Room, bool) {
	t := k.table.Load()
	if t == nil {
		return nil, false
	}
	r, ok := t.rooms[eventID]
	return r, ok
}

// Rooms returns all rooms, by event id.
func (k *Keeper) Rooms() []*Room {
	t := k.table.Load()
	if t == nil {
		return nil
	}
	rooms := make([]*Room, 0, len(t.rooms))
	for _, id := range slices.Sorted(maps.Keys(t.rooms)) {
		rooms = append(rooms, t.rooms[id])
	}
	return rooms
}

// Events returns the events that are served, by id: those of all rooms but the
// retired.
func (k *Keeper) Events() []event.Event {
	var served []event.Event
	for _, r := range k.Rooms() {
		if v := r.View(); !v.Retired {
			served = append(served, v.Event)
		}
	}
	return served
}

var errNotLoaded = errors.New("the catalog of events has not been read yet")

// Ready says why this gateway cannot serve every room yet. Once nil it stays
// nil: a store that falls silent later puts rooms on hold, but taking all
// gateways out of service would throw out those who have been admitted.
func (k *Keeper) Ready() error {
	if k.ready.Load() {
		return nil
	}
	if !k.Loaded() {
		return errNotLoaded
	}
	for _, r := range k.Rooms() {
		if v := r.View(); v.Seen.IsZero() && !v.Retired {
			return fmt.Errorf("room %s has not been seen yet", r.id)
		} else if s := v.Snapshot; s.Gathering > 0 && s.Restoring == 0 && s.At-s.Begun < queue.Settle {
			return fmt.Errorf("room %s has just been made and gives no numbers yet", r.id)
		}
	}
	k.ready.Store(true)
	return nil
}
