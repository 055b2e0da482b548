package plot

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ticks are the values at which an axis from 0 to at least highest is labelled:
// round ones, about as many as wanted, the last of them at or above highest.
func (s Scale) ticks(highest float64, wanted int) []float64 {
	if highest <= 0 {
		highest = 1
	}
	step := s.step(highest / float64(wanted))
	n := int(math.Ceil(highest/step - 1e-9))
	ticks := make([]float64, n+1)
	for i := range ticks {
		ticks[i] = float64(i) * step
	}
	return ticks
}

// clockSteps are the round spans of a clock, in seconds.
var clockSteps = []float64{60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200}

// step is the smallest round step that is at least the given one.
func (s Scale) step(least float64) float64 {
	if s == Duration && least > 30 {
		for _, step := range clockSteps {
			if step >= least {
				return step
			}
		}
	}
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, factor := range []float64{1, 2, 5} {
		if step := factor * power; step >= least*(1-1e-9) {
			return step
		}
	}
	return 10 * power
}

// label writes the value of a tick.
func (s Scale) label(v float64) string {
	switch {
	case s == Duration:
		return durationLabel(v)
	case s == Percent:
		return trim(v) + " %"
	case v >= 1e6:
		return trim(v/1e6) + "M"
	case v >= 1e4:
		return trim(v/1e3) + "k"
	case v >= 1e3:
		return fmt.Sprintf("%d,%03d", int(v)/1000, int(v)%1000)
	}
	return trim(v)
}

func durationLabel(seconds float64) string {
	switch {
	case seconds == 0:
		return "0"
	case seconds < 1:
		return trim(seconds*1000) + " ms"
	case seconds < 60:
		return trim(seconds) + " s"
	case seconds < 3600 && math.Mod(seconds, 60) == 0:
		return trim(seconds/60) + " min"
	case seconds < 3600:
		return fmt.Sprintf("%d:%02d", int(seconds)/60, int(seconds)%60)
	}
	return trim(seconds/3600) + " h"
}

// trim writes up to two decimals, and none that say nothing.
func trim(v float64) string {
	text := strconv.FormatFloat(v, 'f', 2, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
