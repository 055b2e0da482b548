package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/pricing"
)

// priceFile is one event's rules as the operator's file names them.
type priceFile struct {
	file     string
	event    string
	document string
}

// readPrices reads the price rules that the operator's file names, and holds them
// against the events of its files.
func (c Config) readPrices(events []event.Event) ([]priceFile, error) {
	names, err := c.globbed("prices", c.Prices)
	if err != nil {
		return nil, err
	}
	var (
		files []priceFile
		errs  []error
	)
	owner := map[string]string{}
	for _, name := range names {
		one, err := readPriceFile(name, events)
		if other := owner[one.event]; err == nil && other != "" {
			err = fmt.Errorf("%s: event: %q: has rules in %s already", name, one.event, other)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		owner[one.event] = name
		files = append(files, one)
	}
	return files, errors.Join(errs...)
}

func readPriceFile(file string, events []event.Event) (priceFile, error) {
	data, err := readSmall(file)
	if err != nil {
		return priceFile{}, err
	}
	rules, err := pricing.Parse(data)
	if err != nil {
		return priceFile{}, inFile(file, err)
	}
	i := slices.IndexFunc(events, func(e event.Event) bool { return e.ID == rules.Event })
	if i < 0 {
		return priceFile{}, fmt.Errorf("%s: event: %q: is in none of the event files", file, rules.Event)
	}
	if err := rules.Fit(rules.Event, events[i].TierNames()); err != nil {
		return priceFile{}, inFile(file, err)
	}
	return priceFile{file: file, event: rules.Event, document: string(data)}, nil
}

// globbed expands globs, in order and each file once.
func (c Config) globbed(field string, patterns []string) ([]string, error) {
	var files []string
	for i, pattern := range patterns {
		found, err := filepath.Glob(c.beside(pattern))
		if err != nil || len(found) == 0 {
			return nil, fmt.Errorf("%s: %s[%d]: %q: matches no file", c.file, field, i, pattern)
		}
		for _, file := range found {
			if !slices.Contains(files, file) {
				files = append(files, file)
			}
		}
	}
	return files, nil
}
