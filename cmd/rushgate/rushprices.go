package main

import (
	"context"
	"errors"

	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/pricing/board"
)

// rushPrices is the third step of a rush, and its way back. Each may come more than
// once.
type rushPrices struct{ boards *board.Keeper }

// byRush is who acts on prices in a rush's name.
const byRush = "rush"

// Activate brings a draft that waits into force, and gives prices that a rush has
// frozen back to the rules. An event without tiers or rules has nothing to
// activate. Rules that come too late are an error: somebody has to say why.
func (r rushPrices) Activate(ctx context.Context, eventID, _ string) error {
	by := pricing.Act{By: byRush, Why: "the sale is about to begin"}
	is, err := r.boards.Standing(ctx, eventID)
	switch {
	case errors.Is(err, board.ErrNoEvent):
		return nil
	case err != nil:
		return err
	}
	if is.Draft != nil {
		if err := r.boards.Approve(ctx, eventID, is.Draft.Version, "", by); err != nil {
			return err
		}
	}
	if is.Frozen != nil && is.Frozen.By == byRush {
		return r.boards.Thaw(ctx, eventID, by)
	}
	return nil
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
