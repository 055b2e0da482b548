package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/prescale"
)

// Service is one thing behind the gate that must grow with a sale. Events name
// services; what carries them, and what they cost, stands here alone.
type Service struct {
	PerInstance  *int           `yaml:"per_instance" help:"Sessions that one instance carries (default 1000). Measure it: every plan is a multiple of it."`
	Min          *int           `yaml:"min" help:"Instances that are always there (default 3)."`
	Max          *int           `yaml:"max" help:"Instances that there may ever be (default 50): what the quota, the database behind, or the budget allows."`
	Boot         *time.Duration `yaml:"boot" help:"From being asked for to ready, warm-up included (default 1m0s)."`
	PricePerHour string         `yaml:"price_per_hour" help:"Of one instance, as in 0.192; up to six digits behind the point. Empty: plans tell no cost."`
	Currency     string         `yaml:"currency" help:"Of the price, by its three letters, as in EUR."`
	Target       string         `yaml:"target" help:"What drives it. Empty: somebody scales it by hand."`
}

func (c Config) validateServices(p *problems) {
	for _, id := range sortedKeys(c.Services) {
		field := "services." + id
		if !name.MatchString(id) {
			p.add(field, id, nameRule)
		}
		if target := c.Services[id].Target; target != "" && !name.MatchString(target) {
			p.add(field+".target", target, nameRule)
		}
		if _, err := c.Services[id].planned(id); err != nil {
			p.errs = append(p.errs, inFile(p.file, err))
		}
	}
}

// planned is the service as a plan needs it, its defaults filled in.
func (s Service) planned(id string) (prescale.Service, error) {
	price, priceErr := prescale.ParsePrice(s.PricePerHour, s.Currency)
	if priceErr != nil {
		priceErr = fmt.Errorf("services.%s.price_per_hour: %w", id, priceErr)
	}
	planned := prescale.Service{
		Name: id, Target: s.Target, Price: price,
		PerInstance: otherwise(s.PerInstance, prescale.DefaultPer),
		Min:         otherwise(s.Min, prescale.DefaultMin),
		Max:         otherwise(s.Max, prescale.DefaultMax),
		Boot:        prescale.Span(otherwise(s.Boot, prescale.DefaultBoot)),
	}
	return planned, errors.Join(priceErr, planned.Validate())
}

// missingServices names the events that would grow what nobody has.
func (c Config) missingServices(events []event.Event) error {
	var services []prescale.Service
	for _, id := range sortedKeys(c.Services) {
		services = append(services, prescale.Service{Name: id})
	}
	var errs []error
	for _, e := range events {
		if _, err := prescale.Pick(services, e.Prescale.Services); err != nil {
			errs = append(errs, inFile("event "+e.ID, err))
		}
	}
	return errors.Join(errs...)
}

func otherwise[T any](value *T, standard T) T {
	if value == nil {
		return standard
	}
	return *value
}

// plannedServices are all of them, by name.
func (c Config) plannedServices() ([]prescale.Service, error) {
	var (
		services []prescale.Service
		errs     []error
	)
	for _, id := range sortedKeys(c.Services) {
		service, err := c.Services[id].planned(id)
		services, errs = append(services, service), append(errs, err)
	}
	return services, errors.Join(errs...)
}
