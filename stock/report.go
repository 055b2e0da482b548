package stock

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/dunglas/httpsfv"

	"github.com/bilten/rushgate/event"
)

// Header is the response header in which a shop tells its stock.
const Header = "Rushgate-Inventory"

const (
	maxHeader = 2 << 10 // bytes: more than MaxTiers tiers need
	maxSeq    = 999_999_999_999_999
)

// Report is what was told at once, of one or more tiers or of the whole event.
type Report struct {
	Counts []Count
}

// Heard is r with the moment at which it was heard, unix ms by the store's clock.
func (r Report) Heard(at int64) Report {
	counts := slices.Clone(r.Counts)
	for i := range counts {
		counts[i].At = at
	}
	return Report{counts}
}

// NotAfter is r with nothing heard later than now, unix ms: a gateway whose clock
// is ahead must not outdo what others hear later.
func (r Report) NotAfter(now int64) Report {
	counts := slices.Clone(r.Counts)
	for i := range counts {
		counts[i].At = min(counts[i].At, now)
	}
	return Report{counts}
}

// Refusal names why a report was not taken.
type Refusal string

const (
	Malformed   Refusal = "malformed"
	UnknownTier Refusal = "unknown_tier"
	OutOfRange  Refusal = "out_of_range"
)

// Problem is one thing wrong with a report: its Field is one as floor.held.
type Problem struct {
	Refusal Refusal
	event.FieldError
}

func refuse(why Refusal, field, value, want string) *Problem {
	return &Problem{why, event.FieldError{Field: field, Value: value, Reason: want}}
}

// Check names everything for which an event with these tiers cannot take r. The
// error joins one Problem each.
func (r Report) Check(tiers []event.Tier) error {
	var problems []error
	add := func(refusal Refusal, field, value, want string) {
		problems = append(problems, refuse(refusal, field, value, want))
	}
	if len(r.Counts) == 0 {
		add(Malformed, "", "", "nothing is told: want remaining, of the whole event or by tier")
	}
	seen := map[string]bool{}
	for _, c := range r.Counts {
		at := ""
		if c.Tier != "" {
			at = c.Tier + "."
			if !slices.ContainsFunc(tiers, func(t event.Tier) bool { return t.Name == c.Tier }) {
				add(UnknownTier, strconv.Quote(c.Tier), "", "is no tier of the event")
			}
		}
		if seen[c.Tier] || c.Tier == "" && len(r.Counts) > 1 {
			add(Malformed, strconv.Quote(c.Tier), "", "want each tier once, or one count of the whole event")
		}
		seen[c.Tier] = true
		for _, n := range []struct {
			name string
			n    int64
			most int64
		}{{"remaining", c.Remaining, MaxTickets}, {"held", c.Held, MaxTickets}, {"seq", c.Seq, maxSeq}} {
			if n.n < 0 || n.n > n.most {
				add(OutOfRange, at+n.name, strconv.FormatInt(n.n, 10), fmt.Sprintf("want 0 to %d", n.most))
			}
		}
	}
	return errors.Join(problems...)
}

// Why is the first refusal that Parse or Check named.
func Why(err error) Refusal {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Refusal
	}
	return Malformed
}

// Parse reads the lines of Header, which are a structured field (RFC 9651): an
// item for the whole event, or a dictionary by tier, with parameters.
//
//	Rushgate-Inventory: 120
//	Rushgate-Inventory: 120;held=14;seq=1764041234567
//	Rushgate-Inventory: floor=100;held=10, balcony=20;held=4;seq=1764041234567
//
// The number is what is free to take now, held what is in baskets, seq a number
// that grows from one report to the next; a seq with one tier counts for all.
func Parse(lines []string) (Report, error) {
	size := 0
	for _, line := range lines {
		size += len(line)
	}
	if size == 0 || size > maxHeader {
		return Report{}, refuse(Malformed, "", "", fmt.Sprintf("%d bytes: want 1 to %d", size, maxHeader))
	}
	var r Report
	if c := lines[0][0]; '0' <= c && c <= '9' || c == '-' || c == ' ' {
		item, err := httpsfv.UnmarshalItem(lines)
		if err == nil {
			err = r.add("", item)
		}
		return r, malformed(err)
	}
	tiers, err := httpsfv.UnmarshalDictionary(lines)
	if err != nil {
		return Report{}, malformed(err)
	}
	for _, name := range tiers.Names() {
		member, _ := tiers.Get(name)
		if err := r.add(name, member); err != nil {
			return Report{}, err
		}
	}
	seq := int64(0)
	for _, c := range r.Counts {
		seq = max(seq, c.Seq)
	}
	for i := range r.Counts {
		r.Counts[i].Seq = seq
	}
	return r, nil
}

func (r *Report) add(tier string, member httpsfv.Member) error {
	item, ok := member.(httpsfv.Item)
	remaining, whole := item.Value.(int64)
	if !ok || !whole {
		return refuse(Malformed, tier, "", "want a whole number of tickets")
	}
	c := Count{Tier: tier, Remaining: remaining}
	for name, into := range map[string]*int64{"held": &c.Held, "seq": &c.Seq} {
		value, given := item.Params.Get(name)
		if !given {
			continue
		}
		if *into, whole = value.(int64); !whole {
			return refuse(Malformed, tier+";"+name, "", "want a whole number")
		}
	}
	r.Counts = append(r.Counts, c)
	return nil
}

func malformed(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*Problem](err); ok {
		return err
	}
	return refuse(Malformed, "", "", err.Error())
}
