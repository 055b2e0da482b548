package board

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/bilten/rushgate/pricing"
)

// book is the record of one event, which all gateways share. Its functions are
// pure: a book, what is to happen and the store's time in; the book as it is then,
// and the entries of the ledger, out.
type book struct {
	Rules     *Rules                    `json:"rules,omitempty"` // in force
	Draft     *Rules                    `json:"draft,omitempty"`
	Numbered  int                       `json:"numbered"`        // the last version of rules
	Acted     time.Time                 `json:"acted"`           // when somebody last did something by hand
	Filed     string                    `json:"filed,omitempty"` // SHA-256 of what a file declared last
	State     pricing.State             `json:"state"`
	Looked    time.Time                 `json:"looked"` // the period that was last looked at
	Reasons   map[string]pricing.Reason `json:"reasons,omitempty"`
	Published versions                  `json:"published"`
}

// Rules are one version of an event's rules. Once in force they never change.
type Rules struct {
	Version  int          `json:"version"`
	Document string       `json:"document"`
	Drafted  pricing.Act  `json:"drafted"`
	Approved *pricing.Act `json:"approved,omitempty"`
	Waived   string       `json:"waived,omitempty"`
	// Missed is why the notice is not kept any more, as the ledger has it.
	Missed string `json:"missed,omitempty"`
}

// missed says why the notice that was given with rules in force is not kept by a
// sale that starts at start. One that was waived was none.
func (r *Rules) missed(start time.Time) string {
	if r.Waived != "" {
		return ""
	}
	return pricing.Missed(r.Approved.At, start)
}

func decode(data []byte) (book, error) {
	var b book
	if len(data) == 0 {
		return b, nil
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return book{}, fmt.Errorf("read the record of prices: %w", err)
	}
	return b, nil
}

// engine makes the one of the rules in force; nil if there are none.
func (b book) engine() (*pricing.Engine, error) {
	if b.Rules == nil {
		return nil, nil
	}
	return compile(b.Rules.Document)
}

func compile(document string) (*pricing.Engine, error) {
	parsed, err := pricing.Parse([]byte(document))
	if err != nil {
		return nil, err
	}
	return pricing.Compile(parsed)
}

// due says that the period in which now lies has not been looked at. Who doesn't
// know what demand is leaves the first half of it to others. A look from beyond the
// next period is one of a clock that has gone back since.
func (b book) due(period time.Duration, knows bool, now time.Time) bool {
	slot := now.Truncate(period)
	return (slot.After(b.Looked) || b.Looked.Sub(slot) > period) && (knows || now.Sub(slot) >= period/2)
}

// noticed notes, once for each start, that the notice is not kept any more: the
// start was moved.
func (b book) noticed(start, now time.Time) (book, []Entry) {
	why := b.Rules.missed(start)
	if why == "" || why == b.Rules.Missed {
		return b, nil
	}
	rules := *b.Rules
	rules.Missed, b.Rules = why, &rules
	return b, []Entry{{Kind: Missed, At: now, By: TheRules, Why: why, Rules: rules.Version}}
}

// look lets the rules price once. Nobody else does so for this period.
func (b book) look(e *pricing.Engine, in pricing.Inputs, now time.Time) (book, []Entry) {
	quotes, next := e.Price(in, b.State, now)
	before := b.Reasons
	b.State, b.Looked = next, now.Truncate(time.Duration(e.Rules().Period))
	b.Reasons = make(map[string]pricing.Reason, len(quotes))
	lost := false
	for _, q := range quotes {
		b.Reasons[q.Tier] = q.Reason
		lost = lost || blind(q.Reason) && before[q.Tier] != q.Reason
	}
	entry := Entry{Kind: Kept, At: now, By: TheRules, Rules: b.Rules.Version, Currency: e.Currency(), Inputs: &in, Quotes: quotes}
	b, published := b.publish(e, quotes, now)
	switch {
	case published:
		last, _ := b.Published.last()
		entry.Kind, entry.Version = Published, last.Number
		return b, []Entry{entry}
	case lost:
		return b, []Entry{entry}
	}
	return b, nil
}

func blind(r pricing.Reason) bool {
	return r == pricing.UnknownInputs || r == pricing.ConditionFailed
}

