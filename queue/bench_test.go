package queue_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/queue/queuetest"
)

func BenchmarkMemory(b *testing.B) {
	queuetest.Bench(b, func(testing.TB) queuetest.Harness {
		now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
		store := queue.NewMemory(func() time.Time { return now }, rand.Uint64)
		return queuetest.Harness{Store: store, Advance: func(d time.Duration) { now = now.Add(d) }}
	})
}
