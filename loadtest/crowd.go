package loadtest

import (
	"context"
	"errors"
	"net"
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
	// Sources are how many addresses of this machine the crowd comes from,
	// 127.0.0.1 and up, since a gateway counts joins per address. 0 leaves it to
	// the system; more than 1 is for gateways on 127.0.0.0/8 alone.
	Sources int
}

// Target is what the crowd comes to.
type Target struct {
	Gateways []string // host:port, or a URL with a scheme; every request takes any of them
	Host     string   // in the address bar, as the event's route has it
	Path     string   // protected, with everything below it
	Event    string   // id
	Complete string   // path by which the shop completes a session; empty: visitors leave instead

	// Vouched are hosts outside this machine that the caller may put under load.
	// The crowd goes nowhere else.
	Vouched []string
	// Dial connects to a gateway, host:port; nil does so by TCP.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// Outside says that nobody at the shop writes into the history, so the
	// visitors say what reached it, and somebody watches the public figures.
	Outside bool
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
	sources [][]*wire // each to all gateways
	origin  string    // scheme and host, as browsers name them
	tally   tally
}

// Visit sends the crowd and returns when everybody has gone, or ctx is done. It
// writes what the visitors saw into h and calls report about once a second.
func (c Crowd) Visit(ctx context.Context, t Target, h *invariant.History, report func(Progress)) (Figures, error) {
	if c.Visitors < 1 || c.Visitors >= 1<<24 || len(t.Gateways) == 0 || c.Connections < 1 {
		return Figures{}, errors.New("a crowd needs visitors (fewer than 2^24), gateways and connections")
	}
	r := &run{Crowd: c, Target: t, history: h, clock: newClock()}
	defer r.hangUp()
	if err := r.wire(); err != nil {
		return Figures{}, err
	}
	watched := func() Public { return Public{} }
	if t.Outside {
		var err error
		if watched, err = r.watchPublic(ctx); err != nil {
			return Figures{}, err
		}
	}
	r.tally.opened = r.clock.now()
	opened := time.Now()
	stop := r.every(time.Second, func() { report(r.tally.progress(time.Since(opened))) })
	trips := r.send(ctx, opened)
	stop()
	public := watched()
	report(r.tally.progress(time.Since(opened)))
	figures := r.tally.figures(trips, time.Since(opened))
	figures.Public = public
	return figures, nil
}

// wire connects every source to every gateway.
func (r *run) wire() error {
	for source := range max(1, r.Sources) {
		var from []*wire
		for _, address := range r.Gateways {
			e, err := reach(address, r.Vouched)
			if err != nil {
				return err
			}
			if r.Sources > 1 {
				if e.from, err = e.source(source); err != nil {
					return err
				}
			}
			e.through = r.Dial
			r.origin = e.scheme() + "://" + r.Host
			from = append(from, newWire(e, max(1, r.Connections/max(1, r.Sources)), r.clock))
		}
		r.sources = append(r.sources, from)
	}
	return nil
}

func (r *run) hangUp() {
	for _, from := range r.sources {
		for _, w := range from {
			w.close()
		}
	}
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
			r.tally.late.add(time.Since(opened).Microseconds(), time.Since(due).Microseconds())
			r.tally.arrived.Add(1)
			trips[i].came = r.clock.now()
			newVisitor(r, i, &trips[i]).come(ctx)
			r.tally.end(&trips[i], r.clock.now())
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
