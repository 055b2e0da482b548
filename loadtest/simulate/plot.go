package simulate

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// plot is a line chart as SVG, drawn in a fixed box that the page scales.
type plot struct {
	Title, Note string
	Curves      []curve
	X, Y        axis
}

// curve is one scenario's line; Scenario picks its colour.
type curve struct {
	Scenario int
	Points   []point
}

type point struct{ x, y float64 }

// axis goes from 0 to at least what it must show, with a label for each step.
type axis struct {
	most, step float64
	label      func(float64) string
}

const (
	plotWidth, plotHeight = 440, 240 // so small that labels stay readable on a phone
	plotLeft, plotRight   = 58, 26
	plotTop, plotBottom   = 12, 30
)

// scale picks steps of 1, 2 or 5 times a power of base, about n of them. Times
// go by the minute, so their base is not 10.
func scale(most float64, n int, steps []float64, label func(float64) string) axis {
	if most <= 0 {
		most = 1
	}
	step := steps[len(steps)-1]
	for _, s := range steps {
		if most/s <= float64(n) {
			step = s
			break
		}
	}
	return axis{most: math.Ceil(most/step) * step, step: step, label: label}
}

func decimals() []float64 {
	var steps []float64
	for power := 1.0; power < 1e9; power *= 10 {
		steps = append(steps, power, 2*power, 5*power)
	}
	return steps
}

func timeAxis(most float64) axis {
	return scale(most, 5, []float64{1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 86_400}, span)
}

func countAxis(most float64) axis {
	return scale(most, 5, decimals(), func(v float64) string { return short(v) })
}

// short writes 1500 as 1.5k.
func short(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.3gM", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%.3gk", v/1e3)
	}
	return fmt.Sprintf("%.3g", v)
}

func (p plot) at(q point) (x, y float64) {
	x = plotLeft + q.x/p.X.most*(plotWidth-plotLeft-plotRight)
	y = plotHeight - plotBottom - q.y/p.Y.most*(plotHeight-plotTop-plotBottom)
	return x, y
}

// SVG is the drawing. All it holds is made of numbers and our own labels.
func (p plot) SVG() template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, plotWidth, plotHeight, template.HTMLEscapeString(p.Title))
	for v := 0.0; v <= p.Y.most*1.0001; v += p.Y.step {
		_, y := p.at(point{0, v})
		fmt.Fprintf(&b, `<path class="grid" d="M%d %.1fH%d"/><text class="y" x="%d" y="%.1f">%s</text>`,
			plotLeft, y, plotWidth-plotRight, plotLeft-8, y+4, p.Y.label(v))
	}
	for v := 0.0; v <= p.X.most*1.0001; v += p.X.step {
		x, _ := p.at(point{v, 0})
		fmt.Fprintf(&b, `<text class="x" x="%.1f" y="%d">%s</text>`, x, plotHeight-8, p.X.label(v))
	}
	for _, c := range p.Curves {
		fmt.Fprintf(&b, `<path class="curve c%d" d="`, c.Scenario%colours)
		for i, q := range c.Points {
			x, y := p.at(q)
			fmt.Fprintf(&b, "%c%.1f %.1f", "ML"[min(i, 1)], x, y)
		}
		b.WriteString(`"/>`)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // numbers and labels that this package has made
}

// plots are the pictures of a report.
func plots(results []Result) []plot {
	of := func(title, note string, y func(Moment) float64) plot {
		p := plot{Title: title, Note: note}
		var mostX, mostY float64
		for i, r := range results {
			c := curve{Scenario: i}
			for _, m := range r.Course {
				c.Points = append(c.Points, point{m.At, y(m)})
				mostX, mostY = max(mostX, m.At), max(mostY, y(m))
			}
			p.Curves = append(p.Curves, c)
		}
		p.X, p.Y = timeAxis(mostX), countAxis(mostY)
		return p
	}
	return []plot{
		waitPlot(results),
		of("People in the line", "Over the time since the first arrival.", func(m Moment) float64 { return m.Waiting }),
		of("Let in per minute", "What the shop sees at its door.", func(m Moment) float64 { return m.Admitted }),
		of("In the shop at once", "Sessions that hold a slot, those that were left behind included.", func(m Moment) float64 { return m.Active }),
		of("Polls per second", "What the gateways answer from memory, all together.", func(m Moment) float64 { return m.Polls }),
	}
}

// waitPlot shows how long which share of the visitors waits.
func waitPlot(results []Result) plot {
	p := plot{
		Title: "How long people wait", Note: "Read upwards from a share: so many of the admitted waited no longer than this.",
		X: axis{most: 100, step: 20, label: func(v float64) string { return fmt.Sprintf("%.0f%%", v) }},
	}
	var most float64
	for i, r := range results {
		c := curve{Scenario: i}
		for k, wait := range r.Wait.Quantiles {
			c.Points = append(c.Points, point{float64(k) * 100 / float64(len(r.Wait.Quantiles)-1), wait})
			most = max(most, wait)
		}
		p.Curves = append(p.Curves, c)
	}
	p.Y = timeAxis(most)
	return p
}
