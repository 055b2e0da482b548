package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/web/ops"
	"github.com/bilten/rushgate/web/organizer"
	"github.com/bilten/rushgate/web/upstream"
)

// blueprint is all that a gateway is built from: what the operator's file says,
// read and validated, and where the lines are kept.
type blueprint struct {
	config Config
	events []event.Event
	keys   *admission.Keys
	pools  map[string]*upstream.Pool
	stores stores
	log    *slog.Logger
}

// assembly is a gateway put together, before any door opens.
type assembly struct {
	visitors   *http.Server
	organizers http.Handler
	operators  http.Handler
	loops      []func(context.Context) // each returns when its context ends
	closers    []func() error          // last one first
	draining   *ops.Draining
}

// draw reads everything that the operator's file names.
func draw(ctx context.Context, config Config, log *slog.Logger) (blueprint, error) {
	b := blueprint{config: config, log: log}
	var err error
	if b.events, err = config.readEvents(); err != nil {
		return blueprint{}, err
	}
	if b.keys, err = config.openKeys(); err != nil {
		return blueprint{}, err
	}
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
	pools, err := b.config.poolRoutes()
	if err != nil {
		return nil, err
	}
	a := &assembly{draining: &ops.Draining{}, closers: []func() error{b.stores.close}}
	for _, pool := range b.pools {
		a.closers = append(a.closers, func() error { pool.Close(); return nil })
	}
	a.visitors = &http.Server{Handler: http.NotFoundHandler()}
	a.organizers = organizer.New(events, b.config.organizerKeys(), noRooms{}, organizer.Installation{
		Pool: func(ctx context.Context, host, path string) (organizer.Pool, bool) {
			id, _, ok := pools.Lookup(host, path)
			instances := b.config.Pools[id].Instances
			return organizer.Pool{Name: id, Ready: reachable(ctx, instances), Instances: len(instances)}, ok
		},
		StoreTime:      b.stores.time,
		SharedKeys:     b.config.Keys != "",
		TrustedProxies: len(b.config.TrustedProxies) > 0,
	}, time.Now, b.log).Handler()
	a.operators = ops.Handler(registry,
		a.draining.Probe,
		ops.Store(b.stores.time, time.Now),
		ops.When(func() bool { return len(b.config.TrustedProxies) == 0 }, ops.Finding{
			Name: "trusted_proxies_unset", Severity: ops.Warning,
			Detail: "behind a balancer everybody counts as one visitor to the limits: name its networks in trusted_proxies",
		}),
	)
	return a, nil
}

type noRooms struct{}

func (noRooms) Live(string) (organizer.LiveView, bool) { return organizer.LiveView{}, false }

// openKeys reads the key file; without one the keys end with the process.
func (c Config) openKeys() (*admission.Keys, error) {
	if c.Keys == "" {
		return admission.Ephemeral(c.Issuer)
	}
	file, err := readKeyFile(c.beside(c.Keys))
	if err != nil {
		return nil, err
	}
	keys, err := admission.NewKeys(c.Issuer, file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.beside(c.Keys), err)
	}
	return keys, nil
}

func (c Config) openPools() (map[string]*upstream.Pool, error) {
	pools := map[string]*upstream.Pool{}
	for id, p := range c.Pools {
		settings := upstream.Config{
			Name: id, Instances: p.Instances, PreserveHost: p.preserveHost(),
			TLS:           upstream.TLS{ServerName: p.ServerName},
			AnswerTimeout: p.AnswerTimeout, MaxInFlight: p.MaxInFlight,
		}
		var err error
		if p.CA != "" {
			if settings.TLS.CA, err = os.ReadFile(c.beside(p.CA)); err != nil {
				return nil, err
			}
		}
		if pools[id], err = upstream.New(settings); err != nil {
			return nil, fmt.Errorf("%s: %w", c.file, err)
		}
	}
	return pools, nil
}

// poolRoutes finds the pool of a host and path. It is the events' own matcher:
// what is more specific for an event is so for a pool.
func (c Config) poolRoutes() (*event.Routes, error) {
	byPool := map[string][]event.Route{}
	for _, id := range sortedKeys(c.Organizations) {
		org := c.Organizations[id]
		for _, up := range org.Upstreams {
			hosts := org.Hosts
			if up.Host != "" {
				hosts = []string{up.Host}
			}
			for _, host := range hosts {
				byPool[up.Pool] = append(byPool[up.Pool], event.Route{Host: host, Path: up.Path})
			}
		}
	}
	var pools []event.Event
	for _, id := range sortedKeys(byPool) {
		pools = append(pools, event.Event{ID: id, Routes: byPool[id]})
	}
	return event.NewRoutes(pools)
}

// reachTimeout is how long one instance may take to accept a connection.
const reachTimeout = time.Second

// reachable counts the instances that accept a connection.
func reachable(ctx context.Context, instances []string) int {
	var (
		dials    sync.WaitGroup
		accepted atomic.Int64
		dialer   = net.Dialer{Timeout: reachTimeout}
	)
	for _, instance := range instances {
		dials.Go(func() {
			u, err := url.Parse(instance)
			if err != nil {
				return
			}
			port := u.Port()
			if port == "" {
				port = u.Scheme // "http" and "https" name their ports
			}
			connection, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
			if err != nil {
				return
			}
			accepted.Add(1)
			_ = connection.Close()
		})
	}
	dials.Wait()
	return int(accepted.Load())
}

func (c Config) organizerKeys() []organizer.Key {
	keys := make([]organizer.Key, 0, len(c.APIKeys))
	for _, key := range c.APIKeys {
		one := organizer.Key{Name: key.Name, Organization: key.Organization}
		_, _ = hex.Decode(one.SHA256[:], []byte(key.SHA256)) // validated
		keys = append(keys, one)
	}
	return keys
}
