package invariant

import (
	"cmp"
	"slices"
	"sort"
)

// checkNumber proves that what a visitor was shown was honest: the number of a
// place never changed, and from one answer to the next serving never fell and
// ahead never grew, unless a restore was announced in between. Two gateways may differ by [Limits.Lag]; one gateway may
// not contradict itself at all.
func checkNumber(l *ledger) []Violation {
	found := l.servingFell()
	for _, visit := range l.visits {
		var shown []*Event
		var place *Event
		for _, i := range visit {
			e := &l.events[i]
			switch e.Kind {
			case joined:
				if place == nil || place.Number != e.Number || l.lossBetween(place.To, e.To, true) {
					found = append(found, l.ranBackwards(shown)...)
					shown = nil
				}
				place = e
			case told:
				if e.Mode == Restore { // numbers may move, and it was said so
					found = append(found, l.ranBackwards(shown)...)
					shown, place = nil, nil
				}
			case saw:
				if place != nil && e.Number != 0 && e.Number != place.Number && !l.partedBetween(visit, place, e) {
					found = append(found, broken([]Event{*place, *e},
						"visitor %s had number %d and was shown number %d at %s",
						short(e.Visitor), place.Number, e.Number, l.clock(e.To)))
				}
				if n := len(shown); n > 0 && l.lossBetween(shown[n-1].To, e.To, true) {
					found = append(found, l.ranBackwards(shown)...)
					shown = nil
				}
				shown = append(shown, e)
			}
		}
		found = append(found, l.ranBackwards(shown)...)
	}
	return found
}

// ranBackwards compares the answers that one visitor got about one place.
func (l *ledger) ranBackwards(shown []*Event) []Violation {
	if len(shown) < 2 {
		return nil
	}
	found := l.compareShown(shown, l.limits.Lag)
	slices.SortStableFunc(shown, func(a, b *Event) int { return cmp.Compare(a.Gateway, b.Gateway) })
	for len(shown) > 0 && len(found) == 0 && l.limits.Lag > 0 {
		same := 1
		for same < len(shown) && shown[same].Gateway == shown[0].Gateway {
			same++
		}
		found = l.compareShown(shown[:same], 0)
		shown = shown[same:]
	}
	return found
}

// compareShown holds every answer against those read at least lag before it was
// asked for. shown is in the order of Span.To; one violation is enough.
func (l *ledger) compareShown(shown []*Event, lag int64) []Violation {
	farthest := make([]*Event, len(shown)) // the highest serving up to each
	nearest := make([]*Event, len(shown))  // the lowest ahead up to each
	for i, e := range shown {
		farthest[i], nearest[i] = e, e
		if i == 0 {
			continue
		}
		if farthest[i-1].Serving > e.Serving {
			farthest[i] = farthest[i-1]
		}
		if nearest[i-1].Ahead < e.Ahead {
			nearest[i] = nearest[i-1]
		}
		earlier := sort.Search(i, func(k int) bool { return shown[k].To >= e.From-lag }) - 1
		if earlier < 0 {
			continue
		}
		if f := farthest[earlier]; f.Serving > e.Serving {
			return []Violation{broken([]Event{*f, *e}, "visitor %s was shown serving %d at %s and %d at %s",
				short(e.Visitor), f.Serving, l.clock(f.To), e.Serving, l.clock(e.To))}
		}
		if n := nearest[earlier]; n.Ahead < e.Ahead {
			return []Violation{broken([]Event{*n, *e}, "visitor %s was shown %d people ahead at %s and %d at %s",
				short(e.Visitor), n.Ahead, l.clock(n.To), e.Ahead, l.clock(e.To))}
		}
	}
	return nil
}

// servingFell compares the room's own lines from one description to the next.
func (l *ledger) servingFell() []Violation {
	var found []Violation
	type top struct {
		serving int64
		event   *Event
	}
	highest := map[string]top{}
	for i := range l.events {
		e := &l.events[i]
		if e.Kind == lost { // gateways raise it again, one by one
			clear(highest)
		}
		if e.Kind != ticked {
			continue
		}
		for _, line := range e.room.Lines {
			h, ok := highest[line.Name]
			if ok && line.Serving < h.serving && h.event.To < e.From-l.limits.Lag {
				found = append(found, broken([]Event{*h.event, *e}, "line %s was serving %d at %s and %d at %s",
					line.Name, h.serving, l.clock(h.event.To), line.Serving, l.clock(e.To)))
			}
			if !ok || line.Serving > h.serving {
				highest[line.Name] = top{line.Serving, e}
			}
		}
	}
	return found
}
