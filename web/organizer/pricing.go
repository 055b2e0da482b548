package organizer

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/pricing/board"
)

func (a *API) priceRoutes(one *echo.Group) {
	one.GET("/pricing", a.standing)
	one.GET("/pricing/rules", a.rules)
	one.PUT("/pricing/rules", a.draftRules)
	one.POST("/pricing/preview", a.previewRules)
	one.POST("/pricing/approve", a.approveRules)
	one.POST("/pricing/discard", a.discardRules)
	one.POST("/pricing/freeze", a.freezePrices)
	one.POST("/pricing/thaw", a.thawPrices)
	one.PUT("/pricing/override/:tier", a.setPrice)
	one.DELETE("/pricing/override/:tier", a.unsetPrice)
	one.GET("/pricing/ledger", a.ledger)
}

// standing is an event's prices as its organizer sees them.
type standing struct {
	Event string `json:"event"`
	board.Standing
	Board *board.Board `json:"board,omitempty"` // as everybody sees it; none is published before rules are in force
}

// stands answers with how prices stand.
func (a *API) stands(c echo.Context, id string) error {
	is, err := a.house.Prices.Standing(c.Request().Context(), id)
	if err != nil {
		return priceProblem(err)
	}
	answer := standing{Event: id, Standing: is}
	if b, ok := a.house.Prices.Board(id); ok {
		answer.Board = b
	}
	return c.JSON(http.StatusOK, answer)
}

func (a *API) standing(c echo.Context) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	return a.stands(c, record.Event.ID)
}

// rules are the documents: the one in force, and the draft.
func (a *API) rules(c echo.Context) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	is, err := a.house.Prices.Standing(c.Request().Context(), record.Event.ID)
	if err != nil {
		return priceProblem(err)
	}
	return c.JSON(http.StatusOK, board.Standing{Rules: is.Rules, Draft: is.Draft})
}

// acts does something to prices in the name of whoever asks, logs it and answers
// with how they stand then.
func (a *API) acts(c echo.Context, action string, do func(id string, by pricing.Act) error) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	who := actorOf(c)
	if err := do(record.Event.ID, pricing.Act{By: who.key.Name, Why: who.reason}); err != nil {
		return priceProblem(err)
	}
	a.log.LogAttrs(c.Request().Context(), slog.LevelInfo, "prices changed by hand",
		slog.String("organization", who.key.Organization), slog.String("event", record.Event.ID), slog.String("action", action),
		slog.String("by", who.key.Name), slog.String("reason", who.reason))
	return a.stands(c, record.Event.ID)
}

func (a *API) draftRules(c echo.Context) error {
	document, err := definition(c)
	if err != nil {
		return err
	}
	return a.acts(c, "draft", func(id string, by pricing.Act) error {
		_, err := a.house.Prices.Draft(c.Request().Context(), id, string(document), by)
		return err
	})
}

// previewRules says what rules would publish now, and changes nothing.
func (a *API) previewRules(c echo.Context) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	document, err := definition(c)
	if err != nil {
		return err
	}
	quotes, offers, err := a.house.Prices.Preview(c.Request().Context(), record.Event.ID, string(document))
	if err != nil {
		return priceProblem(err)
	}
	return c.JSON(http.StatusOK, map[string]any{"quotes": quotes, "offers": offers})
}

func (a *API) approveRules(c echo.Context) error {
	var named struct {
		Version int    `json:"version"`
		Waiver  string `json:"waiver"`
	}
	if err := decode(c, &named); err != nil {
		return err
	}
	return a.acts(c, "approve", func(id string, by pricing.Act) error {
		return a.house.Prices.Approve(c.Request().Context(), id, named.Version, named.Waiver, by)
	})
}

func (a *API) discardRules(c echo.Context) error {
	var named struct {
		Version int `json:"version"`
	}
	if err := decode(c, &named); err != nil {
		return err
	}
	return a.acts(c, "discard", func(id string, by pricing.Act) error {
		return a.house.Prices.Discard(c.Request().Context(), id, named.Version, by)
	})
}

func (a *API) freezePrices(c echo.Context) error {
	return a.acts(c, "freeze", func(id string, by pricing.Act) error { return a.house.Prices.Freeze(c.Request().Context(), id, by) })
}

func (a *API) thawPrices(c echo.Context) error {
	return a.acts(c, "thaw", func(id string, by pricing.Act) error { return a.house.Prices.Thaw(c.Request().Context(), id, by) })
}

