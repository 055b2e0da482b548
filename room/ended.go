package room

import (
	"sync"
	"time"

	"github.com/bilten/rushgate/queue"
)

// endings are the sessions that ended before their time: what admissions name
// and nobody may use any more. They outlive the store's memory: a room that was
// lost and made anew gives nobody back an admission that was revoked. Each is
// kept as long as an admission could outlive it.
type endings struct {
	mu       sync.RWMutex
	sessions map[queue.SessionID]time.Time // when this gateway heard of the end
	queue    []ending                      // by time, the oldest first
	keep     time.Duration
}

type ending struct {
	queue.SessionID
	at time.Time
}

func (e *endings) of(id queue.SessionID) (at time.Time, ended bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	at, ended = e.sessions[id]
	return at, ended
}

func (e *endings) add(at time.Time, ids ...queue.SessionID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sessions == nil {
		e.sessions = map[queue.SessionID]time.Time{}
	}
	for _, id := range ids {
		if _, known := e.sessions[id]; !known {
			e.sessions[id] = at
			e.queue = append(e.queue, ending{id, at})
		}
	}
}

// prune forgets what is older than an admission can be of use, or than the longest
// that it ever could: those given then are still about.
func (e *endings) prune(now time.Time, use time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.keep = max(e.keep, use)
	old := 0
	for old < len(e.queue) && now.Sub(e.queue[old].at) > e.keep {
		delete(e.sessions, e.queue[old].SessionID)
		old++
	}
	e.queue = e.queue[old:]
}
