package plot

import (
	"fmt"
	"strings"
)

// frame is the size of a picture, in the units of its text (CSS pixels, where
// it is shown unscaled).
type frame struct {
	class         string
	width, height float64
}

const (
	top, bottom, right = 14, 38, 16
	perLetter          = 7 // as wide as a digit of a label
	perTickX           = 62
	perTickY           = 42
)

// plane places values in a frame.
type plane struct {
	frame
	left             float64
	highestX, bestY  float64
	ticksX, ticksY   []float64
	innerW, innerH   float64
	labelsX, labelsY Axis
}

func (c Chart) plane(f frame) plane {
	x, y := c.extent()
	p := plane{frame: f, innerH: f.height - top - bottom, labelsX: c.X, labelsY: c.Y}
	p.ticksY = c.Y.Scale.ticks(y, int(p.innerH/perTickY))
	p.bestY = p.ticksY[len(p.ticksY)-1]
	letters := 1
	for _, v := range p.ticksY {
		letters = max(letters, len(c.Y.Scale.label(v)))
	}
	p.left = float64(letters*perLetter + 10)
	p.innerW = f.width - p.left - right
	p.ticksX = c.X.Scale.ticks(x, int(p.innerW/perTickX))
	if p.highestX = x; x <= 0 {
		p.highestX = 1
	}
	return p
}

func (p plane) x(v float64) float64 { return p.left + v/p.highestX*p.innerW }
func (p plane) y(v float64) float64 { return top + (1-v/p.bestY)*p.innerH }

func (c Chart) draw(b *strings.Builder, f frame) {
	p := c.plane(f)
	fmt.Fprintf(b, "<svg class=\"%s\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"%s\">", f.class, f.width, f.height, escape(c.Title))
	p.grid(b)
	for i, s := range c.Series {
		p.series(b, s, i)
	}
	b.WriteString("</svg>")
}

func (p plane) grid(b *strings.Builder) {
	for _, v := range p.ticksY {
		class := "grid"
		if v == 0 {
			class = "axis"
		}
		fmt.Fprintf(b, "<path class=\"%s\" d=\"M%.1f %.1fH%.1f\"/>", class, p.left, p.y(v), p.width-right)
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>", p.left-7, p.y(v)+4, p.labelsY.Scale.label(v))
	}
	for _, v := range p.ticksX {
		if v > p.highestX {
			continue
		}
		fmt.Fprintf(b, "<path class=\"axis\" d=\"M%.1f %.1fv4\"/>", p.x(v), p.y(0))
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>", p.x(v), p.y(0)+17, p.labelsX.Scale.label(v))
	}
	fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>", p.width-right, p.height-4, escape(p.labelsX.Label))
	if p.labelsY.Label != "" {
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\">%s</text>", p.left+4, float64(top-3), escape(p.labelsY.Label))
	}
}

func (p plane) series(b *strings.Builder, s Series, i int) {
	points := thin(s.Points, int(p.innerW))
	if s.Mark == Dots {
		fmt.Fprintf(b, "<g class=\"dots s%d\">", i%Colours)
		for _, v := range points {
			fmt.Fprintf(b, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2\"/>", p.x(v.X), p.y(v.Y))
		}
		b.WriteString("</g>")
		return
	}
	var path strings.Builder
	for k, v := range points {
		verb := "L"
		if k == 0 {
			verb = "M"
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", verb, p.x(v.X), p.y(v.Y))
	}
	if len(points) == 0 {
		return
	}
	if s.Mark == Area {
		fmt.Fprintf(b, "<path class=\"area s%d\" d=\"%sV%.1fH%.1fZ\"/>", i%Colours, &path, p.y(0), p.x(points[0].X))
	}
	class := "stroke"
	if s.Mark == Rule {
		class = "rule"
	}
	fmt.Fprintf(b, "<path class=\"%s s%d\" d=\"%s\"/>", class, i%Colours, &path)
}

// thin keeps at most n of the points, evenly chosen, the last among them, and
// none that is not a number.
func thin(points []Point, n int) []Point {
	var kept []Point
	for _, p := range points {
		if finite(p) {
			kept = append(kept, p)
		}
	}
	if len(kept) <= n || n < 2 {
		return kept
	}
	thinned := make([]Point, n)
	for i := range thinned {
		thinned[i] = kept[i*(len(kept)-1)/(n-1)]
	}
	return thinned
}