// publish makes a version if prices or ranges are others than before.
func (b book) publish(e *pricing.Engine, quotes []pricing.Quote, now time.Time) (book, bool) {
	sheet := newSheet(e.Offers(b.State))
	if last, some := b.Published.last(); some && maps.Equal(last.Sheet, sheet) {
		return b, false
	}
	one := version{Number: b.Published.next(now), At: now, Sheet: sheet, Words: map[string]string{}}
	for _, q := range quotes {
		if q.Changed() {
			one.Words[q.Tier] = q.Words
		}
	}
	b.Published = b.Published.add(one)
	return b, true
}

// settle publishes what an act by hand changes at once: the opening of new tiers,
// a price that was set, one that new rules have no room for. Demand moves nothing
// before its next look.
func (b book) settle(e *pricing.Engine, act pricing.Act) (book, []Entry) {
	quotes, next := e.Price(pricing.Inputs{}, b.State, act.At)
	state := pricing.State{Tiers: maps.Clone(next.Tiers), Frozen: next.Frozen}
	b.Reasons = maps.Clone(b.Reasons)
	if b.Reasons == nil {
		b.Reasons = map[string]pricing.Reason{}
	}
	var changed []pricing.Quote
	for _, q := range quotes {
		if !q.Changed() && q.Reason != pricing.Frozen && q.Reason != pricing.Overridden {
			state.Tiers[q.Tier] = b.State.Tiers[q.Tier]
			if was := b.Reasons[q.Tier]; was == pricing.Frozen || was == pricing.Overridden {
				delete(b.Reasons, q.Tier) // no longer so; the next look will say
			}
			continue
		}
		b.Reasons[q.Tier] = q.Reason
		changed = append(changed, q)
	}
	b.State = state
	b, published := b.publish(e, changed, act.At)
	if !published {
		return b, nil
	}
	last, _ := b.Published.last()
	return b, []Entry{{Kind: Published, At: act.At, By: act.By, Why: act.Why, Rules: b.Rules.Version, Version: last.Number, Currency: e.Currency(), Quotes: changed}}
}

// lost says that a record lacks what a gateway remembers to have been there.
func (b book) lost(remembered book) bool {
	return remembered.Acted.After(b.Acted) || b.Published.lacks(remembered.Published)
}

// mended is the record with what was lost put back: what was last done by hand,
// the prices of the last look, and every version that anybody may have seen.
func (b book) mended(remembered book, now time.Time) (book, []Entry) {
	whole, other := b, remembered
	if remembered.Acted.After(b.Acted) {
		whole, other = remembered, b
	}
	switch {
	case len(whole.State.Tiers) == 0:
		whole.State, whole.Looked, whole.Reasons = other.State, other.Looked, other.Reasons
	case other.Looked.After(whole.Looked):
		whole = whole.withPricesOf(other)
	}
	whole = whole.withRulesOf(other)
	whole.Published = b.Published.merged(remembered.Published)
	if last, some := whole.Published.last(); some {
		whole = whole.withSheet(last)
	}
	entry := Entry{Kind: Restored, At: now, By: TheRules, Why: "the store had lost what gateways remember"}
	if whole.Rules != nil {
		entry.Rules = whole.Rules.Version
	}
	return whole, []Entry{entry}
}

// withRulesOf takes the rules that came into force last. A draft that was made
// when they were lost gets a number of its own.
func (b book) withRulesOf(other book) book {
	if other.Rules != nil && (b.Rules == nil || other.Rules.Approved.At.After(b.Rules.Approved.At)) {
		b.Rules = other.Rules
	}
	taken := max(b.Numbered, other.Numbered)
	if b.Draft != nil && b.Rules != nil && b.Draft.Version <= b.Rules.Version {
		renumbered := *b.Draft
		taken++
		renumbered.Version = taken
		b.Draft = &renumbered
	}
	b.Numbered = taken
	return b
}

func (b book) withPricesOf(other book) book {
	tiers := maps.Clone(b.State.Tiers)
	for name, was := range other.State.Tiers {
		if mine, ok := tiers[name]; ok {
			was.Override = mine.Override
			tiers[name] = was
		}
	}
	b.State.Tiers, b.Looked, b.Reasons = tiers, other.Looked, other.Reasons
	return b
}

// withSheet takes the prices that were published last for the ones in force.
func (b book) withSheet(last version) book {
	tiers := maps.Clone(b.State.Tiers)
	for name, was := range tiers {
		if row, ok := last.Sheet[name]; ok && row[0] != was.Price {
			was.Price, was.Changed = row[0], last.At
			tiers[name] = was
		}
	}
	b.State.Tiers = tiers
	return b
}
