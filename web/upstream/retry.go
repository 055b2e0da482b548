package upstream

import (
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// maxAttempts bounds how many instances see one request; only those that could
	// not be reached at all count, so it has never been carried out twice.
	maxAttempts = 8
	// maxReplays is how often a request that may have been carried out is sent
	// again, where that does no harm.
	maxReplays = 1
)

var errNoInstance = errors.New("the pool has no instance that may get requests")

// RoundTrip sends r to an instance, and to another one where that can do no
// harm: not a byte has left, or the method may be repeated. A connection that an
// instance closed while it was idle is net/http's to replace, by the same rules.
// Anything else could buy a ticket twice. An answer is an answer, whatever its
// status: it is never asked for again.
func (c *call) RoundTrip(r *http.Request) (*http.Response, error) {
	p := c.pool
	p.budget.earn()
	failure := errNoInstance
	turn := p.turn.Add(1)
	for replays := 0; ; turn = mix(turn) { // who comes after an ill one in turn must not get all that it loses
		in := p.roll.set.Load().pick(turn, &c.tried)
		if in == nil || c.tried.n > 0 && !p.again() {
			return nil, failure
		}
		answer, err := c.attempt(r, in)
		if err == nil {
			return answer, nil
		}
		failure = err
		switch {
		case r.Context().Err() != nil || c.tried.n == maxAttempts:
			return nil, err
		case unreached(err) && (c.body == nil || c.body.untouched()):
		case reasonFor(r.Context(), err) == Broken && c.repeatable(r) && replays < maxReplays:
			replays++
		default:
			return nil, err
		}
	}
}

// again reports whether the budget allows one more attempt.
func (p *Pool) again() bool {
	if !p.budget.spend() {
		p.roll.counts.overBudget.Inc()
		return false
	}
	p.roll.counts.retries.Inc()
	return true
}

// attempt sends r to one instance. The instance carries the load until the
// answer has been passed on, or until it has failed.
func (c *call) attempt(r *http.Request, in *instance) (*http.Response, error) {
	c.tried.add(in)
	roll := c.pool.roll
	in.load.Add(1)
	begun := roll.now()
	in.meter.begin(begun)
	r.URL.Scheme, r.URL.Host = in.target.Scheme, in.target.Host
	if c.body != nil {
		r.Body = c.body.again()
	}
	answer, err := c.pool.transport.RoundTrip(r)
	now := roll.now()
	roll.note(in, begun, now, c.took(begun, now), c.outcome(r, answer, err))
	if err != nil {
		in.load.Add(-1)
		return nil, err
	}
	c.at = in
	if c.upgrade != nil {
		c.upgrade.at = in
	}
	return answer, nil
}

// leave takes the load off the instance.
func (c *call) leave() {
	if c.at != nil {
		c.at.load.Add(-1)
	}
}

// took is the instance's time: from when it had the whole request. How long a
// visitor takes to send it says nothing about the instance.
func (c *call) took(begun, now time.Time) time.Duration {
	if c.body != nil {
		if whole := c.body.whole.Load(); whole != nil && whole.After(begun) {
			begun = *whole
		}
	}
	return now.Sub(begun)
}

func (c *call) outcome(r *http.Request, answer *http.Response, err error) outcome {
	if err == nil {
		if answer.StatusCode >= http.StatusInternalServerError {
			return erred
		}
		return answered
	}
	switch c.explain(r.Context(), err).Reason {
	case VisitorGone, BadRequest:
		return visitorGone
	case Timeout:
		return timedOut
	}
	return broken
}

// repeatable reports whether r may be sent twice: it changes nothing, or the
// visitor says that the shop will notice (as net/http has it), and all of its
// body is at hand.
func (c *call) repeatable(r *http.Request) bool {
	if c.body != nil && !c.body.replayable() {
		return false
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return r.Header["Idempotency-Key"] != nil || r.Header["X-Idempotency-Key"] != nil
}

func unreached(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" || errors.Is(err, errNoInstance)
}

// budget keeps retries a small share of all requests: when much fails, sending
// it all again makes more fail. Its zero value has no reserve.
type budget struct {
	share int64 // millionths of a retry that a request earns
	saved atomic.Int64
}

const (
	oneRetry = 1_000_000
	// reserve is what a quiet pool may spend at once: an instance that dies under
	// load fails what it had, and some more until it is ejected.
	reserve = 100 * oneRetry
)

func (b *budget) earn() {
	if saved := b.saved.Load(); saved < reserve {
		b.saved.Add(b.share) // a little above the reserve, where many earn at once
	}
}

func (b *budget) spend() bool {
	if b.saved.Add(-oneRetry) < 0 {
		b.saved.Add(oneRetry)
		return false
	}
	return true
}
