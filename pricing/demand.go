package pricing

import (
	"fmt"

	"github.com/shopspring/decimal"
)

// multiplier is what the demand's steps or curve say of x.
func (d Demand) multiplier(x decimal.Decimal) decimal.Decimal {
	if len(d.Steps) > 0 {
		for _, s := range d.Steps {
			if !s.To.given || x.LessThan(s.To.at) {
				return s.Multiplier.Decimal
			}
		}
	}
	return d.onCurve(x)
}

func (d Demand) onCurve(x decimal.Decimal) decimal.Decimal {
	before := d.Curve[0]
	if x.LessThanOrEqual(before.At.at) {
		return before.Multiplier.Decimal
	}
	for _, next := range d.Curve[1:] {
		if x.LessThan(next.At.at) {
			rise := next.Multiplier.Sub(before.Multiplier.Decimal).Mul(x.Sub(before.At.at))
			return before.Multiplier.Add(rise.DivRound(next.At.at.Sub(before.At.at), places))
		}
		before = next
	}
	return before.Multiplier.Decimal
}

// multipliers are all that steps or curve name.
func (d Demand) multipliers() []Number {
	var all []Number
	for _, s := range d.Steps {
		all = append(all, s.Multiplier)
	}
	for _, p := range d.Curve {
		all = append(all, p.Multiplier)
	}
	return all
}

func (c *checks) demand(at string, d Demand) {
	if d.Input == "" && len(d.Steps)+len(d.Curve) == 0 {
		c.unless(d.Monotone == AnyWay, at+".monotone", quote(string(d.Monotone)), "is of no use without steps or a curve")
		return
	}
	c.oneOf(at+".input", string(d.Input), string(DemandRatio), string(SellThrough), string(TierSellThrough), string(TimeToStart), string(TimeOnSale))
	c.unless(len(d.Steps)+len(d.Curve) > 0, at, "", "has neither steps nor a curve")
	c.unless(len(d.Steps) == 0 || len(d.Curve) == 0, at, "", "has steps and a curve: want one of them")
	c.between(at+".steps", len(d.Steps), 0, MaxSteps)
	c.between(at+".curve", len(d.Curve), 0, MaxSteps)
	c.steps(at+".steps", d)
	c.curve(at+".curve", d)
	c.monotone(at, d)
}

func (c *checks) steps(at string, d Demand) {
	for i, s := range d.Steps {
		here := fmt.Sprintf("%s[%d]", at, i)
		c.multiplier(here+".multiplier", s.Multiplier)
		c.bound(here+".from", s.From, d.Input)
		last := i == len(d.Steps)-1
		if !last {
			c.unless(s.To.given, here+".to", "", "is missing: only the last step has no end")
		}
		c.unless(!last || !s.To.given, here+".to", s.To.String(), "leaves a gap above it: the last step has no end")
		if s.To.given {
			c.bound(here+".to", s.To, d.Input)
			c.unless(s.To.at.GreaterThan(s.From.at), here+".to", s.To.String(), "is not above from, "+s.From.String())
		}
		if i == 0 {
			c.unless(s.From.at.IsZero(), here+".from", s.From.String(), "leaves a gap below it: the first step begins at 0")
			continue
		}
		end := d.Steps[i-1].To
		c.unless(!end.given || !s.From.at.GreaterThan(end.at), here+".from", s.From.String(),
			fmt.Sprintf("leaves a gap: the step before ends at %s", end))
		c.unless(!end.given || !s.From.at.LessThan(end.at), here+".from", s.From.String(),
			fmt.Sprintf("overlaps the step before, which ends at %s", end))
	}
}

func (c *checks) curve(at string, d Demand) {
	c.unless(len(d.Curve) != 1, at, "", "has one point: want two or more")
	for i, p := range d.Curve {
		here := fmt.Sprintf("%s[%d]", at, i)
		c.multiplier(here+".multiplier", p.Multiplier)
		c.bound(here+".at", p.At, d.Input)
		if i > 0 {
			c.unless(p.At.at.GreaterThan(d.Curve[i-1].At.at), here+".at", p.At.String(),
				"is not above the point before, "+d.Curve[i-1].At.String())
		}
	}
}

func (c *checks) monotone(at string, d Demand) {
	c.oneOf(at+".monotone", string(d.Monotone), string(AnyWay), string(Rising), string(Falling))
	list, all := "steps", d.multipliers()
	if len(d.Curve) > 0 {
		list = "curve"
	}
	for i := 1; i < len(all); i++ {
		falls, rises := all[i].LessThan(all[i-1].Decimal), all[i].GreaterThan(all[i-1].Decimal)
		c.unless(!(d.Monotone == Rising && falls || d.Monotone == Falling && rises), fmt.Sprintf("%s.%s[%d].multiplier", at, list, i),
			all[i].String(), fmt.Sprintf("is not %s: before it stands %s", d.Monotone, all[i-1]))
	}
}

func (c *checks) bound(field string, b Bound, input Input) {
	switch {
	case !b.given:
		c.unless(false, field, "", "is missing")
	case input.timed():
		c.unless(b.timed || b.at.IsZero(), field, b.String(), fmt.Sprintf("want a time as in \"90s\" or \"24h\", as %s is one", input))
	default:
		c.unless(!b.timed, field, b.String(), fmt.Sprintf("want a number, as %s is one", input))
		c.unless(input != SellThrough && input != TierSellThrough || b.at.LessThanOrEqual(decimal.New(1, 0)), field, b.String(),
			"want 0 to 1: it is a share of all tickets")
	}
}

// Multipliers are kept where a mistyped one is noticed.
func (c *checks) multiplier(field string, n Number) {
	if !n.Given {
		c.unless(false, field, "", "is missing")
		return
	}
	ok := n.GreaterThanOrEqual(decimal.New(1, -2)) && n.LessThanOrEqual(decimal.New(100, 0))
	c.unless(ok, field, n.String(), "want 0.01 to 100")
}
