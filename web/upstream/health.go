package upstream

import "time"

// health is what is known of an instance, and how it changes is a pure function
// of what happens to it.
type health struct {
	state State // Warming, Ready, Unhealthy or Ejected
	cause Cause
	since time.Time
	until time.Time // of an ejection

	good, bad int  // checks in a row
	ejections int  // in a row, with no long good time between
	slow      bool // its share grows from the moment it is ready; not that of one that was there before the gateway
}

// newHealth is that of an instance that a source has just named. One that was
// there before this gateway has had its slow start.
func newHealth(c Check, before bool, now time.Time) health {
	h := health{state: Warming, cause: Named, since: now, slow: !before}
	if c.Path == "" {
		h.state, h.cause = Ready, Unchecked
	}
	return h
}

func (h health) become(state State, cause Cause, now time.Time) health {
	h.state, h.cause, h.since = state, cause, now
	return h
}

// hear takes the result of a check; an empty cause is a good one.
func (h health) hear(failed Cause, c Check, now time.Time) health {
	if failed == "" {
		h.good, h.bad = h.good+1, 0
		switch {
		case h.state == Warming && h.good >= max(1, c.WarmUp), h.state == Unhealthy && h.good >= c.Good:
			return h.become(Ready, ChecksPassed, now)
		}
		return h
	}
	h.good, h.bad = 0, h.bad+1
	switch {
	case h.bad < c.Bad:
	case h.state == Ready, h.state == Warming:
		h.slow = true
		return h.become(Unhealthy, failed, now)
	case h.state == Unhealthy:
		h.cause = failed
	}
	return h
}

// pause is the time until the next check. While an instance warms up and answers
// there is none; one that is well has the long one.
func (h health) pause(c Check) time.Duration {
	switch {
	case h.state == Warming && h.good > 0:
		return 0
	case h.state == Ready && h.bad == 0, h.state == Ejected:
		return c.Interval
	}
	return c.Retry
}

// eject sends the instance to rest: longer each time in a row.
func (h health) eject(cause Cause, e Ejection, now time.Time) health {
	if now.Sub(h.since) > 2*e.Longest { // it has been well for long
		h.ejections = 0
	}
	h.ejections++
	h.good, h.bad, h.slow = 0, 0, true
	h = h.become(Ejected, cause, now)
	h.until = now.Add(min(time.Duration(h.ejections)*e.Time, e.Longest))
	return h
}

// pass is what time alone changes: an ejection ends, and the instance has to
// prove itself by checks where there are any.
func (h health) pass(c Check, now time.Time) health {
	if h.state != Ejected || now.Before(h.until) {
		return h
	}
	if c.Path == "" {
		return h.become(Ready, EjectionOver, now)
	}
	return h.become(Warming, EjectionOver, now)
}

// firstShare is what an instance gets in the moment in which it becomes ready.
const firstShare = 0.1

// share is how much of its weight a ready instance gets.
func (h health) share(slowStart time.Duration, now time.Time) float64 {
	if !h.slow || slowStart <= 0 {
		return 1
	}
	return min(1, max(firstShare, float64(now.Sub(h.since))/float64(slowStart)))
}
