package main

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/bilten/rushgate/account"
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
	pools  pools
	stores stores
	meters *prometheus.Registry
	kept   remembrance
	prices []priceFile
	// secrets check accounts; replaced on SIGHUP.
	secrets *atomic.Pointer[map[secretName][]byte]
	log     *slog.Logger
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
	b := blueprint{config: config, meters: prometheus.NewRegistry(), log: log}
	var err error
	if b.events, err = config.readEvents(); err != nil {
		return blueprint{}, err
	}
	if b.prices, err = config.readPrices(b.events); err != nil {
		return blueprint{}, err
	}
	keys, err := config.openKeys()
	if err != nil {
		return blueprint{}, err
	}
	if err := drawable(b.events, keys); err != nil {
		return blueprint{}, err
	}
	b.keys = &atomic.Pointer[admission.Keys]{}
	b.keys.Store(keys)
	secrets, err := config.openIdentitySecrets()
	if err != nil {
		return blueprint{}, err
	}
	b.secrets = &atomic.Pointer[map[secretName][]byte]{}
	b.secrets.Store(&secrets)
	if b.kept, err = config.openDataDir(log); err != nil {
		return blueprint{}, err
	}
	if b.stores, err = openStores(ctx, config.Redis, b.kept.known, log); err != nil {
		return blueprint{}, errors.Join(err, b.kept.close())
	}
	if b.pools, err = config.openPools(b.stores.accord, b.meters, log); err != nil {
		return blueprint{}, errors.Join(err, b.stores.close(), b.kept.close())
	}
	return b, nil
}

// assemble builds a gateway; nothing runs yet.
func (b blueprint) assemble() (*assembly, error) {
	b.meters.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	events, err := catalog.New(b.stores.events, b.config.hosts(), b.events, time.Now)
	if err != nil {
		return nil, err
	}
	routes, err := b.config.poolRoutes()
	if err != nil {
		return nil, err
	}
	keeping := b.kept.keep(events, b.meters, b.log)
	watched := &watchedCatalog{Catalog: events, log: b.log}
	memories := newMemories(b.kept, b.log)
	var rooms *room.Keeper
	sees := world{b.pools, routes, func() *room.Keeper { return rooms }}
	leases := b.leases(sees)
	rooms = room.New(room.Config{
		Store: b.stores.queue, Catalog: watched, Now: time.Now, Rand: mathrand.Float64, Log: b.log, Metrics: b.meters,
		Budget: budgets(leases, sees.behind), Window: b.config.RestoreWindow, Memories: memories,
	})
	sets := account.NewSets(account.SetsConfig{Allow: prefixes(b.config.Identity.AllowNetworks), Now: time.Now, Log: b.log})
	accounts := account.NewDesk(b.secret, sets)
	shelf := b.shelf(events, rooms)
	prices := b.keepPrices(events, rooms, shelf, b.meters)
	gateway, err := b.gateway(rooms, routes, accounts, shelf, prices)
	if err != nil {
		return nil, err
	}
	rushes, err := b.rushes(watched, rooms, sees, prices.Keeper)
	if err != nil {
		return nil, err
	}
	a := &assembly{
		visitors: gateway.Server(),
		organizers: b.organizerAPI(events, rooms, routes, accounts, organizer.Keepers{
			Shelf: shelf, Leases: leases, Prices: prices.Keeper, Fleets: b.fleets(), Rushes: rushes.crew, Scaling: rushes,
		}),
		announce: func(ctx context.Context) error {
			err := announce(ctx, events)
			if err == nil {
				prices.announce(ctx)
			}
			return err
		},
		draining: &ops.Draining{},
		loops: slices.Concat(keeping, []func(context.Context){
			b.keeping(rooms), sets.Run, watched.watch, shelf.Run, leases.Run, prices.run,
		}, rushes.loops(), b.pools.run()),
		closers: append([]func() error{b.kept.close, b.stores.close}, b.pools.closers()...),
		reloads: []func(){b.reloadKeys, b.reloadSecrets},
	}
	if late := b.stores.late; late != nil {
		a.announce = func(context.Context) error { return nil } // when it answers
		a.loops = append(a.loops, func(ctx context.Context) { late.follow(ctx, events); prices.announce(ctx) })
	}
	a.operators = ops.Handler(b.meters, b.facts, append(b.probes(rooms, gateway), b.paced(leases), watched.probe, prices.probe, a.draining.Probe)...)
	return a, nil
}

func (b blueprint) gateway(rooms *room.Keeper, routes *event.Routes, accounts *account.Desk, shelf web.Shelf, prices web.Prices) (*web.Gateway, error) {
	return web.New(web.Config{
		Rooms: rooms,
		Pools: func(host, path string) (*upstream.Pool, bool) {
			id, _, ok := routes.Lookup(host, path)
			return b.pools.byName[id], ok
		},
		Keys:    b.keys.Load,
		Prefix:  b.config.Prefix,
		Proxies: prefixes(b.config.TrustedProxies),
		Joins: web.JoinLimits{
			Address: web.JoinRate(b.config.Limits.JoinPerAddress),
			Site:    web.JoinRate(b.config.Limits.JoinPerSite),
			Network: web.JoinRate(b.config.Limits.JoinPerNetwork),
		},
		Accounts: accounts,
		Shelf:    shelf,
		Prices:   prices,
		Now:      time.Now,
		Random:   rand.Reader,
		Chance:   mathrand.Float64,
		Log:      b.log,
		Metrics:  b.meters,
	})
}

func (b blueprint) organizerAPI(events *catalog.Catalog, rooms *room.Keeper, routes *event.Routes, accounts *account.Desk, keepers organizer.Keepers) http.Handler {
	return organizer.New(events, b.config.organizerKeys(), liveRooms{rooms, time.Now}, organizer.Installation{
		Keepers: keepers,
		Pool: func(host, path string) (organizer.Pool, bool) {
			id, _, ok := routes.Lookup(host, path)
			if !ok {
				return organizer.Pool{}, false
			}
			m := b.pools.byName[id].Measure()
			return organizer.Pool{Name: id, Ready: m.Ready, Instances: m.Known}, true
		},
		StoreTime:      b.stores.time,
		Accounts:       accounts.Ready,
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
				finding := ops.Finding{Name: "rooms_loading", Severity: ops.Blocking, Detail: err.Error()}
				if b.stores.late.awaited() && rooms.Loaded() {
					finding.Severity = ops.Warning // on hold, as every other gateway is: the admitted go on
				}
				return []ops.Finding{finding}
			}
			return nil
		},
		b.stores.late.probe,
		b.kept.probe,
		b.pools.probe,
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

// secret is one that checks an organization's accounts; nil: there is none.
func (b blueprint) secret(organization, name string) []byte {
	return (*b.secrets.Load())[secretName{organization, name}]
}

// reloadSecrets reads the identity secrets again; a problem changes nothing.
func (b blueprint) reloadSecrets() {
	secrets, err := b.config.openIdentitySecrets()
	if err != nil {
		b.log.Error("identity secrets not reloaded, the old ones stay", "err", err)
		return
	}
	b.secrets.Store(&secrets)
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
