//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// plan is how much is measured.
type plan struct {
	rounds  int
	size    int           // requests in one run; slow sides send fewer
	waiting int           // in the long line
	watch   time.Duration // of ticks
	release time.Duration // long enough for a window, or none is measured
}

// bench is a stage, what is measured on it, and what came of it.
type bench struct {
	*stage
	plan
	line   line // at the gateway
	naive  naive
	bare   server
	report report
}

// naive is the naive gateway with its Redis and those who have joined there.
type naive struct {
	server
	redis  *redisServer
	passes []string
}

const (
	fewer = 4  // a slow side sends size/fewer in a run
	busy  = 64 // connections; a rush has 256
	rush  = 256
)

func (b *bench) gatewaySide(redis *redisServer, send func(context.Context) (outcome, error)) side {
	return side{name: "rushgate", send: send, server: b.gateway.CPU, redis: redis}
}

func (b *bench) naiveSide(send func(context.Context) (outcome, error)) side {
	return side{name: "naive", send: send, server: b.naive.CPU, redis: b.naive.redis}
}

// repeat sends the same few requests to a server, over and over.
func repeat(to server, connections, count int, requests ...[]byte) func(context.Context) (outcome, error) {
	return func(ctx context.Context) (outcome, error) {
		return load{address: to.address, connections: connections, requests: requests, count: count}.run(ctx)
	}
}

func (b *bench) compare(ctx context.Context, path string, connections int, sides ...side) error {
	rows, err := compare(ctx, path, connections, b.rounds, sides...)
	b.report.Rows = append(b.report.Rows, rows...)
	return err
}

// joins is POST join by those who have seen the page, everybody once.
func (b *bench) joins(ctx context.Context) error {
	slow := b.size / fewer
	return b.compare(ctx, "join", rush,
		b.gatewaySide(b.redis, func(ctx context.Context) (outcome, error) { return b.join(ctx, &b.line, rush, b.size/2) }),
		b.naiveSide(func(ctx context.Context) (outcome, error) { return b.naive.join(ctx, slow) }))
}

func (n *naive) join(ctx context.Context, count int) (outcome, error) {
	o, err := load{
		address: n.address, connections: rush, requests: [][]byte{request(http.MethodPost, host, "/join")}, count: count,
		answer: func(_ int, head []byte) { n.passes = append(n.passes, cookieIn(head, "pass")) },
	}.run(ctx)
	if err == nil && n.passes[len(n.passes)-1] == "" {
		err = errors.New("the naive gateway gives no pass")
	}
	return o, err
}

// differentPasses is how many visitors take turns in polling.
const differentPasses = 10_000

// polls is GET status by those who wait.
func (b *bench) polls(ctx context.Context) error {
	ours := b.line.polls(differentPasses)
	var theirs [][]byte
	for _, pass := range b.naive.passes[:min(differentPasses, len(b.naive.passes))] {
		theirs = append(theirs, request(http.MethodGet, host, "/status", pass))
	}
	for _, connections := range []int{busy, rush} {
		err := b.compare(ctx, "status", connections,
			b.gatewaySide(b.redis, repeat(b.gateway, connections, b.size, ours...)),
			side{name: "bare Echo", send: repeat(b.bare, connections, b.size, ours...), server: b.bare.CPU},
			b.naiveSide(repeat(b.naive.server, connections, b.size/fewer, theirs...)))
		if err != nil {
			return err
		}
	}
	return b.pollsAtHalfLoad(ctx, ours)
}

// pollsAtHalfLoad sends at fixed moments, half as many a second as were possible.
func (b *bench) pollsAtHalfLoad(ctx context.Context, requests [][]byte) error {
	full := b.find("status", "rushgate", busy).median(perSecond)
	return b.compare(ctx, "status at half load", busy,
		b.gatewaySide(b.redis, func(ctx context.Context) (outcome, error) {
			return load{address: b.gateway.address, connections: busy, requests: requests, count: b.size, perSecond: full / 2}.run(ctx)
		}),
		side{name: "bare Echo", server: b.bare.CPU, send: func(ctx context.Context) (outcome, error) {
			return load{address: b.bare.address, connections: busy, requests: requests, count: b.size, perSecond: full / 2}.run(ctx)
		}})
}

// claims is POST claim by those whose turn has come, everybody once.
func (b *bench) claims(ctx context.Context) error {
	count := b.size / 2
	if err := b.unqueue(ctx, eventID); err != nil {
		return err
	}
	if err := b.awaitCalls(ctx); err != nil {
		return err
	}
	signing, err := b.startBaseline(ctx, "signing", "-bytes", fmt.Sprint(b.report.StatusBytes))
	if err != nil {
		return err
	}
	first := b.line.visitors[0]
	claim := request(http.MethodPost, host, claimPath, first.browser, first.pass)
	return b.compare(ctx, "claim", rush,
		b.gatewaySide(b.redis, func(ctx context.Context) (outcome, error) { return b.claim(ctx, &b.line, rush, count) }),
		side{name: "bare Echo", send: repeat(b.bare, rush, count, claim), server: b.bare.CPU},
		side{name: "bare Echo, EdDSA", send: repeat(signing, rush, count, claim), server: signing.CPU})
}

// differentAdmissions is how many visitors take turns in shopping.
const differentAdmissions = 2000

// passThrough is GET of a protected page by those who are in.
func (b *bench) passThrough(ctx context.Context) error {
	var requests [][]byte
	for _, v := range b.line.visitors[:min(differentAdmissions, b.line.claimed)] {
		requests = append(requests, request(http.MethodGet, host, shopPath, v.browser, v.pass, v.admission))
	}
	proxy, err := b.startBaseline(ctx, "proxy", "-upstream", b.shop.address)
	if err != nil {
		return err
	}
	// Each admission is verified on its first page; visitors look at many.
	if _, err := repeat(b.gateway, busy, len(requests), requests...)(ctx); err != nil {
		return err
	}
	sides := func(connections int) []side {
		return []side{
			b.gatewaySide(nil, repeat(b.gateway, connections, b.size, requests...)),
			{name: "ReverseProxy", send: repeat(proxy, connections, b.size, requests...), server: proxy.CPU},
		}
	}
	more := func(int) []side { return nil }
	if installed("nginx") {
		nginx, err := b.startBaseline(ctx, "nginx", "-upstream", b.shop.address)
		if err != nil {
			return err
		}
		more = func(connections int) []side {
			return []side{{name: "nginx", send: repeat(nginx, connections, b.size, requests...), server: nginx.CPU}}
		}
	}
	for _, connections := range []int{busy, rush} {
		if err := b.compare(ctx, "pass-through", connections, append(sides(connections), more(connections)...)...); err != nil {
			return err
		}
	}
	return nil
}

// find returns the row of a side; one without samples if it was not measured.
func (b *bench) find(path, who string, connections int) row {
	return b.report.find(path, who, connections)
}
