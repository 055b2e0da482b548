package main

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/web/organizer"
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

func (c Config) organizerKeys() []organizer.Key {
	keys := make([]organizer.Key, 0, len(c.APIKeys))
	for _, key := range c.APIKeys {
		one := organizer.Key{Name: key.Name, Organization: key.Organization}
		_, _ = hex.Decode(one.SHA256[:], []byte(key.SHA256)) // validated
		keys = append(keys, one)
	}
	return keys
}
