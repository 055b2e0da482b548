package upstream

import "time"

// verdict says why visitors' requests call for an ejection; empty: they do not.
func (e Ejection) verdict(row int, lately *tally) Cause {
	requests := lately.requests()
	switch {
	case e.InARow < 0:
		return ""
	case row >= e.InARow:
		return FailuresInARow
	case requests >= int64(e.Requests) && float64(lately.failures()) >= e.Share*float64(requests):
		return FailureShare
	}
	return ""
}

// room reports whether one more of these members may be ejected.
func (e Ejection) room(members []*instance) bool {
	ejected, all := 0, 0
	for _, in := range members {
		if in.drain.cause != "" {
			continue
		}
		all++
		if in.health.state == Ejected {
			ejected++
		}
	}
	return ejected < int(e.Most*float64(all))
}

// note counts how a request to an instance went. A failure may cost the instance
// its place among the ready.
func (r *roll) note(in *instance, begun, now time.Time, took time.Duration, how outcome) {
	in.meter.end(begun, now, took, how)
	r.counts.requests[how].Inc()
	switch {
	case how.failed():
		r.suspect(in, int(in.row.Add(1)), now)
	case how == answered && in.row.Load() != 0:
		in.row.Store(0)
	}
}

// suspect ejects an instance, or has it checked at once where too many are
// ejected already.
func (r *roll) suspect(in *instance, row int, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if in.health.state != Ready || in.drain.cause != "" {
		return
	}
	var lately tally
	in.meter.addTo(&lately, now)
	cause := r.balance.Ejection.verdict(row, &lately)
	switch {
	case cause == "":
	case r.balance.Ejection.room(r.members):
		in.row.Store(0)
		r.change(in, in.health.eject(cause, r.balance.Ejection, now))
		r.publish(now)
	case now.Sub(in.checked) >= r.check.Retry && in.due.After(now):
		in.due = now
		r.wakeUp()
	}
}
