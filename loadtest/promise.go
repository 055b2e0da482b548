package loadtest

import (
	"time"

	"github.com/bilten/rushgate/invariant"
)

// Tick is the longest time between two ticks of a room with two gateways.
const Tick = 300 * time.Millisecond

// Lag is how old what a gateway acts on, and the snapshot that it shows, may be.
const Lag = time.Second

// Burst is how many may come in at once: a second's worth and one more, and what
// comes due until the next tick.
func Burst(perMinute int64) int64 {
	return 1 + perMinute/60 + perMinute*Tick.Milliseconds()/60_000
}

// Limits are what a room with this rate and cap promises while nothing fails.
func Limits(perMinute, most int64) invariant.Limits {
	return invariant.Limits{
		Policies: []invariant.Policy{{PerMinute: perMinute, Burst: Burst(perMinute), Cap: most}},
		Tick:     Tick.Microseconds(), Lag: Lag.Microseconds(),
	}
}
