package invariant

import (
	"cmp"
	"slices"
	"sort"
)

// checkStandstill proves liveness from outside. Whoever sees only what a room
// shows to everybody knows that somebody is called by serving going up, and that
// somebody waits by what that visitor was told. How many slots are taken must be
// guessed, and the guess errs upwards: everybody who was reached holds a slot for
// a whole turn, everybody who was admitted until the last moment they were told.
// So a history of strangers beside the crowd is never accused for their slots only
// as long as there are none: it is for rooms that the crowd has to itself.
func checkStandstill(l *ledger) []Violation {
	s := newStandstill(l)
	if len(l.limits.Policies) == 0 || len(s.shown) < 2 {
		return nil
	}
	s.countWaiting()
	s.countHolding()
	var found []Violation
	first := 0 // of the stretch in which nobody was called although somebody could have been
	for i := range s.shown {
		if i > 0 && s.served(i) > s.served(i-1) || !s.could(i) {
			first = i
			if !s.could(i) {
				first++
			}
			continue
		}
		ready := l.tokenBy(s.shown[first].To)
		if ready == never || s.shown[i].From-l.limits.Lag-ready < 2*l.limits.Tick {
			continue
		}
		found = append(found, broken([]Event{s.shown[first], s.shown[i]},
			"nobody was called from %s to %s: at least %d waited and at most %d of %d slots were taken",
			l.clock(s.shown[first].To), l.clock(s.shown[i].From), s.waiting[i], s.holding[i], l.slotsAt(&s.shown[i])))
		first = i
	}
	return found
}

// standstill is what can be said of the room at each moment it was shown.
type standstill struct {
	*ledger
	shown   []Event
	waiting []int64 // at least
	holding []int64 // at most
}

func newStandstill(l *ledger) *standstill {
	s := &standstill{ledger: l}
	for i := range l.events {
		if l.events[i].Kind == showed {
			s.shown = append(s.shown, l.events[i])
		}
	}
	slices.SortStableFunc(s.shown, func(a, b Event) int { return cmp.Compare(a.From, b.From) })
	s.waiting, s.holding = make([]int64, len(s.shown)+1), make([]int64, len(s.shown)+1)
	return s
}

func (s *standstill) could(i int) bool {
	e := &s.shown[i]
	p := s.limits.Policies[s.limits.at(e.To)]
	return !p.Held && p.PerMinute > 0 && s.waiting[i] > 0 && s.holding[i] < s.slotsAt(e)
}

// served is how many had been called.
func (s *standstill) served(i int) int64 {
	var sum int64
	for _, line := range s.shown[i].room.Lines {
		sum += line.Serving
	}
	return sum
}

// after is the first figures asked for at a moment or later.
func (s *standstill) after(us int64) int {
	return sort.Search(len(s.shown), func(i int) bool { return s.shown[i].From >= us })
}

// count adds one to every moment within a span.
func (s *standstill) count(in []int64, from, to int) {
	if from < to {
		in[from]++
		in[to]--
	}
}

func sumUp(counts []int64) {
	for i := 1; i < len(counts); i++ {
		counts[i] += counts[i-1]
	}
}

// countWaiting counts those who certainly waited: between the answer to the join
// and the last moment at which they were told to wait.
func (s *standstill) countWaiting() {
	for i := range s.places {
		p := &s.places[i]
		s.count(s.waiting, s.after(p.answered), s.after(p.waitedAt))
	}
	sumUp(s.waiting)
}

// countHolding counts those who may have held a slot.
func (s *standstill) countHolding() {
	for i := range s.sessions {
		one := &s.sessions[i]
		s.count(s.holding, s.after(one.given.From), s.after(min(one.ends, one.closed)+s.limits.Lag))
	}
	reached := s.reachedBy()
	for i := range s.places {
		p := &s.places[i]
		called := reached(p.line, p.number)
		if called == len(s.shown) {
			continue
		}
		end := s.shown[called].To + s.limits.Turn
		if p.call >= 0 {
			end = max(end, p.calledBy+s.limits.Turn)
		}
		s.count(s.holding, called, s.after(end+s.limits.Lag))
	}
	sumUp(s.holding)
}

// reachedBy finds the first figures that show a number as served. Serving never
// falls, or I5 says so; here the highest so far counts.
func (s *standstill) reachedBy() func(line string, number int64) int {
	highest := map[string][]int64{}
	for i := range s.shown {
		for _, line := range s.shown[i].room.Lines {
			row := highest[line.Name]
			if row == nil {
				row = make([]int64, len(s.shown))
				highest[line.Name] = row
			}
			row[i] = line.Serving
		}
	}
	for _, row := range highest {
		for i := 1; i < len(row); i++ {
			row[i] = max(row[i], row[i-1])
		}
	}
	return func(line string, number int64) int {
		row := highest[line]
		if row == nil {
			return len(s.shown)
		}
		return sort.Search(len(row), func(i int) bool { return row[i] >= number })
	}
}
