package queuetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bilten/rushgate/queue"
)

const tick = 250 * time.Millisecond

// Run holds a store against the suite. open returns an empty store.
func Run(t *testing.T, open func(testing.TB) Harness) {
	for _, c := range promises {
		t.Run(c.sentence, func(t *testing.T) { c.test(t, open(t)) })
	}
}

type promise struct {
	sentence string
	test     func(*testing.T, Harness)
}

var promises = concat(joining, pacing, budgets, turns, sessions, controls, timekeeping, restoring, drawing, arriving)

func concat(lists ...[]promise) (all []promise) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

// closedDoor makes everybody who joins wait.
func closedDoor(p *queue.Policy) { p.Gates.Calls, p.Gates.Direct = false, false }

var joining = []promise{
	{"who comes while nobody waits goes straight in, on probation", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, nil)
		a := r.Want(r.Join(1), queue.Active, "first visitor")
		Equal(t, "probation", a.Probation, true)
		Equal(t, "active", r.Tick().Active, 1)
	}},
	{"numbers are dense from 1, in the order of joining", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, closedDoor)
		for i, a := range append(r.Crowd(1, 300), r.Join(301)) {
			Equal(t, "number", a.Number, int64(i+1))
			Equal(t, "order", a.Order, queue.Base+int64(i+1))
		}
		s := r.Tick()
		Equal(t, "issued", s.Lines[0].Issued, 301)
		Equal(t, "waiting", s.Waiting(), 301)
		Equal(t, "serving", s.Lines[0].Serving, 0)
	}},
	{"joining again, or twice in one call, gives the same place", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, closedDoor)
		v := queue.Visit{Visitor: Visitor(1), Line: "general"}
		twice := r.ApplyAll(queue.Join, v, v)
		again := r.Apply(queue.Join, v)
		for _, a := range append(twice, again) {
			Equal(t, "number", a.Number, 1)
		}
		Equal(t, "waiting", r.Tick().Waiting(), 1)
	}},
	{"joining without a line never takes a place", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, closedDoor)
		r.Want(r.Apply(queue.Join, queue.Visit{Visitor: Visitor(1)}), queue.Full, "a GET")
		Equal(t, "waiting", r.Tick().Waiting(), 0)
	}},
	{"nobody goes straight in past somebody who waits", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Cap = 1 })
		first := r.Join(1)
		r.Want(r.Join(2), queue.Waiting, "second visitor, room full")
		r.Complete(1, first.Session)
		r.Want(r.Join(3), queue.Waiting, "third visitor, slot free but somebody waits")
	}},
	{"straight in pays slot and rate as everybody does", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Rate = queue.PerMinute(60) })
		in := 0
		for _, a := range r.Crowd(1, 10) {
			if a.State == queue.Active {
				in++
			}
		}
		Equal(t, "straight in at once (a second's worth and one)", in, 2)
	}},
	{"a visitor of one line who joins another keeps the place", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) {
			closedDoor(p)
			p.Lines = append(p.Lines, queue.Line{Name: "presale", Weight: 1})
		})
		r.Join(1)
		a := r.Apply(queue.Join, queue.Visit{Visitor: Visitor(1), Line: "presale"})
		Equal(t, "line", a.Line, "general")
		Equal(t, "waiting", r.Tick().Waiting(), 1)
	}},
	{"a line that the room does not have gives no place", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, closedDoor)
		r.Want(r.Apply(queue.Join, queue.Visit{Visitor: Visitor(1), Line: "vip"}), queue.None, "unknown line")
	}},
	{"a line's name is text, even 007", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) {
			closedDoor(p)
			p.Lines = []queue.Line{{Name: "007", Weight: 1}}
		})
		a := r.Apply(queue.Join, queue.Visit{Visitor: Visitor(1), Line: "007"})
		Equal(t, "line", a.Line, "007")
		Equal(t, "line in the snapshot", r.Tick().Lines[0].Name, "007")
	}},
	{"who leaves and joins again stands at the end", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, closedDoor)
		a := r.Crowd(1, 3)[0]
		leave := queue.Visit{Visitor: Visitor(1), Line: "general", Order: a.Order}
		r.Want(r.Apply(queue.Leave, leave), queue.None, "left")
		r.Want(r.Apply(queue.Leave, leave), queue.None, "left again")
		Equal(t, "number of the second place", r.Join(1).Number, 4)
		r.Want(r.Apply(queue.Leave, leave), queue.Waiting, "a late copy of the first leave")
		Equal(t, "waiting", r.Tick().Waiting(), 3)
	}},
	{"rooms know nothing of each other", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, closedDoor)
		r.Join(1)
		other := &Room{Harness: h, t: t, name: "macbeth", Policy: r.Policy}
		Equal(t, "waiting elsewhere", other.Tick().Waiting(), 0)
		Equal(t, "number elsewhere", other.Join(2).Number, 1)
	}},
	{"a room that no tick has made is refused, and a dropped one comes back as another", func(t *testing.T, h Harness) {
		_, err := h.Store.Apply(t.Context(), "hamlet", queue.Join, []queue.Visit{{Visitor: Visitor(1), Line: "general"}})
		Equal(t, "ErrNoRoom", errors.Is(err, queue.ErrNoRoom), true)
		r := NewRoom(t, h, closedDoor)
		before := r.Join(1)
		if err := h.Store.Drop(context.Background(), "hamlet"); err != nil {
			t.Fatal(err)
		}
		after := r.Tick()
		Equal(t, "waiting", after.Waiting(), 0)
		Equal(t, "same generation", after.Generation == before.Generation, false)
	}},
	{"a policy that cannot be is refused and changes nothing", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, nil)
		bad := r.Policy
		bad.Version, bad.Rate = 2, -1
		_, err := h.Store.Tick(t.Context(), "hamlet", bad, queue.Budget{}, queue.Remembered{})
		Equal(t, "refused", err != nil, true)
		Equal(t, "version in force", r.Tick().Version, 1)
	}},
}
