// Package stock is for knowing what is left to buy: what the shop or an organizer
// told, whether the line has to be told that nothing is left, and from which
// place on tickets may not last.
//
// Everything here is pure. Whoever keeps a [State] for all gateways brings
// reports, the event's tiers and the time.
package stock

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bilten/rushgate/event"
)

// ErrAway says that what gateways share about the stock cannot be reached: nothing
// has been changed, as far as anybody knows.
var ErrAway = errors.New("the store of the stock does not answer")

// MaxTickets bounds every number of tickets that is told.
const MaxTickets = 1_000_000_000

// SeqTrust is how long a lower sequence number counts as an older report. After
// that the shop has begun to count anew.
const SeqTrust = time.Minute

// Count is how many tickets there are of one tier.
type Count struct {
	Tier      string `json:"tier"`          // empty: of the whole event
	Remaining int64  `json:"remaining"`     // free to take now
	Held      int64  `json:"held"`          // in somebody's basket: sold or free again before long
	At        int64  `json:"at"`            // unix ms by the store's clock: when it was heard
	Seq       int64  `json:"seq,omitempty"` // the shop's own order of its reports; 0: it gives none
}

// newer says whether c tells something newer than old of the same tickets. Where
// both are numbered the number decides, since answers of several instances
// overtake each other; else what was heard last counts.
func (c Count) newer(old Count) bool {
	if c.Seq == 0 || old.Seq == 0 || c.Seq == old.Seq {
		return c.At >= old.At
	}
	return c.Seq > old.Seq || c.At-old.At >= SeqTrust.Milliseconds()
}

// Stock is what is known, by tier in the order of names; a count of the whole
// event stands alone. The zero value: nothing is known.
type Stock struct {
	Counts []Count `json:"counts"`
}

// Merge is s with what a report tells, and false if that is nothing newer. It
// changes neither. A count of the whole event takes the place of all tiers', and
// the other way around.
func (s Stock) Merge(r Report) (Stock, bool) {
	next, told := Stock{slices.Clone(s.Counts)}, false
	for _, c := range r.Counts {
		if next.older(c) {
			continue
		}
		told = true
		next.Counts = slices.DeleteFunc(next.Counts, func(old Count) bool {
			return old.Tier == c.Tier || old.Tier == "" || c.Tier == ""
		})
		next.Counts = append(next.Counts, c)
	}
	slices.SortFunc(next.Counts, func(a, b Count) int { return strings.Compare(a.Tier, b.Tier) })
	return next, told
}

// older says that something in s, of the same tickets, is newer than c.
func (s Stock) older(c Count) bool {
	return slices.ContainsFunc(s.Counts, func(have Count) bool {
		return (have.Tier == c.Tier || have.Tier == "" || c.Tier == "") && !c.newer(have)
	})
}

// Total is a stock in one sum.
type Total struct {
	Remaining, Held int64
	At              int64 // unix ms by the store's clock: when anything of it was last told
}

// Total sums up what counts for an event with these tiers. It is not known while
// one of them was never told.
func (s Stock) Total(tiers []event.Tier) (t Total, known bool) {
	if len(s.Counts) == 1 && s.Counts[0].Tier == "" {
		c := s.Counts[0]
		return Total{c.Remaining, c.Held, c.At}, true
	}
	for _, tier := range tiers {
		i := slices.IndexFunc(s.Counts, func(c Count) bool { return c.Tier == tier.Name })
		if i < 0 {
			return Total{}, false
		}
		c := s.Counts[i]
		t.Remaining, t.Held, t.At = t.Remaining+c.Remaining, t.Held+c.Held, max(t.At, c.At)
	}
	return t, len(tiers) > 0
}
