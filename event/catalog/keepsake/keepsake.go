// Package keepsake is for keeping the last good catalog of events in a gateway's
// data directory: what the store has lost comes back from there, and a gateway
// that starts while the store is away serves by it.
package keepsake

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/bilten/rushgate/datadir"
	"github.com/bilten/rushgate/event/catalog"
)

// fileName is the catalog's file in the data directory.
const fileName = "catalog.json"

const (
	// confirmEvery is how often a catalog that did not change is written again,
	// so that the file says until when a gateway went by it.
	confirmEvery = time.Hour
	// retryEvery is how long a disk that failed is left alone.
	retryEvery = 5 * time.Second
)

// Read returns what an earlier process kept; known is false if there is nothing
// to use. A file that cannot be used is named in the log and set aside.
func Read(dir *datadir.Dir, now time.Time, log *slog.Logger) (held catalog.Held, known bool) {
	data, err := dir.Read(fileName)
	if errors.Is(err, fs.ErrNotExist) {
		return catalog.Held{}, false
	}
	if err == nil {
		if held, err = catalog.DecodeHeld(data, now); err == nil {
			return held, true
		}
	}
	aside, moved := dir.SetAside(fileName)
	log.Error("the kept catalog of events cannot be used: set aside, going on without it", "file", aside, "error", errors.Join(err, moved))
	return catalog.Held{}, false
}

// Keeper writes what a catalog knows whenever that has changed.
type Keeper struct {
	Dir     *datadir.Dir
	Catalog *catalog.Catalog
	Now     func() time.Time
	Log     *slog.Logger
}

// Run keeps until ctx ends, and once more then. A disk that fails is logged when
// it begins and ends to fail, and tried again; nobody waits for it.
func (k Keeper) Run(ctx context.Context) {
	var failing bool
	for {
		wait := confirmEvery
		if failing {
			wait = retryEvery
		}
		timer := time.NewTimer(wait)
		select {
		case <-k.Catalog.Learned():
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			k.last()
			return
		}
		timer.Stop()
		failing = k.report(k.save(), failing)
	}
}

// last saves what the process learned in its last moments.
func (k Keeper) last() {
	select {
	case <-k.Catalog.Learned():
		k.report(k.save(), false)
	default:
	}
}

func (k Keeper) save() error {
	held := k.Catalog.Held()
	if held.Revision == 0 {
		return nil // nothing is known that could be worth keeping
	}
	data, err := held.Encode(k.Now())
	if err != nil {
		return err
	}
	return k.Dir.Write(fileName, data)
}

func (k Keeper) report(err error, was bool) (failing bool) {
	switch {
	case err != nil && !was:
		k.Log.Error("the catalog of events cannot be kept on disk: going on without", "error", err)
	case err == nil && was:
		k.Log.Info("the catalog of events is kept on disk again")
	}
	return err != nil
}
