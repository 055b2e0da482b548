package loadtest

import (
	"slices"
	"time"
)

// Moment is one second of a run, as the visitors saw it.
type Moment struct {
	Second   int
	Came     int
	Placed   int // took a place
	Admitted int
	Waiting  int           // held a place at its end
	Inside   int           // admitted, and not yet gone at its end
	Polls    int           // status and now
	P50, P99 time.Duration // of every request answered in it
}

// course counts the run second by second.
func (t *tally) course(trips []trip, took time.Duration) []Moment {
	seconds := make([]Moment, int(took.Seconds())+2)
	in := func(at int64) *Moment {
		return &seconds[min(max(0, int((at-t.opened)/1e6)), len(seconds)-1)]
	}
	for i := range trips {
		trip := &trips[i]
		if trip.came == 0 {
			continue
		}
		in(trip.came).Came++
		if trip.placed > 0 {
			in(trip.placed).Placed++
			in(trip.placed).Waiting++
			in(trip.waitedUntil()).Waiting--
		}
		if trip.admitted > 0 {
			in(trip.admitted).Admitted++
			in(trip.admitted).Inside++
			in(trip.gone).Inside--
		}
	}
	latency := make([][]int64, len(seconds))
	for a := range t.latency {
		for _, s := range t.latency[a].samples {
			i := min(int(s.second), len(seconds)-1)
			latency[i] = append(latency[i], int64(s.micros))
			if action(a) == status || action(a) == now {
				seconds[i].Polls++
			}
		}
	}
	for i := range seconds {
		seconds[i].Second = i
		if i > 0 {
			seconds[i].Waiting += seconds[i-1].Waiting
			seconds[i].Inside += seconds[i-1].Inside
		}
		q := quantiles(latency[i])
		seconds[i].P50, seconds[i].P99 = q.P50, q.P99
	}
	return seconds
}

// waitedUntil is when a visitor who had a place stopped waiting for it.
func (t *trip) waitedUntil() int64 {
	if t.admitted > 0 {
		return max(t.admitted, t.placed)
	}
	return max(t.gone, t.placed)
}

// Waited is one visitor's wait, promised on joining and real.
type Waited struct {
	Second           float64 // of the run, when the place was taken
	P50, P90, Actual time.Duration
}

// maxWaits is as many as a plot can show.
const maxWaits = 600

// waits are those of visitors who were promised one and got their turn, evenly
// chosen in the order in which they joined.
func waits(trips []trip, opened int64) []Waited {
	var all []Waited
	for _, t := range trips {
		if t.promised.P90 > 0 && t.turned > 0 {
			all = append(all, Waited{
				Second: float64(t.placed-opened) / 1e6, P50: time.Duration(t.promised.P50) * time.Second,
				P90: time.Duration(t.promised.P90) * time.Second, Actual: time.Duration(t.turned-t.placed) * time.Microsecond,
			})
		}
	}
	slices.SortFunc(all, func(a, b Waited) int { return int(1e6 * (a.Second - b.Second)) })
	if len(all) <= maxWaits {
		return all
	}
	some := make([]Waited, maxWaits)
	for i := range some {
		some[i] = all[i*len(all)/maxWaits]
	}
	return some
}
