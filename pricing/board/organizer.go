package board

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/bilten/rushgate/pricing"
)

// Standing is what an organizer sees beside the board: which rules are in force,
// and which wait for approval.
type Standing struct {
	Rules  *Rules       `json:"rules,omitempty"`
	Draft  *Rules       `json:"draft,omitempty"`
	Frozen *pricing.Act `json:"frozen,omitempty"`
	// Late says why rules that are approved now need a waiver; empty: they don't.
	Late string `json:"late,omitempty"`
	// Set are the prices set by hand, by tier.
	Set map[string]pricing.Override `json:"set,omitempty"`
}

// Draft takes a rules document, validated as a whole, and returns its version. It
// replaces a draft that nobody approved.
func (k *Keeper) Draft(ctx context.Context, eventID, document string, by pricing.Act) (int, error) {
	var made int
	err := k.act(ctx, eventID, by, func(b book, ev Event, now time.Time) (book, []Entry, error) {
		b, entries, err := draft(document, by)(b, ev, now)
		made = b.Numbered
		return b, entries, err
	})
	return made, err
}

// Discard forgets the draft of this version.
func (k *Keeper) Discard(ctx context.Context, eventID string, version int, by pricing.Act) error {
	return k.act(ctx, eventID, by, discard(version, by))
}

// Approve brings the draft of this version into force; doing it twice changes
// nothing more. Without a waiver, rules that were not announced in time are a
// *LateError.
func (k *Keeper) Approve(ctx context.Context, eventID string, version int, waiver string, by pricing.Act) error {
	return k.act(ctx, eventID, by, approve(version, waiver, by))
}

// TheFile is who acts when an operator's file declares rules.
const TheFile = "file"

// Declare drafts and approves a file's rules at once. The same document again
// changes nothing, even if other rules have been approved since: a file counts
// when it says something new. Errors are those of Draft and Approve; waiver is as
// in Approve.
func (k *Keeper) Declare(ctx context.Context, eventID, document, waiver string) error {
	by := pricing.Act{By: TheFile, Why: "declared by a file"}
	return k.act(ctx, eventID, by, declare(document, waiver, by))
}

// Freeze keeps all prices as they are until Thaw. Both want a reason.
func (k *Keeper) Freeze(ctx context.Context, eventID string, by pricing.Act) error {
	return k.act(ctx, eventID, by, freeze(by))
}

// Thaw gives frozen prices back to the rules.
func (k *Keeper) Thaw(ctx context.Context, eventID string, by pricing.Act) error {
	return k.act(ctx, eventID, by, thaw(by))
}

// Set sets a price by hand, in minor units, within floor and cap, with a reason.
func (k *Keeper) Set(ctx context.Context, eventID, tier string, price int64, by pricing.Act) error {
	return k.act(ctx, eventID, by, set(tier, price, by))
}

// Unset gives the tier back to the rules, with a reason.
func (k *Keeper) Unset(ctx context.Context, eventID, tier string, by pricing.Act) error {
	return k.act(ctx, eventID, by, unset(tier, by))
}

func (k *Keeper) act(ctx context.Context, eventID string, by pricing.Act, what act) error {
	if err := signed(by); err != nil {
		return err
	}
	ev, err := k.event(eventID)
	if err != nil {
		return err
	}
	return k.change(ctx, ev, func(b book, _ *pricing.Engine, now time.Time) (book, []Entry, error) { return what(b, ev, now) })
}

// Standing reads the record.
func (k *Keeper) Standing(ctx context.Context, eventID string) (Standing, error) {
	var s Standing
	ev, err := k.event(eventID)
	if err != nil {
		return s, err
	}
	err = k.change(ctx, ev, func(b book, _ *pricing.Engine, now time.Time) (book, []Entry, error) {
		s = Standing{Rules: b.Rules, Draft: b.Draft, Frozen: b.State.Frozen, Late: pricing.Late(now, ev.Start), Set: map[string]pricing.Override{}}
		for tier, was := range b.State.Tiers {
			if was.Override != nil {
				s.Set[tier] = *was.Override
			}
		}
		if b.Rules != nil {
			rules := *b.Rules
			rules.Missed, s.Rules = rules.missed(ev.Start), &rules
		}
		return b, nil, nil
	})
	return s, err
}

// Preview says what the rules of a document would publish now, had they led to
// the prices of today: before the sale opens, what their approval would. Nothing
// is changed.
func (k *Keeper) Preview(ctx context.Context, eventID, document string) ([]pricing.Quote, map[string]pricing.Offer, error) {
	var (
		quotes []pricing.Quote
		offers map[string]pricing.Offer
	)
	ev, err := k.event(eventID)
	if err != nil {
		return nil, nil, err
	}
	err = k.change(ctx, ev, func(b book, _ *pricing.Engine, now time.Time) (book, []Entry, error) {
		b.Draft = &Rules{Document: document}
		engine, err := b.successor(ev)
		if err != nil {
			return b, nil, err
		}
		in := k.config.Inputs(ev.ID)
		in.Start = ev.Start
		before := now.Before(ev.Opens)
		if before {
			in = pricing.Inputs{} // demand moves nothing yet
		}
		var next pricing.State
		quotes, next = engine.Price(in, engine.Adopt(b.State), now)
		for i, q := range quotes {
			if before && blind(q.Reason) {
				quotes[i].Reason, quotes[i].Words = pricing.Steady, pricing.Steady.Words()
			}
		}
		offers = engine.Offers(next)
		return b, nil, nil
	})
	return quotes, offers, err
}

// Ledger lists entries after an id, "" for the beginning, oldest first, most of
// them at most, and the id to go on with.
func (k *Keeper) Ledger(ctx context.Context, eventID, after string, most int) ([]Entry, string, error) {
	found, err := k.config.Store.Log(ctx, key(eventID), after, most)
	if err != nil {
		return nil, after, fmt.Errorf("read the ledger of %s: %w", eventID, err)
	}
	entries := make([]Entry, 0, len(found))
	for _, line := range found {
		var entry Entry
		if err := json.Unmarshal(line.Data, &entry); err != nil {
			return nil, after, fmt.Errorf("read the ledger of %s: %w", eventID, err)
		}
		entries, after = append(entries, entry), line.ID
	}
	return entries, after, nil
}
