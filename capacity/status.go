package capacity

import (
	"maps"
	"slices"
)

// EventStatus is an event's capacity as its organizer sees it.
type EventStatus struct {
	Reason    Reason       `json:"reason"`
	PerMinute float64      `json:"per_minute"` // in force, or ordered
	Cap       int64        `json:"cap"`
	Pools     []PoolStatus `json:"pools"`
}

// PoolStatus is a pool as an organizer sees it: no address, and no other event.
type PoolStatus struct {
	Name      string    `json:"name"`
	Ready     float64   `json:"ready"` // instances; one in slow start counts in part
	Known     int64     `json:"known"`
	Factor    float64   `json:"factor"` // 0 to 1, by health
	Condition Condition `json:"condition"`
	Down      bool      `json:"down"`
	PerMinute *float64  `json:"per_minute"` // that the ready instances can take; null: nobody has said
	Sessions  int64     `json:"sessions"`   // that they can hold
}

// Status is an event's capacity, and that of its pools.
func (s State) Status(event string, policies map[string]Policy) EventStatus {
	b, _ := s.Budget(event, policies)
	status := EventStatus{Reason: b.Reason, PerMinute: float64(b.Rate) / 1000, Cap: b.Cap, Pools: []PoolStatus{}}
	for _, name := range s.Grants[event].Room.Pools {
		if pool, known := s.Pools[name]; known {
			status.Pools = append(status.Pools, pool.status(name, policies[name]))
		}
	}
	return status
}

// PoolStatuses are all pools that anything is known of, by name.
func (s State) PoolStatuses(policies map[string]Policy) []PoolStatus {
	var all []PoolStatus
	for _, name := range slices.Sorted(maps.Keys(s.Pools)) {
		all = append(all, s.Pools[name].status(name, policies[name]))
	}
	return all
}

func (p Pool) status(name string, policy Policy) PoolStatus {
	status := PoolStatus{
		Name: name, Ready: float64(p.Ready) / 1000, Known: p.Known,
		Factor: float64(p.Health.Factor) / Full, Condition: p.Condition, Down: p.Down(),
		Sessions: p.sessions(policy),
	}
	if rate := p.rate(policy); rate != noLimit {
		perMinute := float64(p.healthy(rate)) / 1000
		status.PerMinute = &perMinute
	}
	return status
}
