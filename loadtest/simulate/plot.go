package simulate

import (
	"html/template"

	"github.com/bilten/rushgate/loadtest/plot"
)

// picture is a chart with a series for each scenario, which the page's legend
// names once for all.
type picture struct {
	Chart template.HTML
	Note  string
}

// pictures are the charts of a report.
func pictures(results []Result) []picture {
	over := func(title, note string, y func(Moment) float64) picture {
		c := plot.Chart{Title: title, X: plot.Axis{Label: "since the first arrival", Scale: plot.Duration}}
		for _, r := range results {
			var s plot.Series
			for _, m := range r.Course {
				s.Points = append(s.Points, plot.Point{X: m.At, Y: y(m)})
			}
			c.Series = append(c.Series, s)
		}
		return picture{c.HTML(), note}
	}
	return []picture{
		waits(results),
		over("People in the line", "Who has been called is not among them.", func(m Moment) float64 { return m.Waiting }),
		over("Let in per minute", "What the shop sees at its door.", func(m Moment) float64 { return m.Admitted }),
		over("In the shop at once", "Sessions that hold a slot, those that were left behind included.", func(m Moment) float64 { return m.Active }),
		over("Polls per second", "What the gateways answer from memory, all together.", func(m Moment) float64 { return m.Polls }),
	}
}

// waits shows how long which share of the visitors waits.
func waits(results []Result) picture {
	c := plot.Chart{
		Title: "How long people wait",
		X:     plot.Axis{Label: "of the admitted", Scale: plot.Percent}, Y: plot.Axis{Scale: plot.Duration},
	}
	for _, r := range results {
		var s plot.Series
		for k, wait := range r.Wait.Quantiles {
			s.Points = append(s.Points, plot.Point{X: float64(k) * 100 / float64(len(r.Wait.Quantiles)-1), Y: wait})
		}
		c.Series = append(c.Series, s)
	}
	return picture{c.HTML(), "Read upwards from a share: so many waited no longer than this."}
}
