package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/loadtest"
)

// tellEvery is a line of progress.
const tellEvery = 5 * time.Second

// tell says how far the crowd is, how fast, and about when it will be done.
func (c *crowd) tell(ctx context.Context, out io.Writer) {
	ticker := time.NewTicker(tellEvery)
	defer ticker.Stop()
	var before, joinsBefore, stepsBefore int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		joins, polls := c.joins.Load(), c.polls.Load()
		rate := float64(joins+polls-before) / tellEvery.Seconds()
		steps, left := c.steps.Load(), "?"
		if pace := float64(steps-stepsBefore) / tellEvery.Seconds(); pace > 0 {
			left = (time.Duration(float64(c.allSteps()-steps)/pace) * time.Second).String()
		}
		_, _ = fmt.Fprintf(out, "%4.0f s  %8d joins (%6.0f/s)  %8d polls  %6d admitted  %4d failed  %6.0f requests/s  %s to go\n",
			time.Since(c.opened).Seconds(), joins, float64(joins-joinsBefore)/tellEvery.Seconds(), polls, c.entered.Load(), c.failures.Load(), rate, left)
		before, joinsBefore, stepsBefore = joins+polls, joins, steps
	}
}

func (c *crowd) print(out io.Writer, took time.Duration, memory int64) {
	var join, poll, late []uint32
	var lastJoin uint32
	stand := 0
	for i := range c.visitors {
		v := &c.visitors[i]
		join = append(join, v.took)
		lastJoin = max(lastJoin, v.sent+v.took)
		if v.state == waiting {
			stand++
		}
	}
	for _, w := range c.workers {
		for _, s := range w.seen {
			poll, late = append(poll, s.took), append(late, s.late)
		}
		if w.failure != "" && c.failures.Load() > 0 {
			_, _ = fmt.Fprintf(out, "  such as %s\n", w.failure)
			break
		}
	}
	joining := time.Duration(lastJoin) * time.Microsecond
	_, _ = fmt.Fprintf(out, "\n%d joins, %d polls and %d admissions in %v: %.0f requests/s\n", c.joins.Load(), c.polls.Load(), c.entered.Load(),
		took.Round(time.Second), float64(c.joins.Load()+c.polls.Load()+3*c.entered.Load())/took.Seconds())
	_, _ = fmt.Fprintf(out, "all had joined after %v: %.0f joins/s, with the polls of those who waited\n", joining.Round(time.Second), float64(c.joins.Load())/joining.Seconds())
	for _, row := range []struct {
		name string
		us   []uint32
	}{{"join", join}, {"poll", poll}, {"polls, later than told", late}} {
		slices.Sort(row.us)
		_, _ = fmt.Fprintf(out, "%-24s p50 %v  p95 %v  p99 %v\n", row.name, quantile(row.us, 50), quantile(row.us, 95), quantile(row.us, 99))
	}
	if stand > 0 {
		_, _ = fmt.Fprintf(out, "Redis: %.1f MB for %d who still wait, %.0f bytes each\n", float64(memory)/1e6, stand, float64(memory)/float64(stand))
	}
}

func quantile(sorted []uint32, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return (time.Duration(sorted[(len(sorted)-1)*percent/100]) * time.Microsecond).Round(100 * time.Microsecond)
}

// judge writes down what everybody saw, and holds it against the promises.
func (c *crowd) judge(out io.Writer, history *invariant.History) int {
	started := time.Now()
	c.record(history)
	found := invariant.Check(history, loadtest.Limits(c.room.PerMinute, c.room.Cap))
	_, _ = fmt.Fprintf(out, "%d events judged in %v\n", history.Len(), time.Since(started).Round(time.Second))
	gone := 0
	for i := range c.visitors {
		if c.visitors[i].state == lost {
			gone++
		}
	}
	for _, v := range found[:min(len(found), 10)] {
		_, _ = fmt.Fprintf(out, "  %v\n", v)
	}
	failures := c.failures.Load()
	if len(found) > 0 || gone > 0 || failures*1000 > c.joins.Load()+c.polls.Load() {
		_, _ = fmt.Fprintf(out, "broken: %d broken promises, %d lost places, %d failures\n", len(found), gone, failures)
		return 1
	}
	_, _ = fmt.Fprintf(out, "clean: no broken promise, no lost place, %d failures\n", failures)
	return 0
}

func (c *crowd) record(h *invariant.History) {
	opened := c.opened.UnixMicro()
	span := func(sent, took uint32) invariant.Span {
		return invariant.Between(opened+int64(sent), opened+int64(sent)+int64(took))
	}
	for i := range c.visitors {
		if v := &c.visitors[i]; v.number > 0 {
			h.Add(invariant.Joined(span(v.sent, v.took), visitorID(i), "general", int64(v.number)))
		}
	}
	for _, w := range c.workers {
		for _, s := range w.seen {
			h.Add(invariant.Saw(span(s.sent, s.took), visitorID(int(s.visitor)), c.gateways[s.gateway], int64(s.number), int64(s.serving), int64(s.away)))
		}
		for _, e := range w.entries {
			who, how := visitorID(int(e.visitor)), invariant.FromLine
			if e.direct {
				how = invariant.Direct
			}
			if e.turn[1] > 0 {
				h.Add(invariant.Turn(span(e.turn[0], e.turn[1]-e.turn[0]), who, 0))
			}
			h.Add(invariant.Admitted(span(e.sent, e.took), who, how, e.session, e.ends*1e6))
			if e.away[1] > 0 {
				h.Add(invariant.TurnedAway(span(e.away[0], e.away[1]-e.away[0]), who, e.session))
			}
			if e.left[1] > 0 {
				h.Add(invariant.Ended(span(e.left[0], e.left[1]-e.left[0]), who, e.session))
			}
		}
	}
}

// redisMemory is what keys and values take, in bytes: buffers come and go.
func redisMemory(ctx context.Context, address string) (int64, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	if _, err := io.WriteString(conn, "INFO memory\r\nQUIT\r\n"); err != nil {
		return 0, err
	}
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		if digits, ok := strings.CutPrefix(lines.Text(), "used_memory_dataset:"); ok {
			return strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		}
	}
	return 0, errors.New("redis does not tell used_memory_dataset")
}
