package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/web"
	"github.com/bilten/rushgate/web/ops"
	"github.com/bilten/rushgate/web/organizer"
	"github.com/bilten/rushgate/web/upstream"
)

// blueprint is all that a gateway is built from: what the operator's file says,
// read and validated, and where the lines are kept.
type blueprint struct {
	config Config
	events []event.Event
	keys   *atomic.Pointer[admission.Keys] // replaced on SIGHUP
	pools  map[string]*upstream.Pool
	stores stores
	log    *slog.Logger
}

// assembly is a gateway put together, before any door opens.
type assembly struct {
	visitors   *http.Server
	organizers http.Handler
	operators  http.Handler
	announce   func(context.Context) error // brings the event files into force; before anybody is served
	loops      []func(context.Context)     // each returns when its context ends
	closers    []func() error              // last one first
	reloads    []func()                    // on SIGHUP
	draining   *ops.Draining
}

// draw reads everything that the operator's file names.
func draw(ctx context.Context, config Config, log *slog.Logger) (blueprint, error) {
	b := blueprint{config: config, log: log}
	var err error
	if b.events, err = config.readEvents(); err != nil {
		return blueprint{}, err
	}
	keys, err := config.openKeys()
	if err != nil {
		return blueprint{}, err
	}
	b.keys = &atomic.Pointer[admission.Keys]{}
	b.keys.Store(keys)
	if b.pools, err = config.openPools(); err != nil {
		return blueprint{}, err
	}
	b.stores, err = openStores(ctx, config.Redis, log)
	return b, err
}

// assemble builds a gateway; nothing runs yet.
func (b blueprint) assemble() (*assembly, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	events, err := catalog.New(b.stores.events, b.config.hosts(), b.events, time.Now)
	if err != nil {
		return nil, err
	}
	routes, err := b.config.poolRoutes()
	if err != nil {
		return nil, err
	}
	watched := &watchedCatalog{Catalog: events}
	rooms := room.New(room.Config{
		Store: b.stores.queue, Catalog: watched, Now: time.Now, Rand: mathrand.Float64, Log: b.log, Metrics: registry,
	})
	gateway, err := b.gateway(rooms, routes, registry)
	if err != nil {
		return nil, err
	}
	a := &assembly{
		visitors:   gateway.Server(),
		organizers: b.organizerAPI(events, rooms, routes),
		announce:   func(ctx context.Context) error { return announce(ctx, events) },
		draining:   &ops.Draining{},
		loops:      []func(context.Context){b.keeping(rooms)},
		closers:    []func() error{b.stores.close},
		reloads:    []func(){b.reloadKeys},
	}
	a.operators = ops.Handler(registry, b.facts, append(b.probes(rooms, gateway), watched.probe, a.draining.Probe)...)
	for _, pool := range b.pools {
		a.closers = append(a.closers, func() error { pool.Close(); return nil })
	}
	return a, nil
}

func (b blueprint) gateway(rooms *room.Keeper, routes *event.Routes, registry *prometheus.Registry) (*web.Gateway, error) {
	return web.New(web.Config{
		Rooms: rooms,
		Pools: func(host, path string) (*upstream.Pool, bool) {
			id, _, ok := routes.Lookup(host, path)
			return b.pools[id], ok
		},
		Keys:    b.keys.Load,
		Prefix:  b.config.Prefix,
		Proxies: b.config.proxies(),
		Joins:   web.JoinLimit{PerSecond: b.config.Limits.JoinPerAddress.PerSecond, Burst: b.config.Limits.JoinPerAddress.Burst},
		Now:     time.Now,
		Random:  rand.Reader,
		Chance:  mathrand.Float64,
		Log:     b.log,
		Metrics: registry,
	})
}

func (b blueprint) organizerAPI(events *catalog.Catalog, rooms *room.Keeper, routes *event.Routes) http.Handler {
	return organizer.New(events, b.config.organizerKeys(), liveRooms{rooms, time.Now}, organizer.Installation{
		Pool: func(ctx context.Context, host, path string) (organizer.Pool, bool) {
			id, _, ok := routes.Lookup(host, path)
			instances := b.config.Pools[id].Instances
			return organizer.Pool{Name: id, Ready: reachable(ctx, instances), Instances: len(instances)}, ok
		},
		StoreTime:      b.stores.time,
		SharedKeys:     b.config.Keys != "",
		TrustedProxies: len(b.config.TrustedProxies) > 0,
	}, time.Now, b.log).Handler()
}

// probes are the named reasons why a gateway is not, or not quite, ready.
func (b blueprint) probes(rooms *room.Keeper, gateway *web.Gateway) []ops.Probe {
	return []ops.Probe{
		ops.Store(b.stores.time, time.Now),
		func(context.Context) []ops.Finding {
			if err := rooms.Ready(); err != nil {
				return []ops.Finding{{Name: "rooms_loading", Severity: ops.Blocking, Detail: err.Error()}}
			}
			return nil
		},
		ops.When(gateway.MetNewer, ops.Finding{
			Name: "newer_schema", Severity: ops.Blocking,
			Detail: "a pass or admission of a newer version came by: this gateway must not judge those",
		}),
		ops.When(func() bool { return len(b.config.TrustedProxies) == 0 }, ops.Finding{
			Name: "trusted_proxies_unset", Severity: ops.Warning,
			Detail: "behind a balancer everybody counts as one visitor to the limits: name its networks in trusted_proxies",
		}),
	}
}

// facts tells 'rushgate keys' which keys this gateway has loaded.
func (b blueprint) facts() map[string]any {
	return map[string]any{"keys": b.keys.Load().Loaded()}
}

func (b blueprint) keeping(rooms *room.Keeper) func(context.Context) {
	return func(ctx context.Context) {
		if err := rooms.Run(ctx); err != nil && ctx.Err() == nil {
			b.log.Error("rooms stopped", "err", err)
		}
	}
}

// reloadKeys reads the key file again; a file with a problem changes nothing.
func (b blueprint) reloadKeys() {
	if b.config.Keys == "" {
		return
	}
	keys, err := b.config.openKeys()
	if err != nil {
		b.log.Error("keys not reloaded, the old ones stay", "err", err)
		return
	}
	b.keys.Store(keys)
	b.log.Info("keys reloaded")
}
