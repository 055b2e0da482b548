package prescale

import "math"

// HalfLife is after how many further events one counts half: what was long ago
// says less. It was chosen from 2, 4, 8 and no forgetting by forecasting each
// group-stage match of package backtest from those before it.
const HalfLife = 2

// loneSpread is assumed where a single event says nothing about how events
// differ: the p90 is then twice the p50.
const loneSpread = 0.5409 // ln 2 / z90

// z90 is the standard normal distribution's 90th percentile.
const z90 = 1.2816

// Range is what half of all like events stay below, and what nine in ten do.
type Range struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
}

// Estimate is a log-normal belief about a positive number: demand multiplies,
// it does not add.
type Estimate struct {
	Mid     float64 // the median
	Spread  float64 // standard deviation of the natural logarithm
	Freedom int     // degrees of freedom that Spread was learned with; 0: it was stated
}

// Range is the estimate's p50 and p90. A spread that was learned from few
// events widens the p90 by Student's t instead of the normal distribution.
func (e Estimate) Range() Range {
	return Range{P50: e.Mid, P90: e.Mid * math.Exp(e.Spread*t90(e.Freedom))}
}

// Times is the estimate of a multiple.
func (e Estimate) Times(factor float64) Estimate {
	e.Mid *= factor
	return e
}

// Stated is the estimate of which somebody has said both percentiles.
func Stated(r Range) Estimate {
	return Estimate{Mid: r.P50, Spread: math.Log(r.P90/r.P50) / z90}
}

// Learn predicts the next of some positive values, given oldest first: their
// weighted mean and variance in logarithms, the variance raised by 1 + 1/n for
// not knowing the mean itself (the usual predictive distribution; n is Kish's
// effective sample size). A value counts half as much as one that came halfLife
// later. Values that are not positive and finite are left out;
// without any, ok is false.
func Learn(values []float64, halfLife float64) (e Estimate, ok bool) {
	var logs []float64
	for _, v := range values {
		if v > 0 && !math.IsInf(v, 1) {
			logs = append(logs, math.Log(v))
		}
	}
	if len(logs) == 0 {
		return Estimate{}, false
	}
	weights := make([]float64, len(logs))
	var sum, squares, mean float64
	for i, v := range logs {
		w := math.Exp2(-float64(len(logs)-1-i) / halfLife)
		weights[i] = w
		sum, squares, mean = sum+w, squares+w*w, mean+w*v
	}
	mean /= sum
	n := sum * sum / squares
	if len(logs) == 1 {
		return Estimate{Mid: math.Exp(mean), Spread: loneSpread}, true
	}
	var variance float64
	for i, v := range logs {
		variance += weights[i] * (v - mean) * (v - mean) / sum
	}
	variance *= n / (n - 1) * (1 + 1/n)
	return Estimate{Mid: math.Exp(mean), Spread: math.Sqrt(variance), Freedom: max(1, int(n-1))}, true
}

// surest bounds the weight of an estimate without spread.
const surest = 1e-3

// Pool combines estimates of one number that may share their errors: a linear
// opinion pool, weighted by precision (Bates and Granger, "The combination of
// forecasts", 1969). What they disagree by widens the result, which is never
// surer than its sources on average. It returns each one's weight, summing to 1.
func Pool(estimates []Estimate) (Estimate, []float64) {
	weights := make([]float64, len(estimates))
	var sum, mean, variance float64
	freedom := 0
	for i, e := range estimates {
		spread := max(e.Spread, surest)
		weights[i] = 1 / (spread * spread)
		sum += weights[i]
		if e.Freedom > 0 && (freedom == 0 || e.Freedom < freedom) {
			freedom = e.Freedom
		}
	}
	for i, e := range estimates {
		weights[i] /= sum
		mean += weights[i] * math.Log(e.Mid)
	}
	for i, e := range estimates {
		apart := math.Log(e.Mid) - mean
		variance += weights[i] * (e.Spread*e.Spread + apart*apart)
	}
	return Estimate{Mid: math.Exp(mean), Spread: math.Sqrt(variance), Freedom: freedom}, weights
}

// t90 is the 90th percentile of Student's t; 0 degrees stand for the normal
// distribution. One and two degrees are exact, the others by the expansion of
// Abramowitz and Stegun 26.7.5, within 0.001.
func t90(freedom int) float64 {
	switch freedom {
	case 0:
		return z90
	case 1:
		return 3.0777
	case 2:
		return 1.8856
	}
	const x = z90
	const x3, x5, x7 = x * x * x, x * x * x * x * x, x * x * x * x * x * x * x
	n := float64(freedom)
	return x + (x3+x)/4/n + (5*x5+16*x3+3*x)/96/(n*n) + (3*x7+19*x5+17*x3-15*x)/384/(n*n*n)
}
