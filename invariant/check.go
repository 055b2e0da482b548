package invariant

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
)

// ID names an invariant.
type ID string

const (
	Cap       ID = "I1"
	Place     ID = "I2"
	Double    ID = "I3"
	Order     ID = "I4"
	Number    ID = "I5"
	Bypass    ID = "I6"
	Window    ID = "I7"
	Liveness  ID = "I8"
	Bounds    ID = "I9"
	Isolation ID = "I10"
	Modes     ID = "I11"
	Controls  ID = "I12"
)

// Violation is a promise that the history shows to be broken.
type Violation struct {
	ID     ID
	What   string  // a sentence for people
	Events []Event // the evidence
}

func (v Violation) String() string { return string(v.ID) + ": " + v.What }

var checkers = []struct {
	id    ID
	check func(*ledger) []Violation
}{
	{Cap, checkRate},
	{Cap, checkSlots},
	{Place, checkLost},
	{Place, checkPlace},
	{Double, checkDouble},
	{Order, checkOrder},
	{Number, checkNumber},
	{Bypass, checkBypass},
	{Window, checkWindow},
	{Liveness, checkLiveness},
	{Liveness, checkStandstill},
	{Bounds, checkWeight},
	{Isolation, checkBystanders},
	{Modes, checkModes},
	{Controls, checkControls},
}

// All are the invariants in order.
func All() []ID {
	var ids []ID
	for _, c := range checkers {
		if len(ids) == 0 || ids[len(ids)-1] != c.id {
			ids = append(ids, c.id)
		}
	}
	return ids
}

// Check holds a history against every invariant. It returns nil when all of
// them were kept, and takes O(n log n) time. Without any policy in limits the
// cap, the rate and liveness are not judged.
func Check(h *History, limits Limits) []Violation {
	h.mu.Lock()
	events := slices.Clip(h.events) // events already added never change
	h.mu.Unlock()
	return check(events, limits)
}

func check(events []Event, limits Limits) []Violation {
	l := newLedger(events, limits)
	var all []Violation
	for _, c := range checkers {
		for _, v := range c.check(l) {
			v.ID = c.id
			all = append(all, v)
		}
	}
	return all
}

// ledger is a history in order, and what follows from it about each visitor.
type ledger struct {
	limits   Limits
	events   []Event // by the moment at which they were known, Span.To
	visits   [][]int // per visitor, indices of events in that order
	places   []place
	sessions []session
	byID     map[string]int // session id -> index in sessions
	losses   []*Event
	start    int64 // of the history: sentences count from here
	allCalls bool  // every call was recorded
}

func newLedger(events []Event, limits Limits) *ledger {
	events = inOrder(events)
	l := &ledger{limits: limits, events: events, byID: map[string]int{}, start: never}
	index := map[Visitor]int{}
	for i := range events {
		l.start = min(l.start, events[i].From)
		l.allCalls = l.allCalls || events[i].Kind == called
		if events[i].Kind == lost {
			l.losses = append(l.losses, &events[i])
		}
		if !events[i].Kind.personal() {
			continue
		}
		who, known := index[events[i].Visitor]
		if !known {
			who = len(l.visits)
			index[events[i].Visitor] = who
			l.visits = append(l.visits, nil)
		}
		l.visits[who] = append(l.visits[who], i)
	}
	for _, visit := range l.visits {
		l.readSessions(visit)
		l.readPlaces(visit)
	}
	return l
}

// inOrder returns the events by Span.To, those of one moment as they were
// recorded. Indices are sorted because events are large.
func inOrder(events []Event) []Event {
	order := make([]int, len(events))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(events[a].To, events[b].To), cmp.Compare(a, b))
	})
	sorted := make([]Event, len(events))
	for i, k := range order {
		sorted[i] = events[k]
	}
	return sorted
}

// clock writes a moment as seconds since the history began.
func (l *ledger) clock(us int64) string { return fmt.Sprintf("%.3f s", float64(us-l.start)/1e6) }

func short(v Visitor) string { return hex.EncodeToString(v[:3]) + ".." }

func broken(events []Event, format string, args ...any) Violation {
	return Violation{What: fmt.Sprintf(format, args...), Events: events}
}
