package main

import (
	"context"
	"fmt"
	"time"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/loadtest"
	"github.com/bilten/rushgate/loadtest/stage"
)

// scenario is one fault: what stands, who comes, what is done to it meanwhile,
// and what must have been seen afterwards.
type scenario struct {
	id    string // as docs/faults.md lists it
	fault string // what happens, in a sentence
	plan  stage.Plan
	come  come
	steps []step
	// loses says that the store forgets what it has acknowledged. Then calls and
	// admissions of one tick may be given twice over: cap and burst are a batch
	// higher from there on.
	loses  bool
	expect []expectation
	alone  bool // needs the machine for itself
}

// come is who comes.
type come struct {
	visitors int
	over     time.Duration
	mix      loadtest.Mix
	pace     float64       // 0: as often as the gateways ask for
	limit    time.Duration // who is still on the way then has not come in
}

// step is something that is done.
type step struct {
	at     time.Duration // after the crowd has begun to come
	what   string
	silent bool // from its beginning to its end the store answers nobody
	do     func(context.Context, *stage.Stage) error
	line   int64 // not before so many wait
}

// The time after a fault by which a room must work as before: until clients,
// sentinels and gateways have noticed, and, where places may have been lost, the
// three quarters of a minute in which they are put back.
const (
	settleHeld = 15 * time.Second
	settleLost = 60 * time.Second
)

func (s *scenario) settle() time.Duration {
	if s.loses {
		return settleLost
	}
	return settleHeld
}

// outcome is what a scenario came to.
type outcome struct {
	scenario *scenario
	figures  loadtest.Figures
	waiting  []int64 // at the beginning of each step
	found    []invariant.Violation
	beside   loadtest.Figures // the bystanders
	failed   error            // it could not be played
	logs     string           // the ends of the gateways' logs
}

// expectation is what must have been seen: the empty string if it was.
type expectation func(*outcome) string

// everybodyCameIn holds for every scenario: a fault may cost time, and nothing else.
func everybodyCameIn(o *outcome) string {
	f := o.figures
	if n := f.Outcomes[loadtest.Unfinished] + f.Outcomes[loadtest.Refused]; n > 0 {
		return fmt.Sprintf("%d visitors were refused or had not come in when the time was up", n)
	}
	if n := f.Outcomes[loadtest.Lost]; n > 0 {
		return fmt.Sprintf("%d visitors had a place or an admission that the gateways no longer knew", n)
	}
	return ""
}

// noServerError holds for every scenario: what fails has a name and a page.
func noServerError(o *outcome) string {
	for what, n := range o.figures.Heard {
		var status int
		if _, err := fmt.Sscanf(what, "status %d", &status); err == nil && status != 503 {
			return fmt.Sprintf("%d answers were %q", n, what)
		}
	}
	return ""
}

// heard wants at least one answer of a kind.
func heard(what string) expectation {
	return func(o *outcome) string {
		if o.figures.Heard[what] > 0 {
			return ""
		}
		return fmt.Sprintf("nobody was told %q: the fault did not bite", what)
	}
}

// few wants at most so many answers of a kind to each visitor. A machine that is
// shared may make a store late now and then.
func few(what string, each float64) expectation {
	return func(o *outcome) string {
		if n := o.figures.Heard[what]; float64(n) > each*float64(o.figures.Came) {
			return fmt.Sprintf("%d answers told of %q", n, what)
		}
		return ""
	}
}

// waited wants so many in the line when the fault struck.
func waited(atLeast int64) expectation {
	return func(o *outcome) string {
		if len(o.waiting) > 0 && o.waiting[0] >= atLeast {
			return ""
		}
		return fmt.Sprintf("%d waited when the fault struck; want %d", o.waiting, atLeast)
	}
}

// nobodyMissed wants no turn to be gone for good.
func nobodyMissed(o *outcome) string {
	if n := o.figures.Missed; n > 0 {
		return fmt.Sprintf("%d turns were gone for good, though everybody was there", n)
	}
	return ""
}

// pause waits inside a step.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
