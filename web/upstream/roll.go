package upstream

import (
	"context"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// roll knows every instance of a pool: who named it, how it is, whether it
// drains. What requests need of it is in the set, which is replaced on every
// change.
type roll struct {
	balance Balance
	check   Check
	now     func() time.Time
	random  func() float64
	log     *slog.Logger
	counts  counts
	begun   time.Time
	wake    chan struct{} // of size 1: there is something to attend to
	set     atomic.Pointer[set]

	mu      sync.Mutex
	words   []*Told // each source's last; nil: it has not spoken
	members []*instance
}

func newRoll(c Config, sources int) *roll {
	r := &roll{
		balance: c.Balance, check: c.Check,
		now: c.House.Now, random: c.House.Random, log: c.House.Log.With("pool", c.Name),
		counts: newCounts(c.House.Metrics, c.Name),
		wake:   make(chan struct{}, 1), words: make([]*Told, sources),
	}
	r.begun = r.now()
	r.publish(r.begun)
	return r
}

// hear takes what a source tells. Instances that no source names any more are
// drained; those that an operator drains stay, and get nothing.
func (r *roll) hear(source int, told Told) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	before := r.words[source] == nil // what is named first was there before this gateway
	r.words[source] = &told
	var named []*instance
	drained := map[string]bool{}
	for i, word := range r.words {
		if word == nil {
			continue
		}
		for _, id := range word.Drained {
			drained[id] = true
		}
		for _, found := range word.Instances {
			if in := r.enter(found, before && i == source, named, now); in != nil {
				named = append(named, in)
			}
		}
	}
	for _, in := range r.members {
		switch {
		case !slices.Contains(named, in):
			r.wish(in, Dropped, now)
		case drained[in.found.ID]:
			r.wish(in, ByOperator, now)
		default:
			r.wish(in, "", now)
		}
	}
	r.publish(now)
	r.wakeUp()
}

// enter returns the member that a source means, a new one if need be; nil if it
// cannot be used.
func (r *roll) enter(found Found, before bool, named []*instance, now time.Time) *instance {
	u, err := parseInstance(found.Address)
	if err != nil {
		r.log.Warn("a source names an instance that cannot be used", "address", printable(found.Address), "error", err)
		return nil
	}
	if found.ID == "" {
		found.ID = u.Host
	}
	same := func(in *instance) bool { return in.target.Host == u.Host && in.target.Scheme == u.Scheme }
	if slices.ContainsFunc(named, same) {
		return nil // named twice: it must not get twice as much
	}
	if i := slices.IndexFunc(r.members, func(in *instance) bool { return same(in) && in.found.ID == found.ID }); i >= 0 {
		r.members[i].found = found
		return r.members[i]
	}
	in := &instance{
		found: found, target: url.URL{Scheme: u.Scheme, Host: u.Host}, meter: &meter{},
		health: newHealth(r.check, before, now), due: now,
	}
	r.members = append(r.members, in)
	r.told(in)
	return in
}

// wish sets or lifts the drain of a member.
func (r *roll) wish(in *instance, cause Cause, now time.Time) {
	if in.drain.cause == cause {
		return
	}
	since := now
	if cause != "" && in.drain.cause != "" {
		since = in.drain.since // another reason, the same drain
	}
	in.drain = drain{cause: cause, since: since}
	if cause == "" {
		in.drain, in.due = drain{}, now // much may have happened to it meanwhile
	}
	r.told(in)
}

// change replaces a member's health.
func (r *roll) change(in *instance, h health) {
	was := in.health
	in.health = h
	if h.state != was.state {
		r.told(in)
	}
}

// told logs and counts what has become of a member.
func (r *roll) told(in *instance) {
	state, cause, _ := in.state(r.balance.Drain, r.now())
	r.counts.change(state, cause)
	level := slog.LevelInfo
	if state == Unhealthy || state == Ejected {
		level = slog.LevelWarn
	}
	r.log.Log(context.Background(), level, "instance", "id", in.found.ID, "state", string(state), "reason", string(cause))
}

// publish makes the set anew; mu is held.
func (r *roll) publish(now time.Time) { r.set.Store(newSet(r.members, r.balance, now)) }

func (r *roll) wakeUp() {
	select {
	case r.wake <- struct{}{}:
	default: // it will look anyhow
	}
}

func dialer(timeout time.Duration) func(context.Context, string, string) (net.Conn, error) {
	return (&net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second}).DialContext
}
