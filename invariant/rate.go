package invariant

import (
	"cmp"
	"math"
	"slices"
)

// perToken is one admission in units of rate times time, so that a rate of one
// a minute brings exactly one unit in a microsecond and nothing is rounded.
const perToken = 60_000_000

// checkRate proves that in every window of the history the admissions were at
// most what the rate brought in it, plus the burst that ruled at its start. For
// admissions at known moments that is the same as replaying a token bucket that
// was full at first and asking whether it ever ran short:
//
//   - If it is short at t, let s be the last moment before at which it was full.
//     Nothing was spilled since, so [s, t] holds more than burst + refill(s, t).
//   - If it never is, the level at s is at most the burst, and spilling only
//     lowers it, so any [s, t] holds at most burst + refill(s, t).
//
// When only spans are known there is no one bucket to replay, for a token that
// waits may serve an earlier or a later request. So windows are looked at
// themselves: an admission is certainly inside [s, t] if its whole span is.
// Admissions are taken by the end of their spans, t, and a tree keeps the fullest
// window of all that end there: O(n log n).
func checkRate(l *ledger) []Violation {
	var entries []*session
	for i := range l.sessions {
		if l.sessions[i].entry != Adopted {
			entries = append(entries, &l.sessions[i])
		}
	}
	if len(l.limits.Policies) == 0 || len(entries) == 0 {
		return nil
	}
	slices.SortStableFunc(entries, func(a, b *session) int { return cmp.Compare(a.given.To, b.given.To) })
	opens := l.windowStarts(entries)
	tree := newWindows(len(opens))
	open := 0
	var found []Violation
	for _, s := range entries {
		for open < len(opens) && opens[open] <= s.given.To {
			burst := l.limits.Policies[l.limits.at(opens[open])].Burst
			tree.open(open, l.brought(opens[open])-burst*perToken)
			open++
		}
		first, _ := slices.BinarySearch(opens, s.given.From)
		tree.add(first, perToken)
		if excess := tree.fullest() - l.brought(s.given.To); excess > 0 {
			found = append(found, l.tooMany(s, opens[tree.start()], excess))
			tree.add(first, -perToken)
		}
	}
	return found
}

// tooMany describes the window [from, s.given.To], which holds more than it may.
func (l *ledger) tooMany(s *session, from, excess int64) Violation {
	burst := l.limits.Policies[l.limits.at(from)].Burst
	units := l.brought(s.given.To) - l.brought(from) + burst*perToken
	return broken([]Event{l.events[s.proof]}, "visitor %s was admitted by %s, as number %d since %s: the rate and a burst of %d allow %d",
		short(s.visitor), l.clock(s.given.To), (units+excess)/perToken, l.clock(from), burst, units/perToken)
}

// windowStarts are the moments at which the fullest windows can begin: where an
// admission's span begins, and just before a policy with another burst.
func (l *ledger) windowStarts(entries []*session) []int64 {
	starts := make([]int64, 0, len(entries)+len(l.limits.Policies))
	for _, s := range entries {
		starts = append(starts, s.given.From)
	}
	for _, p := range l.limits.Policies[1:] {
		starts = append(starts, p.From-1)
	}
	slices.Sort(starts)
	return slices.Compact(starts)
}

// brought is what the rate has brought by a moment since the history began, in
// units of perToken; negative before.
func (l *ledger) brought(by int64) int64 {
	if by < l.start {
		return -l.refill(Span{by, l.start})
	}
	return l.refill(Span{l.start, by})
}

func (l *ledger) refill(s Span) int64 {
	var units int64
	for i := l.limits.at(s.From); i < len(l.limits.Policies) && s.From < s.To; i++ {
		until := min(s.To, l.limits.until(i))
		units += l.limits.Policies[i].PerMinute * (until - s.From)
		s.From = until
	}
	return units
}

// windows is a tree over the starts of windows, in order. The value of a window
// is its base plus all that was added at its start or later.
type windows struct {
	width int
	nodes []window // a heap; the leaves are nodes[width:]
}

type window struct {
	added int64 // at all the starts below
	best  int64 // the highest value of a window that starts below, counted to the end of these starts
	start int   // of that window
}

func newWindows(n int) *windows {
	width := 1
	for width < n {
		width *= 2
	}
	w := &windows{width: width, nodes: make([]window, 2*width)}
	for i := range w.nodes {
		w.nodes[i].best = math.MinInt64 / 2
	}
	return w
}

func (w *windows) fullest() int64 { return w.nodes[1].best }
func (w *windows) start() int     { return w.nodes[1].start }

// open lets windows start at start, with a base.
func (w *windows) open(start int, base int64) {
	leaf := &w.nodes[w.width+start]
	leaf.best, leaf.start = base+leaf.added, start
	w.rise(w.width + start)
}

func (w *windows) add(start int, units int64) {
	leaf := &w.nodes[w.width+start]
	leaf.added += units
	leaf.best += units
	w.rise(w.width + start)
}

func (w *windows) rise(i int) {
	for i /= 2; i >= 1; i /= 2 {
		a, b := w.nodes[2*i], w.nodes[2*i+1]
		if a.best+b.added >= b.best {
			w.nodes[i] = window{a.added + b.added, a.best + b.added, a.start}
		} else {
			w.nodes[i] = window{a.added + b.added, b.best, b.start}
		}
	}
}
