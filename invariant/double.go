package invariant

import (
	"cmp"
	"slices"
)

// checkDouble proves that a visitor never had two places or two live admissions
// at once, and that no two visitors got one place or one admission.
func checkDouble(l *ledger) []Violation {
	found := l.sharedPlaces()
	for _, visit := range l.visits {
		found = append(found, l.secondPlaces(visit)...)
	}
	byVisitor := slices.Clone(l.sessions)
	slices.SortStableFunc(byVisitor, func(a, b session) int {
		if c := slices.Compare(a.visitor[:], b.visitor[:]); c != 0 {
			return c
		}
		return cmp.Compare(a.lives().From, b.lives().From)
	})
	for i := 1; i < len(byVisitor); i++ {
		a, b := &byVisitor[i-1], &byVisitor[i]
		if a.visitor == b.visitor && a.id != b.id && !l.lossBetween(a.given.From, b.given.To, true) && b.lives().From < min(a.lives().To, b.lives().To) {
			found = append(found, broken([]Event{l.events[a.proof], l.events[b.proof]},
				"visitor %s was admitted again by %s (%s), while the first admission (%s) still counted",
				short(a.visitor), l.clock(b.lives().From), b.id, a.id))
		}
	}
	for _, s := range l.sessions {
		if owner := l.sessions[l.byID[s.id]].visitor; owner != s.visitor {
			found = append(found, broken([]Event{l.events[s.proof]},
				"visitors %s and %s were given one admission (%s)", short(owner), short(s.visitor), s.id))
		}
	}
	return found
}

// sharedPlaces finds numbers that two visitors were given.
func (l *ledger) sharedPlaces() []Violation {
	type key struct {
		line   string
		number int64
	}
	var found []Violation
	owner := make(map[key]*place, len(l.places))
	for i := range l.places {
		p := &l.places[i]
		first, taken := owner[key{p.line, p.number}]
		if !taken {
			owner[key{p.line, p.number}] = p
		} else if first.visitor != p.visitor && !l.lossBetween(min(first.sent, p.sent), max(first.answered, p.answered), true) {
			found = append(found, broken([]Event{l.events[first.join], l.events[p.join]},
				"visitors %s and %s were both given number %d in line %s",
				short(first.visitor), short(p.visitor), p.number, p.line))
		}
	}
	return found
}

// secondPlaces finds places that one visitor was given while an earlier one was
// still good: nothing that ends a place can have happened in between.
func (l *ledger) secondPlaces(visit []int) []Violation {
	var found []Violation
	var before *Event
	for _, i := range visit {
		e := &l.events[i]
		if e.Kind != joined {
			continue
		}
		if before != nil && (before.Number != e.Number || before.Line != e.Line) && !l.partedBetween(visit, before, e) {
			found = append(found, broken([]Event{*before, *e},
				"visitor %s was given number %d in line %s and then number %d in line %s",
				short(e.Visitor), before.Number, before.Line, e.Number, e.Line))
		}
		before = e
	}
	return found
}

// partedBetween says whether the visitor may have given up, missed or used up
// the place of one event before a later event.
func (l *ledger) partedBetween(visit []int, before, after *Event) bool {
	for _, i := range visit {
		e := &l.events[i]
		switch e.Kind {
		case left, mayHaveLeft, missed, ended:
			if e.To >= before.From && e.From <= after.To {
				return true
			}
		case admitted:
			if e.To >= before.From && l.sessions[l.byID[e.Session]].lives().To <= after.To {
				return true
			}
		}
	}
	return false
}
