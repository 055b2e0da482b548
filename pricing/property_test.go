package pricing

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// course draws rules, and a sale of many looks at the price: crowds that come and
// go, tickets that are sold, held and given back, inputs that are lost, organizers
// who freeze and set prices.
type course struct {
	t     *rapid.T
	e     *Engine
	tier  *tier
	state State
	now   time.Time
}

func drawCourse(t *rapid.T) *course {
	base := rapid.Int64Range(100, 1_000_000).Draw(t, "base")
	step := rapid.SampledFrom([]int64{1, 5, 50, 100}).Draw(t, "round to")
	ending := rapid.Int64Range(0, step-1).Draw(t, "ending")
	base = grid{step, ending}.above(base)
	floor := rapid.Int64Range(0, base).Draw(t, "floor")
	high := rapid.Int64Range(max(base, floor+1), 3*base).Draw(t, "cap")
	farthest := rapid.Int64Range(step, base).Draw(t, "max step")
	eur := Currency{"EUR", 2}
	document := fmt.Sprintf(`{"event": "e", "currency": "EUR", "all_in": "all", "tiers": [{"name": "a", "base": %s, "floor": %s, "cap": %s, "cap_multiplier": %s,
		"demand": {"input": %q, "curve": [{"at": 0, "multiplier": %s}, {"at": 0.4, "multiplier": %s}, {"at": 1, "multiplier": %s}]},
		"conditions": [{"when": "waiting > 500 && active < 50", "multiplier": 1.3, "reason": "x"}],
		"rounding": {"to": %s, "ending": %s},
		"pace": {"smoothing": "%ds", "max_step": %s, "cooldown": "%ds", "increase_only": %v}}]}`,
		eur.Plain(base), eur.Plain(floor), eur.Plain(high), rapid.SampledFrom([]string{"1", "1.25", "2.5"}).Draw(t, "cap multiplier"),
		rapid.SampledFrom([]Input{DemandRatio, SellThrough, TierSellThrough}).Draw(t, "input"),
		drawMultiplier(t), drawMultiplier(t), drawMultiplier(t), eur.Plain(step), eur.Plain(ending),
		rapid.IntRange(0, 3600).Draw(t, "smoothing"), eur.Plain(farthest), rapid.IntRange(0, 900).Draw(t, "cooldown"), rapid.Bool().Draw(t, "increase only"))
	r, err := Parse([]byte(document))
	if err != nil {
		t.Skip("rules that leave no room", err)
	}
	e, err := Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	return &course{t: t, e: e, tier: &e.tiers[0], now: start}
}

func drawMultiplier(t *rapid.T) string {
	return rapid.SampledFrom([]string{"0.5", "0.9", "1", "1.1", "1.333333", "2", "7"}).Draw(t, "multiplier")
}

func drawCount(t *rapid.T, most int64, what string) Reading {
	if rapid.IntRange(0, 9).Draw(t, what+" is away") == 0 {
		return Measured(rapid.SampledFrom([]float64{math.NaN(), -1, math.Inf(1)}).Draw(t, what))
	}
	return Count(rapid.Int64Range(0, most).Draw(t, what))
}

func (c *course) inputs() Inputs {
	stock := Stock{drawCount(c.t, 1000, "sold"), drawCount(c.t, 100, "held"), drawCount(c.t, 1000, "remaining")}
	return Inputs{Waiting: drawCount(c.t, 5000, "waiting"), Active: drawCount(c.t, 100, "active"), Tiers: map[string]Stock{"a": stock}, Start: start}
}

// look prices once more; every look is handed to check.
func (c *course) look(check func(in Inputs, q Quote, before, after TierState)) {
	c.now = c.now.Add(time.Duration(rapid.Int64Range(-30, 600).Draw(c.t, "seconds pass")) * time.Second)
	in, before := c.inputs(), c.state.Tiers["a"]
	quotes, next := c.e.Price(in, c.state, c.now)
	if !quotes[0].First {
		check(in, quotes[0], before, next.Tiers["a"])
	}
	c.state = next
}

func sales(t *testing.T, check func(c *course, in Inputs, q Quote, before, after TierState)) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCourse(t)
		for range rapid.IntRange(2, 30).Draw(t, "looks") {
			c.look(func(in Inputs, q Quote, before, after TierState) { check(c, in, q, before, after) })
		}
	})
}

func TestEveryPriceIsBetweenFloorAndCap(t *testing.T) {
	sales(t, func(c *course, _ Inputs, q Quote, _, _ TierState) {
		if q.Price < c.tier.floor || q.Price > c.tier.high {
			c.t.Fatalf("price %d; want %d to %d\n%+v", q.Price, c.tier.floor, c.tier.high, q.Stages)
		}
	})
}

func TestNoStepIsLargerThanTheLargest(t *testing.T) {
	sales(t, func(c *course, _ Inputs, q Quote, _, _ TierState) {
		if step := q.Price - q.Was; max(step, -step) > c.tier.farthest {
			c.t.Fatalf("from %d to %d; want a step of at most %d\n%+v", q.Was, q.Price, c.tier.farthest, q.Stages)
		}
	})
}

func TestNoTwoChangesAreWithinTheCooldown(t *testing.T) {
	sales(t, func(c *course, _ Inputs, q Quote, before, after TierState) {
		cooldown := time.Duration(c.tier.Pace.Cooldown)
		if q.Changed() && after.Changed.Sub(before.Changed) < cooldown {
			c.t.Fatalf("changed %v after the last change; want %v", after.Changed.Sub(before.Changed), cooldown)
		}
	})
}

