package room

import (
	"slices"
	"sync"
	"time"

	"github.com/bilten/rushgate/queue"
)

// maxGiven bounds what a gateway remembers of the sessions that it gave: about
// 20 MB. Beyond it the oldest are forgotten, and a store that loses them learns of
// them from their holders alone.
const maxGiven = 200_000

// Session is one that this gateway has given or extended.
type Session struct {
	queue.SessionID
	Visitor queue.Visitor
	Line    string // of the place that led there; empty: none did
	Order   int64
	Ends    int64 // unix ms by the store's clock
}

// ledger is the sessions that this gateway gave, until neither they nor the
// places that led there can mean anything any more.
type ledger struct {
	mu       sync.Mutex
	sessions map[queue.SessionID]entry
	queue    []queue.SessionID // in the order in which they were given
}

type entry struct {
	Session
	at   time.Time
	ends time.Time // by this gateway's clock
	over bool
}

// add notes a session at now by this gateway's clock, which is storeNow in unix ms
// of the store's.
func (l *ledger) add(s Session, now time.Time, storeNow int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sessions == nil {
		l.sessions = map[queue.SessionID]entry{}
	}
	had, known := l.sessions[s.SessionID]
	if !known {
		l.queue = append(l.queue, s.SessionID)
		had = entry{Session: s, at: now}
	}
	had.Ends = max(had.Ends, s.Ends)
	if ends := now.Add(time.Duration(s.Ends-storeNow) * time.Millisecond); ends.After(had.ends) {
		had.ends = ends
	}
	if s.Order > 0 {
		had.Line, had.Order = s.Line, s.Order
	}
	l.sessions[s.SessionID] = had
	for len(l.queue) > maxGiven {
		delete(l.sessions, l.queue[0])
		l.queue = l.queue[1:]
	}
}

// end notes sessions that are over before their time.
func (l *ledger) end(ids ...queue.SessionID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		if had, known := l.sessions[id]; known {
			had.over = true
			l.sessions[id] = had
		}
	}
}

// place is what led to a session, if that is known.
func (l *ledger) place(id queue.SessionID) (line string, order int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.sessions[id]
	return s.Line, s.Order
}

// prune forgets from the oldest on what can mean nothing any more: twice a turn
// with its grace after it was given no pass brings its place back.
func (l *ledger) prune(now time.Time, turn time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := 0
	for ; old < len(l.queue); old++ {
		s := l.sessions[l.queue[old]]
		if now.Sub(s.at) < 2*turn || !s.over && s.ends.After(now) {
			break
		}
		delete(l.sessions, l.queue[old])
	}
	l.queue = l.queue[old:]
}

// tell is what a store should know that has begun a new life, at now by this
// gateway's clock, which is storeNow by its own: sessions to be made again, and such as are over. Of one that has run out it
// tells the place alone, as session 0.
func (l *ledger) tell(generation uint64, now time.Time, storeNow int64) (live, over []queue.Visit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range l.queue {
		s := l.sessions[id]
		if s.Generation == generation {
			continue
		}
		// The store's clock may have leapt ahead, which ended sessions; or a new store's be behind.
		left := min(s.Ends-storeNow, s.ends.Sub(now).Milliseconds())
		v := queue.Visit{Visitor: s.Visitor, Line: s.Line, Order: s.Order, Session: s.Number, Generation: s.Generation, Adopt: left}
		switch {
		case s.over: // an older store may believe that it goes on
			over = append(over, v)
		case v.Adopt > 0:
			live = append(live, v)
		case s.Order > 0: // as far as known here: another gateway may have extended it
			v.Session = 0
			over = append(over, v)
		}
	}
	return slices.Clip(live), slices.Clip(over)
}
