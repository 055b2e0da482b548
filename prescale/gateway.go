package prescale

import "time"

// Gateway is what one gateway sees of an event without asking anybody.
type Gateway struct {
	Active, Waiting int64     // in the event's room
	Seen            time.Time // when its store said so; zero: it has not yet

	Ready            int           // instances of all pools behind the event
	Requests, Failed int64         // of those that went through this gateway
	P95              time.Duration // of the slowest pool
	Window           time.Duration // over which they were counted; 0: no pool serves the event
}

// Measured is what a report can have of it, by metric.
func (g Gateway) Measured(now time.Time) map[string]Measured {
	known := map[string]Measured{}
	say := func(metric string, value float64, at time.Time) {
		known[metric] = Measured{Reading: Reading{Value: value, At: at}}
	}
	if !g.Seen.IsZero() {
		say("active_sessions", float64(g.Active), g.Seen)
		say("queue_length", float64(g.Waiting), g.Seen)
	}
	if g.Window == 0 {
		return known
	}
	say("instances_ready", float64(g.Ready), now)
	say("throughput", float64(g.Requests)/g.Window.Seconds(), now)
	const silence = "no request went through this gateway in the last ten seconds"
	if g.Requests == 0 {
		known["response_time"] = Measured{Missing: silence}
		known["error_rate"] = Measured{Missing: silence}
		return known
	}
	say("response_time", float64(g.P95)/float64(time.Millisecond), now)
	say("error_rate", float64(g.Failed)/float64(g.Requests), now)
	return known
}
