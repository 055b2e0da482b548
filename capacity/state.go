package capacity

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/bilten/rushgate/queue"
)

// State is what gateways agree on about all pools and all events on them. It is one
// record, because an event may need several pools: then one order must respect all.
type State struct {
	Schema int              `json:"schema"`
	At     int64            `json:"at"` // of the last decision, unix ms by the store's clock
	Newest int64            `json:"newest"`
	Pools  map[string]Pool  `json:"pools"`
	Grants map[string]Grant `json:"grants"` // by event
}

const (
	schema = 1

	// Every is how often somebody decides.
	Every = time.Second
	// early is how much sooner will do: gateways do not come on the dot.
	early = 100 * time.Millisecond
	// Soon is how often while it is not certain yet what rooms have in force.
	Soon = 250 * time.Millisecond
)

// ErrNewer is returned for a record that a newer version of Rushgate keeps: this one
// must leave it alone.
var ErrNewer = errors.New("the capacity record is kept by a newer version")

// Read is the state in a record; empty data is that of a record that is new or lost.
// With an error comes the state of a lost one.
func Read(data []byte, version int64) (State, error) {
	if len(data) == 0 {
		return State{}, nil
	}
	var s State
	var head struct{ Schema int }
	if err := json.Unmarshal(data, &head); err == nil && head.Schema > schema {
		return State{}, fmt.Errorf("%w: schema %d, this one knows %d", ErrNewer, head.Schema, schema)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return State{}, fmt.Errorf("read the capacity record: %w", err)
	}
	return s.Stamped(version), nil
}

// Data is the state as a record keeps it.
func (s State) Data() ([]byte, error) { return json.Marshal(s) }

// Stamped is the state of a record that was written under this version: its new
// orders have it. Should a clock have fallen back, so that rooms hold orders with
// higher versions, they get a higher one.
func (s State) Stamped(version int64) State {
	version = max(version, s.Newest+1)
	stamped := maps.Clone(s.Grants)
	for event, g := range stamped {
		stamped[event] = g.stamp(version)
	}
	s.Grants = stamped
	return s
}

// Due says that it is time to decide.
func (s State) Due(now int64) bool {
	rest := Every
	if !s.Settled() {
		rest = Soon
	}
	return now < s.At || now-s.At >= (rest-early).Milliseconds()
}

// Settled says that a decision was made, and that it is certain of every room what
// it may have in force.
func (s State) Settled() bool {
	for _, g := range s.Grants {
		if g.uncertain(s.At) {
			return false
		}
	}
	return s.At > 0
}

// Decide is what follows from the state, the operator's word and what every gateway
// heard lately reports, at now, unix ms by the clock that they share. The changes are
// what somebody who looks at the log wants to see.
func Decide(before State, policies map[string]Policy, reports map[string]Report, now int64) (State, []Change) {
	s := State{Schema: schema, At: now, Pools: map[string]Pool{}, Grants: map[string]Grant{}}
	for name, policy := range policies {
		was, known := before.Pools[name]
		if pool, ok := step(name, was, known, policy, reports, now); ok {
			s.Pools[name] = pool
		}
	}
	for name, pool := range before.Pools { // what only other gateways' files have is theirs, while they have it
		if _, ours := policies[name]; !ours && measured(reports, name) {
			s.Pools[name] = pool
		}
	}
	all := gather(reports)
	for event, g := range before.Grants {
		if _, spoken := all[event]; !spoken && !g.gone(now) {
			s.Grants[event] = g
		}
	}
	for event, h := range all {
		g, met := before.Grants[event]
		g.Wary = g.Wary || !met && before.At == 0
		s.Grants[event] = g.hear(h, now)
	}
	s.Newest = s.newest(before.Newest)
	s.order(policies, now)
	return s, s.tell(policies, now)
}

// newest is the highest version of any order.
func (s State) newest(before int64) int64 {
	for _, g := range s.Grants {
		if last, ok := g.last(); ok {
			before = max(before, last.Version)
		}
	}
	return before
}

// order gives every room its next order.
func (s State) order(policies map[string]Policy, now int64) {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(s.Pools)), func(name string) bool {
		_, ours := policies[name]
		return !ours
	})
	events := slices.Sorted(maps.Keys(s.Grants))
	rates, slots := make([]int64, len(names)), make([]int64, len(names))
	for i, name := range names {
		rates[i] = s.Pools[name].healthy(s.Pools[name].rate(policies[name]))
		slots[i] = s.Pools[name].sessions(policies[name])
	}
	var paces, spaces []claimant
	for _, event := range events {
		pace, space := s.claims(s.Grants[event], policies, names, now)
		paces, spaces = append(paces, pace), append(spaces, space)
	}
	hold(paces, spaces, s.blocked(names, now))
	rate := allot(rates, paces, targets(rates, paces))
	limit := allot(slots, spaces, targets(slots, spaces))
	for i, event := range events {
		g := s.Grants[event]
		if !g.present(now) { // nobody is there to take an order
			continue
		}
		g.give(queue.Rate(rate[i]), limit[i], s.down(g.Room.Pools))
		s.Grants[event] = g
	}
}

// claims is the part of an event in the split of the rates and of the sessions.
func (s State) claims(g Grant, policies map[string]Policy, names []string, now int64) (pace, space claimant) {
	sight, ask := g.Room.Sight, g.Room.Ask
	last, _ := g.last()
	pace = claimant{order: int64(last.Rate), most: int64(ask.Rate), need: int64(g.Use) * 3 / 2}
	space = claimant{order: last.Cap, most: ask.Cap, need: sight.Occupied + sight.Occupied/4}
	pace.bound, space.bound = g.bound(now)
	for i, name := range names {
		if !slices.Contains(g.Room.Pools, name) {
			continue
		}
		weight := policies[name].weight(g.Room.Event)
		pace.pools, pace.weights = append(pace.pools, i), append(pace.weights, weight)
		pool := s.Pools[name]
		pace.most = min(pace.most, pool.healthy(int64(pool.well(policies[name], ask.Rate))))
	}
	space.pools, space.weights = pace.pools, pace.weights
	switch {
	case !g.present(now):
		pace.most, space.most = 0, 0
	case len(pace.pools) < len(g.Room.Pools):
		// A pool of which nobody has found out anything yet, or that this gateway's
		// file does not have: what is, stays.
		pace.held, space.held = true, true
		pace.most, space.most = pace.order, space.order
	}
	if sight.Waiting > 0 {
		pace.need, space.need = pace.most, space.most
	}
	return pace, space
}

// hold keeps the claimants of blocked pools from getting more.
func hold(paces, spaces []claimant, blocked []bool) {
	for i := range paces {
		for _, pool := range paces[i].pools {
			if blocked[pool] {
				paces[i].held, spaces[i].held = true, true
			}
		}
	}
}

// blocked are the pools on which some room may have unknown orders in force.
func (s State) blocked(names []string, now int64) []bool {
	blocked := make([]bool, len(names))
	for _, g := range s.Grants {
		for i, name := range names {
			blocked[i] = blocked[i] || g.uncertain(now) && slices.Contains(g.Room.Pools, name)
		}
	}
	return blocked
}

// down says that one of the pools can serve nobody.
func (s State) down(pools []string) bool {
	for _, name := range pools {
		if pool, ok := s.Pools[name]; ok && pool.Down() {
			return true
		}
	}
	return false
}
