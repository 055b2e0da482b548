package queuetest

import (
	"testing"
	"time"

	"github.com/bilten/rushgate/queue"
)

// window is how long places come back after a loss before anybody is called.
const window = 45 * time.Second

// lostRoom has visitors 1..n waiting, as many called as cap allows; everybody
// holds a pass of the first life. Its gateway knows the window.
func lostRoom(t *testing.T, h Harness, n int, change func(*queue.Policy)) (*Room, []queue.Answer) {
	r, places := calledRoom(t, h, n, change)
	r.memory.Window = ms(window)
	return r, places
}

// lose empties the store.
func (r *Room) lose() {
	r.t.Helper()
	if err := r.Store.Drop(r.t.Context(), r.name); err != nil {
		r.t.Fatal(err)
	}
}

// Restore shows the pass of a place that an earlier life gave.
func (r *Room) Restore(n int, place queue.Answer) queue.Answer {
	r.t.Helper()
	return r.Apply(queue.Restore, queue.Visit{
		Visitor: Visitor(n), Line: "general", Order: place.Order, Generation: place.Generation,
	})
}

// readmit shows an admission that an earlier life gave.
func (r *Room) readmit(n int, a queue.Answer) queue.Answer {
	r.t.Helper()
	return r.Apply(queue.Touch, queue.Visit{
		Visitor: Visitor(n), Session: a.Session, Generation: a.Generation, Adopt: ms(4 * time.Minute),
	})
}

// finish says that a session of place has ended.
func (r *Room) finish(n int, a, place queue.Answer) queue.Answer {
	r.t.Helper()
	return r.Apply(queue.Complete, queue.Visit{
		Visitor: Visitor(n), Session: a.Session, Generation: a.Generation, Line: "general", Order: place.Order,
	})
}

