package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/loadtest"
	"github.com/bilten/rushgate/loadtest/stage"
)

// lag is how old an answer from memory may be: a snapshot is shown for two
// seconds after the store has fallen silent, and not a moment longer.
const lag = 3 * time.Second

// tick is generous: two scenarios share the machine.
const tick = time.Second

// play sets a scenario up, plays it and judges it.
func play(ctx context.Context, s *scenario, program string, seed uint64, log io.Writer) *outcome {
	p := &performance{scenario: s, seed: seed, outcome: &outcome{scenario: s}}
	p.outcome.failed = p.run(ctx, program, log)
	return p.outcome
}

// performance is a scenario while it is played.
type performance struct {
	*scenario
	seed    uint64
	stage   *stage.Stage
	history invariant.History
	calm    invariant.History // of the bystanders
	waiting atomic.Int64
	done    []invariant.Disturbance
	outcome *outcome
}

func (p *performance) run(ctx context.Context, program string, log io.Writer) (err error) {
	plan := p.plan
	plan.Gateways, plan.Program = 2, program
	plan.Shop = &shops{
		rush: loadtest.NewOrigin(&p.history, stage.Path),
		calm: loadtest.NewOrigin(&p.calm, stage.BystanderPath),
	}
	if p.stage, err = plan.SetUp(ctx, log); err != nil {
		return err
	}
	defer p.stage.TearDown()
	ctx, cancel := context.WithTimeout(ctx, p.come.limit)
	defer cancel()

	stopWatching := p.stage.Watch(ctx, &p.history)
	weighing, stopWeighing := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() { weigh(weighing, p.stage.Doors, &p.history) })
	if plan.Bystander {
		beside.Go(func() { p.bystand(ctx) })
	}
	injected := make(chan error, 1)
	beside.Go(func() { injected <- p.inject(ctx) })
	p.outcome.figures, err = p.crowd(p.come, p.seed).Visit(ctx, p.stage.Target(), &p.history, func(s loadtest.Progress) {
		p.waiting.Store(s.Waiting)
	})
	stopWeighing()
	err = errors.Join(err, stopWatching())
	beside.Wait()
	p.judge()
	return errors.Join(err, <-injected)
}

func (p *performance) crowd(c come, seed uint64) loadtest.Crowd {
	crowd := loadtest.Crowd{
		Visitors: c.visitors, Shape: loadtest.Even{Over: c.over}, Mix: c.mix, Seed: seed,
		Pace: c.pace, Think: 300 * time.Millisecond, TurnTTL: p.plan.Room.Turn, Connections: 512,
	}
	if crowd.Pace == 0 {
		crowd.Pace = 1
	}
	return crowd
}

// bystand sends a small crowd to the other event.
func (p *performance) bystand(ctx context.Context) {
	calm := come{visitors: 150, over: 20 * time.Second}
	target := p.stage.Target()
	target.Path, target.Event, target.Complete = stage.BystanderPath, stage.BystanderID, stage.BystanderPath+loadtest.Done
	figures, err := p.crowd(calm, p.seed+1).Visit(ctx, target, &p.calm, func(loadtest.Progress) {})
	p.outcome.beside = figures
	if err != nil {
		p.outcome.failed = err
	}
}

// inject does what is done, when it is due.
func (p *performance) inject(ctx context.Context) error {
	began := time.Now()
	for _, s := range p.steps {
		if err := pause(ctx, time.Until(began.Add(s.at))); err != nil {
			return fmt.Errorf("%s: the crowd had gone before: %w", s.what, err)
		}
		for p.waiting.Load() < s.line {
			if err := pause(ctx, 100*time.Millisecond); err != nil {
				return fmt.Errorf("%s: there were never %d in the line: %w", s.what, s.line, err)
			}
		}
		p.outcome.waiting = append(p.outcome.waiting, p.waiting.Load())
		span := invariant.At(time.Now().UnixMicro())
		if err := s.do(ctx, p.stage); err != nil {
			return fmt.Errorf("%s: %w", s.what, err)
		}
		span.To = time.Now().UnixMicro()
		d := invariant.Disturbance{Span: span}
		if s.silent {
			d.Silent = span
		}
		d.To += p.settle().Microseconds()
		p.done = append(p.done, d)
	}
	return nil
}

func (p *performance) judge() {
	p.outcome.found = invariant.Check(&p.history, p.limits())
	if p.plan.Bystander {
		limits := p.limits()
		limits.Bystander, limits.Disturbed = true, nil
		for _, v := range invariant.Check(&p.calm, limits) {
			v.ID = invariant.Isolation
			p.outcome.found = append(p.outcome.found, v)
		}
	}
	for _, door := range p.stage.Doors {
		p.outcome.logs += door.Name + ":\n" + door.Log() + "\n"
	}
}

// limits are what the room promises, and where the fault allows something.
func (p *performance) limits() invariant.Limits {
	r := p.plan.Room
	burst := loadtest.Burst(r.PerMinute)
	rule := invariant.Policy{PerMinute: r.PerMinute, Burst: burst, Cap: r.Cap}
	l := invariant.Limits{
		Policies: []invariant.Policy{rule}, Disturbed: p.done,
		Tick: tick.Microseconds(), Lag: lag.Microseconds(),
		Weight: invariant.Weight{Resident: 512 << 20, Descriptors: 4000, Goroutines: 6000},
	}
	for _, d := range p.done {
		held := rule
		if p.loses {
			rule.Burst, rule.Cap = burst+burst, r.Cap+burst
			held = rule
		}
		held.From, held.Held = d.From, true
		rule.From = d.To
		l.Policies = append(l.Policies, held, rule)
	}
	return l
}
