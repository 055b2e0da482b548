package loadtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/bilten/rushgate/invariant"
)

// Public is what a room told everybody during a run.
type Public struct {
	Shown     int           // answers
	Before    int64         // had a place when the first answer came, and were not called yet
	Issued    int64         // places given in all lines while the crowd was there
	PerMinute int64         // most people called per minute, by the room's own measure
	Skew      time.Duration // of the store's clock against ours, as far as it shows
}

// lookEvery is how often somebody looks at the public figures.
const lookEvery = 250 * time.Millisecond

// watchPublic reads now again and again, until the returned function is called.
// It fails when the first answer is none: then the crowd need not come.
func (r *run) watchPublic(ctx context.Context) (stop func() Public, err error) {
	w := publicWatch{run: r, before: -1}
	if err := w.look(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var watcher sync.WaitGroup
	watcher.Go(func() {
		for sleep(ctx, lookEvery) {
			_ = w.look(ctx) // one answer less; the visitors count what fails
		}
	})
	return func() Public {
		cancel()
		watcher.Wait()
		return w.public
	}, nil
}

type publicWatch struct {
	*run
	public Public
	before int64 // issued when the first answer came; -1: none has
}

func (w *publicWatch) look(ctx context.Context) error {
	asks := browser{host: w.Host, origin: w.origin}
	a, err := w.sources[0][0].exchange(ctx, asks.request(http.MethodGet, w.action(now), data))
	if err != nil {
		return fmt.Errorf("look at the room: %w", err)
	}
	var seen room
	if err := json.Unmarshal(a.body, &seen); err != nil || a.status != http.StatusOK {
		return fmt.Errorf("look at the room: %s%s answers with status %d: is this the event, and its host?", w.Host, w.action(now), a.status)
	}
	w.show(a, seen)
	return nil
}

// show takes one answer in.
func (w *publicWatch) show(a answer, seen room) {
	p := &w.public
	var lines []invariant.Line
	var issued, waiting int64
	for name, line := range seen.Lines {
		lines = append(lines, invariant.Line{Name: name, Serving: line.Serving})
		issued += line.Issued
		waiting += line.Issued - line.Serving
		p.PerMinute = max(p.PerMinute, line.PerMinute)
	}
	if w.before < 0 {
		w.before, p.Before = issued, waiting
	}
	p.Shown++
	p.Issued = issued - w.before
	// An answer is at least as old as the way it took, so the youngest tells most.
	if age := time.Duration(a.answered-seen.At.UnixMicro()) * time.Microsecond; p.Shown == 1 || age.Abs() < p.Skew.Abs() {
		p.Skew = age
	}
	w.history.Add(invariant.Showed(invariant.Between(a.sent, a.answered), lines))
}
