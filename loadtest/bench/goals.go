//go:build linux

package main

import "fmt"

// goal is one promise of docs/performance.md and what became of it.
type goal struct {
	Path     string  `json:"path"`
	What     string  `json:"what"`
	Unit     string  `json:"unit"`
	AtMost   bool    `json:"at_most"` // else at least
	Bound    float64 `json:"bound"`
	Measured float64 `json:"measured"`
	Known    bool    `json:"known"` // false: not measured in this run
}

func (g goal) reached() bool {
	return g.Known && (g.AtMost && g.Measured <= g.Bound || !g.AtMost && g.Measured >= g.Bound)
}

// verdict says by how much a goal was missed, as a share of its bound.
func (g goal) verdict() string {
	switch {
	case !g.Known:
		return "not measured"
	case g.reached():
		return "reached"
	case g.Bound == 0:
		return "missed"
	case g.AtMost:
		return fmt.Sprintf("missed by %.1f %%", (g.Measured/g.Bound-1)*100)
	default:
		return fmt.Sprintf("missed by %.1f %%", (1-g.Measured/g.Bound)*100)
	}
}

func (g goal) bound() string {
	if g.AtMost {
		return "<= " + number(g.Bound) + g.Unit
	}
	return ">= " + number(g.Bound) + g.Unit
}

// ownTicks is what a room asks Redis for by itself, as commands per request of
// a bench: a tick every 250 ms.
const ownTicks = 0.001

// oneVisitor is what is left in a bucket between two ticks, as a share of a window.
const oneVisitor = 1. / releasePerMin

// goals holds the report against every promise.
func (r *report) goals() []goal {
	status := func(who string, connections int) row { return r.find("status", who, connections) }
	join, naiveJoin := r.find("join", "rushgate", rush), r.find("join", "naive", rush)
	stored, naiveStored := r.find("join in the store", "rushgate", storeCallers), r.find("join in the store", "naive", storeCallers)
	half := r.find("status at half load", "rushgate", busy)
	through := func(who string, connections int) row { return r.find("pass-through", who, connections) }

	atMost := func(path, what string, bound, measured float64, known bool, unit string) goal {
		return goal{Path: path, What: what, Unit: unit, AtMost: true, Bound: bound, Measured: measured, Known: known}
	}
	against := func(path, what string, atMost bool, bound float64, r, base row, figure func(sample) float64) goal {
		return goal{Path: path, What: what, Unit: " x", AtMost: atMost, Bound: bound, Measured: ratio(r, base, figure), Known: r.measured() && base.measured()}
	}
	line, ticked, released := r.Line, r.Line.CalledPerSecond > 0, r.Line.Lowest > 0
	return []goal{
		against("status", "requests/s against bare Echo, 64 connections", false, 0.92, status("rushgate", busy), status("bare Echo", busy), perSecond),
		against("status", "requests/s against bare Echo, 256 connections", false, 0.92, status("rushgate", rush), status("bare Echo", rush), perSecond),
		against("status", "CPU against naive, 64 connections", true, 0.25, status("rushgate", busy), status("naive", busy), cpu),
		against("status", "CPU against naive, 256 connections", true, 0.25, status("rushgate", rush), status("naive", rush), cpu),
		atMost("status", "Redis commands per request (the room's own ticks)", ownTicks, status("rushgate", rush).median(commands), status("rushgate", rush).measured(), ""),
		against("join", "CPU against naive", true, 0.28, join, naiveJoin, cpu),
		atMost("join", "Redis commands per join", 0.4, join.median(commands), join.measured(), ""),
		against("join in the store", "joins/s against three naive commands", false, 15, stored, naiveStored, perSecond),
		atMost("join in the store", "Redis CPU per join", 3, stored.median(redisCPU)*10, stored.measured(), " µs"),
		r.claimGoal(),
		against("pass-through", "CPU against a tuned ReverseProxy, 64 connections", true, 1.1, through("rushgate", busy), through("ReverseProxy", busy), cpu),
		against("pass-through", "CPU against a tuned ReverseProxy, 256 connections", true, 1.1, through("rushgate", rush), through("ReverseProxy", rush), cpu),
		atMost("memory", "Redis memory per waiting visitor", 125, line.BytesPerVisitor, line.Waiting > 0, " B"),
		atMost("memory", "Redis keys of the room (itself and its line)", 2, float64(line.Keys), line.Waiting > 0, ""),
		atMost("tick", "share of a core of Redis", 0.05, line.TickCore, ticked, ""),
		atMost("tick", "age of a gateway's snapshot", 300, line.SnapshotAgeMS, ticked, " ms"),
		{Path: "release", What: "fewest in any minute, of the rate", Bound: 0.99, Measured: line.Lowest, Known: released},
		atMost("release", "most in any minute, of the rate", 1+oneVisitor, line.Highest, released, ""),
		atMost("release", "the minute of the opening, with a second's burst", 1+1./60+oneVisitor, line.Opening, released, ""),
		atMost("status at half load", "p99 against median", 10, half.median(func(s sample) float64 { return s.P99 / s.P50 }), half.measured(), " x"),
	}
}

// claimGoal adds one measured signature to what bare Echo costs 1.6 times.
func (r *report) claimGoal() goal {
	claim := r.find("claim", "rushgate", rush)
	bare, signing := r.find("claim", "bare Echo", rush), r.find("claim", "bare Echo, EdDSA", rush)
	g := goal{Path: "claim", What: "CPU against 1.6 x bare Echo and one signature", Unit: " x", AtMost: true, Bound: 1}
	var shares []float64
	for i := range min(len(claim.Samples), len(bare.Samples), len(signing.Samples)) {
		allowed := 1.6*cpu(bare.Samples[i]) + cpu(signing.Samples[i]) - cpu(bare.Samples[i])
		shares = append(shares, cpu(claim.Samples[i])/allowed)
	}
	g.Measured, g.Known = median(shares), len(shares) > 0
	return g
}

func number(f float64) string {
	switch {
	case f == 0:
		return "0"
	case f < 0.01:
		return fmt.Sprintf("%.4f", f)
	case f < 100 && f != float64(int(f)):
		return fmt.Sprintf("%.3g", f)
	}
	return fmt.Sprintf("%.0f", f)
}
