package redisqueue_test

import (
	"errors"
	"testing"

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
			if client.Del(t.Context(), "rg:{hamlet}:"+key).Val() != 1 {
				t.Fatalf("%s was empty; the test proves nothing", key)
			}
			for op := queue.Join; op <= queue.Restore; op++ {
				_, err := r.Store.Apply(t.Context(), "hamlet", op, []queue.Visit{{Visitor: queuetest.Visitor(99), Line: "general"}})
				queuetest.Equal(t, op.String(), err, queue.ErrNoRoom)
			}
			queuetest.Equal(t, "same life", r.Tick().Generation == before.Generation, false)
			for n := 8; n >= 6; n-- {
				a := r.Apply(queue.Restore, queue.Visit{Visitor: queuetest.Visitor(n), Line: "general", Order: places[n-1].Order, Generation: before.Generation})
				queuetest.Equal(t, "order", a.Order, places[n-1].Order)
			}
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
