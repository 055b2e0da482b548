package web

import (
	"net/netip"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"
)

// JoinRate is a token bucket for each network of one size; zero values mean the
// default.
type JoinRate struct {
	PerSecond float64
	Burst     int
}

// JoinLimits are how often the people of one network may ask for a place.
type JoinLimits struct {
	Address JoinRate // an IPv4 address or an IPv6 /64, which is one subscriber's
	Site    JoinRate // an IPv6 /56, which is one household's or company's
	Network JoinRate // an IPv6 /48: a large company, or thousands of a carrier's subscribers
	Tracked int      // networks of each size that are remembered at a time
}

// defaultJoinLimits fit a mobile carrier that puts thousands of subscribers
// behind one address, and whole towns into one /48.
var defaultJoinLimits = JoinLimits{
	Address: JoinRate{PerSecond: 20, Burst: 200},
	Site:    JoinRate{PerSecond: 40, Burst: 400},
	Network: JoinRate{PerSecond: 200, Burst: 2000},
	Tracked: 100_000,
}

// appealEvery is how long all refusals of one network share a reference: one
// line of the log tells of them, however many they are.
const appealEvery = time.Minute

// joinLimiter limits joins by network in bounded memory. It guards the store,
// not the order: to be refused costs a visitor a second, never a place that they
// have. A network that is forgotten for others starts with a full burst again, so
// a flood of new ones buys leniency at most; and those of an IPv6 flood share the
// wider networks, which have tables of their own.
//
// It is safe for concurrent use. Its tables have no goroutine of their own.
type joinLimiter struct {
	levels    []joinLevel   // narrow to wide
	reference func() string // a fresh one, for the log and the visitor
}

// joinLevel counts by networks of one size.
type joinLevel struct {
	name    string // stable: stands in the log and in the metrics
	ipv6    int    // prefix length
	ipv4    bool   // counts IPv4 addresses, too
	rate    JoinRate
	buckets *otter.Cache[netip.Addr, *joinBucket]
}

type joinBucket struct {
	rate *rate.Limiter

	mu        sync.Mutex
	reference string // of the refusals since
	since     time.Time
}

// refusedJoin is a join that must wait.
type refusedJoin struct {
	level     string
	reference string
	first     bool // of this reference: to be logged
	after     time.Duration
}

// newJoinLimiter fills zero values in with the defaults.
func newJoinLimiter(limits JoinLimits, reference func() string) (*joinLimiter, error) {
	l := &joinLimiter{reference: reference}
	d := defaultJoinLimits
	if limits.Tracked <= 0 {
		limits.Tracked = d.Tracked
	}
	for _, level := range []joinLevel{
		{name: "address", ipv6: 64, ipv4: true, rate: limits.Address.or(d.Address)},
		{name: "ipv6_56", ipv6: 56, rate: limits.Site.or(d.Site)},
		{name: "ipv6_48", ipv6: 48, rate: limits.Network.or(d.Network)},
	} {
		var err error
		level.buckets, err = otter.New(&otter.Options[netip.Addr, *joinBucket]{MaximumSize: limits.Tracked})
		if err != nil {
			return nil, err
		}
		l.levels = append(l.levels, level)
	}
	return l, nil
}

func (r JoinRate) or(other JoinRate) JoinRate {
	if r.PerSecond <= 0 {
		r.PerSecond = other.PerSecond
	}
	if r.Burst <= 0 {
		r.Burst = other.Burst
	}
	return r
}

// allow takes n joins from the allowance of an address on every level, or, when
// one of them is spent, from none. An address that is not valid counts as one.
func (l *joinLimiter) allow(from netip.Addr, n int, now time.Time) (refusedJoin, bool) {
	from = from.Unmap().WithZone("")
	var asked [3]*joinBucket
	for i := range l.levels {
		level := &l.levels[i]
		if from.Is4() && !level.ipv4 {
			continue
		}
		asked[i] = level.bucket(from)
		take := float64(min(n, level.rate.Burst)) // more would never be there
		if missing := take - asked[i].rate.TokensAt(now); missing > 0 {
			refused := asked[i].refuse(now, l.reference)
			refused.level = level.name
			refused.after = max(time.Duration(missing/level.rate.PerSecond*float64(time.Second)), time.Millisecond)
			return refused, false
		}
	}
	for i, bucket := range asked {
		if bucket != nil {
			bucket.rate.AllowN(now, min(n, l.levels[i].rate.Burst))
		}
	}
	return refusedJoin{}, true
}

func (l *joinLevel) bucket(from netip.Addr) *joinBucket {
	key := from
	if from.Is6() {
		if network, err := from.Prefix(l.ipv6); err == nil {
			key = network.Addr()
		}
	}
	bucket, _ := l.buckets.ComputeIfAbsent(key, func() (*joinBucket, bool) {
		return &joinBucket{rate: rate.NewLimiter(rate.Limit(l.rate.PerSecond), l.rate.Burst)}, false
	})
	return bucket
}

func (b *joinBucket) refuse(now time.Time, fresh func() string) refusedJoin {
	b.mu.Lock()
	defer b.mu.Unlock()
	first := b.reference == "" || now.Sub(b.since) >= appealEvery
	if first {
		b.reference, b.since = fresh(), now
	}
	return refusedJoin{reference: b.reference, first: first}
}
