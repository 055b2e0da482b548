package pricing

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/bilten/rushgate/event"
)

var (
	eventPattern = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
	tierPattern  = regexp.MustCompile(`^[a-z0-9-]{1,20}$`)
)

// Fit names what keeps the rules from being those of an event: the wrong id, or
// tiers that it does not sell. Tiers of the event without rules have no price.
func (r Rules) Fit(eventID string, tiers []string) error {
	var c checks
	c.unless(r.Event == eventID, "event", quote(r.Event), fmt.Sprintf("these would be the rules of %s", eventID))
	for i, t := range r.Tiers {
		c.unless(slices.Contains(tiers, t.Name), fmt.Sprintf("tiers[%d].name", i), quote(t.Name),
			"is no tier of the event: want "+strings.Join(tiers, ", "))
	}
	return c.err()
}

func (r Rules) problems() []*event.FieldError {
	var c checks
	c.unless(eventPattern.MatchString(r.Event), "event", quote(r.Event), "want 1 to 40 of a-z, 0-9 and -")
	money, known := ParseCurrency(r.Currency)
	c.unless(known, "currency", quote(r.Currency), "want a currency of ISO 4217 as in EUR")
	c.unless(strings.TrimSpace(r.AllIn) != "", "all_in", "", "is empty: it tells fans what the prices include")
	c.text("all_in", r.AllIn, 200)
	c.length("period", r.Period, 10*time.Second, time.Hour)
	c.between("tiers", len(r.Tiers), 1, MaxTiers)
	seen := map[string]bool{}
	for i, t := range r.Tiers {
		at := fmt.Sprintf("tiers[%d]", i)
		c.unless(tierPattern.MatchString(t.Name), at+".name", quote(t.Name), "want 1 to 20 of a-z, 0-9 and -")
		c.unless(!seen[t.Name], at+".name", quote(t.Name), "is there already")
		c.text(at+".title", t.Title, 100)
		seen[t.Name] = true
		c.demand(at+".demand", t.Demand)
		c.conditions(at+".conditions", t.Conditions)
		c.pace(at+".pace", t.Pace)
		if known {
			c.amounts(at, t, money)
		}
	}
	return c
}

func (c *checks) conditions(at string, conditions []Condition) {
	c.between(at, len(conditions), 0, MaxConditions)
	if len(conditions) == 0 {
		return
	}
	env, err := environment()
	if err != nil {
		c.unless(false, at, "", err.Error())
		return
	}
	for i, condition := range conditions {
		here := fmt.Sprintf("%s[%d]", at, i)
		if _, err := compile(env, condition.When); err != nil {
			c.unless(false, here+".when", quote(condition.When), err.Error())
		}
		c.multiplier(here+".multiplier", condition.Multiplier)
		c.unless(condition.Reason != "", here+".reason", "", "is missing: it tells fans why the price is another")
		c.text(here+".reason", condition.Reason, 100)
	}
}

func (c *checks) pace(at string, p Pace) {
	c.length(at+".smoothing", p.Smoothing, 0, event.Day)
	c.length(at+".decay", p.Decay, 0, 7*event.Day)
	c.length(at+".cooldown", p.Cooldown, 0, 7*event.Day)
	c.unless(!p.IncreaseOnly || p.Decay == p.Smoothing, at+".decay", p.Decay.String(), "is of no use with increase_only")
}

