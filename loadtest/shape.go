package loadtest

import (
	"math"
	"math/rand/v2"
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

// Step brings everybody at once.
type Step struct{}

func (Step) At(int, int) time.Duration { return 0 }

// Spikes is a train of waves, one every Over / N, each Width wide.
type Spikes struct {
	Over  time.Duration
	N     int
	Width time.Duration
}

func (s Spikes) At(i, n int) time.Duration {
	wave := share(i, n) * float64(s.N)
	whole := math.Floor(wave)
	return scale(s.Over/time.Duration(s.N), whole) + scale(s.Width, wave-whole)
}

// Moments is a shape by itself: when each visitor comes, in order.
type Moments []time.Duration

func (m Moments) At(i, _ int) time.Duration { return m[i] }

// Poisson brings n at random moments: the gaps are exponential, as of people who
// know nothing of each other, and the last comes within over.
func Poisson(n int, over time.Duration, seed uint64) Moments {
	random := rand.New(rand.NewPCG(seed, 0x9015501))
	moments := make(Moments, n)
	sum := 0.0
	for i := range moments {
		sum += random.ExpFloat64()
		moments[i] = time.Duration(sum * float64(time.Second))
	}
	sum += random.ExpFloat64()
	for i := range moments {
		moments[i] = scale(moments[i], over.Seconds()/sum)
	}
	return moments
}

// Replay brings as many in each second as were counted, evenly within it. people
// multiplies the counts, speed how fast the seconds pass; both are 1 for the
// evening as it was.
func Replay(perSecond []int, people, speed float64) Moments {
	var moments Moments
	counted, brought := 0, 0
	for second, count := range perSecond {
		counted += count
		n := int(math.Round(people*float64(counted))) - brought
		for i := range n {
			moments = append(moments, scale(time.Second, (float64(second)+share(i, n))/speed))
		}
		brought += n
	}
	return moments
}

func share(i, n int) float64 { return float64(i) / float64(n) }

func scale(d time.Duration, by float64) time.Duration { return time.Duration(float64(d) * by) }
