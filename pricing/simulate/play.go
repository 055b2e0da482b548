package simulate

import (
	"time"

	"github.com/bilten/rushgate/pricing"
)

// Result is what rules make of a scenario. Amounts are minor units.
type Result struct {
	Scenario Scenario
	Rules    pricing.Rules
	Currency pricing.Currency
	Looks    []Look
	Tiers    []Outcome // in the order of the rules
}

// Look is one look at the price.
type Look struct {
	At      time.Duration
	Inputs  pricing.Inputs
	Quotes  []pricing.Quote // in the order of the rules
	Offers  map[string]pricing.Offer
	Earned  int64 // until now, all tiers
	AtBases int64 // what the base prices would have earned
}

// Outcome is one tier's sale.
type Outcome struct {
	Tier            string
	Title           string
	Base, Low, High int64 // base, and the lowest and highest price there was
	Changes         int
	Sold            int64
	Earned, AtBase  int64
}

// Average is what a ticket cost; 0 if none was sold.
func (o Outcome) Average() int64 {
	if o.Sold == 0 {
		return 0
	}
	return (o.Earned + o.Sold/2) / o.Sold
}

// Play looks at the price once each period, from the opening price on. A ticket
// earns what was published when it was sold.
func Play(e *pricing.Engine, s Scenario) Result {
	result := Result{Scenario: s, Rules: e.Rules(), Currency: e.Currency()}
	// The engine wants an instant; which one makes no difference.
	begin := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	quotes, state := e.Price(pricing.Inputs{}, pricing.State{}, begin)
	for _, q := range quotes {
		result.Tiers = append(result.Tiers, Outcome{Tier: q.Tier, Base: q.Price, Low: q.Price, High: q.Price})
	}
	for i, t := range e.Rules().Tiers {
		result.Tiers[i].Title = t.Title
	}
	period := time.Duration(e.Rules().Period)
	sold := map[string]int64{}
	next := 0
	var in pricing.Inputs
	end := s.Moments[len(s.Moments)-1].At
	for at := time.Duration(0); at <= end; at += period {
		for ; next < len(s.Moments) && s.Moments[next].At <= at; next++ {
			in = s.Moments[next].Inputs
			result.sell(in, sold, state)
		}
		if at < s.Opening {
			continue // the opening prices stand
		}
		in.Start = begin.Add(s.Opening)
		quotes, state = e.Price(in, state, begin.Add(at))
		result.note(Look{At: at, Inputs: in, Quotes: quotes, Offers: e.Offers(state)})
	}
	return result
}

// sell counts what was sold since the last moment, at the prices of now. Counts
// that fall, as when a ticket is given back after it was paid for, earn nothing.
func (r *Result) sell(in pricing.Inputs, sold map[string]int64, state pricing.State) {
	for i := range r.Tiers {
		o := &r.Tiers[i]
		n, known := in.Tiers[o.Tier].Sold.Value()
		if !known || n <= sold[o.Tier] {
			continue
		}
		more := n - sold[o.Tier]
		sold[o.Tier] = n
		o.Sold += more
		o.Earned += more * state.Tiers[o.Tier].Price
		o.AtBase += more * o.Base
	}
}

func (r *Result) note(look Look) {
	for i, q := range look.Quotes {
		o := &r.Tiers[i]
		o.Low, o.High = min(o.Low, q.Price), max(o.High, q.Price)
		if q.Changed() {
			o.Changes++
		}
		look.Earned += o.Earned
		look.AtBases += o.AtBase
	}
	r.Looks = append(r.Looks, look)
}
