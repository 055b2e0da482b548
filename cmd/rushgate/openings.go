package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/web/organizer"
	"github.com/bilten/rushgate/web/upstream"
)

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

// drawable says which events could not be drawn with these keys: better at the
// start than when the first visitor joins.
func drawable(events []event.Event, keys *admission.Keys) error {
	var errs []error
	for _, e := range events {
		if e.Room.ShuffleAtEventStart {
			_, err := keys.DrawSeed(e.ID, 0, e.Room.PrequeueStartTime.Time)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (c Config) openPools() (map[string]*upstream.Pool, error) {
	pools := map[string]*upstream.Pool{}
	for id, p := range c.Pools {
		settings := upstream.Config{
			Name: id, Instances: p.Instances, PreserveHost: p.preserveHost(),
			TLS:    upstream.TLS{ServerName: p.ServerName},
			Limits: upstream.Limits{AnswerTimeout: p.AnswerTimeout, MaxInFlight: p.MaxInFlight},
		}
		if p.CA != "" {
			var err error
			if settings.TLS.CA, err = os.ReadFile(c.beside(p.CA)); err != nil {
				return pools, err
			}
		}
		pool, err := upstream.New(settings)
		if err != nil {
			return pools, fmt.Errorf("%s: %w", c.file, err)
		}
		pools[id] = pool
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

// proxies are the trusted networks, which have been validated.
func (c Config) proxies() []netip.Prefix {
	var networks []netip.Prefix
	for _, network := range c.TrustedProxies {
		if prefix, err := netip.ParsePrefix(network); err == nil {
			networks = append(networks, prefix)
		}
	}
	return networks
}
