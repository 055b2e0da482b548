package capacity

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/bilten/rushgate/queue"
)

// Reason says what sets an event's rate.
type Reason string

const (
	ReasonOrganizer Reason = "organizer" // nothing but the organizer's own limits
	ReasonCapacity  Reason = "capacity"  // fewer instances are ready than it would take
	ReasonHealth    Reason = "health"    // the instances are slow, or fail
	ReasonShared    Reason = "shared"    // other events on the pool have their part
	ReasonDown      Reason = "down"      // nothing is ready
	ReasonStarting  Reason = "starting"  // what is in force is not certain yet
)

// Reasons are all of them.
var Reasons = []Reason{ReasonOrganizer, ReasonCapacity, ReasonHealth, ReasonShared, ReasonDown, ReasonStarting}

// Budget is what an event may do, and why.
type Budget struct {
	Order
	Reason Reason
	Pool   string // the one that limits it most
	Ready  int64  // instances of that pool, whole ones
	Known  int64
}

// Told is what was last written to the log.
type Told struct {
	Reason Reason     `json:"reason"`
	Rate   queue.Rate `json:"rate"`
}

// Change is a line of the log: an event's rate or its reason is another.
type Change struct {
	Event     string     `json:"event"`
	Reason    Reason     `json:"reason"`
	Rate      queue.Rate `json:"rate"` // milli-visitors per minute
	Cap       int64      `json:"cap"`
	Before    Told       `json:"before"`
	Pool      string     `json:"pool"`
	Ready     int64      `json:"ready"` // thousandths of an instance
	Known     int64      `json:"known"`
	Factor    int64      `json:"factor"` // thousandths
	Condition Condition  `json:"condition"`
}

// Data is the change as a line of a log.
func (c Change) Data() ([]byte, error) { return json.Marshal(c) }

// worthTelling is the part by which a rate must move to be told again: a twentieth.
const worthTelling = 20

// tell notes what is worth a line in the log.
func (s State) tell(policies map[string]Policy, now int64) []Change {
	var changes []Change
	for _, event := range slices.Sorted(maps.Keys(s.Grants)) {
		g := s.Grants[event]
		last, ordered := g.last()
		if !ordered || !g.present(now) {
			continue
		}
		reason, name := s.reason(g, policies)
		moved := max(last.Rate-g.Told.Rate, g.Told.Rate-last.Rate)
		if reason == g.Told.Reason && (moved == 0 || moved*worthTelling < g.Told.Rate) {
			continue
		}
		pool := s.Pools[name]
		changes = append(changes, Change{
			Event: event, Reason: reason, Rate: last.Rate, Cap: last.Cap, Before: g.Told, Pool: name,
			Ready: pool.Ready, Known: pool.Known, Factor: pool.Health.Factor, Condition: pool.Condition,
		})
		g.Told = Told{reason, last.Rate}
		s.Grants[event] = g
	}
	return changes
}

// reason is what takes most from the organizer's rate, and the pool that does.
func (s State) reason(g Grant, policies map[string]Policy) (Reason, string) {
	last, ordered := g.last()
	ask := g.Room.Ask
	pool := s.narrowest(g, policies)
	p, known := s.Pools[pool]
	switch {
	case len(g.Room.Pools) == 0:
		return ReasonOrganizer, ""
	case known && p.Down():
		return ReasonDown, pool
	case !ordered || !known || !g.firm():
		return ReasonStarting, pool
	case last.Rate >= ask.Rate:
		return s.fullness(g, policies[pool], p), pool
	}
	well := int64(p.well(policies[pool], ask.Rate))
	alone := max(1, p.healthy(well))
	reason, least := ReasonCapacity, thousandths(well, int64(ask.Rate))
	for _, other := range []struct {
		reason Reason
		left   int64
	}{{ReasonHealth, p.Health.Factor}, {ReasonShared, thousandths(int64(last.Rate), alone)}} {
		if other.left < least {
			reason, least = other.reason, other.left
		}
	}
	return reason, pool
}

// fullness is the reason of an event whose rate is the organizer's: its sessions may
// be fewer.
func (s State) fullness(g Grant, policy Policy, p Pool) Reason {
	last, _ := g.last()
	switch {
	case last.Cap >= g.Room.Ask.Cap || g.Room.Sight.Occupied < last.Cap:
		return ReasonOrganizer
	case p.sessions(policy) < g.Room.Ask.Cap && last.Cap >= p.sessions(policy):
		return ReasonCapacity
	}
	return ReasonShared
}

// narrowest is the event's pool that leaves least of its rate.
func (s State) narrowest(g Grant, policies map[string]Policy) string {
	narrowest, least := "", int64(-1)
	for _, name := range g.Room.Pools {
		p, known := s.Pools[name]
		policy, ours := policies[name]
		if !known || !ours {
			continue
		}
		if left := p.healthy(int64(p.well(policy, g.Room.Ask.Rate))); least < 0 || left < least {
			narrowest, least = name, left
		}
	}
	return narrowest
}

func thousandths(part, whole int64) int64 {
	if whole <= 0 {
		return 1000
	}
	return min(1000, part*1000/whole)
}

// Budget is what the event may do now. ok is false for one that has not been seen:
// it may do nothing until it has.
func (s State) Budget(event string, policies map[string]Policy) (b Budget, ok bool) {
	g := s.Grants[event]
	last, ordered := g.last()
	if !ordered {
		return Budget{Order: Order{Version: Fallback}, Reason: ReasonStarting}, false
	}
	reason, pool := s.reason(g, policies)
	p := s.Pools[pool]
	return Budget{Order: last, Reason: reason, Pool: pool, Ready: p.Ready / 1000, Known: p.Known}, true
}
