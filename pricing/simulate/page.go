package simulate

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"

	"github.com/bilten/rushgate/loadtest/plot"
	"github.com/bilten/rushgate/pricing"
)

//go:embed page.html
var pageText string

// Page writes one HTML page that asks for nothing from anywhere.
func Page(w io.Writer, r Result) error {
	page, err := template.New("prices").Funcs(template.FuncMap{"money": r.Currency.Plain, "more": more, "clock": clock}).Parse(pageText)
	if err != nil {
		return fmt.Errorf("page of prices: %w", err)
	}
	var earned, base int64
	for _, o := range r.Tiers {
		earned, base = earned+o.Earned, base+o.AtBase
	}
	return page.Execute(w, struct {
		Result
		Style        template.CSS
		Plots        []template.HTML
		Earned, Base int64
	}{r, plot.Style, r.plots(), earned, base})
}

// plots are the price of each tier with the range that was shown, then demand,
// then earnings.
func (r Result) plots() []template.HTML {
	var all []template.HTML
	for i, o := range r.Tiers {
		all = append(all, r.priceOf(i, o).HTML())
	}
	return append(all, r.demand().HTML(), r.earnings().HTML())
}

func (r Result) priceOf(i int, o Outcome) plot.Chart {
	reason := func(reasons ...pricing.Reason) func(Look) float64 {
		return func(l Look) float64 {
			for _, one := range reasons {
				if l.Quotes[i].Reason == one {
					return r.major(l.Quotes[i].Price)
				}
			}
			return math.NaN()
		}
	}
	price := func(l Look) float64 { return r.major(l.Quotes[i].Price) }
	return r.chart("Price: "+o.Title, r.Currency.Code,
		r.row("published", plot.Line, price),
		r.row("highest that was shown", plot.Rule, func(l Look) float64 { return r.major(l.Offers[o.Tier].Range.High) }),
		r.row("lowest", plot.Rule, func(l Look) float64 { return r.major(l.Offers[o.Tier].Range.Low) }),
		r.row("kept, as demand is not known, or sold out", plot.Dots, reason(pricing.UnknownInputs, pricing.ConditionFailed, pricing.SoldOut)))
}

func (r Result) demand() plot.Chart {
	return r.chart("Demand", "",
		r.row("waiting", plot.Area, func(l Look) float64 { return number(l.Inputs.Waiting) }),
		r.row("tickets that remain", plot.Line, func(l Look) float64 {
			all := 0.0
			for _, stock := range l.Inputs.Tiers {
				all += number(stock.Remaining)
			}
			return all
		}))
}

func (r Result) earnings() plot.Chart {
	return r.chart("Earned until then", r.Currency.Code,
		r.row("by the rules", plot.Line, func(l Look) float64 { return r.major(l.Earned) }),
		r.row("at the base", plot.Rule, func(l Look) float64 { return r.major(l.AtBases) }))
}

func (r Result) chart(title, unit string, rows ...plot.Series) plot.Chart {
	return plot.Chart{Title: title, X: plot.Axis{Label: "since the beginning", Scale: plot.Duration}, Y: plot.Axis{Label: unit}, Series: rows}
}

// row is one value of every look. Prices are steps: they hold until the next look.
func (r Result) row(name string, mark plot.Mark, value func(Look) float64) plot.Series {
	s := plot.Series{Name: name, Mark: mark}
	for i, look := range r.Looks {
		v := value(look)
		if i > 0 && mark == plot.Line && len(s.Points) > 0 && v != s.Points[len(s.Points)-1].Y {
			s.Points = append(s.Points, plot.Point{X: look.At.Seconds(), Y: s.Points[len(s.Points)-1].Y})
		}
		s.Points = append(s.Points, plot.Point{X: look.At.Seconds(), Y: v})
	}
	return s
}

// major is an amount for the eye; no price is made of it.
func (r Result) major(minor int64) float64 {
	return float64(minor) / math.Pow10(r.Currency.Digits)
}

func number(reading pricing.Reading) float64 {
	n, known := reading.Value()
	if !known {
		return math.NaN()
	}
	return float64(n)
}
