package pricing

import (
	"slices"

	"github.com/shopspring/decimal"
)

// Range is where a tier's price may go, in minor units. Its upper end is what a
// fan who has seen it pays at most.
type Range struct {
	Low  int64 `json:"low"`
	High int64 `json:"high"`
}

// Offer is what a fan is shown of one tier.
type Offer struct {
	Price int64 `json:"price"` // minor units
	Range Range `json:"range"`
}

// Offers are the published prices and how far the rules can take each of them: to
// the floor and cap, or less far where no demand could. A tier without a price
// is left out.
func (e *Engine) Offers(s State) map[string]Offer {
	offers := make(map[string]Offer, len(e.tiers))
	for i := range e.tiers {
		t := &e.tiers[i]
		if was, ok := s.Tiers[t.Name]; ok {
			offers[t.Name] = Offer{Price: was.Price, Range: t.reach(was.Price)}
		}
	}
	return offers
}

// reach goes from the lowest to the highest price that inputs can lead to,
// through what is published now, which an override or older rules may have put
// elsewhere.
func (t *tier) reach(price int64) Range {
	low, high := decimal.New(1, 0), decimal.New(1, 0)
	if all := t.Demand.multipliers(); len(all) > 0 {
		least := slices.MinFunc(all, func(a, b Number) int { return a.Cmp(b.Decimal) })
		most := slices.MaxFunc(all, func(a, b Number) int { return a.Cmp(b.Decimal) })
		low, high = least.Decimal, most.Decimal
	}
	for _, condition := range t.Conditions {
		low, high = decimal.Min(low, low.Mul(condition.Multiplier.Decimal)), decimal.Max(high, high.Mul(condition.Multiplier.Decimal))
	}
	reach := Range{Low: min(t.reached(low), price), High: max(t.reached(high), price)}
	if t.Pace.IncreaseOnly {
		reach.Low = price
	}
	return reach
}

func (t *tier) reached(multiplier decimal.Decimal) int64 {
	price, _ := t.grid.nearest(t.amount(multiplier), t.floor, t.high)
	return price
}
