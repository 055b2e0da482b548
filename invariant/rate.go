package invariant

import (
	"cmp"
	"container/heap"
	"slices"
)

// perToken is one admission in the bucket's unit, so that a rate of one a
// minute brings exactly one unit in a microsecond and nothing is ever rounded.
const perToken = 60_000_000

// checkRate proves that in every window of the history the admissions were at
// most what the rate brought in it, plus the burst that ruled at its start.
//
// It replays a token bucket: full at first, refilled at the rate, never above
// the burst, one token for each admission. For admissions at known moments the
// bucket runs short if and only if some window breaks the promise:
//
//   - Let the bucket be short at t, and s be the last moment before at which it
//     was full. Nothing was spilled since, so the admissions in [s, t] are more
//     than burst + refill(s, t): that window breaks it.
//   - Let it never be short. The level at s is at most the burst, and spilling
//     only lowers it, so any window [s, t] holds at most burst + refill(s, t).
//
// An admission whose moment is known only as a span may take its token anywhere
// in it. The token is taken as early as there is one, nearest end first: tokens
// that wait can only be spilled, and changing two unit takings to the order of
// their ends never breaks one, so if this replay runs short every other does.
func checkRate(l *ledger) []Violation {
	if len(l.limits.Policies) == 0 {
		return nil
	}
	var entries []*session
	for i := range l.sessions {
		if l.sessions[i].entry != Adopted {
			entries = append(entries, &l.sessions[i])
		}
	}
	slices.SortFunc(entries, func(a, b *session) int { return cmp.Compare(a.given.From, b.given.From) })
	if len(entries) == 0 {
		return nil
	}
	var found []Violation
	b := newBucket(l.limits, entries[0].given.From)
	due := byDeadline{}
	for len(entries) > 0 || len(due) > 0 {
		for len(entries) > 0 && entries[0].given.From <= b.now {
			heap.Push(&due, entries[0])
			entries = entries[1:]
		}
		switch {
		case len(due) == 0:
			b.advance(entries[0].given.From)
		case b.level >= perToken:
			b.take()
			heap.Pop(&due)
		default:
			next := b.nextToken()
			if next > due[0].given.To {
				found = append(found, l.tooMany(heap.Pop(&due).(*session), b))
			} else if len(entries) > 0 {
				b.advance(min(next, entries[0].given.From))
			} else {
				b.advance(next)
			}
		}
	}
	return found
}

func (l *ledger) tooMany(s *session, b *bucket) Violation {
	p := l.limits.Policies[l.limits.at(s.given.To)]
	return broken([]Event{l.events[s.proof]},
		"visitor %s was admitted by %s, the %d. since %s: more than %d a minute and a burst of %d allow",
		short(s.visitor), l.clock(s.given.To), b.taken+1, l.clock(b.fullAt), p.PerMinute, p.Burst)
}

// bucket is a token bucket under policies that change.
type bucket struct {
	limits Limits
	policy int // index of the one in force
	now    int64
	level  int64 // in units of perToken
	fullAt int64 // when it was last full
	taken  int64 // tokens since then
}

func newBucket(limits Limits, now int64) *bucket {
	b := &bucket{limits: limits, policy: limits.at(now), now: now, fullAt: now}
	b.level = limits.Policies[b.policy].Burst * perToken
	return b
}

func (b *bucket) take() {
	b.level -= perToken
	b.taken++
}

// advance refills up to the moment to.
func (b *bucket) advance(to int64) {
	for b.now < to {
		step := min(to, b.limits.until(b.policy))
		b.refill(step - b.now)
		b.now = step
		if step == b.limits.until(b.policy) {
			b.policy++
			b.refill(0) // a lower burst takes tokens away
		}
	}
}

func (b *bucket) refill(us int64) {
	p := b.limits.Policies[b.policy]
	full := p.Burst * perToken
	if p.PerMinute > 0 && us > (full-b.level)/p.PerMinute {
		b.level = full
	} else {
		b.level += us * p.PerMinute
	}
	if b.level >= full {
		b.level, b.fullAt, b.taken = full, b.now+us, 0
	}
}

// nextToken is the moment at which a whole token will be there.
func (b *bucket) nextToken() int64 {
	level, from := b.level, b.now
	for i := b.policy; i < len(b.limits.Policies); i++ {
		p, until := b.limits.Policies[i], b.limits.until(i)
		level = min(level, p.Burst*perToken)
		if p.PerMinute > 0 && p.Burst > 0 {
			ready := from + (perToken-level+p.PerMinute-1)/p.PerMinute
			if ready <= until {
				return ready
			}
			level += (until - from) * p.PerMinute
		}
		from = until
	}
	return never
}

// byDeadline is a heap of sessions, the earliest end of the span first.
type byDeadline []*session

func (h byDeadline) Len() int           { return len(h) }
func (h byDeadline) Less(i, j int) bool { return h[i].given.To < h[j].given.To }
func (h byDeadline) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *byDeadline) Push(s any)        { *h = append(*h, s.(*session)) }
func (h *byDeadline) Pop() any {
	last := len(*h) - 1
	s := (*h)[last]
	*h = (*h)[:last]
	return s
}
