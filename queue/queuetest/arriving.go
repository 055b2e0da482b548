package queuetest

import (
	"testing"
	"time"

	"github.com/bilten/rushgate/queue"
)

// joinSince joins as somebody who came at this time and got no number then.
func (r *Room) joinSince(n int, since int64) queue.Answer {
	r.t.Helper()
	return r.Apply(queue.Join, queue.Visit{Visitor: Visitor(n), Line: "general", Since: since})
}

// parked ticks as a gateway that has given passes without a number since then.
func (r *Room) parked(since int64) queue.Snapshot {
	r.t.Helper()
	r.memory.Parked = since
	s := r.Tick()
	r.memory.Parked = 0
	return s
}

const gather = time.Duration(queue.Gather) * time.Millisecond

var arriving = []promise{
	{"who came while the store was away is numbered by time of arrival, not by who asks first", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, closedDoor)
		r.Crowd(1, 3)
		left := r.Tick().At
		r.Advance(10 * time.Second)
		s := r.parked(left)
		Equal(t, "gathering", s.Gathering > 0, true)
		for _, n := range []int{8, 5, 7, 6} {
			a := r.Want(r.joinSince(n, left+int64(n)*1000), queue.Waiting, "asks")
			Equal(t, "number for now", a.Number, 0)
		}
		Equal(t, "arrived", r.Tick().Arrived, 4)
		r.Run(gather+time.Second, time.Second, nil)
		for i, n := range []int{5, 6, 7, 8} {
			Equal(t, "number", r.Join(n).Number, int64(4+i))
		}
	}},
	{"an arrival before the first pass without a number, or in the future, counts as now", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, closedDoor)
		left := r.Tick().At
		r.Advance(10 * time.Second)
		r.parked(left)
		r.joinSince(5, left+5000)
		r.joinSince(6, left-1)
		r.Advance(tick)
		r.joinSince(7, left+ms(time.Hour))
		r.joinSince(8, left+6000)
		r.Run(gather+time.Second, time.Second, nil)
		for i, n := range []int{5, 8, 6, 7} {
			Equal(t, "number", r.Join(n).Number, int64(1+i))
		}
	}},
	{"a time of arrival is not believed while the room does not gather", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, closedDoor)
		first := r.Join(1)
		Equal(t, "number", r.joinSince(2, r.Tick().At-5000).Number, first.Number+1)
	}},
	{"newcomers queue behind whoever still has no number", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, closedDoor)
		left := r.Tick().At
		r.Advance(10 * time.Second)
		r.parked(left)
		r.joinSince(5, left+5000)
		r.Advance(time.Second)
		r.Join(6)
		r.Run(gather, time.Second, nil)
		Equal(t, "the one from before", r.Join(5).Number, 1)
		Equal(t, "the newcomer", r.Join(6).Number, 2)
	}},
	{"one gateway that never gets well does not keep everybody from a number", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, closedDoor)
		for n := range 12 {
			r.Advance(5 * time.Second)
			r.Join(n + 1)
			r.parked(r.Tick().At - 1000)
		}
		s := r.Tick()
		Equal(t, "all but those of the last seconds have numbers", s.Arrived <= 3, true)
		Equal(t, "number of the first", r.Join(1).Number, 1)
	}},
	{"who shows an older pass while gathered has the better place", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 8, closedDoor)
		r.lose()
		r.Tick()
		Equal(t, "number for now", r.Join(7).Number, 0)
		a := r.Want(r.Restore(7, places[6]), queue.Waiting, "the old pass")
		Equal(t, "number", a.Number, 7)
		Equal(t, "arrived", r.Tick().Arrived, 0)
	}},
}
