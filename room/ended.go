package room

import (
	"sync"
	"time"
)

// endings are the sessions that ended before their time: what admissions name
// and nobody may use any more. They outlive the store's memory: a room that was
// lost and made anew gives nobody back an admission that was revoked. Each is
// kept as long as an admission could outlive it.
type endings struct {
	mu       sync.RWMutex
	sessions map[session]struct{}
	queue    []ending // by time, the oldest first
	keep     time.Duration
}

// session is one of all that any generation of a room has given.
type session struct {
	generation uint64
	number     int64
}

type ending struct {
	session
	at time.Time
}

func (e *endings) has(generation uint64, number int64) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	_, ended := e.sessions[session{generation, number}]
	return ended
}

func (e *endings) add(generation uint64, at time.Time, numbers ...int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sessions == nil {
		e.sessions = map[session]struct{}{}
	}
	for _, n := range numbers {
		s := session{generation, n}
		if _, known := e.sessions[s]; !known {
			e.sessions[s] = struct{}{}
			e.queue = append(e.queue, ending{s, at})
		}
	}
}

// prune forgets what is older than sessionMax, or than the longest that it ever
// was: admissions given under it are still about.
func (e *endings) prune(now time.Time, sessionMax time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.keep = max(e.keep, sessionMax)
	old := 0
	for old < len(e.queue) && now.Sub(e.queue[old].at) > e.keep {
		delete(e.sessions, e.queue[old].session)
		old++
	}
	e.queue = e.queue[old:]
}
