package prescale

import (
	"fmt"
	"time"
)

// MaxVisitors is more than any onsale has seen, and far from any overflow.
const MaxVisitors = 100_000_000

// Evidence is what is known about how many will come. Each part may be missing.
type Evidence struct {
	Registrations int   // people who have said that they want to come
	ShowUp        Range // visitors per registration, as the organizer expects; zero: learned from Past
	Arrived       *Mark // how many have joined so far; it counts if Past has courses
	Past          []Past
}

// Past is an event like this one. Lists are oldest first.
type Past struct {
	Registrations int // 0: unknown
	Visitors      int
	Course        []Mark // how many had come by when, in order; may be empty
}

// Mark says how many had come at a moment, counted from the start: negative
// before it.
type Mark struct {
	At       time.Duration
	Visitors int
}

// Forecast is how many will come, and when.
type Forecast struct {
	Visitors  Range    `json:"visitors"`
	Sources   []Source `json:"sources"`
	AtOpening Range    `json:"at_opening"` // people who stand there when it opens
	Curve     []Flow   `json:"curve"`      // of those who come later, minute by minute
	Shape     string   `json:"shape"`      // where the curve's form is from: ShapeModel or ShapePast

	shape Shape
}

// Flow is arrivals per second during the minute that begins After the start.
type Flow struct {
	After Span    `json:"after_s"`
	P50   float64 `json:"p50_per_s"`
	P90   float64 `json:"p90_per_s"`
}

// Source is one piece of evidence: what it says alone, and its share of the
// pooled estimate.
type Source struct {
	Name     string  `json:"name"` // registrations, prequeue or past
	Visitors Range   `json:"visitors"`
	Weight   float64 `json:"weight"`
	Events   int     `json:"events"` // past events that it rests on; 0: none, it was stated
}

// The sources of a forecast.
const (
	FromRegistrations = "registrations"
	FromPrequeue      = "prequeue"
	FromPast          = "past"
)

// NewForecast pools what each piece of evidence says alone:
//
//	registrations   registrations x show-up, stated or visitors / registrations of past events
//	prequeue        arrived so far x visitors / arrived by then at past events
//	past            visitors of past events
func NewForecast(e Evidence) (Forecast, error) {
	if err := e.check(); err != nil {
		return Forecast{}, err
	}
	var (
		estimates []Estimate
		f         Forecast
	)
	add := func(name string, events int, estimate Estimate) {
		estimates = append(estimates, estimate)
		f.Sources = append(f.Sources, Source{Name: name, Visitors: estimate.Range(), Events: events})
	}
	if showUp, n, ok := e.showUp(); ok && e.Registrations > 0 {
		add(FromRegistrations, n, showUp.Times(float64(e.Registrations)))
	}
	if growth := e.growth(); len(growth) > 0 {
		estimate, _ := Learn(growth, HalfLife)
		add(FromPrequeue, len(growth), estimate.Times(float64(e.Arrived.Visitors)))
	}
	if past, ok := Learn(each(e.Past, func(p Past) float64 { return float64(p.Visitors) }), HalfLife); ok {
		add(FromPast, len(e.Past), past)
	}
	if len(estimates) == 0 {
		return Forecast{}, &Refusal{Reason: NoEvidence, Field: "prescale", Want: "want registrations with show_up, or past events"}
	}
	pooled, weights := Pool(estimates)
	for i := range f.Sources {
		f.Sources[i].Weight = weights[i]
	}
	f.Visitors = pooled.Range()
	if !(f.Visitors.P90 <= MaxVisitors) {
		return Forecast{}, &Refusal{Reason: Overflow, Field: "prescale", Want: fmt.Sprintf("the evidence is so scattered that more than %d may come: leave out what is not like this event", MaxVisitors)}
	}
	if e.Arrived != nil { // who has come has come
		so := float64(e.Arrived.Visitors)
		f.Visitors = Range{max(f.Visitors.P50, so), max(f.Visitors.P90, so)}
	}
	f.layOut(e.Past)
	return f, nil
}

// showUp is visitors per registration, and from how many past events it is.
func (e Evidence) showUp() (Estimate, int, bool) {
	if e.ShowUp != (Range{}) {
		return Stated(e.ShowUp), 0, true
	}
	ratios := each(e.Past, func(p Past) float64 {
		if p.Registrations == 0 {
			return 0
		}
		return float64(p.Visitors) / float64(p.Registrations)
	})
	estimate, ok := Learn(ratios, HalfLife)
	return estimate, len(ratios), ok
}

// growth is, for each past event whose course is known at this time, by which
// factor the number of those who had come still grew.
func (e Evidence) growth() []float64 {
	if e.Arrived == nil || e.Arrived.Visitors == 0 {
		return nil
	}
	return each(e.Past, func(p Past) float64 {
		then, ok := along(p.Course, e.Arrived.At)
		if !ok || then <= 0 {
			return 0
		}
		return float64(p.Visitors) / then
	})
}

// each keeps the positive values.
func each(past []Past, value func(Past) float64) []float64 {
	var all []float64
	for _, p := range past {
		if v := value(p); v > 0 {
			all = append(all, v)
		}
	}
	return all
}

func (e Evidence) check() error {
	var r refusals
	r.count("prescale.registrations", e.Registrations)
	if e.ShowUp != (Range{}) {
		r.unless(e.ShowUp.P50 > 0 && e.ShowUp.P50 <= e.ShowUp.P90 && e.ShowUp.P90 <= 10, OutOfBounds, "prescale.show_up",
			fmt.Sprintf("p50 %g, p90 %g", e.ShowUp.P50, e.ShowUp.P90), "want p50 above 0, and p90 from p50 to 10")
	}
	if e.Arrived != nil {
		r.count("arrived", e.Arrived.Visitors)
	}
	for i, p := range e.Past {
		at := fmt.Sprintf("prescale.past[%d]", i)
		r.count(at+".registrations", p.Registrations)
		r.count(at+".visitors", p.Visitors)
		for k, mark := range p.Course {
			here := fmt.Sprintf("%s.course[%d]", at, k)
			r.count(here+".visitors", mark.Visitors)
			r.unless(mark.Visitors <= p.Visitors, OutOfBounds, here+".visitors", mark.Visitors, "more than came in the end")
			if k > 0 {
				before := p.Course[k-1]
				r.unless(mark.At > before.At && mark.Visitors >= before.Visitors, OutOfOrder, here, mark.At, "want later and at least as many as the mark before")
			}
		}
	}
	return r.err()
}