func TestWhatOnlyRisesNeverFalls(t *testing.T) {
	sales(t, func(c *course, _ Inputs, q Quote, _, _ TierState) {
		if c.tier.Pace.IncreaseOnly && q.Price < q.Was {
			c.t.Fatalf("from %d to %d; want never less\n%+v", q.Was, q.Price, q.Stages)
		}
	})
}

func TestEveryPriceIsRound(t *testing.T) {
	sales(t, func(c *course, _ Inputs, q Quote, _, _ TierState) {
		if !c.tier.grid.has(q.Price) {
			c.t.Fatalf("price %d; want one of %d + k * %d", q.Price, c.tier.grid.offset, c.tier.grid.step)
		}
	})
}

// The state goes through JSON, as it does in the store; the inputs do, too.
func TestSameInputsSamePrice(t *testing.T) {
	sales(t, func(c *course, in Inputs, q Quote, _, after TierState) {
		var state State
		var inputs Inputs
		for from, to := range map[any]any{&c.state: &state, &in: &inputs} {
			text, err := json.Marshal(from)
			if err != nil {
				c.t.Fatal(err)
			}
			if err := json.Unmarshal(text, to); err != nil {
				c.t.Fatal(err)
			}
		}
		again, next := c.e.Price(inputs, state, c.now)
		if diff := cmp.Diff(q, again[0]); diff != "" {
			c.t.Fatalf("the same again is another quote (-first +second):\n%s", diff)
		}
		if !next.Tiers["a"].Multiplier.Equal(after.Multiplier) {
			c.t.Fatalf("the same again leaves the multiplier %v; want %v", next.Tiers["a"].Multiplier, after.Multiplier)
		}
	})
}

func TestUnknownInputsNeverMoveAPrice(t *testing.T) {
	sales(t, func(c *course, in Inputs, q Quote, _, _ TierState) {
		all := in.Tiers["a"]
		if in.Waiting.known && all.Sold.known && all.Held.known && all.Remaining.known {
			return
		}
		unknown := q.Reason == UnknownInputs
		if unknown && (q.Changed() || len(q.Stages) == 0) {
			c.t.Fatalf("unknown inputs: from %d to %d with stages %v; want it kept, with a reason", q.Was, q.Price, q.Stages)
		}
		if !unknown && !all.Remaining.known && c.tier.Demand.Input != TierSellThrough && q.Changed() {
			c.t.Fatalf("stock unknown: from %d to %d, %s; want it kept", q.Was, q.Price, q.Reason)
		}
	})
}

func TestFreezeFreezes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCourse(t)
		for range rapid.IntRange(2, 30).Draw(t, "looks") {
			if rapid.Bool().Draw(t, "frozen") {
				c.state.Frozen = &Act{By: "ann", Why: "x"}
			} else {
				c.state.Frozen = nil
			}
			frozen := c.state.Frozen != nil
			c.look(func(_ Inputs, q Quote, _, _ TierState) {
				if frozen && q.Changed() {
					t.Fatalf("frozen: from %d to %d; want no change", q.Was, q.Price)
				}
			})
		}
	})
}

// Whoever saw an offer is never charged more than its ceiling, and never more
// than what is published, whatever happens between: rules that change included.
func TestALockedVisitorIsNeverChargedMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first, second := drawCourse(t), drawCourse(t)
		c := first
		c.look(func(Inputs, Quote, TierState, TierState) {})
		shown := c.e.Offers(c.state)["a"]
		change := rapid.IntRange(0, 20).Draw(t, "rules change after")
		for i := range 20 {
			if i == change {
				second.state, second.now = second.e.Adopt(c.state), c.now
				c = second
			}
			c.look(func(_ Inputs, q Quote, _, _ TierState) {
				for lock, ceiling := range map[Lock]int64{LockTurn: shown.Range.High, LockJoin: shown.Price} {
					if got := lock.Charge(shown, q.Price); got > ceiling || got > q.Price {
						t.Fatalf("%s: charged %d; was shown %+v, published is %d", lock, got, shown, q.Price)
					}
				}
				if i < change && q.Price > shown.Range.High {
					t.Fatalf("the price is %d; want it within the range shown, %v, as the rules are the same", q.Price, shown.Range)
				}
			})
		}
	})
}

// Decimals of a curve are exact: a ratio of a third of the way is a third of the
// price, to the cent, for every price there is.
func TestNoFloatReachesMoney(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.Int64Range(1, MaxAmount/4).Draw(t, "base")
		eur := Currency{"EUR", 2}
		r, err := Parse(fmt.Appendf(nil, `{"event": "e", "currency": "EUR", "all_in": "all", "tiers": [{"name": "a", "base": %s, "cap_multiplier": 3,
			"demand": {"input": "demand_ratio", "curve": [{"at": 0, "multiplier": 1}, {"at": 2, "multiplier": 3}]}}]}`, eur.Plain(base)))
		if err != nil {
			t.Fatal(err)
		}
		e, err := Compile(r)
		if err != nil {
			t.Fatal(err)
		}
		waiting, remaining := rapid.Int64Range(0, 64).Draw(t, "waiting"), int64(64)
		in := Inputs{Waiting: Count(waiting), Tiers: map[string]Stock{"a": {Remaining: Count(remaining)}}}
		_, s := e.Price(in, State{}, start)
		quotes, _ := e.Price(in, s, start.Add(time.Minute))
		// Base * (1 + waiting/64), half units up, in whole numbers.
		want := (base*(remaining+waiting)*2 + remaining) / (2 * remaining)
		if quotes[0].Price != want {
			t.Fatalf("price = %d; want %d", quotes[0].Price, want)
		}
	})
}
