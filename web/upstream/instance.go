package upstream

import (
	"net/url"
	"sync/atomic"
	"time"
)

// State is what an instance is good for at the moment.
type State string

const (
	Warming   State = "warming"   // new, or back: it has yet to answer its warm-up requests
	Ready     State = "ready"     // gets requests
	Unhealthy State = "unhealthy" // fails its checks
	Ejected   State = "ejected"   // failed visitors' requests, and rests for a while
	Draining  State = "draining"  // gets no new requests, old ones end
	Drained   State = "drained"   // nothing is under way any more
)

// states lists them all, for tables and meters.
var states = [...]State{Warming, Ready, Unhealthy, Ejected, Draining, Drained}

// Cause names why an instance is in its state.
type Cause string

const (
	Named            Cause = "new"                 // warming: a source has just named it
	EjectionOver     Cause = "ejection_over"       // warming or ready: it may prove itself again
	ChecksPassed     Cause = "checks_passed"       // ready
	Unchecked        Cause = "unchecked"           // ready: the pool has no checks
	CheckUnreachable Cause = "check_unreachable"   // unhealthy: no connection, or it broke off
	CheckTimeout     Cause = "check_timeout"       // unhealthy: no answer in time
	CheckStatus      Cause = "check_status"        // unhealthy: an answer that is neither 2xx nor 3xx
	FailuresInARow   Cause = "failures_in_a_row"   // ejected
	FailureShare     Cause = "failure_share"       // ejected
	ByOperator       Cause = "drained_by_operator" // draining, drained
	Dropped          Cause = "dropped_by_source"   // draining: it is forgotten at the end
)

// Instance is a row of the pool's table at one moment.
type Instance struct {
	ID        string    `json:"id"`
	Host      string    `json:"host"` // name or address
	Port      string    `json:"port"` // empty: the scheme's own
	Scheme    string    `json:"scheme"`
	State     State     `json:"state"`
	Cause     Cause     `json:"reason"`
	Since     time.Time `json:"since"`
	Weight    int       `json:"weight"`
	Share     float64   `json:"share"` // of its weight that it gets: below 1 in its slow start, 0 when it gets nothing
	Load      int64     `json:"load"`  // requests under way
	Heartbeat time.Time `json:"last_heartbeat,omitzero"`
	LastCheck time.Time `json:"last_check,omitzero"`
}

// instance is one as its pool keeps it. What is not atomic is guarded by the
// pool's roll.
type instance struct {
	found  Found
	target url.URL // scheme and host, for requests
	load   atomic.Int64
	row    atomic.Int32 // failures in a row
	meter  *meter

	health   health
	drain    drain
	checking bool      // a check is under way
	checked  time.Time // when the last one ended
	due      time.Time // when the next one is
}

// drain is the wish that an instance gets no new requests. The zero value is
// none.
type drain struct {
	cause Cause
	since time.Time
	ended bool // what was left at its end has been told to go
}

// over reports whether nothing remains to be waited for.
func (d drain) over(load int64, patience time.Duration, now time.Time) bool {
	return d.cause != "" && (load <= 0 || now.Sub(d.since) >= patience)
}

// state is health and drain in one: who drains is neither well nor ill.
func (in *instance) state(patience time.Duration, now time.Time) (State, Cause, time.Time) {
	switch {
	case in.drain.over(in.load.Load(), patience, now):
		return Drained, in.drain.cause, in.drain.since
	case in.drain.cause != "":
		return Draining, in.drain.cause, in.drain.since
	}
	return in.health.state, in.health.cause, in.health.since
}

func (in *instance) weight() int { return max(1, in.found.Weight) }

// row of the table.
func (in *instance) describe(b Balance, now time.Time) Instance {
	state, cause, since := in.state(b.Drain, now)
	row := Instance{
		ID: in.found.ID, Scheme: in.target.Scheme, Host: in.target.Hostname(), Port: in.target.Port(),
		State: state, Cause: cause, Since: since,
		Weight: in.weight(), Load: in.load.Load(),
		Heartbeat: in.found.Heartbeat, LastCheck: in.checked,
	}
	if state == Ready {
		row.Share = in.health.share(b.SlowStart, now)
	}
	return row
}
