package pricing

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// run is one tier on its way through the pipeline.
type run struct {
	*tier
	was   TierState
	facts facts
	stock Stock
	now   time.Time

	price      int64
	reason     Reason
	multiplier decimal.Decimal // smoothed; that of the state, unless demand is known
	dearer     string          // what a condition that raises tells fans
	cheaper    string          // what one that lowers tells them
	stages     []Stage
}

func (r *run) note(name, result, note string) {
	r.stages = append(r.stages, Stage{name, result, note})
}

// open publishes the base, whatever the demand: it is what was announced.
func (r *run) open() {
	r.price, r.reason, r.multiplier = r.base, Opening, decimal.New(1, 0)
	r.note("opening", r.currency.Plain(r.base), "nothing was published before")
}

// keep leaves what is published.
func (r *run) keep(reason Reason, note string) {
	r.price, r.reason, r.multiplier = r.was.Price, reason, r.was.Multiplier
	r.note("kept", r.currency.Plain(r.price), note)
}

// decide goes through the stages, in their order, unless something comes before
// all of them.
func (r *run) decide() {
	switch {
	case r.was.Override != nil:
		r.override(*r.was.Override)
	case r.was.Price < r.floor || r.was.Price > r.high:
		r.intoRange()
	case r.soldOut():
		r.keep(SoldOut, "nothing remains")
	default:
		r.follow()
	}
}

func (r *run) soldOut() bool {
	remaining, known := r.stock.Remaining.Value()
	return known && remaining == 0
}

// override publishes what was set by hand, as far as the rules' range allows. The
// multiplier follows, so that afterwards the price goes on from there.
func (r *run) override(o Override) {
	r.price, r.reason = min(max(o.Price, r.floor), r.high), Overridden
	r.multiplier = r.multiple(r.price)
	r.note("override", r.currency.Plain(r.price), "set by "+o.By+": "+o.Why)
}

// intoRange goes the shortest way to where new rules allow it. Fans are shown
// floor and cap, so these come before the largest step, cooldown and the rest.
func (r *run) intoRange() {
	r.price, _ = r.grid.nearest(r.was.Price, r.floor, r.high)
	r.reason, r.multiplier = RangeChanged, r.multiple(r.price)
	r.note("range", r.currency.Plain(r.price), fmt.Sprintf("%s is outside of %s to %s", r.currency.Plain(r.was.Price),
		r.currency.Plain(r.floor), r.currency.Plain(r.high)))
}

// follow lets demand move the price.
func (r *run) follow() {
	wanted, ok := r.demanded()
	if !ok {
		return
	}
	r.smooth(decimal.Max(decimal.Min(wanted, r.multiple(r.high)), r.multiple(r.floor)))
	amount := r.amount(r.multiplier)
	r.note("amount", r.currency.Plain(amount), "base times multiplier")
	wish, _ := r.grid.nearest(amount, r.floor, r.high) // what it would be, were there no pace
	within := r.narrow(amount)
	price, some := r.grid.nearest(within.target, within.low, within.high)
	if !some || r.against(price, within.target) {
		r.price, r.reason = r.was.Price, OutOfReach
		r.note("rounding", r.currency.Plain(r.price), "no round price within reach: the last one stays")
		return
	}
	r.note("rounding", r.currency.Plain(price), "")
	r.price, r.reason = price, r.why(price, wish, r.amount(wanted))
	r.cool()
}

// against says that rounding would move the price the other way than what it is
// drawn to: one that was set by hand, or by older rules, need not be round.
func (r *run) against(price, target int64) bool {
	return price > r.was.Price && target <= r.was.Price || price < r.was.Price && target >= r.was.Price
}

// demanded is the multiplier that demand and conditions ask for. It is false if
// that can't be known, and then the price stays.
func (r *run) demanded() (decimal.Decimal, bool) {
	multiplier := decimal.New(1, 0)
	if input := r.Demand.Input; input != "" {
		x, known := r.facts.exact[input]
		if !known {
			r.keep(UnknownInputs, string(input)+" is not known")
			return multiplier, false
		}
		r.note("input", x.String(), string(input))
		multiplier = r.Demand.multiplier(x)
		r.note("multiplier", multiplier.String(), "")
	}
	for i, condition := range r.Conditions {
		yes, err := holds(r.programs[i], r.facts)
		if err != nil {
			r.keep(r.failure(), fmt.Sprintf("conditions[%d]: %v", i, err))
			return multiplier, false
		}
		if yes {
			multiplier = multiplier.Mul(condition.Multiplier.Decimal).Round(places)
			r.explain(condition)
			r.note("condition", multiplier.String(), condition.When+": "+condition.Reason)
		}
	}
	return multiplier, true
}

