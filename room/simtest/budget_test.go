package simtest

import (
	"fmt"
	"time"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
)

// measure throws what the gateways find out about the shop: how much it can take,
// or for a while nothing. Each gateway hears of it when it does.
func (r *rush) measure(at time.Time) {
	r.allow(at, queue.Budget{Rate: queue.PerMinute(int64(60 * (1 + r.dice.IntN(8)))), Cap: int64(3 + r.dice.IntN(10))})
	if r.dice.IntN(2) == 0 {
		r.allow(at, queue.Budget{Rate: queue.MaxRate, Cap: queue.Base, Down: true})
		at = at.Add(time.Duration(r.dice.IntN(60_000)) * time.Millisecond)
		r.allow(at, queue.Budget{Rate: queue.MaxRate, Cap: queue.Base})
	}
}

func (r *rush) allow(at time.Time, b queue.Budget) {
	lags := make([]time.Duration, len(r.gateways))
	for i := range lags {
		lags[i] = time.Duration(r.dice.IntN(2000)) * time.Millisecond
	}
	r.at(at, func() {
		b.Version = max(micros(), r.budget.Version+1)
		r.tell("the shop can take %+v", b)
		r.budget = b
	})
	for i, lag := range lags {
		r.at(at.Add(lag), func() { r.gateways[i].hear(r.budget) })
	}
	r.at(at.Add(2*time.Second+tick), func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.heard = max(r.heard, b.Version)
	})
}

// obeys says that a store which was told a budget by every gateway keeps to it.
func (r *rush) obeys(s queue.Snapshot) {
	if s.Budget.Version < r.heard {
		r.hasty = append(r.hasty, fmt.Sprintf("I1: budget %d is in force, and everybody has heard of %d", s.Budget.Version, r.heard))
	}
}

// hear tells a gateway what has been agreed. Agreeing takes versions along, so it
// never hears of an older one.
func (g *gateway) hear(b queue.Budget) { g.budget.Store(&room.Budget{Budget: b}) }

// rest notes that turns, graces and sessions stand still, and how long they did.
func (r *rush) rest(now int64, down, sameLife bool) {
	switch {
	case !sameLife: // what had stood still may have run in the copy that the store fell back to
		r.lessen(now)
		r.resting = 0
		if down {
			r.resting = now
		}
	case down && r.resting == 0:
		r.resting = now
	case !down && r.resting > 0:
		r.extend(now, now-r.resting)
		r.resting = 0
	}
}

// extend gives everybody who was in the time that stood still.
func (r *rush) extend(now, stood int64) {
	for _, v := range r.visitors {
		if v.turnEnds > r.resting {
			v.turnEnds += stood
		}
		if v.admission == nil || v.ends <= r.resting {
			continue
		}
		v.ends += stood
		id := v.admission.session()
		r.history.Add(invariant.Extended(invariant.At(now), v.visitor, id, v.ends))
		r.live[id] = lease{v.visitor, v.ends}
	}
}

// lessen takes back, when the store has lost something, what an admission does not
// say: only the store knew that its session had stood still.
func (r *rush) lessen(now int64) {
	for _, v := range r.visitors {
		if v.admission == nil {
			continue
		}
		if told := r.moment(v.admission.Ends); told < v.ends {
			v.ends = told
			r.history.Add(invariant.MayHaveLeft(invariant.At(max(now, told)), v.visitor))
			r.live[v.admission.session()] = lease{v.visitor, told}
		}
	}
}
