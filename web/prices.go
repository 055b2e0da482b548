package web

import (
	"cmp"
	"context"
	"time"

	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/pricing/board"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/web/page"
)

// Prices is where an event's published prices are.
type Prices interface {
	// Board is what this gateway knows to be published; false: nothing. It asks
	// nobody.
	Board(eventID string) (*board.Board, bool)
	// Look is Board, but asks where nobody has asked yet. Nil without an error:
	// nothing is published.
	Look(ctx context.Context, eventID string) (*board.Board, error)
	// Refresh asks what is published now.
	Refresh(ctx context.Context, eventID string) error
}

// noPrices is that of a gateway whose events have none.
type noPrices struct{}

func (noPrices) Board(string) (*board.Board, bool)                  { return nil, false }
func (noPrices) Look(context.Context, string) (*board.Board, error) { return nil, nil }
func (noPrices) Refresh(context.Context, string) error              { return nil }

// priceVersion is that of the published prices; 0: there are none.
func (g *Gateway) priceVersion(eventID string) uint32 {
	if b, ok := g.prices.Board(eventID); ok {
		return b.Version
	}
	return 0
}

func (v *visit) lock() pricing.Lock { return pricing.Lock(v.event().Room.PriceLock) }

// versionShown is what somebody who joins now is shown; 0: no prices.
func (v *visit) versionShown() uint32 {
	b, err := v.g.prices.Look(v.r.Context(), v.event().ID)
	if err != nil {
		v.g.warn(complaint{"a place is given without a price: none can be read", v.event().ID}, "event", v.event().ID, "error", err)
	}
	if b == nil {
		return 0
	}
	return b.Version
}

// boundTo is the version of prices that the pass of a place is bound to: what was
// shown on joining. A place that only gets its number, or its pass again, was
// joined before.
func (v *visit) boundTo(had, held room.Held) uint32 {
	numbered := had.Order == 0 && had.JoinedAt > 0
	if numbered || had.Order != 0 && had.Order == held.Order && had.Line == held.Line {
		return cmp.Or(v.who.pass.PriceVersion, v.versionShown())
	}
	return v.versionShown()
}

// prices are what the visitor pays and is held to, as far as memory tells. It asks
// nobody.
func (v *visit) prices() map[string]page.Price {
	b, ok := v.g.prices.Board(v.event().ID)
	if !ok {
		return nil
	}
	prices := make(map[string]page.Price, len(b.Tiers))
	if v.admitted() || v.who.standing == open {
		for tier, price := range v.who.admission.Prices {
			prices[tier] = page.Price{Price: price, Ceiling: price}
		}
		return prices
	}
	claim := board.Claim{Lock: v.lock(), Joined: b.Version}
	if v.who.hasPass && !v.who.used && v.who.pass.PriceVersion != 0 {
		claim.Joined = v.who.pass.PriceVersion
	}
	if v.view.Place(v.held(), v.now).State == room.Turn {
		claim.Turn = v.earliest(time.Duration(v.event().Room.TurnTTL)) // the claim looks back at least that far
	}
	charged, _ := b.Charge(claim)
	shown, _ := b.Shown(claim.Joined)
	for tier, price := range charged {
		prices[tier] = page.Price{Price: price, Ceiling: claim.Lock.Ceiling(shown[tier])}
	}
	return prices
}

// bind holds a pass that was given while there were no prices, or none could be
// read, to what its holder is shown from now on.
func (v *visit) bind() {
	if v.who.used || v.who.pass.PriceVersion != 0 {
		return
	}
	if now := v.g.priceVersion(v.event().ID); now != 0 {
		p := v.who.pass
		p.PriceVersion = now
		v.carry(p)
	}
}

// freshWithin is how much shorter than a whole session one may be that has just
// been given: gateways know the store's clock from its answers alone.
const freshWithin = 5 * time.Second

