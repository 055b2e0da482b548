package web

import "github.com/bilten/rushgate/event"

// standing is what the admission in a request is worth.
type standing int

const (
	noAdmission standing = iota
	live                 // good, and its session goes on
	fading               // good, and use should extend it: on probation, or less than half left
	open                 // given while the room was off: holds no slot yet
	spent                // expired; the store may still know its session
	over                 // expired or ended, lately enough to finish what was begun
)

// question is all that the gate looks at.
type question struct {
	admission standing
	newcomer  event.Newcomer // what the room does with who has no admission
	commit    bool           // on a commit route
	hold      bool           // the store does not answer
	early     bool           // event_start_time is still to come
	prefetch  bool           // nobody is looking
	place     bool           // holds a place
	reached   bool           // and its number has been called
	free      bool           // nobody waits, as far as this gateway knows
}

// step is what the gateway does with a request.
type step int

const (
	letThrough step = iota
	giveOpen        // through, with an admission that counts once the room is on
	touch           // extend the session, then through
	adopt           // make a session of an open admission, then through
	claim           // the turn has come: claim it, then through
	enter           // nobody waits: straight in, if the caps allow it
	wait
)

// reason names why, for counters and logs.
type reason string

const (
	becauseAdmitted  reason = "admitted"
	becauseCommit    reason = "commit_grace"
	becauseRoomOff   reason = "room_off"
	becauseAdopted   reason = "adopted"
	becauseReturning reason = "returning"
	becauseTurn      reason = "turn"
	becauseDirect    reason = "direct"
	becauseHold      reason = "hold"
	becausePlace     reason = "waiting"
	becauseNewcomer  reason = "newcomer"
	becausePrefetch  reason = "prefetch"
	becauseBypass    reason = "bypass"
	becauseNoEvent   reason = "no_event"
)

// decide is the gate. Whoever is admitted is never asked anything else; whoever
// is not meets the room as it stands.
func decide(q question) (step, reason) {
	switch {
	case q.admission == live, q.admission == fading && q.hold:
		return letThrough, becauseAdmitted
	case q.admission == fading:
		return touch, becauseAdmitted
	case q.admission == over && q.commit:
		return letThrough, becauseCommit
	case q.newcomer == event.Through && q.admission == open:
		return letThrough, becauseRoomOff
	case q.newcomer == event.Through:
		return giveOpen, becauseRoomOff
	case q.admission == open && (q.hold || q.early): // a session would outlive the start
		return letThrough, becauseAdopted
	case q.admission == open:
		return adopt, becauseAdopted
	case q.hold:
		return wait, becauseHold
	case q.admission == spent:
		return touch, becauseReturning
	case q.prefetch:
		return wait, becausePrefetch
	case q.reached:
		return claim, becauseTurn
	case q.place:
		return wait, becausePlace
	case q.newcomer == event.Enter && q.free:
		return enter, becauseDirect
	}
	return wait, becauseNewcomer
}
