package leases_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/bilten/rushgate/accord"
)

var quiet = slog.New(slog.DiscardHandler)

// sleeper is a store that can fall asleep.
type sleeper struct {
	accord.Store
	asleep atomic.Bool
}

func (s *sleeper) set(asleep bool) { s.asleep.Store(asleep) }

func (s *sleeper) Meet(ctx context.Context, key, member string, report []byte, fresh time.Duration) (accord.Record, error) {
	if s.asleep.Load() {
		<-ctx.Done()
		return accord.Record{}, errAsleep
	}
	return s.Store.Meet(ctx, key, member, report, fresh)
}
