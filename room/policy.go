package room

import (
	"time"

	"github.com/bilten/rushgate/draw"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/queue"
)

// MaxProbation is how long somebody who went straight in may stay unseen.
const MaxProbation = time.Minute

// policyOf is what the store is to do for an event.
//
// When the room opens is the store's business, whose clock rules; so gates are
// those of the event while it is open. Who may be waiting makes no difference
// to them.
func policyOf(record catalog.Record) queue.Policy {
	e := record.Event
	stance := e.Stance(whileOpen(e), 0)
	p := queue.Policy{
		Version: record.Version + 1, // a file's event that nobody has changed is at 0
		Gates: queue.Gates{
			Calls:   stance.Calls,
			Claims:  stance.Claims,
			Direct:  stance.Newcomer == event.Enter || stance.Newcomer == event.Through,
			Renew:   !e.Room.NoSessionRenewal,
			Release: stance.Release,
		},
		OpensAt: opensAt(e),
		Rate:    queue.PerMinute(int64(e.Room.NewUsersPerMinute)),
		Cap:     int64(e.Room.TotalActiveUsers),
		Draw:    e.Room.ShuffleAtEventStart,
		Offset:  offsetOf(e.Room.Draw),
		Times: queue.Times{
			Turn:       millis(e.Room.TurnTTL),
			Grace:      millis(e.Room.LateGrace),
			Session:    millis(e.Room.SessionDuration),
			SessionMax: millis(e.Room.SessionMax),
			Probation:  min(MaxProbation.Milliseconds(), millis(e.Room.SessionDuration)),
		},
	}
	for _, l := range e.Room.Lines {
		p.Lines = append(p.Lines, queue.Line{Name: l.Name, Weight: int64(l.Weight)})
	}
	return p
}

// offsetOf is where the circle of a draw begins: a public value that was named
// turns it, and until it is known nobody can tell.
func offsetOf(d event.Draw) int64 {
	if d.Source != "" && d.Value == "" {
		return -1
	}
	return draw.Turn(d.Value)
}

// whileOpen is a moment at which e is open.
func whileOpen(e event.Event) time.Time {
	switch start, end := e.Room.EventStartTime, e.Room.EventEndTime; {
	case !start.IsZero():
		return start.Time
	case !end.IsZero():
		return end.Add(-time.Nanosecond)
	default:
		return time.Time{}
	}
}

// opensAt is event_start_time, or 0 if whoever waits before it is called all
// the same: the room is off until then, and its line drains.
func opensAt(e event.Event) int64 {
	start := e.Room.EventStartTime
	if start.IsZero() || e.Stance(start.Add(-time.Nanosecond), 1).Calls {
		return 0
	}
	return max(0, start.UnixMilli())
}

func millis(d event.Duration) int64 { return time.Duration(d).Milliseconds() }
