// Package invariant decides from a recorded history whether a waiting room kept
// its promises.
//
// Whoever watched a room writes down what it saw: a test that drives a
// [github.com/bilten/rushgate/queue.Store], a crowd of HTTP visitors, a fault
// test. [Check] then reads the whole [History] and returns a [Violation] for
// each broken promise, in the product's own words:
//
//	I1  Cap       never more sessions and turns than the cap, never more
//	              admissions in any window than rate and burst allow
//	I2  Place     who holds a place is never told that there is none, never sent
//	              further back, and never told that a turn has gone before it
//	              and its grace were over
//	I3  Double    a visitor has at most one place and one live admission
//	I4  Order     who has the lower number is called first; nobody goes
//	              straight in past somebody who waits
//	I5  Number    a number never changes, and progress never runs backwards
//	I6  Bypass    nothing reaches the shop without an admission
//	I7  Window    an admission is honoured until it ends, or is given back
//	I8  Liveness  with a free slot, rate to spare and somebody waiting,
//	              somebody is called within two ticks
//	I9  Bounds    no gateway grows beyond its memory, sockets, goroutines
//	I10 Isolation what is done to one event is not felt at another
//	I11 Modes     every answer names what the room does: working, holding,
//	              putting places back; nothing opens because something failed
//	I12 Controls  every change has an actor and a version of its own that grows
//
// # Certainty
//
// A watcher rarely knows the moment at which something happened, only that it
// was between asking and being answered. So every event carries a [Span], and
// all checkers follow one rule: they report what cannot be explained by any
// choice of moments within the spans. A history of exact moments is checked
// exactly; a history of wide spans is never accused wrongly, and hides the more
// the wider its spans are.
//
// Two consequences for whoever records. A request that got no answer may still
// have taken effect: the span of its retry begins when the first attempt was
// sent, and what it brought may stay unknown for ever: [Unanswered]. And what a gateway says from memory may be as old as [Limits.Lag].
//
// The package reads no clock, file or network.
package invariant
