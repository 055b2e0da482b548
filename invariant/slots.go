package invariant

import (
	"cmp"
	"slices"
)

// hold is the time for which a visitor certainly occupies a slot, by a turn,
// a session, or the one after the other.
type hold struct {
	from, to int64
	grew     int64 // the earliest moment at which the slot may have been taken
	exempt   bool
	proof    int
}

// checkSlots proves that no call and no admission made turns and sessions more
// than the cap. A cap that falls throws nobody out, so being above it is no
// fault; growing above it is. The last of those who hold a slot at some moment
// took it when all the others held theirs: when more hold one than the highest
// cap since then, that taking was too much.
func checkSlots(l *ledger) []Violation {
	if len(l.limits.Policies) == 0 {
		return nil
	}
	found := l.checkRooms()
	var holds []hold
	for _, visit := range l.visits {
		holds = l.readHolds(holds, visit)
	}
	holds = slices.DeleteFunc(holds, func(h hold) bool { return h.to <= h.from })
	slices.SortFunc(holds, func(a, b hold) int { return cmp.Compare(a.from, b.from) })
	ends := make([]int64, len(holds))
	for i, h := range holds {
		ends[i] = h.to
	}
	slices.Sort(ends)
	over := 0
	for i, h := range holds {
		for ends[over] <= h.from {
			over++
		}
		holding := int64(i + 1 - over)
		if limit := l.limits.capWithin(Span{h.grew, h.from}); holding > limit && !h.exempt {
			e := l.events[h.proof]
			found = append(found, broken([]Event{e},
				"visitor %s took a slot by %s: %d turns and sessions with a cap of %d",
				short(e.Visitor), l.clock(h.from), holding, limit))
		}
	}
	return found
}

// readHolds appends one visitor's holds.
func (l *ledger) readHolds(holds []hold, visit []int) []hold {
	first := len(holds)
	joinSent := l.start
	held := map[string]bool{}
	for _, i := range visit {
		e := &l.events[i]
		var last *hold
		if len(holds) > first {
			last = &holds[len(holds)-1]
		}
		switch e.Kind {
		case joined:
			joinSent = e.From
		case called, turn:
			if e.End == 0 {
				break
			}
			grew := e.From
			if e.Kind == turn {
				grew = min(joinSent, e.From)
			}
			if last != nil && last.to >= e.From {
				last.to = max(last.to, e.End)
			} else {
				holds = append(holds, hold{from: e.To, to: e.End, grew: grew, proof: i})
			}
		case admitted:
			s := &l.sessions[l.byID[e.Session]]
			switch {
			case held[e.Session]:
			case e.Entry == FromLine && last != nil && last.to >= s.given.From:
				last.to = s.lives().To
			case e.Entry == FromLine:
				holds = append(holds, hold{from: e.To, to: s.lives().To, grew: min(joinSent, e.From), proof: i})
			default:
				holds = append(holds, hold{from: e.To, to: s.lives().To, grew: e.From, exempt: e.Entry == Adopted, proof: i})
			}
			held[e.Session] = true
		case left, mayHaveLeft, missed:
			if last != nil {
				last.to = min(last.to, e.From)
			}
		}
	}
	for k := first; k < len(holds); k++ {
		holds[k].to = l.untilOrphaned(holds[k])
	}
	return holds
}

// checkRooms compares the room's own counts from one description to the next.
func (l *ledger) checkRooms() []Violation {
	var found []Violation
	adoptions := l.adoptions()
	var before *Event
	for i := range l.events {
		e := &l.events[i]
		if e.Kind != ticked {
			continue
		}
		since := Span{l.start, e.To}
		grown := e.room.Called + e.room.Active
		if before != nil {
			since.From = before.From - l.limits.Lag
			grown -= before.room.Called + before.room.Active
		}
		for len(adoptions) > 0 && adoptions[0] <= e.To {
			adoptions = adoptions[1:]
			grown--
		}
		used := e.room.Called + e.room.Active
		if limit := l.limits.capWithin(since); used > limit && grown > 0 && !e.room.Restoring {
			found = append(found, broken([]Event{*e}, "the room held %d turns and %d sessions at %s with a cap of %d",
				e.room.Called, e.room.Active, l.clock(e.To), limit))
		}
		before = e
	}
	return found
}

// adoptions are the first possible moments of all sessions that took a slot
// whatever the cap, in order.
func (l *ledger) adoptions() []int64 {
	var moments []int64
	for i := range l.sessions {
		if l.sessions[i].entry == Adopted {
			moments = append(moments, l.sessions[i].given.From)
		}
	}
	moments = append(moments, l.returns()...)
	slices.Sort(moments)
	return moments
}
