package event

import "time"

// Newcomer says what happens to somebody who comes without an admission.
type Newcomer string

const (
	Through   Newcomer = "through"   // the room is off: in, with an open admission
	Enter     Newcomer = "enter"     // straight in while nobody waits and the caps allow it, else into the line
	Queue     Newcomer = "queue"     // into the line, whatever is free
	Countdown Newcomer = "countdown" // not open yet: the page counts down, joining is refused
	Closed    Newcomer = "closed"    // no more joins, for good
	Rejected  Newcomer = "rejected"  // no joins for now
	NoTickets Newcomer = "sold_out"  // no joins while nothing is left to buy
)

// Reason names the row of the control table that decided.
type Reason string

const (
	ReasonClosedPaused     Reason = "closed_paused"
	ReasonClosed           Reason = "closed"
	ReasonNotOpenYet       Reason = "not_open_yet"
	ReasonPrequeue         Reason = "prequeue"
	ReasonPaused           Reason = "paused"
	ReasonReleased         Reason = "released"
	ReasonDraining         Reason = "draining"
	ReasonSuspended        Reason = "suspended"
	ReasonPassthrough      Reason = "passthrough"
	ReasonEnded            Reason = "ended"
	ReasonBeforeStart      Reason = "before_start"
	ReasonSoldOut          Reason = "sold_out"
	ReasonAllHeld          Reason = "all_held"
	ReasonRejectedQueueAll Reason = "rejected_queue_all"
	ReasonRejected         Reason = "rejected"
	ReasonQueueAll         Reason = "queue_all"
	ReasonOpen             Reason = "open"
)

// Stance is what a room does at a moment, and why. Whoever was admitted stays
// so until the session ends, whatever the stance.
type Stance struct {
	Reason   Reason
	Newcomer Newcomer
	Calls    bool   // the line is called, at the rate
	Claims   bool   // the called may come in; if not, their turns do not run out
	Release  bool   // everybody in the line is let go at once
	Page     string // what the page says, in English; empty: number and wait, nothing more
	Undo     string // how an organizer takes it back; empty: nothing to take back
}

// rule is a row of the control table.
type rule struct {
	holds func(situation) bool
	Stance
}

// situation is what the rules look at.
type situation struct {
	Room
	phase   Phase
	off     bool // one of the controls that let everybody through is on
	waiting bool
}

// rules is the control table: the first row that holds decides. The order is
// that of consequences. Closing and pausing come first, since they are how
// people are kept out when the shop is in trouble; whatever else is switched on
// must not undo that. Before the start nobody gets a place, not even by pausing,
// unless a pre-queue has opened. Then come the controls that switch the room off, so that "suspend" always
// does what it says; how the line is run matters only while the room is on. While
// nothing is free to buy nobody is called, and the called keep their turns: in an
// empty shop a turn would be spent for nothing, and tickets may come back.
var rules = []rule{
	{func(s situation) bool { return s.Closed && s.Paused },
		Stance{ReasonClosedPaused, Closed, false, false, false, "closed", "reopen, unpause"}},
	{func(s situation) bool { return s.Closed },
		Stance{ReasonClosed, Closed, false, true, false, "closed", "reopen"}},
	{func(s situation) bool { return s.phase == Before && (s.Paused || !s.off) },
		Stance{ReasonNotOpenYet, Countdown, false, false, false, "starts at", ""}},
	{func(s situation) bool {
		return s.phase == Prequeue && !s.off && (s.QueueingMethod != Reject || s.Paused)
	},
		Stance{ReasonPrequeue, Queue, false, false, false, "starts at", ""}},
	{func(s situation) bool { return s.Paused },
		Stance{ReasonPaused, Queue, false, false, false, "paused", "unpause"}},
	{func(s situation) bool { return s.Released },
		Stance{ReasonReleased, Through, false, true, true, "open to all", "resume; who was let go is not called back"}},
	{func(s situation) bool { return s.off && s.waiting },
		Stance{ReasonDraining, Queue, true, true, false, "", "that of the control below that is on"}},
	{func(s situation) bool { return s.Suspended },
		Stance{ReasonSuspended, Through, true, true, false, "open to all", "resume"}},
	{func(s situation) bool { return s.QueueingMethod == Passthrough },
		Stance{ReasonPassthrough, Through, true, true, false, "open to all", "queueing_method: fifo"}},
	{func(s situation) bool { return s.phase == Ended },
		Stance{ReasonEnded, Through, true, true, false, "open to all", "a later event_end_time"}},
	{func(s situation) bool { return s.phase == Before },
		Stance{ReasonBeforeStart, Through, true, true, false, "open to all", "before_start: countdown"}},
	{func(s situation) bool { return s.Availability == SoldOut },
		Stance{ReasonSoldOut, NoTickets, false, false, false, "sold out", "availability: available"}},
	{func(s situation) bool { return s.Availability == AllHeld && s.QueueingMethod != Reject },
		Stance{ReasonAllHeld, Queue, false, false, false, "all tickets are held", "availability: available"}},
	{func(s situation) bool {
		return s.QueueingMethod == Reject && (s.QueueAll || s.Availability == AllHeld)
	},
		Stance{ReasonRejectedQueueAll, Rejected, false, true, false, "not now", "queueing_method: fifo, queue_all: false"}},
	{func(s situation) bool { return s.QueueingMethod == Reject },
		Stance{ReasonRejected, Rejected, true, true, false, "not now", "queueing_method: fifo"}},
	{func(s situation) bool { return s.QueueAll },
		Stance{ReasonQueueAll, Queue, false, true, false, "starts soon", "queue_all: false"}},
	{func(situation) bool { return true },
		Stance{ReasonOpen, Enter, true, true, false, "", ""}},
}

// Stance says what e's room does at now with so many people waiting in it.
func (e Event) Stance(now time.Time, waiting int64) Stance {
	s := e.situation(now, waiting)
	for _, r := range rules {
		if r.holds(s) {
			return r.Stance
		}
	}
	panic("event: the last rule always holds")
}

func (e Event) situation(now time.Time, waiting int64) situation {
	s := situation{Room: e.Room, phase: e.Phase(now), waiting: waiting > 0}
	s.off = s.Suspended || s.Released || s.QueueingMethod == Passthrough ||
		s.phase == Ended || s.phase == Before && s.BeforeStart == StartPassthrough
	return s
}
