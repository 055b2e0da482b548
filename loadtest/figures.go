package loadtest

import (
	"slices"
	"time"
)

// Outcome is how a visitor's way ended.
type Outcome int

const (
	Unfinished Outcome = iota // still on the way when the run was over
	Shopped                   // was admitted and reached the shop
	Left                      // gave the place up
	NoShow                    // took a place and was never seen again
	Lost                      // had a place or an admission, and the gateway no longer knew it
	Refused                   // was told that the room is closed or sold out
	outcomes
)

// Figures are a run in numbers.
type Figures struct {
	Visitors  int
	Came      int // as planned, before the time was up
	Took      time.Duration
	Outcomes  map[Outcome]int
	Requests  int64
	Failed    int64
	Failures  map[string]int // the first few kinds
	Heard     map[string]int // modes that answers named, and answers that told of none
	Abandoned int64          // replies that visitors did not wait for
	Missed    int64          // turns that were gone for good
	Limited   int64          // joins that came too fast from one address

	Actions    []ActionFigures
	ToPage     Quantiles // from arriving, as all of these
	ToPlace    Quantiles
	ToAdmitted Quantiles
	Lateness   Quantiles // of the crowd itself
	JoinsPeak  int       // most places taken within one second
	Promise    Promise
	Fairness   Fairness
	Waits      []Waited // of some visitors, over the whole run
	Course     []Moment // second by second
	Public     Public
}

// ActionFigures are the requests of one kind.
type ActionFigures struct {
	Name      string
	Count     int
	PerSecond float64 // over the whole run
	Latency   Quantiles
}

// Quantiles of a set of durations.
type Quantiles struct{ P50, P95, P99, Max time.Duration }

// Promise compares the wait shown on joining with the wait that came true.
type Promise struct {
	Made       int     // visitors who were shown a wait and got their turn
	Within     float64 // share of them whose turn came no later than the upper end shown
	RealToSeen float64 // median of the real wait over the middle that was shown
}

func (t *tally) figures(trips []trip, took time.Duration) Figures {
	f := Figures{
		Visitors: len(trips), Took: took, Outcomes: map[Outcome]int{},
		Requests: t.requests.Load(), Failed: t.failed.Load(), Failures: t.examples, Heard: t.heard,
		Abandoned: t.abandoned.Load(), Missed: t.missed.Load(), Limited: t.limited.Load(),
		Lateness: quantiles(t.late.micros()), Fairness: fairness(trips), Waits: waits(trips, t.opened), Course: t.course(trips, took),
	}
	var toPage, toPlace, toAdmitted []int64
	perSecond := map[int64]int{}
	for _, trip := range trips {
		if trip.came == 0 {
			continue // the time was up before
		}
		f.Came++
		f.Outcomes[trip.outcome]++
		if trip.paged > 0 {
			toPage = append(toPage, trip.paged-trip.came)
		}
		if trip.placed > 0 {
			toPlace = append(toPlace, trip.placed-trip.came)
			perSecond[trip.placed/1e6]++
		}
		if trip.admitted > 0 {
			toAdmitted = append(toAdmitted, trip.admitted-trip.came)
		}
	}
	for _, joins := range perSecond {
		f.JoinsPeak = max(f.JoinsPeak, joins)
	}
	f.Outcomes[Unfinished] += len(trips) - f.Came
	f.ToPage, f.ToPlace, f.ToAdmitted, f.Promise = quantiles(toPage), quantiles(toPlace), quantiles(toAdmitted), promise(trips)
	for a := range actions {
		micros := t.latency[a].micros()
		f.Actions = append(f.Actions, ActionFigures{
			Name: actionNames[a], Count: len(micros), PerSecond: float64(len(micros)) / took.Seconds(), Latency: quantiles(micros),
		})
	}
	return f
}

func promise(trips []trip) Promise {
	var p Promise
	var ratios []float64
	within := 0
	for _, t := range trips {
		if t.promised.P90 == 0 || t.placed == 0 || t.turned == 0 {
			continue
		}
		real := float64(t.turned-t.placed) / 1e6
		if real <= float64(t.promised.P90) {
			within++
		}
		if t.promised.P50 > 0 {
			ratios = append(ratios, real/float64(t.promised.P50))
		}
		p.Made++
	}
	if p.Made > 0 {
		p.Within = float64(within) / float64(p.Made)
	}
	if len(ratios) > 0 {
		slices.Sort(ratios)
		p.RealToSeen = ratios[len(ratios)/2]
	}
	return p
}

// quantiles sorts micros in place. Ranks are nearest-rank.
func quantiles(micros []int64) Quantiles {
	if len(micros) == 0 {
		return Quantiles{}
	}
	slices.Sort(micros)
	at := func(percent int) time.Duration {
		rank := (len(micros)*percent + 99) / 100
		return time.Duration(micros[max(rank, 1)-1]) * time.Microsecond
	}
	return Quantiles{at(50), at(95), at(99), at(100)}
}
