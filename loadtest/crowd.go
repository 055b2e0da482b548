package loadtest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bilten/rushgate/invariant"
)

// Crowd is who comes, when, and how they behave.
type Crowd struct {
	Visitors int
	Shape    Shape
	Mix      Mix
	Seed     uint64 // the same seed brings the same visitors

	// Pace scales the time after which the gateways want to be asked again:
	// 1 is obedient, 0.5 asks twice as often. It shortens a run and adds load.
	Pace float64
	// Think is the mean time that a visitor spends on a page of the shop.
	Think time.Duration
	// TurnTTL is the event's; who comes late comes a second after it.
	TurnTTL time.Duration
	// Connections to each gateway, shared by all visitors.
	Connections int
}

// Target is what the crowd comes to.
type Target struct {
	Gateways []string // host:port, on this machine; every request takes any of them
	Host     string   // in the address bar, as the event's route has it
	Path     string   // protected, with everything below it
	Event    string   // id
}

// Progress is a run so far.
type Progress struct {
	Elapsed  time.Duration
	Arrived  int64
	Waiting  int64 // hold a place
	Admitted int64
	Gone     int64 // their way has ended, however
	Requests int64
	Failed   int64 // requests without an answer, or with one that makes no sense
}

// run is one crowd on its way.
type run struct {
	Crowd
	Target
	history *invariant.History
	clock   clock
	wires   []*wire
	tally   tally
}

// Visit sends the crowd and returns when everybody has gone, or ctx is done. It
// writes what the visitors saw into h and calls report about once a second.
func (c Crowd) Visit(ctx context.Context, t Target, h *invariant.History, report func(Progress)) (Figures, error) {
	if c.Visitors < 1 || c.Visitors >= 1<<24 || len(t.Gateways) == 0 || c.Connections < 1 {
		return Figures{}, errors.New("a crowd needs visitors (fewer than 2^24), gateways and connections")
	}
	r := &run{Crowd: c, Target: t, history: h, clock: newClock()}
	for _, address := range t.Gateways {
		w, err := newWire(address, c.Connections, r.clock)
		if err != nil {
			return Figures{}, err
		}
		defer w.close()
		r.wires = append(r.wires, w)
	}
	opened := time.Now()
	stop := r.every(time.Second, func() { report(r.tally.progress(time.Since(opened))) })
	trips := r.send(ctx, opened)
	stop()
	report(r.tally.progress(time.Since(opened)))
	return r.tally.figures(trips, time.Since(opened)), nil
}

// send starts each visitor at the planned moment, however the others fare, and
// waits for all of them.
func (r *run) send(ctx context.Context, opened time.Time) []trip {
	trips := make([]trip, r.Visitors)
	var all sync.WaitGroup
	for i := range trips {
		due := opened.Add(r.Shape.At(i, r.Visitors))
		if !sleep(ctx, time.Until(due)) {
			break
		}
		all.Go(func() {
			r.tally.late.add(time.Since(due).Microseconds())
			r.tally.arrived.Add(1)
			trips[i].came = r.clock.now()
			newVisitor(r, i, &trips[i]).come(ctx)
			r.tally.end(&trips[i])
		})
	}
	all.Wait()
	return trips
}

// every calls f again and again until the returned function is called.
func (r *run) every(interval time.Duration, f func()) (stop func()) {
	done := make(chan struct{})
	var loop sync.WaitGroup
	loop.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				f()
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		loop.Wait()
	}
}

// sleep says whether the time has passed, rather than ctx.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
