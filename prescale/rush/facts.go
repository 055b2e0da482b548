package rush

import "time"

const (
	// Margin is how long before the first visitor may join the queue is on at the
	// latest: more than a lease and a few ticks, so that a gateway that dies in this
	// very step is replaced in time.
	Margin = 30 * time.Second
	// Patience is how long the queue waits for capacity in a run that was started
	// by hand and has no start ahead of it.
	Patience = 15 * time.Minute
	// Linger is how long after the end people who still wait or buy are given
	// before the way back begins.
	Linger = 30 * time.Minute
	// Endless is for how long capacity is ordered for an event without an end.
	Endless = 24 * time.Hour
)

// Facts are what a decision looks at beside the state.
type Facts struct {
	Lead       time.Duration // before the start, for capacity to grow; 0: none is known
	Auto       bool          // the schedule arms itself: there is something to scale
	PrequeueAt time.Time     // zero: none
	StartAt    time.Time     // zero: none
	EndAt      time.Time     // zero: none
	Quiet      bool          // nobody waits, is called or has a session
	Gone       bool          // the event has left the catalog
}

// Opening is when the first visitor may join; zero: no such moment is declared.
func (f Facts) Opening() time.Time {
	if !f.PrequeueAt.IsZero() && f.PrequeueAt.Before(f.StartAt) {
		return f.PrequeueAt
	}
	return f.StartAt
}

// Due is when an armed rush begins; zero: never. That is the lead time before the
// start, or earlier, when people may join before that: the queue must be on.
func (f Facts) Due() time.Time {
	if f.Lead <= 0 || f.StartAt.IsZero() {
		return time.Time{}
	}
	due := f.StartAt.Add(-f.Lead)
	if soon := f.Opening().Add(-2 * Margin); soon.Before(due) {
		return soon
	}
	return due
}

// Until is when capacity that is ordered now is given back at the latest.
func (f Facts) Until(now time.Time) time.Time {
	switch {
	case !f.EndAt.IsZero():
		return f.EndAt.Add(2 * Linger)
	case f.StartAt.After(now):
		return f.StartAt.Add(Endless)
	default:
		return now.Add(Endless)
	}
}

// over says that the event has ended and its people are gone, or long ended.
func (f Facts) over(now time.Time) bool {
	ended := !f.EndAt.IsZero() && !now.Before(f.EndAt)
	return ended && (f.Quiet || !now.Before(f.EndAt.Add(Linger)))
}

// scheduled says that the event has a rush that is not past and arms itself.
func (f Facts) scheduled(now time.Time) bool {
	due := f.Due()
	if due.IsZero() || f.Gone || !f.Auto {
		return false
	}
	if f.EndAt.IsZero() {
		return now.Before(f.StartAt.Add(Endless))
	}
	return now.Before(f.EndAt)
}

// ReadyBy is when capacity that is not ready is warned of.
func (f Facts) ReadyBy(begun time.Time) time.Time {
	if f.StartAt.After(begun) {
		return f.StartAt.Add(-Margin)
	}
	return f.Deadline(begun)
}

// Deadline is when the queue goes on even if the capacity is not ready.
func (f Facts) Deadline(begun time.Time) time.Time {
	if opening := f.Opening(); opening.After(begun) {
		return opening.Add(-Margin)
	}
	if !f.StartAt.IsZero() { // open already: every second counts
		return begun
	}
	return begun.Add(Patience)
}
