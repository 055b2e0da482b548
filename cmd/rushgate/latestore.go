package main

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/web/ops"
)

// lateStore is a store that was away when the gateway started: what a start asks
// of it is done when it answers.
type lateStore struct {
	inspect func(context.Context) (warnings []string, err error)
	log     *slog.Logger
	arrived atomic.Bool
	unfit   atomic.Pointer[string] // why it must not be used
}

// awaited says that the store has not answered since the start.
func (l *lateStore) awaited() bool { return l != nil && !l.arrived.Load() }

// follow returns when the store has been inspected and knows the event files.
func (l *lateStore) follow(ctx context.Context, events *catalog.Catalog) {
	for !l.arrive(ctx, events) {
		select {
		case <-time.After(announceEvery):
		case <-ctx.Done():
			return
		}
	}
	l.log.Info("the store answers: its events are in force")
}

func (l *lateStore) arrive(ctx context.Context, events *catalog.Catalog) bool {
	ctx, cancel := context.WithTimeout(ctx, storePatience)
	defer cancel()
	warnings, err := l.inspect(ctx)
	if err != nil {
		if !errors.Is(err, errUnreached) && l.unfit.Load() == nil {
			why := err.Error()
			l.unfit.Store(&why)
			l.log.Error("the store answers, but must not be used", "error", err)
		}
		return false
	}
	l.unfit.Store(nil)
	if events.Announce(ctx) != nil {
		return false // it has gone again
	}
	l.arrived.Store(true)
	for _, warning := range warnings {
		l.log.Warn(warning)
	}
	return true
}

// probe turns visitors away from a store that would have stopped the start.
func (l *lateStore) probe(context.Context) []ops.Finding {
	if l == nil {
		return nil
	}
	why := l.unfit.Load()
	if why == nil {
		return nil
	}
	return []ops.Finding{{Name: "store_unfit", Severity: ops.Blocking, Detail: *why}}
}
