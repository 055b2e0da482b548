package queue

import (
	"errors"
	"fmt"
)

// Rate is in milli-visitors per minute, so that 7 of 13 instances' share of a
// rate is still an integer.
type Rate int64

// PerMinute is a rate of n visitors per minute.
func PerMinute(n int64) Rate { return Rate(n) * 1000 }

// Visitors is the rate in visitors per minute.
func (r Rate) Visitors() float64 { return float64(r) / 1000 }

// MaxRate bounds a rate so that a refill over MaxStep stays exact in a double,
// which is all that Lua has.
const MaxRate Rate = 1e10

const (
	// Token is one visitor in a bucket's units. A rate in milli-visitors per
	// minute times a time in milliseconds is a refill in exactly these units:
	// 1000 * 60,000 to the visitor. No fraction is ever lost.
	Token int64 = 60_000_000

	// Base is the order before the first of the line; orders of a draw are below it.
	Base int64 = 1 << 52

	// MaxStep is how far one operation can move a room's time, in ms. Gateways tick
	// several times a second: more is a clock that jumped or a store that was away.
	MaxStep int64 = 10_000

	// Patience is how long a called visitor is expected before the call counts
	// as unanswered and its token goes to the next in line, in ms. The turn
	// itself goes on.
	Patience int64 = 10_000

	// MaxCalls is how many one tick calls at most; the tokens stay for the next.
	// A store must not be held up for longer than a gateway waits for it.
	MaxCalls = 20_000

	// Settle is how long a room made out of nothing gives no numbers, in ms, so that
	// gateways which know better are heard first.
	Settle int64 = 2000

	// Found is how long before a room was made a memory, or a pass, of another root
	// may have been true that is taken for the same room, forgotten by the store, in
	// ms. Older ones are of another sale under the same name.
	Found int64 = 24 * 3600 * 1000

	// ClockLost is how long after a room was made the same may have been true, in ms:
	// whoever sets up a store anew may set its clock anew, and that one be behind.
	ClockLost int64 = 3600 * 1000

	// EndedPage is how many ended sessions one snapshot carries at most.
	EndedPage = 1000
)

// Burst is how full a bucket may be: one visitor more than a second's worth,
// because with less a slow room's bucket would spill what a tick cannot spend.
func (r Rate) Burst() int64 {
	if r == 0 {
		return 0
	}
	return Token + int64(r)*1000
}

// refill is the bucket after ms milliseconds at rate r.
func (r Rate) refill(bucket, ms int64) int64 {
	return min(bucket+int64(r)*ms, r.Burst())
}

// Validate says what a store could not work with. A store's operations cannot
// fail on a valid policy after their first write.
func (p Policy) Validate() error {
	var problems []error
	add := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	add(p.Version < 1, "version %d: must be at least 1", p.Version)
	add(p.Rate < 0 || p.Rate > MaxRate, "rate %d: must be 0 to %d", p.Rate, MaxRate)
	add(p.Cap < 0 || p.Cap > Base, "cap %d: must be 0 to 2^52", p.Cap)
	add(p.OpensAt < 0 || p.OpensAt > Base, "opens at %d: must be 0 to 2^52", p.OpensAt)
	add(p.Offset < -1 || p.Offset >= Base, "offset %d: must be -1 to 2^52 - 1", p.Offset)
	for _, t := range []struct {
		name string
		ms   int64
	}{
		{"turn", p.Times.Turn},
		{"grace", p.Times.Grace},
		{"session", p.Times.Session},
		{"session max", p.Times.SessionMax},
		{"probation", p.Times.Probation},
	} {
		add(t.ms < 1 || t.ms > 1<<40, "%s %d ms: must be 1 to 2^40", t.name, t.ms)
	}
	add(len(p.Lines) < 1 || len(p.Lines) > MaxLines, "%d lines: must be 1 to %d", len(p.Lines), MaxLines)
	seen := map[string]bool{}
	for _, line := range p.Lines {
		add(line.Name == "", "a line without a name")
		add(seen[line.Name], "line %q: named twice", line.Name)
		add(line.Weight < 1 || line.Weight > 1_000_000, "line %q: weight %d: must be 1 to 1,000,000", line.Name, line.Weight)
		seen[line.Name] = true
	}
	return errors.Join(problems...)
}

// step is how far a room's time goes by what its wall clock did between two
// operations.
func step(lastWall, wall int64) int64 { return min(max(wall-lastWall, 0), MaxStep) }

// share splits n calls among lines by smooth weighted round robin: waiting and
// weights are per line, current is the state carried from tick to tick. It is
// work-conserving, and in any long run each line that never empties gets calls
// in proportion to its weight.
//
// Source: the algorithm of nginx's upstream round robin (commit 52327e0627).
func share(n int64, waiting, weights, current []int64) (take []int64) {
	take = make([]int64, len(waiting))
	var total int64
	for i := range waiting {
		if waiting[i] == 0 {
			current[i] = 0 // an empty line saves nothing up
			continue
		}
		total += weights[i]
	}
	for ; n > 0 && total > 0; n-- {
		pick := -1
		for i := range waiting {
			if take[i] == waiting[i] {
				continue
			}
			current[i] += weights[i]
			if pick < 0 || current[i] > current[pick] {
				pick = i
			}
		}
		current[pick] -= total
		take[pick]++
		if take[pick] == waiting[pick] {
			current[pick] = 0
			total -= weights[pick]
		}
	}
	return take
}
