package event

import "time"

// Phase is where an event stands in time.
type Phase string

const (
	Before   Phase = "before"   // event_start_time is still to come
	Prequeue Phase = "prequeue" // so it is, but prequeue_start_time has come
	Open     Phase = "open"
	Ended    Phase = "ended" // event_end_time has come
)

// Phase says where e stands at now. An event without a start is open from ever,
// one without an end for ever; each instant belongs to the later phase.
func (e Event) Phase(now time.Time) Phase {
	switch start, end := e.Room.EventStartTime, e.Room.EventEndTime; {
	case !end.IsZero() && !now.Before(end.Time):
		return Ended
	case !start.IsZero() && now.Before(start.Time):
		if pre := e.Room.PrequeueStartTime; !pre.IsZero() && !now.Before(pre.Time) {
			return Prequeue
		}
		return Before
	default:
		return Open
	}
}

// Draws says whether somebody who joined at that moment stands in the draw.
func (e Event) Draws(joined time.Time) bool {
	return e.Room.ShuffleAtEventStart && e.Phase(joined) == Prequeue
}

// Expired says that e ended longer than its retention ago, so whatever is kept
// of it is to be removed. An event without an end never expires.
func (e Event) Expired(now time.Time) bool {
	end := e.Room.EventEndTime
	return !end.IsZero() && !now.Before(end.Add(time.Duration(e.Retention)))
}
