package watch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/prescale"
	"github.com/bilten/rushgate/prescale/fault"
)

const (
	// Every is the time between two rounds.
	Every = 15 * time.Second

	key       = "triggers"
	bound     = 10 * time.Second // of one round
	renew     = 12 * time.Hour   // a level that is held lapses after a day if nobody holds it again
	atOnce    = 4                // queries
	lookEvery = 5 * time.Second  // at whether a round is due
)

// Source answers a query with one number.
type Source interface {
	Value(ctx context.Context, query string, now time.Time) (value float64, at time.Time, err error)
}

// Targets are what verdicts act on.
type Targets interface {
	// Hold orders a level of a target; asking for what is ordered already does
	// nothing. version is the same for every attempt at this level.
	Hold(ctx context.Context, target string, level int, version int64) error
	// Let gives back what was there before.
	Let(ctx context.Context, target string, version int64) error
}

// Bounds are between which levels triggers move a target. At Min nothing is held.
type Bounds struct{ Min, Max, Step int }

// Config is what a watcher works with.
type Config struct {
	Store    accord.Store
	Source   Source
	Targets  Targets
	Queries  map[string]string // by metric
	Triggers []prescale.Trigger
	Bounds   map[string]Bounds // by target
	Now      func() time.Time  // of the metrics' clock
	Log      *slog.Logger
}

// Watcher watches for one gateway.
type Watcher struct {
	config Config
	last   atomic.Pointer[round]
}

// New returns a watcher that does nothing yet.
func New(c Config) *Watcher { return &Watcher{config: c} }

// round is what gateways agree on: the last look and what came of it.
type round struct {
	At       time.Time             `json:"at"` // by the store's clock
	Measured map[string]measured   `json:"measured"`
	Verdicts []prescale.Verdict    `json:"verdicts"`
	State    prescale.TriggerState `json:"state"`
	Levels   map[string]int        `json:"levels"`           // by target; none: at its Min
	Held     map[string]time.Time  `json:"held,omitempty"`   // by target: when its level was last confirmed, by the store's clock
	Open     map[string]int64      `json:"open,omitempty"`   // orders that were not confirmed, by target: their version
	Errors   map[string]string     `json:"errors,omitempty"` // why not
}

// measured is a reading or why there is none; JSON has no NaN.
type measured struct {
	Value   *float64  `json:"value,omitempty"`
	At      time.Time `json:"at,omitzero"`
	Missing string    `json:"missing,omitempty"`
}

// Run watches until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	if len(w.config.Queries) == 0 {
		return
	}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		if err := w.Look(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, accord.ErrBeaten) {
			w.config.Log.Warn("metrics could not be looked at", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// Look does a round if one is due and no other gateway does it.
func (w *Watcher) Look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	record, err := w.config.Store.Meet(ctx, key, "", nil, 0)
	if err != nil {
		return err
	}
	now, err := w.standing(record)
	if err != nil {
		return err
	}
	if record.Now.Sub(now.At) < Every {
		return nil
	}
	now.At = record.Now
	version, err := w.swap(ctx, record.Version, now) // the round is ours
	if err != nil {
		return err
	}
	w.judge(ctx, &now, version)
	if version, err = w.swap(ctx, version, now); err != nil || len(now.Open) == 0 {
		return err
	}
	w.act(ctx, &now)
	_, err = w.swap(ctx, version, now)
	return err
}

// standing is the last round. What the store has lost goes on from what this
// gateway knew: levels that are forgotten would be lowered by the next move up.
func (w *Watcher) standing(record accord.Record) (round, error) {
	var now round
	if record.Version > 0 {
		if err := json.Unmarshal(record.Data, &now); err != nil {
			return round{}, fmt.Errorf("read the last round: %w", err)
		}
		w.last.Store(&now)
		return now, nil
	}
	if last := w.last.Load(); last != nil {
		now = *last
		now.At = time.Time{} // the store's clock may be another
	}
	return now, nil
}

func (w *Watcher) swap(ctx context.Context, version int64, r round) (int64, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return 0, err
	}
	version, err = w.config.Store.Swap(ctx, key, version, data)
	if err == nil {
		w.last.Store(&r)
	}
	return version, err
}

