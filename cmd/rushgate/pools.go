package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/web/ops"
	"github.com/bilten/rushgate/web/organizer"
	"github.com/bilten/rushgate/web/upstream"
	"github.com/bilten/rushgate/web/upstream/roster"
	"github.com/bilten/rushgate/web/upstream/slices"
)

// pools are open: what the file says of them, and what the gateways share.
type pools struct {
	byName  map[string]*upstream.Pool
	rosters map[string]*roster.Roster
}

// openPools makes the pools of the file. Nothing is asked or followed before
// they run.
func (c Config) openPools(store accord.Store, metrics prometheus.Registerer, log *slog.Logger) (pools, error) {
	opened := pools{map[string]*upstream.Pool{}, map[string]*roster.Roster{}}
	for _, id := range sortedKeys(c.Pools) {
		settings, err := c.Pools[id].settings(id, c.beside)
		if err != nil {
			return opened, err
		}
		settings.House = upstream.House{Now: time.Now, Random: mathrand.Float64, Log: log, Metrics: metrics}
		opened.rosters[id] = c.Pools[id].roster(id, store, log)
		if settings.Sources, err = c.Pools[id].sources(c.beside, log); err != nil {
			return opened, fmt.Errorf("%s: pools.%s: %w", c.file, id, err)
		}
		settings.Sources = append(settings.Sources, opened.rosters[id])
		pool, err := upstream.New(settings)
		if err != nil {
			return opened, fmt.Errorf("%s: %w", c.file, err)
		}
		opened.byName[id] = pool
	}
	return opened, nil
}

func (p Pool) settings(id string, beside func(string) string) (upstream.Config, error) {
	settings := upstream.Config{
		Name: id, Instances: p.Instances, PreserveHost: p.preserveHost(),
		TLS:    upstream.TLS{ServerName: p.ServerName},
		Limits: upstream.Limits{AnswerTimeout: p.AnswerTimeout, MaxInFlight: p.MaxInFlight},
		Balance: upstream.Balance{
			Algorithm: upstream.Algorithm(p.Balance.Algorithm), SlowStart: p.Balance.SlowStart, Drain: p.Balance.Drain,
			Panic: p.Balance.Panic, Retries: p.Balance.Retries, Ejection: upstream.Ejection(p.Ejection),
		},
	}
	if !p.Check.Off {
		settings.Check = upstream.Check{
			Path: p.Check.Path, Host: p.Check.Host, Interval: p.Check.Interval, Retry: p.Check.Retry,
			Timeout: p.Check.Timeout, Bad: p.Check.Bad, Good: p.Check.Good, WarmUp: p.Check.WarmUp,
		}
		if settings.Check.Path == "" {
			settings.Check.Path, settings.Check.Lenient = "/health", true
		}
	}
	if p.CA != "" {
		var err error
		if settings.TLS.CA, err = os.ReadFile(beside(p.CA)); err != nil {
			return settings, err
		}
	}
	return settings, nil
}

// sources are those that the gateway finds by itself.
func (p Pool) sources(beside func(string) string, log *slog.Logger) ([]upstream.Source, error) {
	var sources []upstream.Source
	if p.DNS.Name != "" {
		dns := upstream.DNS{Name: p.DNS.Name, Scheme: p.DNS.Scheme, Interval: p.DNS.Interval, Log: log}
		if p.DNS.Resolver != "" {
			dns.Resolver = upstream.ResolverAt(p.DNS.Resolver)
		}
		sources = append(sources, dns)
	}
	if k := p.Kubernetes; k.Service != "" {
		client, err := slices.Connect(beside(k.Kubeconfig), log)
		if err != nil {
			return nil, fmt.Errorf("kubernetes: %w", err)
		}
		scheme := k.Scheme
		if scheme == "" {
			scheme = "http"
		}
		sources = append(sources, slices.Service{Client: client, Namespace: k.Namespace, Name: k.Service, Port: k.Port, Scheme: scheme, Log: log})
	}
	return sources, nil
}

func (p Pool) roster(id string, store accord.Store, log *slog.Logger) *roster.Roster {
	return roster.New(roster.Config{Store: store, Pool: id, TTL: p.Registration.TTL, Networks: prefixes(p.Registration.Networks), Now: time.Now, Log: log})
}

// heartbeat is how often an instance should repeat its registration.
func (r Registration) heartbeat() time.Duration {
	ttl := r.TTL
	if ttl == 0 {
		ttl = roster.DefaultTTL
	}
	return ttl / 3
}

// fleets are the pools as the API shows them.
func (b blueprint) fleets() map[string]organizer.Fleet {
	fleets := map[string]organizer.Fleet{}
	for id, pool := range b.pools.byName {
		settings := b.config.Pools[id]
		fleets[id] = organizer.Fleet{
			Pool: pool, Roster: b.pools.rosters[id],
			Operator: keyHash(settings.Operator), Registration: keyHash(settings.Registration.SHA256),
			HeartbeatSeconds: int(settings.Registration.heartbeat().Seconds()),
		}
	}
	return fleets
}

// keyHash reads what validation has found to be a hash, or empty.
func keyHash(digits string) (sum [sha256.Size]byte) {
	raw, _ := hex.DecodeString(digits)
	copy(sum[:], raw)
	return sum
}

// run serves every pool until the context ends.
func (p pools) run() []func(context.Context) {
	var loops []func(context.Context)
	for _, pool := range p.byName {
		loops = append(loops, pool.Run)
	}
	return loops
}

// probe warns of a pool that has nobody to serve, or a source that is silent: the
// balancer must not turn visitors away for it, who would find the same at every
// gateway.
func (p pools) probe(context.Context) []ops.Finding {
	var findings []ops.Finding
	for _, id := range sortedKeys(p.byName) {
		m := p.byName[id].Measure()
		if m.Unheard > 0 {
			findings = append(findings, ops.Finding{
				Name: "pool_source_silent", Severity: ops.Warning,
				Detail: fmt.Sprintf("pool %s: %d of its sources (dns, kubernetes, registrations) cannot be read since the start: whom they name gets no visitors", id, m.Unheard),
			})
		}
		if m.Ready == 0 {
			findings = append(findings, ops.Finding{
				Name: "pool_down", Severity: ops.Warning,
				Detail: fmt.Sprintf("pool %s: none of %d instances is ready", id, m.Known),
			})
		}
	}
	return findings
}

func (p pools) closers() []func() error {
	var closers []func() error
	for _, pool := range p.byName {
		closers = append(closers, func() error { pool.Close(); return nil })
	}
	return closers
}
