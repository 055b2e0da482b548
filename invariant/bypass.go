package invariant

import "slices"

// checkBypass proves that every request which reached the shop carried an
// admission that had been given to that visitor and was still good. Who goes
// straight in reaches the shop with an admission that comes with the shop's page;
// of one whose answer was lost nobody can have been told.
func checkBypass(l *ledger) []Violation {
	var found []Violation
	lost := map[Visitor][]Span{} // requests without an answer
	for _, e := range l.events {
		if e.Kind == unanswered {
			lost[e.Visitor] = append(lost[e.Visitor], Span{e.From, e.To + l.limits.Lag})
		}
	}
	for i := range l.events {
		e := l.events[i]
		if e.Kind != reached {
			continue
		}
		if e.Session == "" {
			found = append(found, broken([]Event{e}, "a request reached the shop without an admission at %s", l.clock(e.To)))
			continue
		}
		known, ok := l.byID[e.Session]
		unheard := slices.ContainsFunc(lost[e.Visitor], e.within)
		if !ok && unheard {
			continue
		}
		if !ok {
			found = append(found, broken([]Event{e}, "a request reached the shop at %s with an admission that nobody was given (%s)",
				l.clock(e.To), e.Session))
			continue
		}
		if why := l.refuses(&l.sessions[known], e, unheard); why != "" {
			found = append(found, broken([]Event{l.events[l.sessions[known].proof], e},
				"visitor %s reached the shop at %s with an admission that %s (%s)", short(e.Visitor), l.clock(e.To), why, e.Session))
		}
	}
	return found
}

// refuses says why a request should not have reached the shop, "" if it should.
// Where the answer to it is unheard, it may have told that the session goes on.
func (l *ledger) refuses(s *session, e Event, unheard bool) string {
	lag := l.limits.Lag
	switch {
	case s.visitor != e.Visitor:
		return "belongs to somebody else"
	case e.To < s.given.From:
		return "had not been given yet"
	case s.closed != never && e.From-lag > s.closed && !l.diedWith(s.closed):
		return "had been ended"
	case e.From-lag > s.ends && !unheard:
		return "had run out"
	}
	return ""
}
