package room

import (
	"time"

	"github.com/bilten/rushgate/event"
)

// eve is how long before the start a crowd already counts as one that waits to be
// called: its share of a pool has to be there when the sale begins.
const eve = 30 * time.Second

// Callable is how many could be called if there were slots: 0 while the room calls
// nobody, except on the eve of the start.
func (v *View) Callable() int64 {
	start := v.Event.Room.EventStartTime
	opens := !start.IsZero() && start.UnixMilli()-v.Snapshot.At < eve.Milliseconds()
	if v.Stance.Calls || opens && (v.Phase == event.Before || v.Phase == event.Prequeue) {
		return v.Snapshot.Waiting()
	}
	return 0
}

// Quiet says that nobody waits, is called or has a session, for all that is known.
func (v *View) Quiet() bool {
	return v.Snapshot.Generation != 0 && v.Snapshot.Occupied() == 0 && v.Snapshot.Waiting() == 0
}