// amounts holds a tier's amounts against its currency and each other.
func (c *checks) amounts(at string, t Tier, money Currency) {
	before := len(*c)
	base := c.minor(at+".base", t.Base, money, 1)
	floor := c.minor(at+".floor", t.Floor, money, 0)
	high := t.cap(money)
	if t.Cap.Given {
		c.minor(at+".cap", t.Cap, money, 1)
	}
	step := c.minor(at+".rounding.to", t.Rounding.To, money, 0)
	ending := c.minor(at+".rounding.ending", t.Rounding.Ending, money, 0)
	farthest := c.minor(at+".pace.max_step", t.Pace.MaxStep, money, 0)
	if t.CapMultiplier.Given {
		c.multiplier(at+".cap_multiplier", t.CapMultiplier)
	}
	if len(*c) > before {
		return // what follows would only repeat it
	}
	c.unless(floor <= high, at+".floor", money.Plain(floor), "is above the cap, "+money.Plain(high))
	c.unless(floor <= base, at+".floor", money.Plain(floor), "is above the base, "+money.Plain(base))
	c.unless(base <= high, at+".base", money.Plain(base), "is above the cap, "+money.Plain(high))
	c.unless(!t.Rounding.To.Given || step > 0, at+".rounding.to", "0", "want more than 0")
	c.unless(!t.Pace.MaxStep.Given || farthest > 0, at+".pace.max_step", "0", "lets the price never move: leave floor and cap away instead")
	c.unless(ending < max(step, 1), at+".rounding.ending", money.Plain(ending), "is not below to, "+money.Plain(max(step, 1)))
	c.unless(farthest == 0 || farthest >= step, at+".pace.max_step", money.Plain(farthest),
		"is less than from one round price to the next, "+money.Plain(step)+": the price could never move")
	moves := len(t.Demand.Steps)+len(t.Demand.Curve)+len(t.Conditions) > 0
	c.unless(!moves || floor < high, at, quote(t.Name), "has rules that move its price, but neither floor nor cap leave room")
	if g := t.grid(money); g.step > 0 && ending < g.step {
		down, up := g.below(base), g.above(base)
		c.unless(down == up, at+".base", money.Plain(base), fmt.Sprintf("is no round price: want %s or %s", money.Plain(down), money.Plain(up)))
	}
}

// minor reads an amount; an amount that was not given is 0, unless one is needed.
func (c *checks) minor(field string, n Number, money Currency, least int64) int64 {
	if !n.Given && least > 0 {
		c.unless(false, field, "", "is missing")
		return 0
	}
	amount, exact := money.Minor(n)
	c.unless(exact, field, n.String(), money.tooFine())
	c.unless(least <= amount && amount <= MaxAmount, field, n.String(), fmt.Sprintf("want %s to %s", money.Plain(least), money.Plain(MaxAmount)))
	return amount
}

// checks gathers all that is wrong.
type checks []*event.FieldError

func (c checks) err() error {
	all := make([]error, len(c))
	for i, problem := range c {
		all[i] = problem
	}
	return errors.Join(all...)
}

func (c *checks) unless(ok bool, field, value, reason string) {
	if !ok {
		*c = append(*c, &event.FieldError{Field: field, Value: value, Reason: reason})
	}
}

func (c *checks) between(field string, n, low, high int) {
	c.unless(low <= n && n <= high, field, strconv.Itoa(n), fmt.Sprintf("want %d to %d", low, high))
}

func (c *checks) oneOf(field, value string, allowed ...string) {
	c.unless(slices.Contains(allowed, value), field, quote(value), "want "+strings.Join(slices.DeleteFunc(allowed, func(s string) bool { return s == "" }), ", "))
}

func (c *checks) length(field string, d event.Duration, low, high time.Duration) {
	ok := event.Duration(low) <= d && d <= event.Duration(high) && d%event.Duration(time.Second) == 0
	c.unless(ok, field, d.String(), fmt.Sprintf("want %v to %v in whole seconds", event.Duration(low), event.Duration(high)))
}

// text refuses what shows nothing or turns the reading direction around.
func (c *checks) text(field, s string, longest int) {
	hidden := strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) })
	c.unless(!hidden, field, quote(s), "holds control characters: want plain text in one line")
	n := len([]rune(s))
	c.unless(n <= longest, field, quote(s), fmt.Sprintf("%d characters are too many: want at most %d", n, longest))
}

func quote(s string) string {
	const longest = 60
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest]) + "…"
	}
	return strconv.Quote(s)
}
