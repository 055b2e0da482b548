package invariant

import (
	"cmp"
	"maps"
	"slices"
)

// checkOrder proves that nobody was called, or went straight in, past somebody
// who certainly still waited: who had left, missed the turn or been called does
// not wait, and so cannot be passed.
func checkOrder(l *ledger) []Violation {
	lines := map[string][]*place{}
	for i := range l.places {
		p := &l.places[i]
		lines[p.line] = append(lines[p.line], p)
	}
	var found []Violation
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		line := lines[name]
		found = append(found, l.numbersAgainstJoins(line)...)
		found = append(found, l.callsAgainstNumbers(line)...)
	}
	return append(found, l.straightPast()...)
}

// numbersAgainstJoins finds visitors whose join was sent after another's was
// answered, and who stand before them all the same.
func (l *ledger) numbersAgainstJoins(line []*place) []Violation {
	answered := slices.Clone(line)
	slices.SortFunc(line, func(a, b *place) int { return cmp.Compare(a.sent, b.sent) })
	slices.SortFunc(answered, func(a, b *place) int { return cmp.Compare(a.answered, b.answered) })
	var found []Violation
	var last *place // the highest number whose join had been answered
	for _, b := range line {
		for len(answered) > 0 && answered[0].answered < b.sent {
			if last == nil || answered[0].number > last.number {
				last = answered[0]
			}
			answered = answered[1:]
		}
		if last != nil && last.number > b.number && last.visitor != b.visitor && !l.lossBetween(last.answered, b.answered, true) {
			found = append(found, broken([]Event{l.events[last.join], l.events[b.join]},
				"visitor %s was given number %d, before visitor %s (number %d), whose join was answered first",
				short(b.visitor), b.number, short(last.visitor), last.number))
		}
	}
	return found
}

// callsAgainstNumbers finds visitors who were called before a lower number that
// still waited.
func (l *ledger) callsAgainstNumbers(line []*place) []Violation {
	slices.SortFunc(line, func(a, b *place) int { return cmp.Compare(a.number, b.number) })
	var found []Violation
	var waiting *place // the lower number that waited longest
	for _, b := range line {
		if waiting != nil && b.visitor != waiting.visitor && b.calledBy < waiting.waitedAt && !l.lossBetween(b.calledBy, max(waiting.waitedAt, waiting.answered), true) {
			found = append(found, broken([]Event{l.events[b.call], l.events[waiting.waited]},
				"visitor %s (number %d) was called by %s, before visitor %s (number %d), who still waited at %s",
				short(b.visitor), b.number, l.clock(b.calledBy), short(waiting.visitor), waiting.number, l.clock(waiting.waitedAt)))
		}
		if waiting == nil || b.waitedAt > waiting.waitedAt {
			waiting = b
		}
	}
	return found
}

// straightPast finds direct entries while somebody waited.
func (l *ledger) straightPast() []Violation {
	places := make([]*place, len(l.places))
	for i := range l.places {
		places[i] = &l.places[i]
	}
	slices.SortFunc(places, func(a, b *place) int { return cmp.Compare(a.answered, b.answered) })
	var direct []*session
	for i := range l.sessions {
		if l.sessions[i].entry == Direct {
			direct = append(direct, &l.sessions[i])
		}
	}
	slices.SortFunc(direct, func(a, b *session) int { return cmp.Compare(a.given.From, b.given.From) })
	var found []Violation
	var waiting *place // of those who had joined, the one that waited longest
	for _, s := range direct {
		for len(places) > 0 && places[0].answered < s.given.From {
			if waiting == nil || places[0].waitedAt > waiting.waitedAt {
				waiting = places[0]
			}
			places = places[1:]
		}
		if waiting != nil && waiting.waitedAt > s.given.To && waiting.visitor != s.visitor {
			found = append(found, broken([]Event{l.events[s.proof], l.events[waiting.waited]},
				"visitor %s went straight in by %s, while visitor %s (number %d in line %s) waited",
				short(s.visitor), l.clock(s.given.To), short(waiting.visitor), waiting.number, waiting.line))
		}
	}
	return found
}
