// Package plot draws charts as inline SVG, so that a report is one file which
// opens anywhere, prints, and follows the reader's light or dark theme.
//
// A [Chart] becomes a figure with a legend in words. It is drawn twice, wide
// and narrow, because text in a picture that shrinks to a phone can't be read;
// [Style], which a page includes once, shows the one that fits.
package plot

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// Style is the CSS that figures need. A page may set its own --ink, --muted,
// --line and --card; the colours of series are --plot-0 to --plot-7.
const Style template.CSS = `
:root { --plot-0: #2563eb; --plot-1: #d97706; --plot-2: #0d9488; --plot-3: #be185d; --plot-4: #7c3aed; --plot-5: #0891b2; --plot-6: #92400e; --plot-7: #64748b; }
@media (prefers-color-scheme: dark) { :root { --plot-0: #7aa7ff; --plot-1: #f5b14c; --plot-2: #4fd1c0; --plot-3: #f59ac4; --plot-4: #b79cff; --plot-5: #67cfee; --plot-6: #d69a6a; --plot-7: #a3b0c2; } }
.plot { margin: 0; break-inside: avoid; }
.plot figcaption { font-weight: 600; }
.plot .legend { display: flex; flex-wrap: wrap; gap: .125rem 1.25rem; margin: .25rem 0 .5rem; padding: 0; list-style: none; font-size: .875rem; color: var(--muted); }
.plot .legend li { margin: 0; }
.plot .legend li::before { content: ""; display: inline-block; width: .875rem; height: .25rem; margin-inline-end: .4375rem; vertical-align: .1875rem; border-radius: 1rem; background: var(--c); }
.plot .legend li.dots::before { width: .5rem; height: .5rem; border-radius: 50%; vertical-align: .0625rem; }
.plot svg { display: block; width: 100%; height: auto; overflow: visible; }
.plot svg.narrow { display: none; }
@media (max-width: 38rem) { .plot svg.wide { display: none; } .plot svg.narrow { display: block; } }
.plot text { font: 12px system-ui, sans-serif; font-variant-numeric: tabular-nums; fill: var(--muted); }
.plot .grid { stroke: var(--line); stroke-width: 1; }
.plot .axis { stroke: var(--muted); stroke-width: 1; }
.plot .stroke { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.plot .area { fill: var(--c); fill-opacity: .14; }
.plot .dots { fill: var(--c); fill-opacity: .45; }
.plot .rule { fill: none; stroke: var(--c); stroke-width: 1.5; stroke-dasharray: 5 4; }
.plot .s0 { --c: var(--plot-0); } .plot .s1 { --c: var(--plot-1); } .plot .s2 { --c: var(--plot-2); } .plot .s3 { --c: var(--plot-3); }
.plot .s4 { --c: var(--plot-4); } .plot .s5 { --c: var(--plot-5); } .plot .s6 { --c: var(--plot-6); } .plot .s7 { --c: var(--plot-7); }
`

// Point is one value.
type Point struct{ X, Y float64 }

// Mark says how a series is drawn.
type Mark int

const (
	Line Mark = iota
	Area      // a line with what is below it filled
	Dots
	Rule // a dashed line, for what was promised or allowed
)

// Series is one row of values; the legend names it, if it has a name.
type Series struct {
	Name   string
	Mark   Mark
	Points []Point
}

// Scale says how an axis is divided and labelled.
type Scale int

const (
	Number   Scale = iota // 1,000 and 2.5M
	Duration              // seconds, labelled as 40 s, 5 min, 2 h
	Percent               // 100 is all
)

// Axis of a chart. It begins at 0, and ends where the highest value does.
type Axis struct {
	Label string
	Scale Scale
}

// Colours is how many series of a chart can be told apart.
const Colours = 8

// Chart of up to [Colours] series. They have the classes s0, s1 and so on, for a
// page whose charts share a legend.
type Chart struct {
	Title  string
	X, Y   Axis
	Series []Series
}

// wide fits a desktop's column, narrow a phone's.
var wide, narrow = frame{"wide", 760, 260}, frame{"narrow", 350, 230}

// HTML is the chart as a figure. Titles, names and labels are escaped.
func (c Chart) HTML() template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, "<figure class=\"plot\"><figcaption>%s</figcaption><ul class=\"legend\">", escape(c.Title))
	for i, s := range c.Series {
		class := ""
		if s.Mark == Dots {
			class = " dots"
		}
		if s.Name != "" {
			fmt.Fprintf(&b, "<li class=\"s%d%s\">%s</li>", i%Colours, class, escape(s.Name))
		}
	}
	b.WriteString("</ul>")
	for _, f := range []frame{wide, narrow} {
		c.draw(&b, f)
	}
	b.WriteString("</figure>\n")
	return template.HTML(b.String()) // every text above and below was escaped
}

func escape(text string) string { return template.HTMLEscapeString(text) }

// extent is the highest finite x and y.
func (c Chart) extent() (x, y float64) {
	for _, s := range c.Series {
		for _, p := range s.Points {
			if finite(p) {
				x, y = max(x, p.X), max(y, p.Y)
			}
		}
	}
	return x, y
}

func finite(p Point) bool {
	return !math.IsNaN(p.X) && !math.IsInf(p.X, 0) && !math.IsNaN(p.Y) && !math.IsInf(p.Y, 0)
}