func (a *API) setPrice(c echo.Context) error {
	var named struct {
		Price string `json:"price"` // as people write it: "89.50"
	}
	if err := decode(c, &named); err != nil {
		return err
	}
	return a.acts(c, "set", func(id string, by pricing.Act) error {
		b, ok := a.house.Prices.Board(id)
		if !ok {
			return board.ErrNoRules
		}
		price, err := b.Currency.Parse(named.Price)
		if err != nil {
			return &event.FieldError{Field: "price", Value: `"` + named.Price + `"`, Reason: err.Error()}
		}
		return a.house.Prices.Set(c.Request().Context(), id, c.Param("tier"), price, by)
	})
}

func (a *API) unsetPrice(c echo.Context) error {
	return a.acts(c, "unset", func(id string, by pricing.Act) error {
		return a.house.Prices.Unset(c.Request().Context(), id, c.Param("tier"), by)
	})
}

// checkNotice warns of a start that was moved so near to the approval of the rules
// that their notice is kept no more. An event without rules in force has none.
func checkNotice(ctx context.Context, prices *board.Keeper, id string) []Check {
	is, err := prices.Standing(ctx, id)
	switch {
	case errors.Is(err, board.ErrNoEvent), err == nil && is.Rules == nil:
		return nil
	case err != nil:
		return []Check{{Check: "price_notice", Detail: "is not known: the store does not answer"}}
	case is.Rules.Missed != "":
		return []Check{{Check: "price_notice", Detail: is.Rules.Missed}}
	case is.Rules.Waived != "":
		return []Check{{Check: "price_notice", OK: true, Detail: "waived: " + is.Rules.Waived}}
	}
	return []Check{{Check: "price_notice", OK: true, Detail: "kept"}}
}

// ledgerPage is how many entries are read at once.
const ledgerPage = 500

// ledger writes all that is left of it, oldest first.
func (a *API) ledger(c echo.Context) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	write, kind := board.WriteJSONLines, "application/jsonl"
	switch c.QueryParam("format") {
	case "", "jsonl":
	case "csv":
		write, kind = board.WriteCSV, "text/csv; charset=utf-8"
	default:
		return refuse(http.StatusBadRequest, "invalid_query", `format: want jsonl or csv.`)
	}
	var all []board.Entry
	for after := ""; ; {
		page, last, err := a.house.Prices.Ledger(c.Request().Context(), record.Event.ID, after, ledgerPage)
		if err != nil {
			return storeSilent(err)
		}
		if all, after = append(all, page...), last; len(page) < ledgerPage {
			break
		}
	}
	c.Response().Header().Set(echo.HeaderContentType, kind)
	c.Response().WriteHeader(http.StatusOK)
	return write(c.Response(), all)
}

// priceProblem says what an error of the boards is to a client.
func priceProblem(err error) error {
	var late *board.LateError
	var field *event.FieldError
	switch {
	case errors.As(err, &late):
		return refuse(http.StatusConflict, "too_late", late.Why+`. To approve them all the same, send {"version": …, "waiver": "the reason"}; it stands in the ledger.`)
	case errors.Is(err, board.ErrNoRules):
		return refuse(http.StatusConflict, "no_rules", "No price rules are in force.")
	case errors.Is(err, board.ErrNoDraft):
		return refuse(http.StatusConflict, "no_draft", "This version is not the draft, or not any more. Read the rules again.")
	case errors.Is(err, board.ErrNoEvent):
		return refuse(http.StatusConflict, "no_tiers", "The event has no tiers, or is not served yet: there is nothing to price.")
	case errors.Is(err, board.ErrNoWhy):
		return refuse(http.StatusUnprocessableEntity, "no_reason", "Say why, in Rushgate-Reason: it stands in the ledger.")
	case errors.As(err, &field):
		p := refuse(http.StatusUnprocessableEntity, "invalid_pricing", "This can't be done to the prices. Nothing has been changed.")
		p.Errors = strings.Split(err.Error(), "\n")
		return p
	}
	return storeSilent(err)
}

func storeSilent(err error) error {
	if errors.Is(err, accord.ErrBeaten) {
		return refuse(http.StatusConflict, "beaten", "Others changed the prices at the same time. Look again.")
	}
	p := refuse(http.StatusServiceUnavailable, "store_unavailable", "The store does not answer. Nothing is known to have changed.")
	p.private = err
	return p
}
