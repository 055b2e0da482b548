package stock

import (
	"time"

	"github.com/bilten/rushgate/event"
)

const (
	// HeldAfter is how long nothing has been free before the line is held: a zero
	// may be over before anybody has read it.
	HeldAfter = 2 * time.Second
	// SoldOutAfter is how long nothing has been left at all before the line is told.
	SoldOutAfter = 5 * time.Second
	// HeldFor is how long a report holds the line for the sake of other people's
	// baskets. Then somebody has to go in, or nobody would hear that one lapsed.
	HeldFor = time.Minute
)

// State is what gateways agree on about an event's stock.
type State struct {
	Stock        Stock              `json:"stock"`
	EmptySince   int64              `json:"empty_since"` // unix ms since when nothing is free; 0: something is
	GoneSince    int64              `json:"gone_since"`  // unix ms since when nothing is held either; 0: something is
	Availability event.Availability `json:"availability"`
	// Due says that Availability has been decided and not yet been brought into
	// force. Later an organizer's hand stays, until something else is decided.
	Due bool `json:"due"`
}

// Begin is the state of an event of which nothing has been told yet.
func Begin(now event.Availability) State { return State{Availability: now} }

// Reason names why Next left a state as it did.
type Reason string

const (
	ReasonUnknown Reason = "unknown"  // not all of the stock has been told
	ReasonFree    Reason = "free"     // there are tickets to take
	ReasonGlitch  Reason = "settling" // nothing is free, but not for long enough to be believed
	ReasonHeld    Reason = "held"     // nothing is free; others hold tickets, or held some until just now
	ReasonStale   Reason = "stale"    // nothing was free when it was last told, long ago
	ReasonGone    Reason = "gone"     // nothing is left, and nobody holds anything
)

// Next is the state after a report, which may be empty, at a moment of the
// store's clock, for an event with these tiers.
func (s State) Next(r Report, tiers []event.Tier, now time.Time) (State, Reason) {
	next := s
	// A store's clock may have fallen back: what was told then is not newer than now.
	told := Stock(Report(s.Stock).NotAfter(now.UnixMilli()))
	next.Stock, _ = told.Merge(r)
	total, known := next.Stock.Total(tiers)
	next.EmptySince = since(s.EmptySince, known && total.Remaining == 0, now)
	next.GoneSince = since(s.GoneSince, known && total.Remaining+total.Held == 0, now)
	if !known {
		return next, ReasonUnknown
	}
	is, why := next.judge(total, now)
	if is != s.Availability {
		next.Availability, next.Due = is, true
	}
	return next, why
}

// since keeps the moment at which something began to hold.
func since(began int64, holds bool, now time.Time) int64 {
	switch {
	case !holds:
		return 0
	case began > 0:
		return min(began, now.UnixMilli())
	}
	return now.UnixMilli()
}

func (s State) judge(t Total, now time.Time) (event.Availability, Reason) {
	lasted := func(began int64, d time.Duration) bool {
		return began > 0 && now.UnixMilli()-began >= d.Milliseconds()
	}
	switch {
	case s.EmptySince == 0:
		return event.Available, ReasonFree
	case lasted(s.GoneSince, SoldOutAfter), s.GoneSince > 0 && s.Availability == event.SoldOut:
		return event.SoldOut, ReasonGone
	case !lasted(s.EmptySince, HeldAfter) && s.Availability == event.Available:
		return event.Available, ReasonGlitch
	case s.GoneSince == 0 && lasted(t.At, HeldFor):
		return event.Available, ReasonStale
	}
	return event.AllHeld, ReasonHeld
}

// Outlook is what somebody in the line can expect.
type Outlook string

const (
	Enough  Outlook = ""                // or not known
	Short   Outlook = "may_not_suffice" // not if everybody before takes as much as they may
	Nothing Outlook = "beyond"          // not even if everybody before takes one ticket
)

// Reach is how far a stock goes: from how many people ahead on it may not
// suffice, and from how many on nothing is left. Nothing is promised to who is
// nearer, and who is beyond can hope for people who leave without a ticket.
type Reach struct {
	Short, Nothing int64
}

// Reach of t while so many are inside or called, each of whom may still take
// perVisitor tickets, as everybody ahead may. It reckons with the worst for Short,
// where no hold lapses, and with the best for Nothing, where all do and those
// inside take none.
func (t Total) Reach(perVisitor int, inside int64) Reach {
	each := int64(max(1, perVisitor))
	buyers := (t.Remaining + each - 1) / each // who can take as much as they may, the last perhaps fewer
	return Reach{Short: max(0, buyers-inside), Nothing: t.Remaining + t.Held}
}

// Share is r for a line that gets so much of the weight of all that wait: the
// others' people may take their part before.
func (r Reach) Share(own, all int64) Reach {
	if all > own {
		r.Short = r.Short * own / all
	}
	return r
}

// Outlook of somebody with so many ahead.
func (r Reach) Outlook(ahead int64) Outlook {
	switch {
	case ahead >= r.Nothing:
		return Nothing
	case ahead >= r.Short:
		return Short
	}
	return Enough
}
