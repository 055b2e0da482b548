package invariant

// lossBetween says whether the room began a new life between two moments. With
// orphaned only losses count that took a gateway with them.
func (l *ledger) lossBetween(from, to int64, orphaned bool) bool {
	for _, e := range l.losses {
		if (e.orphans || !orphaned) && e.To >= from && e.From <= to {
			return true
		}
	}
	return false
}

// diedWith says that what happened at a moment may be known to nobody any more: the
// gateway that did it and the store died before the others can have heard of it.
func (l *ledger) diedWith(at int64) bool { return l.lossBetween(at, at+l.limits.Lag, true) }

// comesBack notes that a visitor was given a place again that an earlier life of
// the room had given: the same place, but nobody can have waited at it meanwhile.
func (l *ledger) comesBack(i int) {
	p := l.given(i)
	p.sent = l.places[len(l.places)-1].sent
	l.places = append(l.places, p)
}

// returns are the moments from which sessions of an earlier life may have come
// back, whatever the cap: each shows itself when it is used.
func (l *ledger) returns() []int64 {
	var moments []int64
	for _, visit := range l.visits {
		for _, i := range visit {
			e := &l.events[i]
			if e.Kind != extended && e.Kind != admitted {
				continue
			}
			k, ok := l.byID[e.Session]
			if ok && l.lossBetween(l.sessions[k].given.From, e.To, false) {
				moments = append(moments, e.From)
			}
		}
	}
	return moments
}

// untilOrphaned is when a slot may be forgotten: who was let in by a gateway that
// died with the store holds one that nobody knows of.
func (l *ledger) untilOrphaned(h hold) int64 {
	for _, e := range l.losses {
		taken := l.events[h.proof].Kind == admitted
		if (e.orphans || !taken) && e.From >= h.from {
			return min(h.to, e.From)
		}
	}
	return h.to
}
