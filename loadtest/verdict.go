package loadtest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/bilten/rushgate/invariant"
)

// Outlook is the verdict in a word. Its value is the exit status of a rush.
type Outlook int

const (
	Clean   Outlook = 0 // everybody was treated fairly
	Broken  Outlook = 1 // somebody was not
	Invalid Outlook = 2 // the crowd could not keep its own plan, so it proves nothing
)

func (o Outlook) String() string { return [...]string{"clean", "broken", "invalid"}[o] }

// Tolerance is what a run may fall short of before it proves nothing.
type Tolerance struct {
	Lateness time.Duration // of the crowd's own sending, p99
	Failed   float64       // share of requests without a sensible answer
	// Unfinished visitors, and those who were refused, are not held against the
	// gateways: the rate was too low to let everybody in.
	Unfinished bool
}

// Strict is for a machine that has nothing else to do.
var Strict = Tolerance{Lateness: 250 * time.Millisecond, Failed: 0.001}

// Verdict is the judgement on a run.
type Verdict struct {
	Outlook    Outlook
	Inversions int // I4
	Doubles    int // I3
	OverCap    int // I1
	Lost       int // visitors whose place or admission the gateways forgot
	Other      int // violations of the other invariants
	Reasons    []string
}

// maxReasons keeps a broken run readable.
const maxReasons = 5

// Judge weighs what happened. A proven wrong makes a run broken, however late
// the crowd was; a late crowd makes it invalid even if nothing else was wrong.
func Judge(f Figures, violations []invariant.Violation, t Tolerance) Verdict {
	v := Verdict{Lost: f.Outcomes[Lost]}
	byID := map[invariant.ID][]string{}
	for _, one := range violations {
		byID[one.ID] = append(byID[one.ID], one.String())
		switch one.ID {
		case invariant.Order:
			v.Inversions++
		case invariant.Double:
			v.Doubles++
		case invariant.Cap:
			v.OverCap++
		default:
			v.Other++
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		found := byID[id]
		v.reason(Broken, found[:min(len(found), maxReasons)]...)
		if more := len(found) - maxReasons; more > 0 {
			v.reason(Broken, fmt.Sprintf("%s: %d more", id, more))
		}
	}
	if v.Lost > 0 {
		v.reason(Broken, fmt.Sprintf("%d visitors had a place or an admission that the gateways no longer knew", v.Lost))
	}
	if f.Lateness.P99 > t.Lateness {
		v.reason(Invalid, fmt.Sprintf("the crowd itself was late: one request in a hundred went out %v or more after its time (%v is tolerated)",
			f.Lateness.P99.Round(time.Millisecond), t.Lateness))
	}
	if n := f.Outcomes[Unfinished] + f.Outcomes[Refused]; n > 0 && !t.Unfinished {
		v.reason(Broken, fmt.Sprintf("%d visitors were refused or had not come in when the time was up", n))
	}
	if f.Requests == 0 || float64(f.Failed)/float64(f.Requests) > t.Failed {
		v.reason(Broken, fmt.Sprintf("%d of %d requests got no sensible answer", f.Failed, f.Requests))
	}
	return v
}

// reason adds reasons for an outlook; the first outlook that is not clean stays.
func (v *Verdict) reason(o Outlook, why ...string) {
	if v.Outlook == Clean {
		v.Outlook = o
	}
	v.Reasons = append(v.Reasons, why...)
}
