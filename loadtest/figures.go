package loadtest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
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

// trip is what the figures need of one visitor. Moments are microseconds; 0 is never.
type trip struct {
	outcome  Outcome
	came     int64
	placed   int64
	turned   int64 // learned that the turn had come
	admitted int64
	promised wait
}

func (t *trip) turn(at int64) {
	if t.turned == 0 {
		t.turned = at
	}
}

// tally counts while the crowd is on its way.
type tally struct {
	arrived, waiting, admitted, gone    atomic.Int64
	requests, abandoned, failed, missed atomic.Int64

	late    meter // how long after its time something was sent
	latency [actions]meter

	mu       sync.Mutex
	examples map[string]int // what failed, and how often
}

// meter collects durations in microseconds.
type meter struct {
	mu     sync.Mutex
	micros []int64
}

func (m *meter) add(us int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.micros = append(m.micros, us)
}

func (t *tally) place(trip *trip, at int64, p place) {
	if trip.placed == 0 {
		trip.placed, trip.promised = at, p.Wait
		t.waiting.Add(1)
	}
}

func (t *tally) admit(trip *trip, at int64) {
	if trip.admitted == 0 {
		trip.admitted = at
		trip.turn(at)
		t.admitted.Add(1)
		if trip.placed != 0 {
			t.waiting.Add(-1)
		}
	}
}

// end counts a visitor whose way is over.
func (t *tally) end(trip *trip) {
	t.gone.Add(1)
	if trip.placed != 0 && trip.admitted == 0 {
		t.waiting.Add(-1)
	}
}

// fail counts a request without an answer, or with a server's error.
func (t *tally) fail(what action, a answer, err error) {
	t.failed.Add(1)
	if err != nil {
		t.example(fmt.Sprintf("%s: %v", actionNames[what], err))
	} else {
		t.example(fmt.Sprintf("%s: status %d", actionNames[what], a.status))
	}
}

// nonsense counts an answer that the contract does not know.
func (t *tally) nonsense(a answer) {
	t.failed.Add(1)
	t.example(fmt.Sprintf("status %d: %.120s", a.status, a.body))
}

func (t *tally) example(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.examples == nil {
		t.examples = map[string]int{}
	}
	if _, known := t.examples[text]; known || len(t.examples) < 10 {
		t.examples[text]++
	}
}

func (t *tally) progress(elapsed time.Duration) Progress {
	return Progress{
		Elapsed: elapsed, Arrived: t.arrived.Load(), Waiting: t.waiting.Load(), Admitted: t.admitted.Load(),
		Gone: t.gone.Load(), Requests: t.requests.Load(), Failed: t.failed.Load(),
	}
}

// Figures are a run in numbers.
type Figures struct {
	Visitors  int
	Took      time.Duration
	Outcomes  map[Outcome]int
	Requests  int64
	Failed    int64
	Failures  map[string]int // the first few kinds
	Abandoned int64          // replies that visitors did not wait for
	Missed    int64          // turns that were gone for good

	Actions    []ActionFigures
	ToPlace    Quantiles // from arriving
	ToAdmitted Quantiles // from arriving
	Lateness   Quantiles // of the crowd itself
	JoinsPeak  int       // most places taken within one second
	Promise    Promise
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
		Requests: t.requests.Load(), Failed: t.failed.Load(), Failures: t.examples,
		Abandoned: t.abandoned.Load(), Missed: t.missed.Load(),
		Lateness: quantiles(t.late.micros),
	}
	var toPlace, toAdmitted []int64
	perSecond := map[int64]int{}
	for _, trip := range trips {
		f.Outcomes[trip.outcome]++
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
	f.ToPlace, f.ToAdmitted, f.Promise = quantiles(toPlace), quantiles(toAdmitted), promise(trips)
	for a := range actions {
		micros := t.latency[a].micros
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
