package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/stock"
	"github.com/bilten/rushgate/stock/shelf"
)

// shelf keeps the stock of every event that is served.
func (b blueprint) shelf(events *catalog.Catalog, rooms *room.Keeper) *shelf.Shelf {
	return shelf.New(shelf.Config{
		Store: b.stores.accord, Events: rooms.Events, Enforce: enforceStock(events),
		Now: time.Now, Log: b.log, Metrics: b.meters,
	})
}

// byStock is who changes events in the name of the stock.
const byStock = "stock"

// enforceStock sets an event's availability like any other live control, so that
// all gateways act on it together, the log has it, and an organizer can take it
// back.
func enforceStock(events *catalog.Catalog) func(context.Context, event.Event, event.Availability, stock.Reason) error {
	return func(ctx context.Context, e event.Event, is event.Availability, why stock.Reason) error {
		record, err := events.Find(ctx, e.Organization, e.ID)
		switch {
		case errors.Is(err, catalog.ErrNotFound):
			return nil // deleted meanwhile
		case err != nil || record.Event.Room.Availability == is:
			return err
		}
		patch := fmt.Appendf(nil, `{"room":{"availability":%q}}`, is)
		_, err = events.Patch(ctx, e.Organization, e.ID, patch, record.Version, catalog.Author{Name: byStock, Reason: string(why)})
		return err
	}
}
