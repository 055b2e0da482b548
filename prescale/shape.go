package prescale

import (
	"math"
	"time"
)

// The model of an onsale's arrivals where no past event brings its course: so
// many of all visitors stand there when it opens, the others come at a rate
// that decays. It is a stated assumption, not a measurement: an opening is
// announced to the minute, so people come early, and who hears of it late comes
// soon after or never.
const (
	ModelEarly = 0.5
	ModelDecay = 10 * time.Minute
	horizon    = 2 * time.Hour // what comes later is less than 1 in 100,000, unless a past event has shown otherwise
)

// Where a shape is from.
const (
	ShapeModel = "model: half at the opening, then exponential decay over 10m"
	ShapePast  = "the courses of past events"
)

// Shape is which share of all visitors has come by when. The zero Shape is the
// model.
type Shape struct {
	past []Past // with a course from the start or before to after it
}

// shapeOf uses the courses that reach over the start.
func shapeOf(past []Past) Shape {
	var s Shape
	for _, p := range past {
		if n := len(p.Course); n > 1 && p.Course[0].At <= 0 && p.Course[n-1].At > 0 && p.Course[n-1].Visitors > 0 {
			s.past = append(s.past, p)
		}
	}
	return s
}

// Share is the part, 0 to 1, that has come by then. Nobody counts before the
// start: until then nobody is let in.
func (s Shape) Share(at time.Duration) float64 {
	switch {
	case at < 0:
		return 0
	case len(s.past) == 0:
		return ModelEarly + (1-ModelEarly)*-math.Expm1(-at.Seconds()/ModelDecay.Seconds())
	}
	var sum float64
	for _, p := range s.past {
		last := p.Course[len(p.Course)-1]
		came, known := along(p.Course, at)
		if !known { // after the last mark
			came = float64(last.Visitors)
		}
		sum += came / float64(last.Visitors)
	}
	return sum / float64(len(s.past))
}

// end is when nobody comes any more, or as good as nobody.
func (s Shape) end() time.Duration {
	end := horizon
	for _, p := range s.past {
		end = max(end, p.Course[len(p.Course)-1].At)
	}
	return end
}

// along reads a course at a moment between its marks.
func along(course []Mark, at time.Duration) (visitors float64, known bool) {
	for i, m := range course {
		switch {
		case m.At == at:
			return float64(m.Visitors), true
		case m.At > at && i == 0:
			return 0, false
		case m.At > at:
			before := course[i-1]
			part := float64(at-before.At) / float64(m.At-before.At)
			return float64(before.Visitors) + part*float64(m.Visitors-before.Visitors), true
		}
	}
	return 0, false
}

// layOut spreads the visitors over time.
func (f *Forecast) layOut(past []Past) {
	f.shape = shapeOf(past)
	f.Shape = ShapeModel
	if len(f.shape.past) > 0 {
		f.Shape = ShapePast
	}
	early := f.shape.Share(0)
	f.AtOpening = Range{f.Visitors.P50 * early, f.Visitors.P90 * early}
	for at := time.Duration(0); at < f.shape.end(); at += time.Minute {
		share := f.shape.Share(at+time.Minute) - f.shape.Share(at)
		if f.shape.Share(at) > 0.995 {
			break
		}
		f.Curve = append(f.Curve, Flow{After: Span(at), P50: f.Visitors.P50 * share / 60, P90: f.Visitors.P90 * share / 60})
	}
}
