package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bilten/rushgate/datadir"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/event/catalog/keepsake"
	"github.com/bilten/rushgate/web/ops"
)

// remembrance is what a gateway keeps for its next start, and what it found of
// its last one.
type remembrance struct {
	dir    *datadir.Dir // nil: nothing is kept
	outbox *datadir.Outbox
	held   catalog.Held
	known  bool // held is of an earlier process
}

func (c Config) validateDataDir(p *problems) {
	if c.DataDir == "" {
		return
	}
	info, err := os.Stat(c.beside(c.DataDir))
	if err == nil && !info.IsDir() {
		p.add("data_dir", c.DataDir, "is not a directory")
	}
}

func (c Config) openDataDir(log *slog.Logger) (remembrance, error) {
	if c.DataDir == "" {
		return remembrance{outbox: datadir.NewOutbox(nil)}, nil
	}
	dir, err := datadir.Open(c.beside(c.DataDir))
	if err != nil {
		return remembrance{}, fmt.Errorf("%s: data_dir: %w", c.file, err)
	}
	held, known := keepsake.Read(dir, time.Now(), log)
	return remembrance{dir, datadir.NewOutbox(dir), held, known}, nil
}

func (r remembrance) close() error {
	if r.dir == nil {
		return nil
	}
	return r.dir.Close()
}

// keep makes events know what was kept, and returns what goes on keeping it.
func (r remembrance) keep(events *catalog.Catalog, registry prometheus.Registerer, log *slog.Logger) []func(context.Context) {
	registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "rushgate_catalog_put_back_total", Help: "Documents of events that the store had lost and got back from this gateway.",
	}, func() float64 { return float64(events.PutBack()) }))
	if r.dir == nil {
		return nil
	}
	registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "rushgate_data_dir_errors_total", Help: "Writes to the data directory that failed.",
	}, func() float64 { return float64(r.dir.Failed()) }))
	if r.known {
		events.Recall(r.held)
	}
	return []func(context.Context){keepsake.Keeper{Dir: r.dir, Catalog: events, Now: time.Now, Log: log}.Run, r.outbox.Run}
}

// probe names what could not be written.
func (r remembrance) probe(context.Context) []ops.Finding {
	if r.dir == nil {
		return nil
	}
	if err := r.dir.Failing(); err != nil {
		return []ops.Finding{{Name: "data_dir_failing", Severity: ops.Warning, Detail: err.Error()}}
	}
	return nil
}
