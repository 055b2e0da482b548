package pricing

import (
	"testing"
	"time"
)

// One look at one tier, with steps, a condition and every stage of the pace.
// The goal is 10,000 a second and core.
func BenchmarkPrice(b *testing.B) {
	e := engine(b)
	s, in := e.at(8000, start), crowd(1200, 100, 20)
	now := start
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Minute)
		_, s = e.Price(in, s, now)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "looks/s")
}
