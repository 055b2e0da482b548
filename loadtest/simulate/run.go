package simulate

import (
	"context"
	"math"
	"time"
)

// Result is one scenario, played.
type Result struct {
	Scenario Scenario `json:"scenario"`
	Wait     Wait     `json:"wait"`
	Finish   float64  `json:"finish_s"` // of the last admission, after the first arrival
	Counts   Counts   `json:"visitors"`
	Peaks    Peaks    `json:"peaks"`
	Gateways int      `json:"gateways"`
	Course   []Moment `json:"course"`
}

// Wait is from joining to admission, in seconds.
type Wait struct {
	P50 float64 `json:"p50_s"`
	P95 float64 `json:"p95_s"`
	P99 float64 `json:"p99_s"`
	Max float64 `json:"max_s"`
	// Quantiles are the waits that 0, 5, … 100 % of the admitted did not exceed.
	Quantiles []float64 `json:"quantiles_s"`
}

// Progress is how far a run has come.
type Progress struct {
	Scenario, Scenarios int           // the one that is played, from 1
	At                  time.Duration // simulated
	Settled, Visitors   int           // whose wait is over
}

// Run plays every scenario of a valid plan, and calls report several times a
// second.
func Run(ctx context.Context, p Plan, report func(Progress)) ([]Result, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	var results []Result
	scenarios := p.Scenarios()
	for i, scenario := range scenarios {
		s := newPlay(scenario.in(p))
		err := s.run(ctx, func(at time.Duration, settled int) {
			report(Progress{i + 1, len(scenarios), at, settled, p.Visitors})
		})
		if err != nil {
			return nil, err
		}
		results = append(results, s.result(scenario))
	}
	return results, nil
}

func (s *play) result(scenario Scenario) Result {
	r := Result{
		Scenario: scenario,
		Wait:     Wait{P50: s.waits.quantile(0.5), P95: s.waits.quantile(0.95), P99: s.waits.quantile(0.99), Max: s.waits.quantile(1)},
		Finish:   float64(s.counts.LastTick) * Tick.Seconds(),
		Counts:   s.counts, Peaks: s.peaks, Course: s.course.moments,
		Gateways: max(1, int(math.Ceil(s.peaks.Cores/(float64(s.Gateway.Cores)*s.Gateway.Busy)))),
	}
	r.Counts.Waiting = s.Visitors - s.settled
	for percent := 0; percent <= 100; percent += 5 {
		r.Wait.Quantiles = append(r.Wait.Quantiles, s.waits.quantile(float64(percent)/100))
	}
	return r
}
