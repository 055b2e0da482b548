package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/accord/redisaccord"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/event/catalog/rediscatalog"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/queue/redisqueue"
)

// stores is where lines and events are kept: in Redis, or in this process.
type stores struct {
	queue  queue.Store
	events catalog.Backend
	accord accord.Store
	time   func(context.Context) (time.Time, error) // the store's clock
	close  func() error
	late   *lateStore // nil: the store answered at the start
}

// storePatience is how long a start waits for Redis to be inspected.
const storePatience = 10 * time.Second

// openStores fails on a Redis that must not be used, and on one that does not
// answer unless the gateway can do without for a while.
func openStores(ctx context.Context, r Redis, canWait bool, log *slog.Logger) (stores, error) {
	if r.embedded() {
		return embeddedStores(), nil
	}
	redis.SetLogger(redisLog{log}) // the client knows only one for the whole process
	client, err := connectRedis(r)
	if err != nil {
		return stores{}, err
	}
	opened := stores{
		queue:  redisqueue.New(client, newGeneration),
		events: rediscatalog.New(client),
		accord: redisaccord.New(client),
		time:   func(ctx context.Context) (time.Time, error) { return client.Time(ctx).Result() },
		close:  client.Close,
	}
	ctx, cancel := context.WithTimeout(ctx, storePatience)
	defer cancel()
	warnings, err := inspectRedis(ctx, client)
	if canWait && errors.Is(err, errUnreached) {
		log.Warn("the store does not answer: starting with the events that were last known, rooms on hold", "error", err)
		opened.late = &lateStore{inspect: func(ctx context.Context) ([]string, error) { return inspectRedis(ctx, client) }, log: log}
		return opened, nil
	}
	if err != nil {
		_ = client.Close()
		return stores{}, err
	}
	for _, warning := range warnings {
		log.Warn(warning)
	}
	return opened, nil
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
		accord: accord.NewMemory(time.Now),
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
