// Package simulate plays price rules through a sale before anybody waits: counts
// that were recorded, arrivals alone, or a rush that is made up. It says what
// would have been published, why, and what it would have earned beside the base.
//
// Nobody in it decides by the price: the same tickets are sold at the same times,
// whatever they cost. So the earnings are what rules make of a demand that is
// given, and no forecast of how fans answer to prices.
package simulate

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bilten/rushgate/pricing"
)

// Scenario is a sale as it went, in the order of time.
type Scenario struct {
	Name    string
	Says    string // where it is from, in a sentence
	Opening time.Duration
	Moments []Moment
}

// Moment is what was known from At on, since the beginning of the scenario.
type Moment struct {
	At     time.Duration
	Inputs pricing.Inputs
}

// Shop is how tickets are sold when only the arrivals are known: visitors wait,
// so many come in each minute, each takes tickets into a basket, and after a while
// most baskets are paid for. Everything is whole numbers, and no dice are thrown.
type Shop struct {
	PerMinute int            // visitors let in
	Each      int64          // tickets a visitor takes
	Hold      time.Duration  // how long they are held
	GiveBack  int64          // percent of tickets that are not paid for
	Stock     map[string]int // tickets of each tier
	Order     []string       // tiers, in the order of the rules
}

// Validate names what no shop can be.
func (s Shop) Validate() error {
	var wrong []error
	unless := func(ok bool, what string, got any, want string) {
		if !ok {
			wrong = append(wrong, fmt.Errorf("%s: %v: want %s", what, got, want))
		}
	}
	unless(1 <= s.PerMinute && s.PerMinute <= 100_000, "per-minute", s.PerMinute, "1 to 100000")
	unless(1 <= s.Each && s.Each <= 100, "each", s.Each, "1 to 100")
	unless(time.Minute <= s.Hold && s.Hold <= 24*time.Hour, "hold", s.Hold, "1m to 24h")
	unless(0 <= s.GiveBack && s.GiveBack <= 90, "give-back", s.GiveBack, "0 to 90")
	for _, tier := range s.Order {
		unless(0 <= s.Stock[tier] && s.Stock[tier] <= 10_000_000, "stock: "+tier, s.Stock[tier], "0 to 10000000")
	}
	return errors.Join(wrong...)
}

// Arrivals is a count of visitors who came from At on, until the next one.
type Arrivals struct {
	At    time.Duration
	Count int64
}

// Rush is a made-up onsale: 20,000 visitors, a third of whom are there when it
// opens, the others ever fewer over two hours. No public record of a ticket onsale
// is known, so this is a model and nothing that was measured.
func Rush() []Arrivals {
	const minutes, first = 120, 6_600
	arrivals := []Arrivals{{Count: first}}
	left := 20_000 - int64(first)
	for minute := 1; minute <= minutes; minute++ {
		now := max(1, left/29) // half of them within 20 minutes
		left -= now
		arrivals = append(arrivals, Arrivals{time.Duration(minute) * time.Minute, now})
	}
	return arrivals
}

// basket is tickets that were taken together.
type basket struct {
	tier  string
	n     int64
	until time.Duration
}

// sale is a shop at work.
type sale struct {
	Shop
	waiting    int64
	sold, held map[string]int64
	remaining  map[string]int64
	baskets    []basket
	owing      int64 // hundredths of tickets that are still to be given back
	turn       int
}

// Sell plays the arrivals through the shop, a minute at a time, until nobody waits,
// or nothing is left to sell.
func (s Shop) Sell(name, says string, arrivals []Arrivals) Scenario {
	now := sale{Shop: s, sold: map[string]int64{}, held: map[string]int64{}, remaining: map[string]int64{}}
	for tier, n := range s.Stock {
		now.remaining[tier] = int64(n)
	}
	scenario := Scenario{Name: name, Says: says}
	const step = time.Minute
	next := 0
	for at := time.Duration(0); at < longest; at += step {
		for next < len(arrivals) && arrivals[next].At <= at {
			now.waiting += arrivals[next].Count
			next++
		}
		now.settle(at)
		now.letIn(at)
		scenario.Moments = append(scenario.Moments, Moment{at, now.inputs()})
		if len(now.baskets) == 0 && (now.soldOut() || next == len(arrivals) && now.waiting == 0) {
			break
		}
	}
	return scenario
}

// settle closes the baskets whose time is over: paid, but for the share that is
// given back.
func (s *sale) settle(at time.Duration) {
	for len(s.baskets) > 0 && s.baskets[0].until <= at {
		b := s.baskets[0]
		s.baskets = s.baskets[1:]
		s.owing += b.n * s.GiveBack
		back := min(b.n, s.owing/100)
		s.owing -= back * 100
		s.held[b.tier] -= b.n
		s.sold[b.tier] += b.n - back
		s.remaining[b.tier] += back
	}
}

// letIn gives baskets to those at the front, of the tiers in turn. When nothing is
// left and nothing can come back, those who wait go home.
func (s *sale) letIn(at time.Duration) {
	for range s.PerMinute {
		if s.waiting == 0 {
			return
		}
		tier, some := s.nextTier()
		if !some {
			break
		}
		s.waiting--
		n := min(s.Each, s.remaining[tier])
		s.remaining[tier] -= n
		s.held[tier] += n
		s.baskets = append(s.baskets, basket{tier, n, at + s.Hold})
	}
	if s.soldOut() && len(s.baskets) == 0 {
		s.waiting = 0
	}
}

func (s *sale) nextTier() (string, bool) {
	for range s.Order {
		tier := s.Order[s.turn%len(s.Order)]
		s.turn++
		if s.remaining[tier] > 0 {
			return tier, true
		}
	}
	return "", false
}

func (s *sale) soldOut() bool {
	return !slices.ContainsFunc(s.Order, func(tier string) bool { return s.remaining[tier] > 0 })
}

func (s *sale) inputs() pricing.Inputs {
	in := pricing.Inputs{Waiting: pricing.Count(s.waiting), Active: pricing.Count(int64(len(s.baskets))), Tiers: map[string]pricing.Stock{}}
	for _, tier := range s.Order {
		in.Tiers[tier] = pricing.Stock{Sold: pricing.Count(s.sold[tier]), Held: pricing.Count(s.held[tier]), Remaining: pricing.Count(s.remaining[tier])}
	}
	return in
}
