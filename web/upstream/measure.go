package upstream

import (
	"slices"
	"time"
)

// Measurement is what a gateway sees of a pool: who is ready, and how the
// requests of the last seconds went. Capacity is decided from those of all
// gateways.
type Measurement struct {
	// Checked says that the rest can be gone by: every source has spoken, and every
	// instance that was there before this gateway has had its first checks. Until
	// then a gateway that has just started would make the pool look down.
	Checked bool

	Known int // instances that sources name and nobody drains
	Ready int // those of them that are ready
	// KnownWeight and ReadyWeight are the sums of their weights; a ready one in its
	// slow start counts by the share that it has reached. One that has come to a
	// running gateway is not known by weight while it warms up for the first time:
	// more instances must not look like fewer ready ones.
	KnownWeight, ReadyWeight float64

	Window   time.Duration // that the rest is about: the last ten seconds
	Requests int64         // that instances ended, well or not; the attempts, where one was sent again
	Failures int64         // answers from 500 on, broken or refused connections; timeouts are not among them
	Timeouts int64
	// P95 is the answer time, up to the headers, that 95 % kept to, within 12 %;
	// requests that wait for longer than a second count as they stand. 0 without
	// requests.
	P95 time.Duration
}

// Measure looks at the pool now.
func (p *Pool) Measure() Measurement { return p.roll.measure() }

func (r *roll) measure() Measurement {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, sum, now := Measurement{Window: meterSeconds * time.Second, Checked: !slices.Contains(r.words, nil)}, tally{}, r.now()
	for _, in := range r.members {
		in.meter.addTo(&sum, now)
		if in.drain.cause != "" {
			continue
		}
		m.Known++
		first := in.health.state == Warming && in.health.cause == Named
		if first && !in.health.slow {
			m.Checked = false
		}
		if !first || !in.health.slow {
			m.KnownWeight += float64(in.weight())
		}
		if in.health.state == Ready {
			m.Ready++
			m.ReadyWeight += float64(in.weight()) * in.health.share(r.balance.SlowStart, now)
		}
	}
	m.Requests, m.Timeouts = sum.requests(), sum.ends[timedOut]
	m.Failures = sum.failures() - m.Timeouts
	m.P95 = sum.quantile(0.95)
	return m
}

// Instances is the table of all that the pool knows, those that drain included,
// in the order in which they came.
func (p *Pool) Instances() []Instance {
	r := p.roll
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	table := make([]Instance, 0, len(r.members))
	for _, in := range r.members {
		table = append(table, in.describe(r.balance, now))
	}
	return table
}