// judge asks for every metric and moves the levels by the verdicts.
func (w *Watcher) judge(ctx context.Context, r *round, version int64) {
	at := w.config.Now()
	readings := w.read(ctx, at, r)
	r.State, r.Verdicts = prescale.Evaluate(w.config.Triggers, r.State, readings, at)
	levels, open := maps.Clone(r.Levels), maps.Clone(r.Open)
	if levels == nil {
		levels = map[string]int{}
	}
	if open == nil {
		open = map[string]int64{}
	}
	for i, v := range r.Verdicts {
		if !v.Acts {
			continue
		}
		b := w.config.Bounds[v.Target]
		level, moved := b.move(max(levels[v.Target], b.Min), v.Action)
		if !moved {
			r.Verdicts[i].Acts = false
			r.Verdicts[i].Text = fmt.Sprintf("%s; %s is at its bound of %d", v.Text, v.Target, level)
			continue
		}
		levels[v.Target], open[v.Target] = level, version
	}
	for target, level := range levels {
		if _, asked := open[target]; !asked && level > w.config.Bounds[target].Min && r.At.Sub(r.Held[target]).Abs() >= renew {
			open[target] = version
		}
	}
	r.Levels, r.Open = levels, open
}

// move is the next level in a direction, and whether there is one.
func (b Bounds) move(level int, d prescale.Direction) (int, bool) {
	next := min(level+b.Step, b.Max)
	if d == prescale.ScaleDown {
		next = max(level-b.Step, b.Min)
	}
	return next, next != level
}

// read asks for all metrics, some at a time.
func (w *Watcher) read(ctx context.Context, now time.Time, r *round) map[string]prescale.Reading {
	var (
		mu       sync.Mutex
		all      sync.WaitGroup
		readings = map[string]prescale.Reading{}
		places   = make(chan struct{}, atOnce)
	)
	before := r.Measured
	r.Measured = map[string]measured{}
	for _, metric := range slices.Sorted(maps.Keys(w.config.Queries)) {
		all.Go(func() {
			places <- struct{}{}
			value, at, err := w.config.Source.Value(ctx, w.config.Queries[metric], now)
			<-places
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				words := fault.Words(err)
				if before[metric].Missing != words { // not every round
					w.config.Log.Warn("a metric's query has no answer", "metric", metric, "error", err)
				}
				r.Measured[metric] = measured{Missing: words}
				return
			case math.IsNaN(value) || math.IsInf(value, 0):
				r.Measured[metric] = measured{Missing: fmt.Sprintf("the query's answer is %v", value)}
			default:
				r.Measured[metric] = measured{Value: &value, At: at}
			}
			readings[metric] = prescale.Reading{Value: value, At: at}
		})
	}
	all.Wait()
	return readings
}

// act gives the orders that are open. What fails stays open for the next round.
func (w *Watcher) act(ctx context.Context, r *round) {
	open, failed, held := maps.Clone(r.Open), map[string]string{}, map[string]time.Time{}
	maps.Copy(held, r.Held)
	for _, target := range slices.Sorted(maps.Keys(r.Open)) {
		var err error
		if level := r.Levels[target]; level > w.config.Bounds[target].Min {
			err = w.config.Targets.Hold(ctx, target, level, r.Open[target])
		} else {
			err = w.config.Targets.Let(ctx, target, r.Open[target])
		}
		if err != nil {
			failed[target] = fault.Words(err)
			w.config.Log.Warn("a trigger's target could not be scaled", "target", target, "error", err)
			continue
		}
		delete(open, target)
		held[target] = r.At
		w.config.Log.Info("a trigger scaled its target", "target", target, "level", r.Levels[target])
	}
	r.Open, r.Errors, r.Held = open, failed, held
}

// Report shows the last round, with an event's advice, and of the targets those
// that its reader shares. own is what the gateway knows by itself; what a query
// says of the same metric wins.
func (w *Watcher) Report(now time.Time, own map[string]prescale.Measured, advice []prescale.Recommendation, shared func(target string) bool) prescale.Report {
	last := w.last.Load()
	if last == nil {
		return prescale.NewReport(now, own, advice, nil)
	}
	known := maps.Clone(own)
	if known == nil {
		known = map[string]prescale.Measured{}
	}
	for metric, m := range last.Measured {
		one := prescale.Measured{Missing: m.Missing, Reading: prescale.Reading{At: m.At}}
		if m.Value != nil {
			one.Reading.Value = *m.Value
		}
		known[metric] = one
	}
	for _, target := range slices.Sorted(maps.Keys(last.Errors)) {
		if !shared(target) {
			continue
		}
		advice = append(slices.Clone(advice), prescale.Recommendation{
			Code: "target_fails", Text: fmt.Sprintf("Target %s could not be scaled: %s", target, last.Errors[target]),
		})
	}
	verdicts := slices.DeleteFunc(slices.Clone(last.Verdicts), func(v prescale.Verdict) bool { return !shared(v.Target) })
	return prescale.NewReport(now, known, advice, verdicts)
}
