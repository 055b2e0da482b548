package capacity

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/bilten/rushgate/queue"
)

// Pool is what gateways agree on about a pool.
type Pool struct {
	Health    Health    `json:"health"`
	Condition Condition `json:"condition"`
	Known     int64     `json:"known"` // instances
	Ready     int64     `json:"ready"` // thousandths of an instance
	Better    Better    `json:"better"`
}

// Better is a higher ready count that has not lasted yet.
type Better struct {
	Since int64 `json:"since"` // unix ms; 0: there is none
	Least int64 `json:"least"` // of it since then
}

// Steady is how long more instances must be ready before they count. Fewer count at
// once, so a pool that flaps is taken for what it is at its worst.
const Steady = 3 * time.Second

// Down says that nothing can serve anybody.
func (p Pool) Down() bool { return p.Ready == 0 }

// newPool is a pool of which only these gateways know anything: the latest of what
// they remember, or one in good health.
func newPool(name string, reports map[string]Report) (Pool, bool) {
	latest := Pool{Health: Health{Factor: Full}}
	remembered := false
	for _, member := range slices.Sorted(maps.Keys(reports)) {
		last, ok := reports[member].Last[name]
		if ok && (!remembered || last.Health.At > latest.Health.At) {
			latest, remembered = last, true
		}
	}
	return latest, remembered
}

// step is the pool at now after what the gateways have measured. ok is false while
// nobody has ever found out anything about it.
func step(name string, before Pool, known bool, p Policy, reports map[string]Report, now int64) (after Pool, ok bool) {
	if !known {
		before, known = newPool(name, reports)
	}
	var measured []Measurement
	for _, member := range slices.Sorted(maps.Keys(reports)) {
		if m, has := reports[member].Pools[name]; has {
			measured = append(measured, m)
		}
	}
	was := before.Ready
	ready, instances, agreed := agree(measured)
	switch {
	case agreed && !known:
		before.Ready, before.Known = ready, instances
		before.Health.At = now
	case agreed:
		before.Known = instances
		before.settle(ready, now)
	case !known:
		return Pool{}, false
	}
	before.Ready = min(before.Ready, before.Known*1000)
	if before.Down() || before.Ready < was {
		before.Health, before.Condition = before.Health.pause(now, before.Down()), Unproven
		return before, true
	}
	if before.Ready > was {
		before.Health = before.Health.anew()
	}
	before.Health, before.Condition = before.Health.Step(merge(measured), p, now)
	return before, true
}

// measured says that some gateway's file has the pool.
func measured(reports map[string]Report, name string) bool {
	for _, r := range reports {
		if _, has := r.Pools[name]; has {
			return true
		}
	}
	return false
}

// settle takes a lower ready count at once and a higher one when it has lasted.
func (p *Pool) settle(ready, now int64) {
	if ready <= p.Ready {
		p.Ready, p.Better = ready, Better{}
		return
	}
	if p.Better.Since == 0 || now < p.Better.Since {
		p.Better = Better{Since: now, Least: ready}
		return
	}
	p.Better.Least = min(p.Better.Least, ready)
	if now-p.Better.Since >= Steady.Milliseconds() {
		p.Ready, p.Better = p.Better.Least, Better{}
	}
}

// agree is the median of what gateways see, so that one with a bad way to the
// instances neither stops the sale nor is believed when it alone sees them. Of an
// even number the mean of the middle two: with two gateways half of the visitors
// come through each.
func agree(measured []Measurement) (ready, known int64, ok bool) {
	var readies, knowns []int64
	for _, m := range measured {
		if m.Checked {
			readies = append(readies, max(0, m.Ready))
			knowns = append(knowns, max(0, m.Known))
		}
	}
	if len(readies) == 0 {
		return 0, 0, false
	}
	return median(readies), median(knowns), true
}

func median(of []int64) int64 {
	slices.Sort(of)
	n := len(of)
	return (of[(n-1)/2] + of[n/2]) / 2
}

// merge adds the gateways' counts up. The p95 is the median of theirs, each by
// its requests: it is within the range of what they saw, and one gateway on a slow
// wire with a few requests does not make the pool slow.
func merge(measured []Measurement) Load {
	var l Load
	var seen []Measurement
	var proofs int64
	for _, m := range measured {
		if m.Requests <= 0 {
			continue
		}
		l.Requests += m.Requests
		l.Failed += min(max(0, m.Failed), m.Requests)
		if m.P95 > 0 {
			seen = append(seen, m)
			proofs += m.Requests
		}
	}
	slices.SortStableFunc(seen, func(a, b Measurement) int { return cmp.Compare(a.P95, b.P95) })
	var below int64
	for _, m := range seen {
		below += m.Requests
		if 2*below >= proofs {
			l.P95 = m.P95
			break
		}
	}
	return l
}

// noLimit stands for the rate of a pool whose instances' rate nobody has said.
const noLimit = 100 * int64(queue.MaxRate)

// sessions is how many the ready instances can hold.
func (p Pool) sessions(policy Policy) int64 { return p.Ready * policy.Sessions / 1000 }

// rate is what the ready instances can take, in milli-visitors per minute.
func (p Pool) rate(policy Policy) int64 {
	switch {
	case p.Down():
		return 0
	case policy.PerMinute == 0:
		return noLimit
	}
	return p.Ready * policy.PerMinute
}

// well is what is left of an organizer's rate in front of this pool in full health.
func (p Pool) well(policy Policy, ask queue.Rate) queue.Rate {
	switch {
	case p.Known == 0:
		return 0
	case policy.PerMinute == 0:
		return ask * queue.Rate(p.Ready) / queue.Rate(p.Known*1000)
	}
	return min(ask, queue.Rate(p.rate(policy)))
}

// healthy is r after the factor.
func (p Pool) healthy(r int64) int64 { return r/Full*p.Health.Factor + r%Full*p.Health.Factor/Full }
