package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/event/catalog/rediscatalog"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/queue/redisqueue"
)

// stores is where lines and events are kept: in Redis, or in this process.
type stores struct {
	queue  queue.Store
	events catalog.Backend
	time   func(context.Context) (time.Time, error) // the store's clock
	close  func() error
}

// storePatience is how long a start waits for Redis to be inspected.
const storePatience = 10 * time.Second

func openStores(ctx context.Context, r Redis, log *slog.Logger) (stores, error) {
	if r.embedded() {
		return embeddedStores(), nil
	}
	redis.SetLogger(redisLog{log}) // the client knows only one for the whole process
	client, err := connectRedis(r)
	if err != nil {
		return stores{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, storePatience)
	defer cancel()
	warnings, err := inspectRedis(ctx, client)
	if err != nil {
		_ = client.Close()
		return stores{}, err
	}
	for _, warning := range warnings {
		log.Warn(warning)
	}
	return stores{
		queue:  redisqueue.New(client, newGeneration),
		events: rediscatalog.New(client),
		time:   func(ctx context.Context) (time.Time, error) { return client.Time(ctx).Result() },
		close:  client.Close,
	}, nil
}

// redisLog takes what the client would print in a format of its own.
type redisLog struct{ log *slog.Logger }

// Printf is the client's logger.
func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	l.log.DebugContext(ctx, fmt.Sprintf(format, args...))
}

func embeddedStores() stores {
	return stores{
		queue:  queue.NewMemory(time.Now, newGeneration),
		events: catalog.NewMemory(),
		time:   func(context.Context) (time.Time, error) { return time.Now(), nil },
		close:  func() error { return nil },
	}
}

// newGeneration names a room that is made; no two are ever the same.
func newGeneration() uint64 {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails; the process ends first
	return binary.LittleEndian.Uint64(random[:])
}
