package crew

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/prescale/fault"
	"github.com/bilten/rushgate/prescale/rush"
)

const sweepEvery = time.Minute

// claimed is what this gateway last saw of the needs for a target.
type claimed struct {
	version int64
	claims  rush.Claims
}

func targetKey(target string) string { return "target:" + target }

// prescale orders what is not ordered yet and looks how far the rest is. One
// target that fails does not keep the others waiting.
func (k *Keeper) prescale(ctx context.Context, e event.Event, s rush.State, t rush.Task) (rush.Outcome, error) {
	services := s.Scaling
	if services == nil {
		planned, err := k.planned(e)
		if err != nil {
			return rush.Outcome{}, fault.In("plan", fault.Open(err))
		}
		services = planned
	}
	if len(services) == 0 {
		return done("there is no service to scale"), nil
	}
	if s.Scaling == nil {
		err := k.update(ctx, e.ID, func(s rush.State, _ time.Time) (rush.State, bool, error) {
			s, noted := rush.Intend(s, t, services)
			return s, noted, nil
		})
		if err != nil {
			return rush.Outcome{}, err
		}
	}
	until := k.facts(e).Until(time.UnixMilli(s.Run))
	services = append([]rush.Service{}, services...)
	errs := make([]error, len(services))
	var all sync.WaitGroup
	for i := range services {
		if s.Phase == rush.Cancelled && services[i].Until.IsZero() { // never ordered, and called off
			continue
		}
		all.Go(func() { errs[i] = k.order(ctx, e.ID, &services[i], until, t) })
	}
	all.Wait()
	o := rush.Outcome{Scaling: services}
	for _, one := range services {
		o.Waiting = o.Waiting || one.Ready < one.Level || !one.Ordered
	}
	return o, fault.All(errs...)
}

func (k *Keeper) planned(e event.Event) ([]rush.Service, error) {
	plan := k.config.Events.Plan(e)
	if plan.Services == nil {
		return nil, nil
	}
	return plan.Services()
}

func (k *Keeper) order(ctx context.Context, eventID string, one *rush.Service, until time.Time, t rush.Task) error {
	target, ok := k.config.Targets[one.Target]
	if !ok {
		return failed(*one, errUnknownTarget)
	}
	if !one.Ordered {
		holder := eventID + "/" + one.Name
		o, err := k.need(ctx, one.Target, func(c rush.Claims, now time.Time) rush.Claims {
			return c.Without("", now).With(holder, rush.Claim{Instances: one.Instances, Most: one.Most, Until: until})
		})
		if err != nil {
			return failed(*one, err)
		}
		o.Event, o.Key = eventID, stepKey(eventID, t)+"/"+one.Target+"/"+strconv.FormatInt(o.Version, 10)
		one.Level, one.Version = o.Instances, o.Version
		if err := target.Scale(ctx, o); err != nil {
			return failed(*one, err)
		}
		one.Ordered, one.Until = true, until
	}
	ready, err := target.Ready(ctx, rush.Order{
		Target: one.Target, Instances: one.Level, Version: one.Version, Until: until, Event: eventID,
		Key: stepKey(eventID, t) + "/" + one.Target + "/" + strconv.FormatInt(one.Version, 10),
	})
	if err != nil {
		return failed(*one, err)
	}
	one.Ready, one.Detail = ready.Ready, ready.Detail
	k.metrics.scaled(one.Target, one.Level, one.Ready)
	return nil
}

var errUnknownTarget = fault.Open(errors.New("is not in this gateway's file"))

func failed(one rush.Service, err error) error {
	return fault.In(fmt.Sprintf("service %s: target %s", one.Name, one.Target), err)
}

// scaleDown takes this event's needs back. Who else needs the target keeps what
// they need.
func (k *Keeper) scaleDown(ctx context.Context, e event.Event, s rush.State, t rush.Task) (rush.Outcome, error) {
	var errs []error
	for _, one := range s.Scaling {
		if err := k.withdraw(ctx, one.Target, e.ID+"/"+one.Name, stepKey(e.ID, t)); err != nil {
			errs = append(errs, failed(one, err))
		}
	}
	return rush.Outcome{}, fault.All(errs...)
}

// withdraw takes a holder's claim back, and those that have lapsed.
func (k *Keeper) withdraw(ctx context.Context, name, holder, stepKey string) error {
	target, ok := k.config.Targets[name]
	if !ok {
		return errUnknownTarget
	}
	o, err := k.need(ctx, name, func(c rush.Claims, now time.Time) rush.Claims { return c.Without(holder, now) })
	if err != nil {
		return err
	}
	o.Key = stepKey + "/" + name + "/" + strconv.FormatInt(o.Version, 10)
	k.metrics.scaled(name, o.Instances, 0)
	if o.Instances == 0 {
		return target.Release(ctx, o)
	}
	return target.Scale(ctx, o)
}

// need agrees on who needs what of a target and returns the order that follows.
// Its version is that of the agreement, so a late order is older than a newer one
// whoever sends it, and the same order again has the same.
func (k *Keeper) need(ctx context.Context, target string, change func(rush.Claims, time.Time) rush.Claims) (rush.Order, error) {
	for range giveUp {
		record, claims, err := k.claims(ctx, target)
		if err != nil {
			return rush.Order{}, err
		}
		next := change(claims, record.Now)
		data, version := encode(next), record.Version
		if version == 0 || string(data) != string(record.Data) {
			version, err = swapOnce(ctx, k.config.Store, targetKey(target), record.Version, data, data)
		}
		if errors.Is(err, accord.ErrBeaten) {
			continue
		}
		if err != nil {
			return rush.Order{}, err
		}
		k.holdClaims(target, claimed{version, next})
		return rush.Order{Target: target, Instances: next.Level(record.Now), Version: version, Until: next.Until()}, nil
	}
	return rush.Order{}, fmt.Errorf("target %s: %w", target, accord.ErrBeaten)
}

func (k *Keeper) claims(ctx context.Context, target string) (accord.Record, rush.Claims, error) {
	bounded, cancel := context.WithTimeout(ctx, meetBound)
	defer cancel()
	record, err := k.config.Store.Meet(bounded, targetKey(target), k.config.Member, nil, 0)
	if err != nil {
		return accord.Record{}, rush.Claims{}, err
	}
	k.mu.Lock()
	known := k.claimed[target]
	k.mu.Unlock()
	if known.version > record.Version { // the store has lost it: whoever decides next puts it back
		return record, known.claims, nil
	}
	var claims rush.Claims
	if record.Version > 0 {
		if err := json.Unmarshal(record.Data, &claims); err != nil {
			return accord.Record{}, rush.Claims{}, fmt.Errorf("read the claims on target %s: %w", target, err)
		}
	}
	k.holdClaims(target, claimed{record.Version, claims})
	return record, claims, nil
}

func (k *Keeper) holdClaims(target string, c claimed) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c.version > k.claimed[target].version {
		k.claimed[target] = c
	}
}

// sweep takes back what has lapsed because nobody who knew of it is left.
func (k *Keeper) sweep(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, rush.Bound)
	defer cancel()
	for name := range k.config.Targets {
		record, claims, err := k.claims(bounded, name)
		if err == nil && claims.Lapsed(record.Now) {
			err = k.withdraw(bounded, name, "", "lapsed")
		}
		if err != nil && ctx.Err() == nil {
			k.config.Log.Warn("lapsed claims could not be taken back", "target", name, "error", err)
		}
	}
}
