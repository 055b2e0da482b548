package queue

import (
	"math"
	"time"
)

const (
	slotMS     = 10_000 // long enough that a slow line calls somebody in most slots
	slotsKept  = 12     // two minutes: what went on before says little about now
	slotsTrust = 3      // from so many on the line's own pace alone counts

	// z90 is the 0.9 quantile of the standard normal distribution (NIST/SEMATECH
	// e-Handbook of Statistical Methods, 1.3.6.7.1).
	z90 = 1.2816

	// doubt is the share of the pace that p90 does not count on while nothing was
	// measured: the cap binds only when the first visitors have filled the shop.
	// It halves with every doubtSlots slots' worth of measurements.
	doubt      = 0.5
	doubtSlots = 4

	// LongestWait is where an estimate ends: beyond it nothing is told apart.
	LongestWait = 12 * time.Hour
)

// Meter measures how fast a line moves, in slots of ten seconds. It is a value:
// Observe returns the meter as it is then, and the zero meter has seen nothing.
type Meter struct {
	begun   bool
	from    int64 // unix ms at which slot 0 began
	slot    int64 // the one that is filling up
	serving int64
	slots   [slotsKept + 1]meterSlot // ring
}

type meterSlot struct {
	called int64
	busy   bool // all the time somebody waited and could be called
}

// Observe notes how far a line has come at a moment (unix ms). busy says that
// somebody waits and may be called: only such time tells how long others will
// wait.
func (m Meter) Observe(at, serving int64, busy bool) Meter {
	if !m.begun {
		m = Meter{begun: true, from: at, serving: serving}
		m.slots[0].busy = busy
		return m
	}
	slot := max((at-m.from)/slotMS, m.slot) // a clock that falls stands still
	gap := slot - m.slot
	for s := max(m.slot, slot-slotsKept-1) + 1; s <= slot; s++ {
		m.slots[s%int64(len(m.slots))] = meterSlot{busy: gap == 1} // nobody looked while longer gaps lasted
	}
	m.slot = slot
	current := &m.slots[slot%int64(len(m.slots))]
	current.called += max(0, serving-m.serving)
	current.busy = current.busy && busy
	m.serving = max(m.serving, serving)
	return m
}

// Forget keeps the counts but not what they say about the wait: the rate was
// changed.
func (m Meter) Forget() Meter {
	for i := range m.slots {
		m.slots[i].busy = false
	}
	return m
}

// PerMinute is how many were called per minute lately, whether somebody waited
// or not.
func (m Meter) PerMinute() int64 {
	const minute = 60_000 / slotMS
	n := min(m.slot, minute)
	if n == 0 {
		return 0
	}
	var called int64
	for s := m.slot - n; s < m.slot; s++ {
		called += m.slots[s%int64(len(m.slots))].called
	}
	return called * minute / n
}

// Wait estimates when a visitor with so many ahead is called: with probability
// 0.5 by p50, 0.9 by p90. Until the line's own pace is known, prior stands in
// for it. ok is false when nobody was called lately: then nobody can tell.
//
// n visitors (those ahead and this one) take k slots. With m called per slot on
// average, standard deviation s, the number called in k slots is by the central
// limit theorem about normal with mean m k and deviation s sqrt(k). So half of
// the time k = n/m slots are enough, and the k that is enough nine times of ten
// solves n = m k - z90 s sqrt(k), a quadratic in sqrt(k). For that the pace is
// taken lower than it was, as long as little of it was seen.
func (m Meter) Wait(ahead int64, prior Rate) (p50, p90 time.Duration, ok bool) {
	mean, deviation, measured := m.pace(prior)
	if mean <= 0 {
		return 0, 0, false
	}
	n := float64(max(ahead, 0)) + 1
	spread := z90 * deviation
	low := mean * (1 - doubt*math.Exp2(-float64(measured)/doubtSlots))
	root := (spread + math.Sqrt(spread*spread+4*low*n)) / (2 * low)
	return slotsLong(n / mean), slotsLong(max(root*root, n/mean)), true
}

// pace is the mean and standard deviation of calls per busy slot, and how many
// slots were measured. Missing slots
// count as the prior, with the spread of a Poisson process: wide, because
// nothing was measured.
func (m Meter) pace(prior Rate) (mean, deviation float64, measured int) {
	var counts [slotsKept]float64
	n := 0
	for s := max(0, m.slot-slotsKept); s < m.slot; s++ {
		if slot := m.slots[s%int64(len(m.slots))]; slot.busy {
			counts[n] = float64(slot.called)
			n++
		}
	}
	expected := float64(prior) / 1000 * slotMS / 60_000
	missing := float64(max(0, slotsTrust-n))
	total := float64(n) + missing

	mean = missing * expected
	for _, c := range counts[:n] {
		mean += c
	}
	mean /= total
	squares := missing * (expected + (expected-mean)*(expected-mean))
	for _, c := range counts[:n] {
		squares += (c - mean) * (c - mean)
	}
	return mean, math.Sqrt(squares / (total - 1)), n
}

// slotsLong is a number of slots as a duration.
func slotsLong(slots float64) time.Duration {
	return time.Duration(min(slots*slotMS*float64(time.Millisecond), float64(LongestWait)))
}
