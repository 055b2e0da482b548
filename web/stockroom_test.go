package web

import (
	"context"
	"log/slog"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/stock"
	"github.com/bilten/rushgate/stock/shelf"
)

// openShelf keeps the stock until the test ends.
func (h *house) openShelf(ctx context.Context, log *slog.Logger) *shelf.Shelf {
	s := shelf.New(shelf.Config{
		Store: accord.NewMemory(time.Now), Now: time.Now, Log: log, Events: h.keeper.Events, // another gateway has another keeper
		Enforce: func(ctx context.Context, e event.Event, is event.Availability, _ stock.Reason) error {
			patch := []byte(`{"room":{"availability":"` + string(is) + `"}}`)
			_, err := h.catalog.Patch(ctx, e.Organization, e.ID, patch, catalog.AnyVersion, catalog.Author{Name: "stock"})
			return err
		},
	})
	ctx, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	h.t.Cleanup(func() { stop(); <-done })
	return s
}
