package redisqueue_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/internal/redistest"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/queue/queuetest"
	"github.com/bilten/rushgate/queue/redisqueue"
)

var start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

func TestStore(t *testing.T) {
	client := redistest.Client(t)
	queuetest.Run(t, func(t testing.TB) queuetest.Harness { return harness(t, client) })
}

// harness empties the server and returns a store on it whose clock the test moves.
func harness(t testing.TB, client *redis.Client) queuetest.Harness {
	ctx := context.Background()
	if err := client.FlushAll(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	advance := func(d time.Duration) {
		if err := client.IncrBy(ctx, "test:clock", d.Milliseconds()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	advance(time.Duration(start.UnixMilli()) * time.Millisecond)
	store := redisqueue.WithClock(redisqueue.New(client, rand.Uint64))
	return queuetest.Harness{Store: store, Advance: advance}
}

func TestLuaAndGoAreTwins(t *testing.T) {
	client := redistest.Client(t)
	queuetest.Twins(t, func() (lua, memory queuetest.Harness) {
		lua = harness(t, client)
		now, moments := start, uint64(1)
		life := func() uint64 { return moments * 0x9E3779B97F4A7C15 } // the same in both, another at every moment, also when the clock comes by again
		memory = queuetest.Harness{
			Store:   queue.NewMemory(func() time.Time { return now }, life),
			Advance: func(d time.Duration) { now = now.Add(d); moments++ },
		}
		lua.Store = redisqueue.WithClock(redisqueue.New(client, life))
		return lua, memory
	})
}

func TestARoomOfANewerVersionIsLeftAlone(t *testing.T) {
	client := redistest.Client(t)
	r := queuetest.NewRoom(t, harness(t, client), nil)
	r.Join(1)
	client.HSet(t.Context(), "rg:{hamlet}:room", "schema", 3)
	before := client.HGetAll(t.Context(), "rg:{hamlet}:room").Val()

	_, tick := r.Store.Tick(t.Context(), "hamlet", r.Policy, queue.Budget{}, queue.Remembered{})
	_, join := r.Store.Apply(t.Context(), "hamlet", queue.Join, []queue.Visit{{Visitor: queuetest.Visitor(2), Line: "general"}})
	for _, err := range []error{tick, join} {
		if !errors.Is(err, queue.ErrNewerSchema) {
			t.Errorf("error = %v; want ErrNewerSchema", err)
		}
	}
	if diff := cmp.Diff(before, client.HGetAll(t.Context(), "rg:{hamlet}:room").Val()); diff != "" {
		t.Errorf("the room changed:\n%s", diff)
	}
}

// When Redis is out of memory joins are refused, but whatever frees goes on.
func TestOutOfMemory(t *testing.T) {
	client := redistest.Client(t)
	r := queuetest.NewRoom(t, harness(t, client), func(p *queue.Policy) { p.Cap = 2 })
	places := r.Crowd(1, 3)
	client.ConfigSet(t.Context(), "maxmemory", "1")

	_, err := r.Store.Apply(t.Context(), "hamlet", queue.Join, []queue.Visit{{Visitor: queuetest.Visitor(4), Line: "general"}})
	if err == nil {
		t.Fatal("join = nil; want an error: there is no memory for it")
	}
	r.Complete(1, places[0].Session)
	queuetest.Equal(t, "called", r.Tick().Called, 1)
	r.Want(r.Claim(3, places[2].Order), queue.Active, "claim")
	r.Want(r.Touch(3, 3), queue.Active, "touch")
	r.Want(r.Apply(queue.Leave, queue.Visit{Visitor: queuetest.Visitor(3)}), queue.Active, "leave")
}

// A deleted event is ticked no more; nothing of it stays for ever.
func TestARoomThatNobodyTicksGoesByItself(t *testing.T) {
	client := redistest.Client(t)
	r := queuetest.NewRoom(t, harness(t, client), func(p *queue.Policy) { p.Gates.Direct, p.Gates.Calls = false, false })
	r.Crowd(1, 3)
	r.Run(70*time.Second, 250*time.Millisecond, nil)
	for _, key := range client.Keys(t.Context(), "rg:*").Val() {
		if left := client.TTL(t.Context(), key).Val(); left < 29*24*time.Hour {
			t.Errorf("%s lives for %v; want 30 days after the last tick", key, left)
		}
	}
}

// Orders are scores of sorted sets, which are doubles: the last of them must be
// as exact as the first.
func TestOrdersAreExactUpToTheLast(t *testing.T) {
	const last = 1<<53 - 1 - queue.Base // the numbers that a double tells apart
	for _, before := range []int64{0, 1 << 31, 1 << 32, last - 3} {
		client := redistest.Client(t)
		r := queuetest.NewRoom(t, harness(t, client), func(p *queue.Policy) { p.Gates.Direct, p.Gates.Calls = false, false })
		client.HSet(t.Context(), "rg:{hamlet}:room", "issued:1", before)
		for i := range int64(3) {
			v := queuetest.Visitor(int(i) + 1)
			for range 2 { // told the first time, and looked up the second
				a := r.Apply(queue.Join, queue.Visit{Visitor: v, Line: "general"})
				if a.Number != before+i+1 || a.Order != queue.Base+before+i+1 {
					t.Errorf("join after %d = number %d, order %d; want %d, %d", before+i, a.Number, a.Order, before+i+1, queue.Base+before+i+1)
				}
			}
		}
		r.Change(func(p *queue.Policy) { p.Gates.Calls, p.Cap = true, 1 })
		if s := r.Tick(); s.Lines[0].Serving != before+1 {
			t.Errorf("after number %d: serving %d; want %d, the first of three", before, s.Lines[0].Serving, before+1)
		}
	}
}
