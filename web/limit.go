package web

import (
	"net/netip"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"
)

// joinLimit is how often one address may ask for a place. The defaults fit a
// mobile carrier that puts thousands of subscribers behind one address.
type joinLimit struct {
	PerSecond float64
	Burst     int
	Addresses int // how many are remembered at a time
}

var defaultJoinLimit = joinLimit{PerSecond: 20, Burst: 200, Addresses: 100_000}

// joinLimiter limits joins by address in bounded memory. It guards the store,
// not the order: to be refused costs a visitor a second, never a place that they
// have. An address that is forgotten for others starts with a full burst again,
// so a flood of new addresses buys leniency at most.
//
// It is safe for concurrent use. Its table has no goroutine of its own.
type joinLimiter struct {
	limit   joinLimit
	buckets *otter.Cache[netip.Addr, *rate.Limiter]
}

// newJoinLimiter needs a positive limit in every field.
func newJoinLimiter(limit joinLimit) (*joinLimiter, error) {
	buckets, err := otter.New(&otter.Options[netip.Addr, *rate.Limiter]{MaximumSize: limit.Addresses})
	if err != nil {
		return nil, err
	}
	return &joinLimiter{limit: limit, buckets: buckets}, nil
}

// allow takes one join from the allowance of a visitorAddr.limitKey. When it is
// spent, retryAfter is how long until the next join would be allowed.
func (l *joinLimiter) allow(key netip.Addr, now time.Time) (ok bool, retryAfter time.Duration) {
	bucket, _ := l.buckets.ComputeIfAbsent(key, func() (*rate.Limiter, bool) {
		return rate.NewLimiter(rate.Limit(l.limit.PerSecond), l.limit.Burst), false
	})
	if bucket.AllowN(now, 1) {
		return true, 0
	}
	missing := 1 - bucket.TokensAt(now)
	return false, max(time.Duration(missing/l.limit.PerSecond*float64(time.Second)), time.Millisecond)
}
