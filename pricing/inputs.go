package pricing

import (
	"encoding/json"
	"math"
	"time"

	"github.com/shopspring/decimal"
)

// Reading is a count that may not be known. The zero Reading is unknown.
type Reading struct {
	n     int64
	known bool
}

// MaxReading is the highest count that is believed.
const MaxReading = 1_000_000_000

// Count is a known reading, unless n cannot be one: a negative stock is unknown.
func Count(n int64) Reading {
	if n < 0 || n > MaxReading {
		return Reading{}
	}
	return Reading{n, true}
}

// Measured is Count for what a metric gives. Half people are rounded down; NaN,
// infinity and numbers below zero are unknown.
func Measured(f float64) Reading {
	if math.IsNaN(f) || f < 0 || f > MaxReading {
		return Reading{}
	}
	return Count(int64(f))
}

// Value returns the count; false if it is not known.
func (r Reading) Value() (int64, bool) { return r.n, r.known }

// MarshalJSON writes a number, or null if it is not known.
func (r Reading) MarshalJSON() ([]byte, error) {
	if !r.known {
		return []byte("null"), nil
	}
	return json.Marshal(r.n)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Reading) UnmarshalJSON(data []byte) error {
	var n *int64
	if err := json.Unmarshal(data, &n); err != nil {
		return err
	}
	if *r = (Reading{}); n != nil {
		*r = Count(*n)
	}
	return nil
}

func (r Reading) plus(other Reading) Reading {
	return Reading{r.n + other.n, r.known && other.known}
}

// Inputs is all that a price may depend on: counts of the whole event, and the
// clock. Nothing in it belongs to one visitor.
type Inputs struct {
	Waiting Reading          `json:"waiting"`
	Active  Reading          `json:"active"`         // sessions in the shop
	Tiers   map[string]Stock `json:"tiers"`          // a tier that is not there is not known
	Start   time.Time        `json:"start,omitzero"` // event_start_time; zero: there is none
}

// Stock is what a shop says of one tier's tickets.
type Stock struct {
	Sold      Reading `json:"sold"`
	Held      Reading `json:"held"` // in baskets: neither sold nor to be had
	Remaining Reading `json:"remaining"`
}

func (s Stock) plus(other Stock) Stock {
	return Stock{s.Sold.plus(other.Sold), s.Held.plus(other.Held), s.Remaining.plus(other.Remaining)}
}

// sellThrough is (sold + held) / (sold + held + remaining).
func (s Stock) sellThrough() (decimal.Decimal, bool) {
	taken := s.Sold.plus(s.Held)
	return ratio(taken, taken.plus(s.Remaining))
}

// places is how many decimals a ratio has: more than any price can show.
const places = 12

func ratio(of, to Reading) (decimal.Decimal, bool) {
	if !of.known || !to.known || to.n == 0 {
		return decimal.Decimal{}, false
	}
	return decimal.New(of.n, 0).DivRound(decimal.New(to.n, 0), places), true
}

// facts are the inputs as rules name them. What is not known is not there.
type facts struct {
	exact map[Input]decimal.Decimal
	cel   map[string]any
}

// lay makes the facts of one tier.
func (in Inputs) lay(tier string, all Stock, now time.Time) facts {
	f := facts{exact: make(map[Input]decimal.Decimal, 5), cel: make(map[string]any, 16)}
	own := in.Tiers[tier]
	f.count("waiting", in.Waiting)
	f.count("active", in.Active)
	f.count("sold", all.Sold)
	f.count("held", all.Held)
	f.count("remaining", all.Remaining)
	f.count("tier_sold", own.Sold)
	f.count("tier_held", own.Held)
	f.count("tier_remaining", own.Remaining)
	f.share(DemandRatio)(ratio(in.Waiting, all.Remaining))
	f.share(SellThrough)(all.sellThrough())
	f.share(TierSellThrough)(own.sellThrough())
	if !in.Start.IsZero() {
		f.length(TimeToStart, max(0, in.Start.Sub(now)))
		f.length(TimeOnSale, max(0, now.Sub(in.Start)))
	}
	return f
}

func (f facts) count(name string, r Reading) {
	if r.known {
		f.cel[name] = r.n
	}
}

func (f facts) share(input Input) func(decimal.Decimal, bool) {
	return func(d decimal.Decimal, known bool) {
		if known {
			f.exact[input] = d
			f.cel[string(input)] = d.InexactFloat64() // conditions say yes or no; no price is made of it
		}
	}
}

func (f facts) length(input Input, d time.Duration) {
	f.exact[input] = decimal.New(int64(d/time.Second), 0)
	f.cel[string(input)] = d
}

// total is the stock of all tiers together; unknown if that of one is.
func (in Inputs) total(tiers []string) Stock {
	all := Stock{Count(0), Count(0), Count(0)}
	for _, name := range tiers {
		all = all.plus(in.Tiers[name])
	}
	return all
}
