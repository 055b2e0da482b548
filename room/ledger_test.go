package room

import (
	"testing"
	"time"

	"github.com/bilten/rushgate/queue"
)

// A store that falls back to an older copy of itself believes in sessions that
// have ended since: each must be told as over, whether a place led to it or not.
func TestWhatEndedIsToldAsOver(t *testing.T) {
	at := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	ends := at.Add(time.Minute).UnixMilli()
	for _, test := range []struct {
		name       string
		session    Session
		end        bool
		live, over int
	}{
		{"a session that goes on is made again", Session{SessionID: queue.SessionID{Generation: 1, Number: 1}, Ends: ends}, false, 1, 0},
		{"one that ended, straight in", Session{SessionID: queue.SessionID{Generation: 1, Number: 2}, Ends: ends}, true, 0, 1},
		{"one that ended, from a place", Session{SessionID: queue.SessionID{Generation: 1, Number: 3}, Ends: ends, Line: "general", Order: queue.Base + 1}, true, 0, 1},
		{"one that another gateway gave and this one ended", Session{SessionID: queue.SessionID{Generation: 1, Number: 4}}, true, 0, 1},
		{"one that ran out, from a place: the place is spent", Session{SessionID: queue.SessionID{Generation: 1, Number: 5}, Ends: 1, Line: "general", Order: queue.Base + 2}, false, 0, 1},
		{"one that ran out, straight in: nobody asks", Session{SessionID: queue.SessionID{Generation: 1, Number: 6}, Ends: 1}, false, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var l ledger
			l.add(test.session, at, at.UnixMilli())
			if test.end {
				l.end(test.session.SessionID)
			}
			live, over := l.tell(2, at, at.UnixMilli())
			for _, v := range over {
				if ended := v.Session > 0; ended != test.end {
					t.Errorf("tell(2, ..) says that session %d has ended: %v; want %v, for another gateway may have extended it", test.session.Number, ended, test.end)
				}
			}
			if len(live) != test.live || len(over) != test.over {
				t.Errorf("tell(2, ..) = %d live, %d over; want %d, %d", len(live), len(over), test.live, test.over)
			}
		})
	}
}

// A gateway's clock may be wrong, and so may that of a store which has lost
// everything: no session becomes longer by it, and none is forgotten.
func TestASessionIsToldAsLongAsItWas(t *testing.T) {
	at := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	later := at.Add(9 * time.Minute)
	for _, test := range []struct {
		name          string
		before, after time.Duration // how far the store's clock is ahead of the gateway's
		left          time.Duration // of ten minutes
	}{
		{"all clocks agree", 0, 0, time.Minute},
		{"the gateway's is an hour ahead", -time.Hour, -time.Hour, time.Minute},
		{"the gateway's is an hour behind", time.Hour, time.Hour, time.Minute},
		{"the store that comes back is an hour behind", 0, -time.Hour, time.Minute},
		{"the store's leapt ahead, and the session was over", 0, time.Hour, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var l ledger
			store := at.Add(test.before)
			l.add(Session{SessionID: queue.SessionID{Generation: 1, Number: 1}, Ends: store.Add(10 * time.Minute).UnixMilli()}, at, store.UnixMilli())
			l.prune(later, time.Minute)
			live, _ := l.tell(2, later, later.Add(test.after).UnixMilli())
			left := time.Duration(0)
			if len(live) == 1 {
				left = time.Duration(live[0].Adopt) * time.Millisecond
			}
			if left != test.left {
				t.Errorf("after nine minutes of ten tell(2, ..) = %+v; want %v left", live, test.left)
			}
		})
	}
}
