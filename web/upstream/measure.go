package upstream

import "time"

// Measurement is what a gateway sees of a pool: who is ready, and how the
// requests of the last seconds went. Capacity is decided from those of all
// gateways.
type Measurement struct {
	// Checked says that the rest can be gone by: every source has spoken, and every
	// instance that was there before this gateway has had its first checks. Until
	// then a gateway that has just started would make the pool look down. A source
	// that stays silent is waited for no longer than sourcePatience if others name
	// instances: those are what this gateway can use.
	Checked bool
	// Unheard is the number of sources that have not spoken since the gateway started.
	Unheard int

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
	Open     int64 // requests that have been under way for more than a second: of an instance that hangs nothing ends
	// P95 is the answer time, up to the headers, that 95 % kept to, within 12 %;
	// requests that wait for longer than a second count as they stand. 0 without
	// requests.
	P95 time.Duration
}

// sourcePatience is more than one attempt of any source takes. Without it a name
// server that is away when the gateways start would keep a sale shut whose other
// instances are well.
const sourcePatience = 20 * time.Second

// unheard is the number of sources that have not spoken; mu is held.
func (r *roll) unheard() int {
	silent := 0
	for _, word := range r.words {
		if word == nil {
			silent++
		}
	}
	return silent
}

// Measure looks at the pool now.
func (p *Pool) Measure() Measurement { return p.roll.measure() }

func (r *roll) measure() Measurement {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, sum, now := Measurement{Window: meterSeconds * time.Second, Unheard: r.unheard()}, tally{}, r.now()
	m.Checked = m.Unheard == 0 || now.Sub(r.begun) >= sourcePatience
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
	if m.Unheard > 0 && m.Known == 0 {
		m.Checked = false // nothing is known, which is not the same as that nothing is there
	}
	m.Requests, m.Timeouts, m.Open = sum.requests(), sum.ends[timedOut], sum.open
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
