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
)

// Reason names the row of the control table that decided.
type Reason string

const (
	ReasonClosedPaused    Reason = "closed_paused"
	ReasonClosed          Reason = "closed"
	ReasonNotOpenYet      Reason = "not_open_yet"
	ReasonPaused          Reason = "paused"
	ReasonReleased        Reason = "released"
	ReasonDraining        Reason = "draining"
	ReasonSuspended       Reason = "suspended"
	ReasonPassthrough     Reason = "passthrough"
	ReasonBeforeStart     Reason = "before_start"
	ReasonEnded           Reason = "ended"
	ReasonRejectedAndHeld Reason = "rejected_queue_all"
	ReasonRejected        Reason = "rejected"
	ReasonQueueAll        Reason = "queue_all"
	ReasonOpen            Reason = "open"
)

// Stance is what a room does at a moment, and why.
type Stance struct {
	Reason   Reason
	Newcomer Newcomer
	Calls    bool   // the line is called, at the rate
	Claims   bool   // the called may come in; if not, their turns do not run out
	Release  bool   // everybody in the line is let go at once
	Page     string // what the page says, in English; empty: nothing beyond the number
	Undo     string // how an organizer takes it back
}

// Stance says what e's room does at now with so many people waiting in it.
func (e Event) Stance(now time.Time, waiting int64) Stance {
	return Stance{Reason: ReasonOpen, Newcomer: Enter, Calls: true, Claims: true}
}
