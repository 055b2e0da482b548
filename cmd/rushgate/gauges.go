package main

import (
	"slices"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/prescale"
)

// own is what this gateway knows of a report's metrics without asking anybody: the
// event's room, and the pools behind it. Requests are those that went through here.
func (r *rushes) own(e event.Event, now time.Time) map[string]prescale.Measured {
	known := map[string]prescale.Measured{}
	say := func(metric string, value float64, at time.Time) {
		known[metric] = prescale.Measured{Reading: prescale.Reading{Value: value, At: at}}
	}
	if one, ok := r.known.rooms.Room(e.ID); ok {
		if v := one.View(); v.Snapshot.Generation != 0 {
			at := time.UnixMilli(v.Snapshot.At).UTC()
			say("active_sessions", float64(v.Snapshot.Active), at)
			say("queue_length", float64(v.Snapshot.Waiting()), at)
		}
	}
	var ready int
	var requests, failed int64
	var slowest, window time.Duration
	for _, name := range slices.Compact(slices.Sorted(r.world.behind(e))) {
		m := r.world.pools.byName[name].Measure()
		ready, requests, failed = ready+m.Ready, requests+m.Requests, failed+m.Failures+m.Timeouts
		slowest, window = max(slowest, m.P95), m.Window
	}
	if window == 0 {
		return known // no pool serves it
	}
	say("instances_ready", float64(ready), now)
	say("throughput", float64(requests)/window.Seconds(), now)
	const silence = "no request went through this gateway in the last ten seconds"
	if requests == 0 {
		known["response_time"] = prescale.Measured{Missing: silence}
		known["error_rate"] = prescale.Measured{Missing: silence}
		return known
	}
	say("response_time", float64(slowest)/float64(time.Millisecond), now)
	say("error_rate", float64(failed)/float64(requests), now)
	return known
}
