package invariant

// idle is a stretch of a room's descriptions in which somebody waited, a slot
// was free, calls were allowed, and nobody was called.
type idle struct {
	since *Event
	ready int64 // from when on a token was certainly there; 0: not yet
	seen  int   // descriptions since then
}

// checkLiveness proves that a room with a free slot, rate to spare and somebody
// waiting calls within two ticks. Calls pay the rate, so after a call a token is
// certainly there only one token's time later; the two ticks count from then.
// It needs descriptions of the room that are at most a tick apart.
func checkLiveness(l *ledger) []Violation {
	if len(l.limits.Policies) == 0 {
		return nil
	}
	var found []Violation
	var now idle
	var before *Event
	for i := range l.events {
		e := &l.events[i]
		if e.Kind == called {
			now = idle{}
		}
		if e.Kind != ticked {
			continue
		}
		if !l.couldCall(e) || before != nil && calledSince(before.room, e.room) {
			now = idle{}
		}
		if before != nil && e.From-before.To > 2*l.limits.Tick { // nobody looked meanwhile
			now = idle{}
		}
		before = e
		if !l.couldCall(e) {
			continue
		}
		if now.since == nil {
			now = idle{since: e, ready: l.tokenBy(e.To)}
			continue
		}
		if e.From-l.limits.Lag < now.ready {
			continue
		}
		now.seen++
		if now.seen >= 2 && e.From-l.limits.Lag-now.ready >= 2*l.limits.Tick {
			found = append(found, broken([]Event{*now.since, *e},
				"nobody was called from %s to %s: %d waited and %d of %d slots were taken",
				l.clock(now.since.To), l.clock(e.From), waitingIn(e.room), e.room.Called+e.room.Active, l.slotsAt(e)))
			now = idle{}
		}
	}
	return found
}

func (l *ledger) couldCall(e *Event) bool {
	p := l.limits.Policies[l.limits.at(e.To)]
	return !p.Held && p.PerMinute > 0 && waitingIn(e.room) > 0 && e.room.Called+e.room.Active < l.slotsAt(e)
}

// slotsAt is the lowest cap that may have ruled when e was described.
func (l *ledger) slotsAt(e *Event) int64 {
	i := l.limits.at(e.From - l.limits.Lag)
	lowest := l.limits.Policies[i].Cap
	for i++; i < len(l.limits.Policies) && l.limits.Policies[i].From <= e.To; i++ {
		lowest = min(lowest, l.limits.Policies[i].Cap)
	}
	return lowest
}

// tokenBy is the moment by which an empty bucket has a token again.
func (l *ledger) tokenBy(from int64) int64 {
	missing := int64(perToken)
	for i := l.limits.at(from); i < len(l.limits.Policies); i++ {
		rate, until := l.limits.Policies[i].PerMinute, l.limits.until(i)
		if rate > 0 && (missing+rate-1)/rate <= until-from {
			return from + (missing+rate-1)/rate
		}
		missing -= rate * (until - from)
		from = until
	}
	return never
}

// calledSince says whether the room's figures moved as a call moves them.
func calledSince(before, after *Room) bool {
	if after.Called > before.Called || after.Late < before.Late {
		return true
	}
	for i, line := range after.Lines {
		if i >= len(before.Lines) || line.Serving != before.Lines[i].Serving {
			return true
		}
	}
	return false
}

func waitingIn(r *Room) int64 {
	waiting := r.Late
	for _, line := range r.Lines {
		waiting += line.Waiting
	}
	return waiting
}
