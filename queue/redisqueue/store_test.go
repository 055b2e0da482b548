package redisqueue_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

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
		now := start
		memory = queuetest.Harness{
			Store:   queue.NewMemory(func() time.Time { return now }, func() uint64 { return 7 }),
			Advance: func(d time.Duration) { now = now.Add(d) },
		}
		lua.Store = redisqueue.WithClock(redisqueue.New(client, func() uint64 { return 7 }))
		return lua, memory
	})
}