var restoring = []promise{
	{"a store that forgot a room begins a new life of it, of the same root", func(t *testing.T, h Harness) {
		r, _ := lostRoom(t, h, 3, closedDoor)
		before := r.Tick()
		r.lose()
		s := r.Tick()
		Equal(t, "same life", s.Generation == before.Generation, false)
		Equal(t, "root", queue.Root(s.Generation), queue.Root(before.Generation))
		Equal(t, "ms of restoring", s.Restoring-s.At, ms(window))
		Equal(t, "the next tick begins another life", r.Tick().Generation != s.Generation, false)
	}},
	{"order comes back whoever asks first", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 5, closedDoor)
		r.lose()
		r.Tick()
		for n := 5; n >= 1; n-- {
			a := r.Want(r.Restore(n, places[n-1]), queue.Waiting, "back")
			Equal(t, "order", a.Order, places[n-1].Order)
		}
		r.Run(window+tick, time.Second, nil)
		r.Change(func(p *queue.Policy) { p.Gates.Calls, p.Cap = true, 2 })
		r.Run(time.Second, tick, nil)
		r.Want(r.Join(2), queue.Called, "the second")
		r.Want(r.Join(3), queue.Waiting, "the third")
	}},
	{"places come back in a room made by a gateway without memory, once one with memory speaks", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 5, closedDoor)
		r.lose()
		r.Advance(time.Second)
		other := queue.Remembered{Window: ms(window)}
		r.TickFrom(&other)
		r.Want(r.Restore(4, places[3]), queue.None, "of a root nobody knows yet")
		Equal(t, "restoring", r.Tick().Restoring > 0, true)
		Equal(t, "order", r.Restore(4, places[3]).Order, places[3].Order)
	}},
	{"nobody is called or goes straight in while places come back", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 5, func(p *queue.Policy) { p.Cap = 2 })
		r.Change(func(p *queue.Policy) { p.Gates.Direct = true })
		r.lose()
		r.Tick()
		r.Want(r.Join(50), queue.Waiting, "a newcomer")
		r.Restore(5, places[4])
		s := r.Run(window-time.Second, time.Second, nil)
		Equal(t, "called", s.Called, 0)
		Equal(t, "active", s.Active, 0)
		s = r.Run(3*time.Second, tick, nil)
		Equal(t, "called afterwards", s.Called, 2)
	}},
	{"who comes while places come back is numbered behind all that were remembered or came back", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 5, closedDoor)
		r.Tick()
		late := r.Crowd(6, 8) // the gateway has not heard of these numbers from a tick
		r.lose()
		r.Tick()
		r.Join(50)
		r.Restore(8, late[2])
		r.Restore(1, places[0])
		r.Run(window+time.Second, time.Second, nil)
		Equal(t, "number of the newcomer", r.Join(50).Number, 9)
	}},
	{"who had been called comes back ahead of the line, in the order of then", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 6, func(p *queue.Policy) { p.Cap = 3 })
		r.lose()
		r.Tick()
		for _, n := range []int{5, 3, 1, 4, 2} {
			want := queue.Waiting
			if n <= 3 {
				want = queue.Late
			}
			r.Want(r.Restore(n, places[n-1]), want, "back")
		}
		r.Change(func(p *queue.Policy) { p.Cap = 2 })
		r.Run(window+time.Second, tick, nil)
		r.Want(r.Join(1), queue.Called, "the first")
		r.Want(r.Join(2), queue.Called, "the second")
		r.Want(r.Join(3), queue.Late, "the third")
	}},
	{"whom an older copy still has waiting keeps the order of then with those of whom it knows nothing", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 3, closedDoor)
		seen := &r.memory.Lines[0] // by a gateway, before the store fell back: 4 and 5 had joined, 1 to 4 had been called
		seen.Issued, seen.Serving, seen.CalledOrder = 5, 4, queue.Base+4
		s := r.Tick()
		Equal(t, "same life", s.Generation == places[0].Generation, false)
		Equal(t, "ahead of the line", s.Late, 3)
		pass := places[0]
		pass.Order = queue.Base + 4
		r.Want(r.Restore(4, pass), queue.Late, "the fourth")
		r.Change(func(p *queue.Policy) { p.Gates.Calls, p.Cap = true, 3 })
		r.Run(window+tick, tick, nil)
		for n := 1; n <= 3; n++ {
			r.Want(r.Join(n), queue.Called, "one of the first three")
		}
		r.Want(r.Join(4), queue.Late, "the fourth")
	}},
	{"a session comes back by its number and its life, however often it is shown", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 3, func(p *queue.Policy) { p.Cap = 1 })
		a := r.Claim(1, places[0].Order)
		r.Tick()
		r.lose()
		r.Tick()
		for range 3 {
			b := r.Want(r.readmit(1, a), queue.Active, "shown")
			Equal(t, "number", b.Session, a.Session)
			Equal(t, "life", b.Generation, a.Generation)
		}
		Equal(t, "active", r.Tick().Active, 1)
	}},
	{"a place that was used buys nothing, but that ends no session which another gateway has extended", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 3, func(p *queue.Policy) { p.Cap = 1 })
		a := r.Claim(1, places[0].Order)
		r.Tick()
		r.lose()
		r.Tick()
		known := a
		known.Session = 0
		r.finish(1, known, places[0])
		r.Want(r.Restore(1, places[0]), queue.Missed, "the pass")
		r.Want(r.readmit(1, a), queue.Active, "the admission")
		Equal(t, "told of as ended", len(r.Tick().Ended), 0)
	}},
	{"a session that ended stays ended, and its place buys nothing", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 3, func(p *queue.Policy) { p.Cap = 1 })
		a := r.Claim(1, places[0].Order)
		r.Complete(1, a.Session)
		r.Tick()
		r.lose()
		r.Tick()
		r.finish(1, a, places[0])
		r.finish(1, a, places[0])
		r.Want(r.readmit(1, a), queue.None, "a kept admission")
		r.Want(r.Restore(1, places[0]), queue.Missed, "a kept pass")
		Equal(t, "told once", len(r.Tick().Ended), 1)
	}},
	{"who came in, ended and queued again keeps the new place, whatever is shown of the old session", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 3, func(p *queue.Policy) { p.Cap = 1 })
		a := r.Claim(1, places[0].Order)
		r.Complete(1, a.Session)
		again := r.Join(1)
		r.Tick()
		r.lose()
		r.Tick()
		r.Want(r.Restore(1, again), queue.Waiting, "the new place")
		r.Want(r.readmit(1, a), queue.None, "a gateway that missed the end")
		r.finish(1, a, places[0])
		b := r.Want(r.Join(1), queue.Waiting, "still there")
		Equal(t, "order", b.Order, again.Order)
	}},
	{"sessions that nobody has shown hold their slots for one session, and only shown ones free them", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 10, func(p *queue.Policy) { p.Cap = 4 })
		in := []queue.Answer{r.Claim(1, places[0].Order), r.Claim(2, places[1].Order), r.Claim(3, places[2].Order)}
		r.Tick()
		r.lose()
		Equal(t, "unseen", r.Tick().Unseen, 3)
		for n := 5; n <= 10; n++ {
			r.Restore(n, places[n-1])
		}
		s := r.Run(window+time.Second, tick, nil)
		Equal(t, "called beside three unseen", s.Called, 1)
		r.readmit(1, in[0])
		s = r.Tick()
		Equal(t, "unseen, one shown", s.Unseen, 2)
		Equal(t, "active, called and unseen", s.Active+s.Called+s.Unseen, 4)
		s = r.Run(ms2(r.Policy.Times.Session), tick, nil)
		Equal(t, "unseen after a session", s.Unseen, 0)
		Equal(t, "active and called", s.Active+s.Called, 4)
	}},
	{"a second loss while places come back keeps slots and places", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 10, func(p *queue.Policy) { p.Cap = 4 })
		for n := 1; n <= 4; n++ {
			r.Claim(n, places[n-1].Order)
		}
		r.Tick()
		r.lose()
		r.Tick()
		r.Restore(5, places[4])
		r.Run(10*time.Second, time.Second, nil)
		r.lose()
		s := r.Tick()
		Equal(t, "unseen", s.Unseen, 4)
		for n := 10; n >= 5; n-- {
			Equal(t, "order", r.Restore(n, places[n-1]).Order, places[n-1].Order)
		}
		s = r.Run(window+2*time.Second, time.Second, nil)
		Equal(t, "called with four admissions that are still good", s.Called, 0)
	}},
	{"slots are not kept for sessions of days ago", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 3, func(p *queue.Policy) { p.Cap = 1 })
		r.Claim(1, places[0].Order)
		r.Tick()
		r.Advance(12 * time.Hour)
		r.lose()
		Equal(t, "unseen", r.Tick().Unseen, 0)
	}},
	{"memory of another sale is not believed: older than a day, or an hour newer than the room", func(t *testing.T, h Harness) {
		r, _ := lostRoom(t, h, 3, closedDoor)
		s := r.Tick()
		for _, at := range []int64{s.Begun - ms(25*time.Hour), s.Begun + ms(61*time.Minute)} {
			other := queue.Remembered{
				Generation: 0x1111111122222222, Roots: []uint32{0x11111111}, At: at, Seq: 99, Held: 100,
				Lines: []queue.RememberedLine{{Name: "general", Issued: 500, Serving: 500, CalledOrder: queue.Base + 500}},
			}
			told := r.TickFrom(&other)
			Equal(t, "life", told.Generation, s.Generation)
			Equal(t, "issued", told.Lines[0].Issued, 3)
			Equal(t, "unseen", told.Unseen, 0)
		}
	}},
	{"places come back to a store that lost its clock together with the room", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 3, closedDoor)
		r.Tick()
		r.lose()
		r.Advance(-50 * time.Minute)
		Equal(t, "restoring", r.Tick().Restoring > 0, true)
		Equal(t, "order", r.Restore(2, places[1]).Order, places[1].Order)
	}},
	{"passes of both roots count where a gateway remembers the room from before", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 3, closedDoor)
		r.lose()
		r.Advance(time.Second)
		other := queue.Remembered{Window: ms(window)}
		made := r.TickFrom(&other)
		r.runFrom(&other, 3*time.Second)
		newcomer := r.Join(50)
		s := r.Tick()
		Equal(t, "roots", len(s.Roots), 2)
		Equal(t, "the draw's root", s.Roots[0], queue.Root(places[0].Generation))
		Equal(t, "the root of the room made meanwhile", s.Roots[1], queue.Root(made.Generation))
		r.Want(r.Restore(2, places[1]), queue.Waiting, "a pass of the first root")
		Equal(t, "place of the second root", r.Join(50).Order, newcomer.Order)
	}},
	{"a line that only the gateways remember keeps its people", func(t *testing.T, h Harness) {
		r, _ := lostRoom(t, h, 1, func(p *queue.Policy) {
			closedDoor(p)
			p.Lines = append(p.Lines, queue.Line{Name: "presale", Weight: 1})
		})
		a := r.Apply(queue.Join, queue.Visit{Visitor: Visitor(9), Line: "presale"})
		r.Change(func(p *queue.Policy) { p.Lines = p.Lines[:1] })
		r.lose()
		r.Tick()
		b := r.Apply(queue.Restore, queue.Visit{Visitor: Visitor(9), Line: "presale", Order: a.Order, Generation: a.Generation})
		r.Want(b, queue.Waiting, "back")
		Equal(t, "line", b.Line, "presale")
		Equal(t, "order", b.Order, a.Order)
	}},
	{"a line that was let go before the loss does not come back", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 5, closedDoor)
		r.Change(func(p *queue.Policy) { p.Gates.Release = true })
		r.Change(func(p *queue.Policy) { p.Gates.Release = false })
		r.lose()
		r.Tick()
		r.Want(r.Restore(4, places[3]), queue.Missed, "let go")
	}},
	{"a pass without a draw behind it is no place in a draw", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 3, closedDoor)
		r.lose()
		r.Tick()
		forged := places[0]
		forged.Order = 1
		r.Want(r.Restore(1, forged), queue.None, "order of a draw in a room without one")
	}},
	{"four gateways that notice one loss begin one life", func(t *testing.T, h Harness) {
		r, _ := lostRoom(t, h, 3, closedDoor)
		r.Tick()
		memories := []queue.Remembered{r.memory, r.memory, r.memory, r.memory}
		r.lose()
		life := r.Tick().Generation
		for i := range memories {
			Equal(t, "life", r.TickFrom(&memories[i]).Generation, life)
		}
	}},
	{"a place left in this life does not come back by a pass of this life", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 3, closedDoor)
		r.lose()
		r.Tick()
		a := r.Restore(3, places[2])
		r.Apply(queue.Leave, queue.Visit{Visitor: Visitor(3), Line: "general", Order: a.Order})
		r.Want(r.Restore(3, a), queue.None, "a pass of this life")
	}},
}

// runFrom ticks each second, as the gateway with this memory.
func (r *Room) runFrom(m *queue.Remembered, d time.Duration) (s queue.Snapshot) {
	r.t.Helper()
	for ; d > 0; d -= time.Second {
		r.Advance(time.Second)
		s = r.TickFrom(m)
	}
	return s
}