// admitJoined is for a session that joining brought: a new one for which nobody
// waited, at the prices of now; or one that the store knew already.
func (v *visit) admitJoined(a queue.Answer) error {
	claim := board.Claim{Lock: v.lock()}
	if !v.fresh(a) {
		claim = v.claimed(a)
	}
	return v.admitFor(a, claim)
}

// admitPass is for a session that the pass in hand has brought.
func (v *visit) admitPass(a queue.Answer) error { return v.admitFor(a, v.claimed(a)) }

func (v *visit) admitFor(a queue.Answer, claim board.Claim) error {
	visitor := v.visitor()
	if last := v.who.last; last.Visitor == visitor && !last.Open && sessionOf(last) == (queue.SessionID{Generation: a.Generation, Number: a.Session}) {
		return v.admit(a, visitor, last.Prices) // they were told for the whole session
	}
	prices, err := v.charge(claim)
	if err != nil {
		return err
	}
	return v.admit(a, visitor, prices)
}

// prolong gives the admission in hand a later end, at the same prices. An adopted
// one that was given while no prices were known gets those of now.
func (v *visit) prolong(a queue.Answer, adopted bool) error {
	old := v.who.admission
	prices := old.Prices
	if adopted && prices == nil {
		prices = v.openPrices()
	}
	return v.admit(a, old.Visitor, prices)
}

// fresh says that a session has just been given.
func (v *visit) fresh(a queue.Answer) bool {
	whole := time.Duration(v.event().Room.SessionDuration)
	if a.Probation {
		whole = min(whole, room.MaxProbation)
	}
	return a.Ends-v.storeTime() > (whole - freshWithin).Milliseconds()
}

// claimed is what a session hangs on that the pass in hand has brought. When the
// turn began nobody has noted, so it counts from the earliest: twice its length
// before the session, as one at the door is pushed on, and whatever time everything
// stood still. Of a session whose admission is lost the beginning isn't known
// either.
func (v *visit) claimed(a queue.Answer) board.Claim {
	knobs, claim := v.event().Room, board.Claim{Lock: v.lock()}
	if p := v.who.pass; v.who.hasPass && v.view.Knows(p.Generation) || v.who.hasPass && p.Generation == 0 {
		claim.Joined = p.PriceVersion
	}
	back := 2*time.Duration(knobs.TurnTTL) + millis(v.view.Snapshot.Stood)
	switch {
	case v.fresh(a):
	case a.Probation:
		back += room.MaxProbation
	default:
		back += time.Duration(knobs.SessionMax)
	}
	claim.Turn = v.earliest(back)
	return claim
}

// earliest is so long ago, by the store's clock.
func (v *visit) earliest(back time.Duration) time.Time {
	return time.UnixMilli(v.storeTime()).Add(-back)
}

// charge reckons prices by tier, in minor units; nil: there are none. Whoever was
// promised a ceiling comes in only once it is known.
func (v *visit) charge(claim board.Claim) (map[string]int64, error) {
	ctx, id := v.r.Context(), v.event().ID
	b, err := v.g.prices.Look(ctx, id)
	switch {
	case err != nil && claim.Joined != 0:
		return nil, onHold(err)
	case b == nil:
		return nil, nil
	}
	prices, exact := b.Charge(claim)
	if exact {
		return prices, nil
	}
	if err := v.g.prices.Refresh(ctx, id); err != nil {
		v.g.warn(complaint{"a place's prices are the lowest that it can have been shown: its version is not known", id}, "event", id, "version", claim.Joined, "error", err)
	}
	if later, ok := v.g.prices.Board(id); ok {
		prices, _ = later.Charge(claim)
	}
	return prices, nil
}

// openPrices are those of now, as far as memory tells.
func (v *visit) openPrices() map[string]int64 {
	b, ok := v.g.prices.Board(v.event().ID)
	if !ok {
		return nil
	}
	prices, _ := b.Charge(board.Claim{Lock: v.lock()})
	return prices
}