// explain notes what a condition tells fans of a price that moves its way.
func (r *run) explain(c Condition) {
	switch one := decimal.New(1, 0); {
	case c.Multiplier.GreaterThan(one):
		r.dearer = c.Reason
	case c.Multiplier.LessThan(one):
		r.cheaper = c.Reason
	}
}

// failure tells a condition that lacks an input from one that can't be reckoned.
func (r *run) failure() Reason {
	if len(r.facts.cel) < len(Variables()) {
		return UnknownInputs
	}
	return ConditionFailed
}

// smooth moves the multiplier towards what is wanted, which is never beyond floor
// and cap, or it would take long to come back from there: by dt / (tau + dt) of the
// way, which is a low pass of first order, solved backwards, in exact numbers. Of
// a long gap between two looks only two periods count: what demand was meanwhile
// nobody knows.
func (r *run) smooth(wanted decimal.Decimal) {
	tau := time.Duration(r.Pace.Smoothing)
	if wanted.LessThan(r.was.Multiplier) {
		tau = time.Duration(r.Pace.Decay)
	}
	dt := min(max(0, r.now.Sub(r.was.Looked)), r.longest)
	if tau == 0 {
		r.multiplier = wanted
		return
	}
	way := wanted.Sub(r.was.Multiplier).Mul(decimal.New(int64(dt), 0)).DivRound(decimal.New(int64(tau+dt), 0), places)
	r.multiplier = r.was.Multiplier.Add(way)
	r.note("smoothing", r.multiplier.String(), fmt.Sprintf("%v after the last, time constant %v", dt, tau))
}

// window is where the price may be, and where in it it is drawn to.
type window struct{ low, high, target int64 }

// narrow applies floor, cap, the largest step and "rises only".
func (r *run) narrow(amount int64) window {
	w := window{low: r.floor, high: r.high}
	w.target = min(max(amount, w.low), w.high)
	r.note("bounds", r.currency.Plain(w.target), "")
	if r.farthest > 0 {
		w.low, w.high = max(w.low, r.was.Price-r.farthest), min(w.high, r.was.Price+r.farthest)
		w.target = min(max(w.target, w.low), w.high)
		r.note("max_step", r.currency.Plain(w.target), "")
	}
	if r.Pace.IncreaseOnly {
		w.low = max(w.low, r.was.Price)
		w.target = max(w.target, w.low)
		r.note("increase_only", r.currency.Plain(w.target), "")
	}
	return w
}

// why names the reason of a price: wish is what it would be without its pace,
// demanded what demand asks for, floor and cap aside.
func (r *run) why(price, wish, demanded int64) Reason {
	switch {
	case price > r.was.Price:
		return Raised
	case price < r.was.Price && r.lapsed():
		return HoldsLapsed
	case price < r.was.Price:
		return Lowered
	case r.Pace.IncreaseOnly && wish < price:
		return OnlyRises
	case wish != price:
		return OutOfReach
	case demanded > r.high:
		return AtCap
	case demanded < r.floor:
		return AtFloor
	}
	return Steady
}

// lapsed says that tickets came back which nobody paid for, where the price follows
// tickets at all.
func (r *run) lapsed() bool {
	held, sold := r.was.Held, r.was.Sold
	return !r.Demand.Input.timed() && held.known && sold.known && r.stock.Held.known && r.stock.Sold.known && held.n-r.stock.Held.n > r.stock.Sold.n-sold.n
}

// cool holds a change back that comes too soon.
func (r *run) cool() {
	since := r.now.Sub(r.was.Changed)
	if r.price == r.was.Price || since >= time.Duration(r.Pace.Cooldown) {
		return
	}
	r.price, r.reason = r.was.Price, Cooling
	r.note("cooldown", r.currency.Plain(r.price), fmt.Sprintf("the last change was %v ago: want %v", since.Round(time.Second), r.Pace.Cooldown))
}

// finish is the quote, and what the next run will start from.
func (r *run) finish(first bool) (Quote, TierState) {
	quote := Quote{Tier: r.Name, Price: r.price, Was: r.was.Price, First: first, Reason: r.reason, Words: r.words(), Stages: r.stages}
	next := r.was
	next.Multiplier, next.Looked, next.Held, next.Sold = r.multiplier, r.now, r.stock.Held, r.stock.Sold
	if quote.Changed() {
		next.Price, next.Reason, next.Words, next.Changed = r.price, r.reason, quote.Words, r.now
	}
	return quote, next
}

func (r *run) words() string {
	switch {
	case r.reason == Raised && r.dearer != "":
		return "The price rose: " + r.dearer
	case r.reason == Lowered && r.cheaper != "":
		return "The price fell: " + r.cheaper
	case r.reason == Raised && r.Demand.Input.timed():
		return "The price rose with time, as its rules say."
	case r.reason == Lowered && r.Demand.Input.timed():
		return "The price fell with time, as its rules say."
	}
	return r.reason.Words()
}
