package invariant

// checkLost proves that nobody lost a place: whoever was given one and has not
// given it up, missed it or used it is never told that there is none, and never
// sent to a place further back.
func checkLost(l *ledger) []Violation {
	var found []Violation
	for _, visit := range l.visits {
		var place *Event
		for _, i := range visit {
			e := &l.events[i]
			switch {
			case e.Kind == joined && place != nil && e.Line == place.Line && e.Number > place.Number && !l.partedBetween(visit, place, e):
				found = append(found, broken([]Event{*place, *e}, "visitor %s held number %d and was sent back to number %d at %s",
					short(e.Visitor), place.Number, e.Number, l.clock(e.To)))
			case e.Kind == forgotten && place != nil && !l.partedBetween(visit, place, e):
				found = append(found, broken([]Event{*place, *e}, "visitor %s held number %d and was told at %s that there is no such place",
					short(e.Visitor), place.Number, l.clock(e.To)))
			}
			if e.Kind == joined {
				place = e
			}
		}
	}
	return found
}
