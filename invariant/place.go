package invariant

// checkPlace proves that nobody lost a place: who showed the pass of one was
// never told that there is none, and nobody was told that the turn has gone
// before a whole turn and its grace can have passed since they still waited.
func checkPlace(l *ledger) []Violation {
	var found []Violation
	for _, visit := range l.visits {
		var place *Event  // the latest that says so
		var waited *Event // the latest that says that the turn had not come
		for _, i := range visit {
			e := &l.events[i]
			switch e.Kind {
			case joined:
				place, waited = e, e
				if e.due { // the turn may have come at any time
					waited = nil
				}
			case saw:
				if place != nil && e.Number == place.Number {
					waited = e
				}
			case atDoor: // from now on the place may be used up
				waited = nil
			case left, mayHaveLeft, ended, admitted:
				place, waited = nil, nil
			case unknown:
				if place != nil && place.To < e.From {
					found = append(found, broken([]Event{*place, *e}, "visitor %s has number %d in line %s and was told at %s that there is no such place",
						short(e.Visitor), place.Number, place.Line, l.clock(e.To)))
				}
			case missed:
				if early := l.missedEarly(waited, e); early > 0 {
					found = append(found, broken([]Event{*waited, *e}, "visitor %s (number %d) still waited at %s and was told at %s that the turn has gone, %s too early",
						short(e.Visitor), place.Number, l.clock(waited.From), l.clock(e.To), l.clock(l.start+early)))
				}
				place, waited = nil, nil
			}
		}
	}
	return found
}

// missedEarly is how much is missing of a turn and its grace, in microseconds.
func (l *ledger) missedEarly(waited, missed *Event) int64 {
	if waited == nil || l.limits.Grace == 0 {
		return 0
	}
	since := waited.From
	if waited.Kind == saw {
		since -= l.limits.Lag
	}
	return l.limits.Turn + l.limits.Grace - (missed.To - since)
}
