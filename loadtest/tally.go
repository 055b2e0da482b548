package loadtest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// trip is what the figures need of one visitor. Moments are microseconds; 0 is never.
type trip struct {
	outcome  Outcome
	came     int64
	paged    int64 // the first page had come
	asked    int64 // the join was sent that brought the place
	placed   int64
	turned   int64 // learned that the turn had come
	admitted int64
	gone     int64
	number   int64
	promised wait
}

func (t *trip) turn(at int64) {
	if t.turned == 0 {
		t.turned = at
	}
}

// tally counts while the crowd is on its way.
type tally struct {
	opened int64 // the clock's, when the first could come

	arrived, waiting, admitted, gone    atomic.Int64
	requests, abandoned, failed, missed atomic.Int64
	limited                             atomic.Int64 // joins that came too fast from one address

	late    meter // how long after its time something was sent
	latency [actions]meter

	mu       sync.Mutex
	examples map[string]int // what failed, and how often
	heard    map[string]int
}

// meter collects how long something took, and in which second of the run.
type meter struct {
	mu      sync.Mutex
	samples []sample
}

type sample struct{ second, micros uint32 } // micros: an hour at most

// add takes the moment since the opening and the duration, both in microseconds.
func (m *meter) add(at, us int64) {
	const most = 1<<32 - 1
	m.mu.Lock()
	defer m.mu.Unlock()
	m.samples = append(m.samples, sample{uint32(max(0, at) / 1e6), uint32(min(max(0, us), most))})
}

func (m *meter) micros() []int64 {
	micros := make([]int64, len(m.samples))
	for i, s := range m.samples {
		micros[i] = int64(s.micros)
	}
	return micros
}

func (t *tally) place(trip *trip, a answer, p place) {
	if trip.placed == 0 {
		trip.asked, trip.placed, trip.number, trip.promised = a.sent, a.answered, p.Number, p.Wait
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
func (t *tally) end(trip *trip, at int64) {
	trip.gone = at
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

// hear counts what visitors were told.
func (t *tally) hear(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.heard == nil {
		t.heard = map[string]int{}
	}
	t.heard[what]++
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
