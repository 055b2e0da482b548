//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"
)

// side is one of those that are held against each other.
type side struct {
	name   string
	send   func(context.Context) (outcome, error)
	server func() (time.Duration, error) // CPU time so far of what answers, without Redis
	redis  *redisServer                  // nil: it has none
}

// sample is one run of one side.
type sample struct {
	PerSecond float64 `json:"per_second"`
	Server    float64 `json:"server_cpu_s"` // user + system seconds per 100,000 requests
	Redis     float64 `json:"redis_cpu_s"`  // the same of Redis
	Commands  float64 `json:"redis_commands"`
	P50       float64 `json:"p50_ms"` // from when a request was due; with all connections busy that is its speed, no more
	P99       float64 `json:"p99_ms"`
}

// cpu is all that a request costs, wherever.
func cpu(s sample) float64       { return s.Server + s.Redis }
func redisCPU(s sample) float64  { return s.Redis }
func perSecond(s sample) float64 { return s.PerSecond }
func commands(s sample) float64  { return s.Commands }

// row is all runs of one side on one path.
type row struct {
	Path        string   `json:"path"`
	Who         string   `json:"who"`
	Connections int      `json:"connections"`
	Samples     []sample `json:"samples"`
}

// median of one figure over all runs.
func (r row) median(figure func(sample) float64) float64 {
	values := make([]float64, len(r.Samples))
	for i, s := range r.Samples {
		values[i] = figure(s)
	}
	return median(values)
}

// ratio is the median over all rounds of what r did against what base did in
// the same round. Rounds are paired because a machine's pace drifts.
func ratio(r, base row, figure func(sample) float64) float64 {
	values := make([]float64, min(len(r.Samples), len(base.Samples)))
	for i := range values {
		values[i] = figure(r.Samples[i]) / figure(base.Samples[i])
	}
	return median(values)
}

// median of nothing is 0.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	values = slices.Sorted(slices.Values(values))
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}

// quantile is the smallest duration that a share q of all does not exceed.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// compare runs all sides in every round, and starts each round with another one.
func compare(ctx context.Context, path string, connections, rounds int, sides ...side) ([]row, error) {
	rows := make([]row, len(sides))
	for i, s := range sides {
		rows[i] = row{Path: path, Who: s.name, Connections: connections}
	}
	for round := range rounds {
		for k := range sides {
			i := (round + k) % len(sides)
			taken, err := sides[i].run(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", path, sides[i].name, err)
			}
			rows[i].Samples = append(rows[i].Samples, taken)
		}
	}
	return rows, nil
}

// run measures one run.
func (s side) run(ctx context.Context) (sample, error) {
	before, err := s.spent(ctx)
	if err != nil {
		return sample{}, err
	}
	o, err := s.send(ctx)
	if err != nil {
		return sample{}, err
	}
	after, err := s.spent(ctx)
	if err != nil {
		return sample{}, err
	}
	slices.Sort(o.waits)
	n := float64(o.requests)
	return sample{
		PerSecond: n / o.took.Seconds(),
		Server:    (after.server - before.server).Seconds() / n * 100_000,
		Redis:     (after.redis - before.redis).Seconds() / n * 100_000,
		Commands:  float64(after.commands-before.commands) / n,
		P50:       quantile(o.waits, 0.5).Seconds() * 1000,
		P99:       quantile(o.waits, 0.99).Seconds() * 1000,
	}, nil
}

// spent is what a side has used so far.
type spent struct {
	server, redis time.Duration
	commands      int64
}

func (s side) spent(ctx context.Context) (spent, error) {
	var now spent
	var err error
	if now.server, err = s.server(); err != nil || s.redis == nil {
		return now, err
	}
	if now.commands, err = s.redis.commands(ctx); err != nil {
		return now, err
	}
	now.redis, err = s.redis.process.CPU()
	return now, err
}

// ownCPU is the user and system time of this process: where the store's client
// is measured, it is the client.
func ownCPU() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}
