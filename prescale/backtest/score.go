package backtest

import (
	"math"
	"time"

	"github.com/bilten/rushgate/prescale"
)

// PerInstance is what an instance is taken to carry here: the data has requests
// a minute and no sessions.
const PerInstance = prescale.DefaultPer

// Leads are how long before kick-off a forecast is made.
func Leads() []time.Duration {
	return []time.Duration{time.Hour, 30 * time.Minute, 10 * time.Minute}
}

// Method is a way to forecast a peak, in requests a minute.
type Method struct {
	Name string
	// Point says that it is a forecast: the p50 is scored for accuracy, and the
	// p90 is planned for with prescale.Buffer on top. Otherwise the p90 is the plan.
	Point bool
	Peak  func(m Match, lead time.Duration) prescale.Range
}

// Forecast is one method's word before one match, and what came true.
type Forecast struct {
	Match          Match
	Lead           time.Duration
	prescale.Range         // requests in the peak minute
	Planned        int     // instances, never clamped
	Peak           int     // requests in the peak minute that came
	Wasted         float64 // instance-hours beyond what each minute took
	Lacking        float64 // instance-hours short of it
}

// Covered says whether the plan carried the peak.
func (f Forecast) Covered() bool { return f.Planned*PerInstance >= f.Peak }

// Score is a method over several matches at one lead.
type Score struct {
	Method    string
	Lead      time.Duration
	Point     bool
	Forecasts []Forecast
}

// MAPE is the mean absolute percentage error of the p50s, as a factor.
func (s Score) MAPE() float64 {
	var sum float64
	for _, f := range s.Forecasts {
		sum += math.Abs(f.P50-float64(f.Peak)) / float64(f.Peak)
	}
	return sum / float64(len(s.Forecasts))
}

// Coverage is the share of peaks that the plan carried.
func (s Score) Coverage() float64 {
	n := 0
	for _, f := range s.Forecasts {
		if f.Covered() {
			n++
		}
	}
	return float64(n) / float64(len(s.Forecasts))
}

// Under90 is the share of peaks that stayed under the p90 itself, without the
// buffer: 90 % if the forecast knew exactly how little it knows.
func (s Score) Under90() float64 {
	n := 0
	for _, f := range s.Forecasts {
		if float64(f.Peak) <= f.P90 {
			n++
		}
	}
	return float64(n) / float64(len(s.Forecasts))
}

// Hours is the instance-hours that were wasted and lacking, over all matches.
func (s Score) Hours() (wasted, lacking float64) {
	for _, f := range s.Forecasts {
		wasted, lacking = wasted+f.Wasted, lacking+f.Lacking
	}
	return wasted, lacking
}

// Run scores a method on matches.
func (t Traffic) Run(method Method, matches []Match, lead time.Duration) Score {
	score := Score{Method: method.Name, Lead: lead, Point: method.Point}
	for _, m := range matches {
		f := Forecast{Match: m, Lead: lead, Range: method.Peak(m, lead), Peak: t.peak(m.KickOff)}
		planned := f.P90
		if method.Point {
			planned *= prescale.Buffer
		}
		f.Planned = int(math.Ceil(planned / PerInstance))
		for _, n := range t.during(m.KickOff, m.KickOff.Add(window)) {
			spare := float64(f.Planned - (n+PerInstance-1)/PerInstance)
			f.Wasted += max(spare, 0) / 60
			f.Lacking += max(-spare, 0) / 60
		}
		score.Forecasts = append(score.Forecasts, f)
	}
	return score
}

// Ours is the forecast of package prescale: what the level of the moment grew
// into at like events, pooled with what like events peaked at. known says which
// matches it may learn from at a moment.
func (t Traffic) Ours(name string, known func(time.Time) []Match, all []Match, halfLife float64) Method {
	return Method{Name: name, Point: true, Peak: func(m Match, lead time.Duration) prescale.Range {
		var growth, peaks []float64
		for _, past := range like(m, known(m.KickOff.Add(-lead)), all) {
			peak := float64(t.peak(past.KickOff))
			peaks = append(peaks, peak)
			growth = append(growth, peak/t.level(past.KickOff.Add(-lead)))
		}
		grown, _ := prescale.Learn(growth, halfLife)
		usual, _ := prescale.Learn(peaks, halfLife)
		pooled, _ := prescale.Pool([]prescale.Estimate{grown.Times(t.level(m.KickOff.Add(-lead))), usual})
		return pooled.Range()
	}}
}

// Baselines are what one does without a forecast, with the same buffer on top.
func (t Traffic) Baselines() []Method {
	same := func(v float64) prescale.Range { return prescale.Range{P50: v, P90: v} }
	return []Method{
		{"(a) last value", true, func(m Match, lead time.Duration) prescale.Range {
			return same(t.level(m.KickOff.Add(-lead)))
		}},
		{"(b) same hours yesterday", true, func(m Match, _ time.Duration) prescale.Range {
			return same(float64(t.peak(m.KickOff.AddDate(0, 0, -1))))
		}},
		{"(c) always 50", false, func(Match, time.Duration) prescale.Range {
			return same(prescale.DefaultMax * PerInstance)
		}},
		{"the peak known beforehand", false, func(m Match, _ time.Duration) prescale.Range {
			return same(float64(t.peak(m.KickOff)))
		}},
	}
}

// Over is the matches whose peak was known at a moment.
func Over(all []Match, at time.Time) []Match {
	var before []Match
	for _, other := range all {
		if !other.KickOff.Add(window).After(at) {
			before = append(before, other)
		}
	}
	return before
}
