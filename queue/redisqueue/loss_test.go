package redisqueue_test

import (
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
