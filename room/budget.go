package room

import (
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/queue"
)

// Budget is what an event may use of the instances behind it, as this gateway
// last heard, and why it is no more. The store keeps the former only.
type Budget struct {
	queue.Budget
	Reason Reason // one of BudgetReasons; empty: the instances can take more than that
	Ready  int    // instances that can take visitors
	Known  int    // and those that there are; 0: nobody counts them
}

// BudgetReasons are why a room lets in fewer than its event allows.
var BudgetReasons = []Reason{ReasonCapacity, ReasonHealth, ReasonShared, ReasonDown}

// unmeasured is the budget of a gateway that knows of none.
func unmeasured(event.Event) Budget { return Budget{} }

// Limits are what a room may do, by event and budget together.
type Limits struct {
	Rate   queue.Rate // 0 while everything behind the room is down
	Cap    int64
	Reason Reason // why that is less than the event allows; empty: it is not
	Ready  int    // see Budget
	Known  int
}

// limitsOf is what a store does that acts on s, where the event allows p. Why is
// this gateway's word, which may be a moment older or newer.
func limitsOf(p queue.Policy, s queue.Snapshot, b Budget) Limits {
	l := Limits{Ready: b.Ready, Known: b.Known}
	l.Rate, l.Cap = s.Budget.Limits(p.Rate, p.Cap)
	switch {
	case s.Budget.Down:
		l.Reason = ReasonDown
	case l.Rate == p.Rate && l.Cap == p.Cap:
	case b.Reason == "" || b.Reason == ReasonDown:
		l.Reason = ReasonCapacity
	default:
		l.Reason = b.Reason
	}
	return l
}

// Down says that nothing behind the room can take anybody.
func (l Limits) Down() bool { return l.Reason == ReasonDown }

// much says that a pace was measured at so different a rate that it tells little
// of another: a tenth, which is less than estimates are exact.
func much(before, now queue.Rate) bool {
	return 10*max(before-now, now-before) > before
}
