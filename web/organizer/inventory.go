package organizer

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/stock"
)

// Shelf keeps the stock for all gateways.
type Shelf interface {
	// Stock is what this gateway knows of an event's stock; nil: nothing.
	Stock(eventID string) *stock.Stock
	// Put takes an organizer's word. It returns the problems of stock.Report.Check,
	// or stock.ErrAway.
	Put(ctx context.Context, e event.Event, r stock.Report) (stock.Stock, error)
	// Forget says that nothing is known any more, and returns stock.ErrAway.
	Forget(ctx context.Context, e event.Event) error
}

// inventory is an event's stock as the API says it.
type inventory struct {
	Event     string               `json:"event"`
	Known     bool                 `json:"known"` // all of it: of the whole event, or of every tier
	Remaining int64                `json:"remaining"`
	Held      int64                `json:"held"`
	Tiers     map[string]tierStock `json:"tiers"`
}

type tierStock struct {
	Remaining int64     `json:"remaining"`
	Held      int64     `json:"held"`
	At        time.Time `json:"at"` // when it was told, by the store's clock
}

func inventoryOf(e event.Event, is *stock.Stock) inventory {
	answer := inventory{Event: e.ID, Tiers: map[string]tierStock{}}
	if is == nil {
		return answer
	}
	total, known := is.Total(e.Tiers)
	answer.Known, answer.Remaining, answer.Held = known, total.Remaining, total.Held
	for _, c := range is.Counts {
		if c.Tier != "" {
			answer.Tiers[c.Tier] = tierStock{c.Remaining, c.Held, time.UnixMilli(c.At).UTC()}
		}
	}
	return answer
}

func (a *API) inventory(c echo.Context) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, inventoryOf(record.Event, a.house.Shelf.Stock(record.Event.ID)))
}

// takeInventory takes what an organizer knows of the stock: of the whole event,
// or of some or all tiers.
func (a *API) takeInventory(c echo.Context) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	type count struct {
		Remaining *int64 `json:"remaining"`
		Held      int64  `json:"held"`
	}
	var told struct {
		count
		Tiers map[string]count `json:"tiers"`
	}
	if err := decode(c, &told); err != nil {
		return err
	}
	if told.Remaining != nil {
		told.Tiers = withWhole(told.Tiers, told.count)
	}
	var report stock.Report
	for _, tier := range slices.Sorted(maps.Keys(told.Tiers)) {
		n := told.Tiers[tier]
		if n.Remaining == nil {
			return invalidInventory(errors.New("tiers." + tier + ".remaining: is missing"))
		}
		report.Counts = append(report.Counts, stock.Count{Tier: tier, Remaining: *n.Remaining, Held: n.Held})
	}
	is, err := a.house.Shelf.Put(c.Request().Context(), record.Event, report)
	if err != nil {
		return stockProblem(err)
	}
	a.logStock(c, record.Event.ID, "inventory")
	return c.JSON(http.StatusOK, inventoryOf(record.Event, &is))
}

// withWhole adds the count of the whole event, which stands for no tier.
func withWhole[C any](tiers map[string]C, whole C) map[string]C {
	all := map[string]C{"": whole}
	maps.Copy(all, tiers)
	return all
}

// forgetInventory is for a shop that tells nothing any more.
func (a *API) forgetInventory(c echo.Context) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	if err := a.house.Shelf.Forget(c.Request().Context(), record.Event); err != nil {
		return stockProblem(err)
	}
	a.logStock(c, record.Event.ID, "forget-inventory")
	return c.NoContent(http.StatusNoContent)
}

func (a *API) logStock(c echo.Context, id, action string) {
	who := actorOf(c)
	a.log.LogAttrs(c.Request().Context(), slog.LevelInfo, "stock told",
		slog.String("organization", who.key.Organization), slog.String("event", id), slog.String("action", action),
		slog.String("by", who.key.Name), slog.String("reason", who.reason))
}

func invalidInventory(err error) *problem {
	p := refuse(http.StatusUnprocessableEntity, "invalid_inventory", "This cannot be the event's stock. Nothing has been changed.")
	p.Errors = strings.Split(err.Error(), "\n")
	return p
}

func stockProblem(err error) error {
	if _, ok := errors.AsType[*stock.Problem](err); ok {
		return invalidInventory(err)
	}
	if errors.Is(err, stock.ErrAway) {
		p := refuse(http.StatusServiceUnavailable, "store_unavailable", "The store does not answer. Nothing is known to have changed.")
		p.private = err
		return p
	}
	return err
}
