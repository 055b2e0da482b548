package capacity

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Policy is what the operator says of a pool.
type Policy struct {
	Sessions  int64 // that one instance can hold
	PerMinute int64 // new visitors that one instance can take; 0: nobody has said
	// Target is the p95 of answers above which the pool is too slow. 0: it is
	// learned, see Health.Target.
	Target time.Duration
	// Weights are the events' shares when the pool is scarce; an event that is not
	// named has weight 1.
	Weights map[string]int64
}

const (
	mostPerInstance = 1_000_000
	mostWeight      = 1_000_000
)

// Validate names everything that is wrong.
func (p Policy) Validate() error {
	var problems []error
	add := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	add(p.Sessions < 1 || p.Sessions > mostPerInstance, "sessions per instance %d: must be 1 to %d", p.Sessions, mostPerInstance)
	add(p.PerMinute < 0 || p.PerMinute > mostPerInstance, "visitors per minute per instance %d: must be 0 to %d", p.PerMinute, mostPerInstance)
	add(p.Target < 0, "target %v: must not be negative", p.Target)
	for _, event := range slices.Sorted(maps.Keys(p.Weights)) {
		w := p.Weights[event]
		add(w < 1 || w > mostWeight, "weight of event %s %d: must be 1 to %d", event, w, mostWeight)
	}
	return errors.Join(problems...)
}

func (p Policy) weight(event string) int64 {
	if w, ok := p.Weights[event]; ok {
		return w
	}
	return 1
}
