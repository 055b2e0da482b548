package loadtest

import (
	"math"
	"time"
)

// Shape says when the visitors of a crowd come. At returns how long after the
// opening the i-th of n arrives.
type Shape interface {
	At(i, n int) time.Duration
}

// Even brings the crowd at a constant rate.
type Even struct{ Over time.Duration }

func (s Even) At(i, n int) time.Duration { return scale(s.Over, share(i, n)) }

// Ramp brings more every second, from nobody at first.
type Ramp struct{ Over time.Duration }

func (s Ramp) At(i, n int) time.Duration { return scale(s.Over, math.Sqrt(share(i, n))) }

// Spike is the opening of an onsale: a first share of the crowd within the first
// tenth of the time, the rest evenly after.
type Spike struct {
	Over  time.Duration
	First float64 // 0 to 1
}

func (s Spike) At(i, n int) time.Duration {
	const head = 0.1
	if p := share(i, n); p < s.First {
		return scale(s.Over, head*p/s.First)
	} else {
		return scale(s.Over, head+(1-head)*(p-s.First)/(1-s.First))
	}
}

func share(i, n int) float64 { return float64(i) / float64(n) }

func scale(d time.Duration, by float64) time.Duration { return time.Duration(float64(d) * by) }
