package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	mathrand "math/rand/v2"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/prescale"
	metrics "github.com/bilten/rushgate/prescale/prometheus"
	"github.com/bilten/rushgate/prescale/rush/crew"
	"github.com/bilten/rushgate/prescale/watch"
	"github.com/bilten/rushgate/pricing/board"
	"github.com/bilten/rushgate/room"
)

// rushes is what makes events ready for their sale, put together.
type rushes struct {
	crew    *crew.Keeper
	watcher *watch.Watcher
	known   knownEvents
	world   world
	shared  func(target, organization string) bool
}

// rushes builds the crew and the watcher of triggers; nothing runs yet.
func (b blueprint) rushes(events *watchedCatalog, rooms *room.Keeper, sees world, boards *board.Keeper) (*rushes, error) {
	targets, err := b.config.openTargets(b.log)
	if err != nil {
		return nil, err
	}
	services, err := b.config.plannedServices()
	if err != nil {
		return nil, err
	}
	known := knownEvents{events: events, rooms: rooms, services: services}
	r := &rushes{known: known, world: sees, shared: b.config.sharesTarget}
	r.crew = crew.New(crew.Config{
		Store: b.stores.accord, Catalog: events.Catalog, Events: known, Targets: targets, Pricing: rushPrices{boards, b.log}, Member: newMember(),
		Now: time.Now, Chance: mathrand.Float64, Log: b.log, Metrics: b.meters,
	})
	config := watch.Config{
		Store: b.stores.accord, Targets: r.crew, Queries: b.config.Scaling.Queries, Triggers: b.config.triggers(),
		Bounds: map[string]watch.Bounds{}, Now: time.Now, Log: b.log,
	}
	for _, t := range b.config.Scaling.Triggers {
		config.Bounds[t.Target] = watch.Bounds{Min: t.Min, Max: t.Max, Step: max(t.Step, 1)}
	}
	asked := b.config.Scaling.Prometheus
	if asked.URL != "" {
		config.Source, err = metrics.New(metrics.Config{URL: asked.URL, TokenFile: b.config.beside(asked.TokenFile), Timeout: asked.Timeout})
	}
	r.watcher = watch.New(config)
	return r, err
}

func (r *rushes) loops() []func(context.Context) {
	return []func(context.Context){r.crew.Run, r.watcher.Run}
}

// newMember names this process among the gateways, now and whenever.
func newMember() string {
	var random [6]byte
	_, _ = rand.Read(random[:]) // never fails; the process ends first
	return "gateway-" + hex.EncodeToString(random[:])
}

// Plan is organizer.Scaling's.
func (r *rushes) Plan(e event.Event) (prescale.Plan, error) {
	return prescale.PlanFor(e, r.known.services)
}

// Report is organizer.Scaling's.
func (r *rushes) Report(e event.Event) prescale.Report {
	var advice []prescale.Recommendation
	if plan, err := r.Plan(e); err != nil {
		advice = []prescale.Recommendation{{Code: "no_plan", Text: "No plan can be made: " + err.Error()}}
	} else {
		advice = plan.Advice
	}
	now := time.Now().UTC()
	return r.watcher.Report(now, r.own(e).Measured(now), advice, func(target string) bool { return r.shared(target, e.Organization) })
}

// knownEvents is crew.Events from what this gateway has in memory.
type knownEvents struct {
	events   *watchedCatalog
	rooms    *room.Keeper
	services []prescale.Service
}

// All is part of crew.Events.
func (k knownEvents) All() ([]event.Event, bool) {
	view := k.events.last.Load()
	if view == nil {
		return nil, false
	}
	all := make([]event.Event, len(view.Records))
	for i, record := range view.Records {
		all[i] = record.Event
	}
	return all, true
}

// Plan is part of crew.Events.
func (k knownEvents) Plan(e event.Event) crew.Plan { return crew.PlanFor(e, k.services) }

// Quiet is part of crew.Events.
func (k knownEvents) Quiet(eventID string) bool {
	one, ok := k.rooms.Room(eventID)
	return ok && one.View().Quiet()
}
