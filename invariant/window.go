package invariant

// checkWindow proves that whoever holds an admission is let through until the
// moment that the visitor was told it lasts, unless it was given back before. What
// the visitor learned only later does not count: a page may be turned away between
// the end of a session and its being extended.
func checkWindow(l *ledger) []Violation {
	var found []Violation
	for _, visit := range l.visits {
		ends := map[string]int64{} // as told by answers read so far
		told := map[string]int{}   // by which event
		for _, i := range visit {
			e := &l.events[i]
			switch e.Kind {
			case admitted, extended:
				if e.End >= ends[e.Session] {
					ends[e.Session], told[e.Session] = e.End, i
				}
			case turnedAway:
				proof, given := told[e.Session]
				if !given || l.events[proof].To > e.From {
					break
				}
				if s := &l.sessions[l.byID[e.Session]]; e.To < s.parted && e.To < ends[e.Session]-l.limits.Lag {
					found = append(found, broken([]Event{l.events[proof], *e},
						"visitor %s was told to wait at %s with an admission that lasts until %s (%s)",
						short(e.Visitor), l.clock(e.To), l.clock(ends[e.Session]), e.Session))
				}
			}
		}
	}
	return found
}
