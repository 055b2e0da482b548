// Package queue is the line: who is next, and how many may come in.
//
// A visitor's way through a room, and the operation that takes each step:
//
//	          Join                  Tick                Claim
//	(none) ----------> waiting ------------> called -----------> active
//	   |                  |                   |  ^   (or at the    |
//	   |   nobody waits   | Leave             |  |    door until   | Tick: session over
//	   +---- Join ------->|            Tick:  |  |    the rate     | Complete
//	   |     (direct)     v           lapsed  v  | Tick allows it) v
//	   |               (none)           lapsed --> late         (none)
//	   |                                 Claim: back
//	   +-- Join with no line: straight in, or nothing
//
// Order decides, number informs: an order is taken from the room's counter
// inside the store, so there is one sequence whatever gateway asks. Number n has
// order Base + n; nobody's ever changes.
//
// Two token buckets pace a room, each refilled at the room's rate. The call
// bucket decides when the next visitors are called; a visitor who is called
// and does not come within [Patience] gives the token back, so absent people do
// not slow the line. The claim bucket is the promise to the shop: every way in
// pays one token of it, so admissions in any window t never exceed
// rate * t + burst. Slots are the other promise: a called visitor holds one, so
// active + called never exceed the cap by a call or an admission.
//
// The rules stand twice: in Go ([Memory], a store in one process) and in Lua
// (package redisqueue). Package queuetest drives both with the same operations
// and demands equal answers.
//
// A room has its own time. Every operation moves it after the store's clock, but
// it never falls, and never leaps by more than [MaxStep]: a clock that jumps
// neither stalls a room nor throws anybody out, and while no gateway ticks no
// turn runs out.
package queue
