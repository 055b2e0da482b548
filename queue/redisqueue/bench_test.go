package redisqueue_test

import (
	"testing"

	"github.com/bilten/rushgate/internal/redistest"
	"github.com/bilten/rushgate/queue/queuetest"
)

// The time is Redis' and the client's, with one call in flight.
func BenchmarkStore(b *testing.B) {
	client := redistest.Client(b)
	queuetest.Bench(b, func(t testing.TB) queuetest.Harness { return harness(t, client) })
}
