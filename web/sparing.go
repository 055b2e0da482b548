package web

import (
	"sync"
	"time"
)

// sayEvery is how often the log has a complaint of one kind.
const sayEvery = time.Second

// complaint is a line that an outage would write for each request: what is wrong, and
// with what; codes, pools and events are few.
type complaint struct{ what, with string }

// warn logs a complaint, and how many of its kind were left out since the last one.
func (g *Gateway) warn(c complaint, args ...any) {
	if unsaid, ok := g.sparing.say(c, g.now()); ok {
		g.log.Warn(c.what, append(args, "others", unsaid)...)
	}
}

// sparing keeps the log of an outage readable. Its zero value has said nothing.
type sparing struct {
	mu   sync.Mutex
	said map[complaint]said
}

type said struct {
	at     time.Time
	unsaid int64 // since then
}

// say reports whether it is time for a line of a kind, and how many were left out
// since the last one.
func (s *sparing) say(kind complaint, now time.Time) (unsaid int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, met := s.said[kind]
	if met && now.Sub(last.at).Abs() < sayEvery { // also after a clock was set back
		last.unsaid++
		s.said[kind] = last
		return 0, false
	}
	if s.said == nil {
		s.said = map[complaint]said{}
	}
	s.said[kind] = said{at: now}
	return last.unsaid, true
}
