package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/prescale/fault"
	"github.com/bilten/rushgate/prescale/rush/crew"
	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/pricing/board"
)

// rushPrices is the third step of a rush, and its way back. Each may come more than
// once.
type rushPrices struct {
	boards *board.Keeper
	log    *slog.Logger
}

// byRush is who acts on prices in a rush's name.
const byRush = crew.Author

// Activate gives prices that a rush has frozen back to the rules, and brings a draft
// that waits into force. An event without tiers or rules has nothing to activate.
// A draft that comes too late stays one: it needs somebody who says why, and a
// sale does not wait for that.
func (r rushPrices) Activate(ctx context.Context, eventID, _ string) error {
	by := pricing.Act{By: byRush, Why: "the sale is about to begin"}
	is, err := r.boards.Standing(ctx, eventID)
	switch {
	case errors.Is(err, board.ErrNoEvent):
		return nil
	case err != nil:
		return err
	}
	if is.Frozen != nil && is.Frozen.By == byRush {
		if err := r.boards.Thaw(ctx, eventID, by); err != nil {
			return err
		}
	}
	if is.Draft == nil {
		return nil
	}
	err = r.boards.Approve(ctx, eventID, is.Draft.Version, "", by)
	if late, ok := errors.AsType[*board.LateError](err); ok {
		r.log.Warn("price rules wait as a draft and are not approved by the rush", "event", eventID, "version", is.Draft.Version, "reason", late.Why)
		return nil
	}
	if field, ok := errors.AsType[*event.FieldError](err); ok { // organizers wrote the rules
		return fault.New("the draft does not fit: "+field.Error(), err)
	}
	return err
}

// Deactivate keeps the last prices, so that nothing moves after the sale.
func (r rushPrices) Deactivate(ctx context.Context, eventID, _ string) error {
	is, err := r.boards.Standing(ctx, eventID)
	switch {
	case errors.Is(err, board.ErrNoEvent):
		return nil
	case err != nil:
		return err
	case is.Rules == nil || is.Frozen != nil:
		return nil
	}
	return r.boards.Freeze(ctx, eventID, pricing.Act{By: byRush, Why: "the sale is over"})
}
