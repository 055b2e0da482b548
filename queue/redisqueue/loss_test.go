package redisqueue_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/internal/redistest"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/queue/queuetest"
)

// Each key that holds somebody is missed by whoever comes next.
func TestAKeyThatVanishesIsNoticed(t *testing.T) {
	client := redistest.Client(t)
	for _, key := range []string{"room", "called", "line:1", "active", "sessions", "ended"} {
		t.Run(key, func(t *testing.T) {
			r := queuetest.NewRoom(t, harness(t, client), func(p *queue.Policy) { p.Gates.Direct, p.Cap = false, 3 })
			places := r.Crowd(1, 8)
			r.Tick()
			r.Claim(2, places[1].Order)
			r.Complete(1, r.Claim(1, places[0].Order).Session)
			before := r.Tick()
			vanish(t, client, r, key, before.Generation)
			for n := 8; n >= 6; n-- {
				a := r.Apply(queue.Restore, queue.Visit{Visitor: queuetest.Visitor(n), Line: "general", Order: places[n-1].Order, Generation: before.Generation})
				queuetest.Equal(t, "order", a.Order, places[n-1].Order)
			}
		})
	}
}

// vanish takes a key away and demands that nobody is answered until a tick has begun
// another life.
func vanish(t *testing.T, client *redis.Client, r *queuetest.Room, key string, generation uint64) {
	t.Helper()
	if client.Del(t.Context(), "rg:{hamlet}:"+key).Val() != 1 {
		t.Fatalf("%s was empty; the test proves nothing", key)
	}
	for op := queue.Join; op <= queue.Restore; op++ {
		_, err := r.Store.Apply(t.Context(), "hamlet", op, []queue.Visit{{Visitor: queuetest.Visitor(99), Line: "general"}})
		queuetest.Equal(t, op.String(), err, queue.ErrNoRoom)
	}
	queuetest.Equal(t, "same life", r.Tick().Generation == generation, false)
}

// So are those that fill up later in a sale.
func TestAKeyThatFillsLaterIsMissedAsWell(t *testing.T) {
	client := redistest.Client(t)
	closed := func(p *queue.Policy) { p.Gates.Direct, p.Cap = false, 1 }
	lapse := func(r *queuetest.Room) []queue.Answer { // the first lets the turn go by
		places := r.Crowd(1, 3)
		r.Tick()
		r.Run(time.Duration(r.Policy.Times.Turn+1000)*time.Millisecond, time.Second, nil)
		return places
	}
	// The first has been in, in an earlier life, and whoever knows of that tells it again.
	been := func(r *queuetest.Room) (session queue.Visit, place queue.Answer, tell func()) {
		places := r.Crowd(1, 3)
		r.Tick()
		in := r.Claim(1, places[0].Order)
		r.Tick()
		if err := r.Store.Drop(t.Context(), "hamlet"); err != nil {
			t.Fatal(err)
		}
		r.Tick()
		session = queue.Visit{Visitor: queuetest.Visitor(1), Session: in.Session, Generation: in.Generation, Line: "general", Order: places[0].Order}
		tell = func() { r.Apply(queue.Complete, session) }
		tell()
		return session, places[0], tell
	}
	restored := func(r *queuetest.Room, n int, place queue.Answer) queue.Answer {
		return r.Apply(queue.Restore, queue.Visit{Visitor: queuetest.Visitor(n), Line: "general", Order: place.Order, Generation: place.Generation})
	}
	for _, row := range []struct {
		key, holds string
		policy     func(*queue.Policy)
		play       func(*queuetest.Room) (after func())
	}{
		{"lapsed", "who let a turn go by is called again, ahead of the line", closed, func(r *queuetest.Room) func() {
			places := lapse(r)
			return func() { r.Want(restored(r, 1, places[0]), queue.Late, "the first") }
		}},
		{"late", "who came back late comes back by asking again", closed, func(r *queuetest.Room) func() {
			places := lapse(r)
			r.Want(r.Claim(1, places[0].Order), queue.Late, "the first")
			return func() { r.Want(r.Claim(1, places[0].Order), queue.Late, "the first") }
		}},
		{"arrived", "who came without a number gets one by asking again", closed, func(r *queuetest.Room) func() {
			before := r.Tick()
			r.Advance(3 * time.Second)
			r.TickFrom(&queue.Remembered{Parked: before.At})
			since := queue.Visit{Visitor: queuetest.Visitor(7), Line: "general", Since: before.At + 1}
			r.Want(r.Apply(queue.Join, since), queue.Waiting, "without a number")
			return func() { r.Want(r.Apply(queue.Join, since), queue.Waiting, "again") }
		}},
		{"drawn:1", "who stood in the draw stands in it again", func(p *queue.Policy) {
			closed(p)
			p.Draw, p.OpensAt = true, start.Add(time.Hour).UnixMilli()
		}, func(r *queuetest.Room) func() {
			r.Run(5*time.Second, time.Second, nil)
			place := r.Apply(queue.Join, queue.Visit{Visitor: queuetest.Visitor(1), Line: "general", Order: 1000})
			place.Order = 1000
			r.Want(place, queue.Waiting, "in the draw")
			return func() {
				r.Want(restored(r, 1, place), queue.Waiting, "in the draw again")
				queuetest.Equal(t, "drawn", r.Tick().Lines[0].Drawn, 1)
			}
		}},
		{"over", "a session that had ended stays ended", closed, func(r *queuetest.Room) func() {
			session, _, tell := been(r)
			return func() {
				tell()
				session.Adopt = 60_000
				r.Want(r.Apply(queue.Touch, session), queue.None, "the first, with the old admission")
			}
		}},
		{"spent:1", "a place that had been used buys nothing", closed, func(r *queuetest.Room) func() {
			_, place, tell := been(r)
			return func() {
				tell()
				r.Want(restored(r, 1, place), queue.Missed, "the first, with the old pass")
			}
		}},
	} {
		t.Run(row.key+": "+row.holds, func(t *testing.T) {
			r := queuetest.NewRoom(t, harness(t, client), row.policy)
			after := row.play(r)
			vanish(t, client, r, row.key, r.Tick().Generation)
			after()
		})
	}
}

// A replica that lagged takes over: until a tick has seen to it, nobody is given
// what somebody else was told already.
func TestAnOlderCopyGivesNothingBeforeItIsMended(t *testing.T) {
	client := redistest.Client(t)
	r := queuetest.NewRoom(t, harness(t, client), func(p *queue.Policy) { p.Gates.Calls, p.Gates.Direct = false, false })
	r.Join(1)
	copied := map[string]string{}
	for _, key := range client.Keys(t.Context(), "rg:*").Val() {
		copied[key] = client.Dump(t.Context(), key).Val()
	}
	r.Tick()
	told := r.Join(2)
	for key, dump := range copied {
		if err := client.RestoreReplace(t.Context(), key, 0, dump).Err(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := r.Store.Apply(t.Context(), "hamlet", queue.Join, []queue.Visit{{Visitor: queuetest.Visitor(3), Line: "general"}})
	if !errors.Is(err, queue.ErrNoRoom) {
		t.Errorf("a join at an older copy = %v; want ErrNoRoom", err)
	}
	r.Tick()
	back := r.Apply(queue.Restore, queue.Visit{Visitor: queuetest.Visitor(2), Line: "general", Order: told.Order, Generation: told.Generation})
	queuetest.Equal(t, "number of who was told it", back.Number, told.Number)
	queuetest.Equal(t, "number of who joins after that", r.Join(3).Number, told.Number+1)
}
