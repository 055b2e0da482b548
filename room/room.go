package room

import (
	"context"

	"github.com/bilten/rushgate/queue"
)

// Room is one event's room as this gateway sees it. Every method may be called
// by many goroutines at once.
type Room struct{}

// View is the room as it was last seen; never nil. It costs one atomic load.
func (r *Room) View() *View { return nil }

// Do asks the store for op on behalf of one visitor, together with whatever
// other visitors ask meanwhile.
func (r *Room) Do(ctx context.Context, op queue.Op, v queue.Visit) (queue.Answer, error) {
	return queue.Answer{}, nil
}

// Complete ends the session that an admission names, for this gateway at once
// and for all others within a tick. A session of another generation is gone
// already: nothing is asked then.
func (r *Room) Complete(ctx context.Context, v queue.Visitor, generation uint64, session int64) (queue.Answer, error) {
	return queue.Answer{}, nil
}

// EndedSession says that a session was completed or revoked before its time.
func (r *Room) EndedSession(generation uint64, session int64) bool { return false }

// Nudge asks for a fresh snapshot soon. It does not wait.
func (r *Room) Nudge() {}
