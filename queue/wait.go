package queue

import "time"

// Meter measures how fast a line is called. It is a value: observing returns
// the meter as it is then.
type Meter struct{}

// Observe notes a line as a snapshot of the moment at (unix ms) shows it.
func (m Meter) Observe(at int64, line LineView) Meter { return m }

// PerMinute is how many were called in the last minute.
func (m Meter) PerMinute() int64 { return 0 }

// Wait estimates how long it takes until a visitor with so many ahead is called:
// half of the visitors are called by p50, nine of ten by p90.
func (m Meter) Wait(ahead int64, prior Rate) (p50, p90 time.Duration, ok bool) { return 0, 0, false }
