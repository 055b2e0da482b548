//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// step is a part of the bench that can be measured alone.
type step struct {
	name string
	do   func(context.Context, *bench) error
}

// steps in their order: the claimed go through what the called have claimed,
// and those waiting are called.
var steps = []step{
	{"store", func(ctx context.Context, b *bench) error {
		l := newLong(b.redis, b.waiting)
		if err := b.storeJoins(ctx, l); err != nil {
			return err
		}
		if err := b.ticks(ctx); err != nil {
			return err
		}
		return b.releases(ctx, l)
	}},
	{"join", func(ctx context.Context, b *bench) error { return b.joins(ctx) }},
	{"status", func(ctx context.Context, b *bench) error { return b.polls(ctx) }},
	{"claim", func(ctx context.Context, b *bench) error {
		if err := b.enrol(ctx, b.rounds*b.size/2); err != nil {
			return err
		}
		return b.claims(ctx)
	}},
	{"through", func(ctx context.Context, b *bench) error {
		if err := b.letIn(ctx, min(differentAdmissions, b.size/2)); err != nil {
			return err
		}
		return b.passThrough(ctx)
	}},
}

// names are those of steps, with commas between.
func names(steps []step) string {
	var all []string
	for _, s := range steps {
		all = append(all, s.name)
	}
	return strings.Join(all, ",")
}

// pick returns the steps of a list like that of names, in their own order; all
// of them for an empty one.
func pick(list string) ([]step, error) {
	if list == "" {
		return steps, nil
	}
	wanted := strings.Split(list, ",")
	var picked []step
	for _, s := range steps {
		if slices.Contains(wanted, s.name) {
			picked = append(picked, s)
		}
	}
	if len(picked) != len(wanted) {
		return nil, fmt.Errorf("-only %s: want some of %s", list, names(steps))
	}
	return picked, nil
}

// begin starts what most steps need, and sees how long an answer is.
func (b *bench) begin(ctx context.Context) error {
	var err error
	if b.naive.redis, err = b.startRedis(ctx, "redis-naive"); err != nil {
		return err
	}
	if b.naive.server, err = b.startBaseline(ctx, "naive", "-redis", b.naive.redis.address); err != nil {
		return err
	}
	if err := b.enrol(ctx, min(differentPasses, b.size/2)); err != nil {
		return err
	}
	if _, err := b.naive.join(ctx, min(differentPasses, b.size/fewer)); err != nil {
		return err
	}
	if b.report.StatusBytes, err = b.statusBytes(ctx); err != nil {
		return err
	}
	b.bare, err = b.startBaseline(ctx, "bare", "-bytes", fmt.Sprint(b.report.StatusBytes))
	return err
}

// enrol has newcomers join until so many stand in the line.
func (b *bench) enrol(ctx context.Context, n int) error {
	missing := n - (len(b.line.visitors) - b.line.claimed)
	if missing <= 0 {
		return nil
	}
	_, err := b.join(ctx, &b.line, rush, missing)
	return err
}

// letIn has visitors claim until so many are in.
func (b *bench) letIn(ctx context.Context, n int) error {
	missing := n - b.line.claimed
	if missing <= 0 {
		return nil
	}
	if err := b.enrol(ctx, missing); err != nil {
		return err
	}
	if err := b.unqueue(ctx, eventID); err != nil {
		return err
	}
	if err := b.awaitCalls(ctx); err != nil {
		return err
	}
	_, err := b.claim(ctx, &b.line, rush, missing)
	return err
}

// statusBytes is the length of what a visitor in the line is answered.
func (b *bench) statusBytes(ctx context.Context) (int, error) {
	v := b.line.visitors[len(b.line.visitors)-1]
	body, err := fetch(ctx, "http://"+b.gateway.address+statusPath, v.browser, v.pass)
	if err != nil {
		return 0, err
	}
	var place struct{ State string }
	if err := json.Unmarshal(body, &place); err != nil {
		return 0, err
	}
	if place.State != "waiting" {
		return 0, fmt.Errorf("%s %s: state %q; want waiting", http.MethodGet, statusPath, place.State)
	}
	return len(body), nil
}
