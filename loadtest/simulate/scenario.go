package simulate

import (
	"time"

	"github.com/bilten/rushgate/queue"
)

// Scenario is one room to be played.
type Scenario struct {
	PerMinute int           `json:"new_users_per_minute"`
	Cap       int           `json:"total_active_users"`
	NoShow    float64       `json:"no_show"`
	Session   time.Duration `json:"session_duration_ns"`
}

// Scenarios are all combinations of what the plan asks for.
func (p Plan) Scenarios() []Scenario {
	var all []Scenario
	for _, perMinute := range or(p.WhatIf.NewUsersPerMinute, p.Room.NewUsersPerMinute) {
		for _, limit := range or(p.WhatIf.TotalActiveUsers, p.Room.TotalActiveUsers) {
			for _, noShow := range or(p.WhatIf.NoShow, p.Behaviour.NoShow) {
				for _, session := range or(p.WhatIf.SessionDuration, p.Room.SessionDuration) {
					all = append(all, Scenario{perMinute, limit, noShow, session})
				}
			}
		}
	}
	return all
}

func or[T any](list []T, one T) []T {
	if len(list) == 0 {
		return []T{one}
	}
	return list
}

// in is the plan with the scenario's values in it.
func (s Scenario) in(p Plan) Plan {
	p.Room.NewUsersPerMinute, p.Room.TotalActiveUsers = s.PerMinute, s.Cap
	p.Room.SessionDuration, p.Behaviour.NoShow = s.Session, s.NoShow
	return p
}

// maxProbation is how long a gateway lets a session stand that nobody uses.
const maxProbation = time.Minute

// policy is what a gateway would install for the room.
func (r Room) policy() queue.Policy {
	p := queue.Policy{
		Version: 1,
		Gates:   queue.Gates{Calls: true, Claims: true, Direct: true, Renew: !r.NoSessionRenewal},
		Rate:    queue.PerMinute(int64(r.NewUsersPerMinute)),
		Cap:     int64(r.TotalActiveUsers),
		Times: queue.Times{
			Turn: r.TurnTTL.Milliseconds(), Grace: r.LateGrace.Milliseconds(),
			Session: r.SessionDuration.Milliseconds(), SessionMax: r.SessionMax.Milliseconds(),
			Probation: min(maxProbation, r.SessionDuration).Milliseconds(),
		},
	}
	for _, line := range r.Lines {
		p.Lines = append(p.Lines, queue.Line{Name: line.Name, Weight: int64(line.Weight)})
	}
	return p
}
