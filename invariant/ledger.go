package invariant

// place is one visitor's stay in a line, from the first join to the next place.
type place struct {
	visitor Visitor
	line    string
	number  int64

	sent, answered int64 // the join: sent first, answered first
	waitedAt       int64 // the last moment at which the visitor certainly waited
	calledBy       int64 // the first moment at which the visitor had certainly been called
	gone           bool  // was called, left or missed the turn: waits no longer

	last int64 // when the visitor was last told anything

	join, waited, call int // indices of the events that prove it; -1: none
}

// session is one admission with all that is known about its life.
type session struct {
	visitor Visitor
	id      string
	entry   Entry
	given   Span
	ends    int64 // the latest moment until which the visitor was told it lasts
	parted  int64 // a complete, revoke or leave may have ended it from here on
	closed  int64 // and certainly had by here; both never if there was none
	proof   int   // index of the event
}

// lives is the time in which the session certainly counted.
func (s *session) lives() Span { return Span{s.given.To, min(s.ends, s.parted)} }

// readSessions collects one visitor's admissions. Repeated answers about one
// admission are one session.
func (l *ledger) readSessions(visit []int) {
	first := len(l.sessions)
	since := int64(never) // when the visitor came to the door
	for _, i := range visit {
		switch e := &l.events[i]; e.Kind {
		case atDoor:
			since = min(since, e.From)
		case admitted:
			l.admit(i, min(since, e.From))
			since = never
		case missed, left:
			since = never
		}
	}
	for _, i := range visit {
		e := &l.events[i]
		switch e.Kind {
		case extended:
			if known, ok := l.byID[e.Session]; ok {
				l.sessions[known].ends = max(l.sessions[known].ends, e.End)
			}
		case ended:
			if known, ok := l.byID[e.Session]; ok {
				l.sessions[known].close(e.Span)
				l.sessions[known].closed = min(l.sessions[known].closed, e.To)
			}
		case left:
			for k := first; k < len(l.sessions); k++ {
				l.sessions[k].close(e.Span)
			}
		case mayHaveLeft:
			for k := first; k < len(l.sessions); k++ {
				if s := &l.sessions[k]; e.To >= s.given.From {
					s.parted = min(s.parted, e.From)
				}
			}
		}
	}
}

// admit notes an admission that may have been given as early as from.
func (l *ledger) admit(i int, from int64) {
	e := &l.events[i]
	known, ok := l.byID[e.Session]
	if ok && l.sessions[known].visitor == e.Visitor {
		l.sessions[known].given.From = min(l.sessions[known].given.From, from)
		l.sessions[known].ends = max(l.sessions[known].ends, e.End)
		return
	}
	if !ok {
		l.byID[e.Session] = len(l.sessions)
	}
	l.sessions = append(l.sessions, session{
		visitor: e.Visitor, id: e.Session, entry: e.Entry, given: Span{from, e.To},
		ends: e.End, parted: never, closed: never, proof: i,
	})
}

// close notes a parting. One that was answered before the admission can have
// been given is about an earlier stay; one that was sent before the admission
// was answered may be, so it bounds what is certain and accuses of nothing.
func (s *session) close(when Span) {
	if when.To < s.given.From {
		return
	}
	s.parted = min(s.parted, when.From)
	if when.From >= s.given.To {
		s.closed = min(s.closed, when.To)
	}
}

// readPlaces collects one visitor's places. What is said about a visitor
// belongs to the place that the visitor was last told about.
func (l *ledger) readPlaces(visit []int) {
	first := len(l.places)
	for _, i := range visit {
		e := &l.events[i]
		current := len(l.places) - 1
		if e.Kind == joined {
			again := current >= first && l.places[current].number == e.Number && l.places[current].line == e.Line
			if again && l.lossBetween(l.places[current].last, e.To, false) {
				l.comesBack(i)
				continue
			}
			if !again {
				l.places = append(l.places, l.given(i))
				continue
			}
			p := &l.places[current]
			p.sent = min(p.sent, e.From)
		}
		if current >= first {
			if l.lossBetween(l.places[current].last, e.To, false) {
				continue // not back yet: what is said of old tells nothing of the new life
			}
			l.places[current].last = e.To
			l.tell(&l.places[current], i)
		}
	}
	for k := first; l.allCalls && k < len(l.places); k++ {
		l.places[k].wait(l.events[len(l.events)-1].To, l.places[k].waited)
	}
}

// given is the place that an event tells of first.
func (l *ledger) given(i int) place {
	e := &l.events[i]
	p := place{
		visitor: e.Visitor, line: e.Line, number: e.Number, sent: e.From, answered: e.To,
		waitedAt: e.From, calledBy: never, join: i, waited: i, call: -1, last: e.To,
	}
	if e.due {
		p.waitedAt = l.start // nobody was called before
	}
	return p
}

// tell adds to a place what a later event says about it.
func (l *ledger) tell(p *place, i int) {
	e := &l.events[i]
	switch e.Kind {
	case joined, saw: // may be said from memory
		// Figures without a number are the room's: they tell who has not been reached.
		if !e.due && e.Number == p.number || e.Number == 0 && e.Serving < p.number {
			p.wait(e.From-l.limits.Lag, i)
		}
	case called:
		p.wait(e.From, i)
		p.summon(e.To, i)
	case turn, atDoor:
		p.summon(e.To, i)
	case admitted:
		if e.Entry == FromLine {
			p.summon(e.To, i)
		}
	case left:
		if l.allCalls {
			p.wait(e.From, i)
		}
		p.gone = true
	case missed, mayHaveLeft:
		p.gone = true
	}
}

// wait notes that the visitor certainly waited at a moment.
func (p *place) wait(at int64, proof int) {
	if !p.gone && at > p.waitedAt {
		p.waitedAt, p.waited = at, proof
	}
}

// summon notes that the visitor had certainly been called by a moment. Only the
// first call counts: who is called again came back late.
func (p *place) summon(by int64, proof int) {
	if !p.gone {
		p.calledBy, p.call, p.gone = by, proof, true
	}
}
