package main

import (
	"context"
	"crypto/rand"
	"math"
	mathrand "math/rand/v2"
	"slices"
	"time"

	"github.com/bilten/rushgate/capacity"
	"github.com/bilten/rushgate/capacity/leases"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/web/ops"
)

// leases is what this gateway and the others agree that rooms may use of the
// pools.
func (b blueprint) leases(sees world) *leases.Keeper {
	policies := map[string]capacity.Policy{}
	for id, pool := range b.config.Pools {
		policies[id] = pool.capacity()
	}
	return leases.New(leases.Config{
		Store: b.stores.accord, Member: rand.Text(), World: sees, Policies: policies,
		Rand: mathrand.Float64, Log: b.log, Metrics: b.meters,
	})
}

// unlimitedSessions is more than an instance can hold.
const unlimitedSessions = 1_000_000

// capacity is what one instance of the pool can take, by the file.
func (p Pool) capacity() capacity.Policy {
	policy := capacity.Policy{Sessions: int64(p.sessions()), PerMinute: int64(p.PerMinutePerInstance), Target: p.TargetP95, Weights: map[string]int64{}}
	if policy.Sessions == 0 {
		policy.Sessions = unlimitedSessions
	}
	for id, weight := range p.Weights {
		policy.Weights[id] = int64(weight)
	}
	return policy
}

// world is what this gateway sees of pools and rooms.
type world struct {
	pools  pools
	routes *event.Routes
	rooms  func() *room.Keeper // made after the leases: each of their ticks asks for its budget
}

// Measure is leases.World's.
func (w world) Measure() map[string]capacity.Measurement {
	all := map[string]capacity.Measurement{}
	for name, pool := range w.pools.byName {
		m := pool.Measure()
		all[name] = capacity.Measurement{
			Checked: m.Checked, Known: int64(math.Round(m.KnownWeight)), Ready: int64(math.Round(1000 * m.ReadyWeight)),
			Requests: m.Requests + m.Open, Failed: m.Failures + m.Timeouts, P95: m.P95,
		}
	}
	return all
}

// Rooms is leases.World's.
func (w world) Rooms() ([]capacity.Room, bool) {
	keeper := w.rooms()
	if !keeper.Loaded() {
		return nil, false
	}
	var all []capacity.Room
	for _, r := range keeper.Rooms() {
		v := r.View()
		if v.Retired {
			continue
		}
		all = append(all, capacity.Room{
			Event: v.Event.ID, Pools: w.behind(v.Event), Ask: asked(v), Sight: seen(v),
		})
	}
	return all, true
}

// behind are the pools that serve who is admitted to an event, on whatever path.
func (w world) behind(e event.Event) []string {
	reached := e.Reaches(w.routes, func(route event.Route) bool { return route.Action != event.Bypass })
	return slices.Compact(slices.Sorted(reached))
}

func asked(v *room.View) capacity.Ask {
	knobs := v.Event.Room
	return capacity.Ask{
		Version: v.Version + 1, // a file's event that nobody has changed is at 0
		Rate:    queue.PerMinute(int64(knobs.NewUsersPerMinute)), Cap: int64(knobs.TotalActiveUsers),
		SessionMax: time.Duration(knobs.SessionMax),
	}
}

func seen(v *room.View) capacity.Sight {
	s := v.Snapshot
	return capacity.Sight{
		Generation: s.Generation, Seq: s.Seq, Occupied: s.Occupied(), Waiting: v.Callable(), Admitted: s.Admitted,
		InForce: capacity.Order{Version: s.Budget.Version, Rate: v.Limits.Rate, Cap: v.Limits.Cap, Down: s.Budget.Down},
		Silent:  v.Mode == room.Hold,
	}
}

// budgets hands rooms what was agreed. A room on no pool is never shut until there
// is an agreement: none is coming that would open it.
func budgets(k *leases.Keeper, pools func(event.Event) []string) func(event.Event) room.Budget {
	return func(e event.Event) room.Budget {
		if len(pools(e)) == 0 {
			return room.Budget{}
		}
		b := k.Budget(e.ID)
		return room.Budget{
			Budget: queue.Budget{Version: b.Version, Rate: b.Rate, Cap: min(b.Cap, queue.Base), Down: b.Down},
			Reason: reasons[b.Reason], Ready: int(b.Ready), Known: int(b.Known),
		}
	}
}

// reasons are why a budget is less than the event allows, in a room's words.
var reasons = map[capacity.Reason]room.Reason{
	capacity.ReasonCapacity: room.ReasonCapacity,
	capacity.ReasonHealth:   room.ReasonHealth,
	capacity.ReasonShared:   room.ReasonShared,
	capacity.ReasonDown:     room.ReasonDown,
}

// paced says why this gateway does not know yet what its rooms may do.
func (b blueprint) paced(k *leases.Keeper) ops.Probe {
	return func(context.Context) []ops.Finding {
		err := k.Ready()
		if err == nil {
			return nil
		}
		finding := ops.Finding{Name: "capacity_unknown", Severity: ops.Blocking, Detail: err.Error()}
		if b.stores.late.awaited() {
			finding.Severity = ops.Warning // on hold, as every other gateway is
		}
		return []ops.Finding{finding}
	}
}
