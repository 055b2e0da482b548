package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// attention is how often a roll is looked at even if nothing calls for it: slow
	// starts grow, old requests end.
	attention = time.Second
	// checkJitter spreads checks, so that gateways which started together do not
	// knock together.
	checkJitter = 0.1
	// checkBody is what is read of a check's answer, in bytes.
	checkBody = 4 << 10
)

// attendTo looks after the members until ctx ends: checks when they are due,
// ejections that are over, drains that have come to their end.
func (r *roll) attendTo(ctx context.Context, probe func(context.Context, *instance) Cause, bury func(*instance)) {
	var checks sync.WaitGroup
	defer checks.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-timer.C:
		}
		due, buried, next := r.attend()
		for _, in := range due {
			checks.Go(func() {
				if failed := probe(ctx, in); ctx.Err() == nil {
					r.conclude(in, failed)
				}
			})
		}
		for _, in := range buried {
			checks.Go(func() { bury(in) })
		}
		timer.Reset(next)
	}
}

// attend does what time calls for, and returns whom to check, whose last
// requests have had their time, and when to look again.
func (r *roll) attend() (due, buried []*instance, next time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	next = attention
	r.members = slices.DeleteFunc(r.members, func(in *instance) bool {
		if !in.drain.over(in.load.Load(), r.balance.Drain, now) {
			return false
		}
		if !in.drain.ended {
			in.drain.ended = true
			buried = append(buried, in)
		}
		return in.drain.cause == Dropped
	})
	for _, in := range r.members {
		if h := in.health.pass(r.check, now); h != in.health {
			in.due = now
			r.change(in, h)
		}
		if r.check.Path == "" || in.checking || in.drain.cause != "" {
			continue
		}
		if wait := in.due.Sub(now); wait > 0 {
			next = min(next, wait)
			continue
		}
		in.checking = true
		due = append(due, in)
	}
	r.publish(now)
	return due, buried, next
}

// conclude takes the result of a check; an empty cause is a good one.
func (r *roll) conclude(in *instance, failed Cause) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	r.change(in, in.health.hear(failed, r.check, now))
	pause := in.health.pause(r.check)
	in.checking, in.checked = false, now
	in.due = now.Add(pause + time.Duration(float64(pause)*checkJitter*(2*r.random()-1)))
	r.publish(now)
	r.wakeUp()
}

// probe asks an instance whether it is well. Each check is a connection of its
// own: that one can still be made is half of the answer.
func (p *Pool) probe(ctx context.Context, in *instance) Cause {
	ctx, cancel := context.WithTimeout(ctx, p.check.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, in.target.String()+p.check.Path, nil)
	if err != nil {
		return CheckUnreachable
	}
	request.Header.Set("User-Agent", "Rushgate-Check")
	if p.check.Host != "" {
		request.Host = p.check.Host
	}
	answer, err := p.checks.RoundTrip(request)
	if err != nil {
		return checkFailure(err)
	}
	defer answer.Body.Close()
	if _, err := io.CopyN(io.Discard, answer.Body, checkBody); err != nil && !errors.Is(err, io.EOF) {
		return checkFailure(err)
	}
	if p.check.Lenient && answer.StatusCode < http.StatusInternalServerError {
		return ""
	}
	if answer.StatusCode < http.StatusOK || answer.StatusCode >= http.StatusBadRequest {
		return CheckStatus
	}
	return ""
}

func checkFailure(err error) Cause {
	if netErr, ok := errors.AsType[net.Error](err); ok && netErr.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return CheckTimeout
	}
	return CheckUnreachable
}
