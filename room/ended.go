package room

import (
	"sync"
	"time"
)

// endings are the sessions of one generation that ended before their time: what
// admissions name and nobody may use any more. It keeps an ending as long as an
// admission could outlive it.
type endings struct {
	mu         sync.RWMutex
	generation uint64
	sessions   map[int64]struct{}
	queue      []ending // by time, the oldest first
	keep       time.Duration
}

type ending struct {
	session int64
	at      time.Time
}

func (e *endings) has(generation uint64, session int64) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.generation != generation {
		return false
	}
	_, ended := e.sessions[session]
	return ended
}

// follow goes over to another generation, which knows none of the sessions of
// the last.
func (e *endings) follow(generation uint64) (changed bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.generation == generation {
		return false
	}
	e.generation, e.sessions, e.queue = generation, map[int64]struct{}{}, nil
	return true
}

// add notes endings of a generation, if it still is the one.
func (e *endings) add(generation uint64, at time.Time, sessions ...int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.generation != generation {
		return
	}
	for _, n := range sessions {
		if _, known := e.sessions[n]; !known {
			e.sessions[n] = struct{}{}
			e.queue = append(e.queue, ending{n, at})
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
