package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/web/upstream"
)

type check struct {
	Files []string `arg:"" name:"file" help:"Operator's files or event files."`
}

func (check) Help() string {
	return `Every problem is printed as file, field, value and reason. An operator's file is
checked together with the events that it names.

Example:

    rushgate check rushgate.yaml
    rushgate check events/*.yaml`
}

// Run checks every file before it fails.
func (c check) Run(a *app) error {
	bad := false
	for _, file := range c.Files {
		if err := checkFile(file); err != nil {
			bad = true
			printf(a.stdout, "%v\n", err)
			continue
		}
		printf(a.stdout, "%s: ok\n", file)
	}
	if bad {
		return errReported
	}
	return nil
}

func checkFile(file string) error {
	data, err := readSmall(file)
	if err != nil {
		return err
	}
	if !looksLikeOperators(data) {
		_, err := readEvent(file)
		return err
	}
	config, err := loadConfig(file, overrides{})
	if err != nil {
		return err
	}
	declared, events := config.readEvents()
	ring, keys := config.openKeys()
	var draws error
	if keys == nil {
		draws = drawable(declared, ring)
	}
	_, prices := config.readPrices(declared)
	_, secrets := config.openIdentitySecrets()
	_, routes := config.poolRoutes()
	return errors.Join(events, prices, keys, draws, secrets, routes, config.tryPools(), config.tryCertificates())
}

// tryPools makes the pools and nothing of what they follow: a file may be checked
// far from the cluster that it is meant for.
func (c Config) tryPools() error {
	var errs []error
	for _, id := range sortedKeys(c.Pools) {
		settings, err := c.Pools[id].settings(id, c.beside)
		if err == nil {
			settings.Sources = []upstream.Source{c.Pools[id].roster(id, nil, nil)}
			_, err = upstream.New(settings)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.file, err))
		}
	}
	return errors.Join(errs...)
}

func (c Config) tryCertificates() error {
	var errs []error
	for _, listener := range []Listener{c.Listeners.Gateway, c.Listeners.API, c.Listeners.Ops} {
		if listener.TLS.on() {
			_, err := openCertificate(c.beside(listener.TLS.Cert), c.beside(listener.TLS.Key))
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// looksLikeOperators tells the two kinds of file apart by the keys that only
// one of them has.
func looksLikeOperators(data []byte) bool {
	var top map[string]any
	if yaml.Load(data, &top) != nil {
		return bytes.Contains(data, []byte("organizations:"))
	}
	for _, key := range []string{"listeners", "pools", "organizations"} {
		if _, ok := top[key]; ok {
			return true
		}
	}
	return false
}

func readEvent(file string) (event.Event, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return event.Event{}, err
	}
	parsed, err := event.Parse(data)
	if err != nil {
		return event.Event{}, inFile(file, err)
	}
	return parsed, nil
}

// readEvents reads the events that the operator's file names and holds them
// against its organizations and against each other.
func (c Config) readEvents() ([]event.Event, error) {
	files, err := c.eventFiles()
	if err != nil {
		return nil, err
	}
	var (
		events []event.Event
		errs   []error
	)
	for _, file := range files {
		one, err := readEvent(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		events = append(events, one)
	}
	if err := c.missingServices(events); err != nil {
		errs = append(errs, inFile(c.file, err))
	}
	if err := c.missingSecrets(events); err != nil {
		errs = append(errs, inFile(c.file, err))
	}
	if _, err := catalog.New(catalog.NewMemory(), c.hosts(), events, time.Now); err != nil {
		errs = append(errs, inFile(c.file, err))
	}
	return events, errors.Join(errs...)
}

// hosts are the organizations' hosts, as the catalog wants them.
func (c Config) hosts() map[string][]string {
	hosts := map[string][]string{}
	for id, org := range c.Organizations {
		hosts[id] = org.Hosts
	}
	return hosts
}
