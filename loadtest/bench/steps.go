//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
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
		if err := b.letIn(ctx, differentAdmissions); err != nil {
			return err
		}
		return b.passThrough(ctx)
	}},
}

func names(steps []step) []string {
	var all []string
	for _, s := range steps {
		all = append(all, s.name)
	}
	return all
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
