package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/web/ops"
)

// announceEvery is how long a start waits before it asks a silent store again.
const announceEvery = 500 * time.Millisecond

// announce brings the files into force before anybody is served. A store that
// stays silent stops the start: a gateway that served a file nobody has
// announced would let the others go on with the old one.
func announce(ctx context.Context, events *catalog.Catalog) error {
	ctx, cancel := context.WithTimeout(ctx, storePatience)
	defer cancel()
	for {
		err := events.Announce(ctx)
		if err == nil {
			return nil
		}
		if errors.Is(err, catalog.ErrNoBackend) {
			select {
			case <-time.After(announceEvery):
				continue
			case <-ctx.Done():
			}
		}
		return fmt.Errorf("announce the event files: %w", err)
	}
}

// watchedCatalog remembers what the rooms follow, so that a probe finds what is
// wrong with it without asking the store.
type watchedCatalog struct {
	*catalog.Catalog
	log  *slog.Logger
	last atomic.Pointer[catalog.View]
	told atomic.Int64 // of what was put back
}

// All is what the rooms call when anything has changed.
func (w *watchedCatalog) All(ctx context.Context) (catalog.View, error) {
	view, err := w.Catalog.All(ctx)
	if err == nil {
		w.last.Store(&view)
	}
	if n := w.PutBack(); n > w.told.Swap(n) {
		w.log.Warn("the store had lost events: put back from what this gateway knew", "documents_so_far", n)
	}
	return view, err
}

// lookAgainEvery is how often the whole catalog is read although nothing seems to
// have changed: a store may lose one event without a change of its revision.
const lookAgainEvery = 10 * time.Second

// watch has what was lost unseen put back, until ctx ends.
func (w *watchedCatalog) watch(ctx context.Context) {
	ticker := time.NewTicker(lookAgainEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			bounded, cancel := context.WithTimeout(ctx, lookAgainEvery)
			_, _ = w.All(bounded) // a store that is away is the rooms' to report
			cancel()
		case <-ctx.Done():
			return
		}
	}
}

// probe warns of event files and stored changes that do not fit together.
func (w *watchedCatalog) probe(context.Context) []ops.Finding {
	view := w.last.Load()
	if view == nil {
		return nil
	}
	return catalogFindings(*view)
}

func catalogFindings(view catalog.View) []ops.Finding {
	var findings []ops.Finding
	for _, record := range view.Records {
		if record.Stale {
			findings = append(findings, ops.Finding{
				Name: "event_file_differs", Severity: ops.Warning,
				Detail: fmt.Sprintf("event %s: this gateway's file differs from the one last announced", record.Event.ID),
			})
		}
	}
	for _, problem := range view.Problems {
		findings = append(findings, ops.Finding{Name: "event_not_in_force", Severity: ops.Warning, Detail: problem.Error()})
	}
	return findings
}
