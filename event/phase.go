package event

import "time"

// Phase is where an event stands in time.
type Phase string

const (
	Before Phase = "before" // event_start_time is still to come
	Open   Phase = "open"
	Ended  Phase = "ended" // event_end_time has come
)

// Phase says where e stands at now. An event without a start is open from ever,
// one without an end for ever; both instants belong to the later phase.
func (e Event) Phase(now time.Time) Phase {
	switch start, end := e.Room.EventStartTime, e.Room.EventEndTime; {
	case !end.IsZero() && !now.Before(end.Time):
		return Ended
	case !start.IsZero() && now.Before(start.Time):
		return Before
	default:
		return Open
	}
}

// Expired says that e ended longer than its retention ago, so whatever is kept
// of it is to be removed. An event without an end never expires.
func (e Event) Expired(now time.Time) bool {
	end := e.Room.EventEndTime
	return !end.IsZero() && !now.Before(end.Add(time.Duration(e.Retention)))
}
