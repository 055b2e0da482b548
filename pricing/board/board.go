package board

import (
	"slices"
	"time"

	"github.com/bilten/rushgate/pricing"
)

// maxHistory is how many changes a board tells.
const maxHistory = 50

// Board is one event's prices as this gateway knows them. It never changes; a
// newer one takes its place. Its JSON is for everybody.
type Board struct {
	Event    string           `json:"event"`
	Currency pricing.Currency `json:"currency"`
	AllIn    string           `json:"all_in"`  // what the prices include
	Version  uint32           `json:"version"` // goes into the pass of who is shown it
	At       time.Time        `json:"at"`      // when it was published
	Frozen   bool             `json:"frozen"`
	Tiers    []Tier           `json:"tiers"` // in the order of the rules
	History  []Change         `json:"history"`

	published versions
}

// Tier is what a fan is shown of one tier. Amounts are minor units.
type Tier struct {
	Name   string         `json:"name"`
	Title  string         `json:"title"`
	Price  int64          `json:"price"`
	Text   string         `json:"text"` // the price as people write it: "89.00 EUR"
	Range  pricing.Range  `json:"range"`
	Reason pricing.Reason `json:"reason"`
	Words  string         `json:"words"` // the reason, for fans
	Since  time.Time      `json:"since"` // when this price was published
}

// Change is one tier's price at the time it was published; the newest come first.
type Change struct {
	At    time.Time `json:"at"`
	Tier  string    `json:"tier"`
	Price int64     `json:"price"`
	Words string    `json:"words"`
}

// newBoard is nil if nothing has been published.
func newBoard(id string, b book, e *pricing.Engine) *Board {
	last, some := b.Published.last()
	if !some || e == nil {
		return nil
	}
	made := &Board{
		Event: id, Currency: e.Currency(), AllIn: e.Rules().AllIn, Version: last.Number, At: last.At,
		Frozen: b.State.Frozen != nil, History: b.Published.history(), published: b.Published,
	}
	for _, t := range e.Rules().Tiers {
		offer, ok := last.Sheet.offer(t.Name)
		if !ok {
			continue
		}
		was := b.State.Tiers[t.Name]
		tier := Tier{
			Name: t.Name, Title: t.Title, Price: offer.Price, Text: e.Currency().Text(offer.Price), Range: offer.Range,
			Reason: was.Reason, Words: was.Words, Since: was.Changed,
		}
		if now := b.Reasons[t.Name]; telling(now) {
			tier.Reason, tier.Words = now, now.Words()
		}
		made.Tiers = append(made.Tiers, tier)
	}
	return made
}

// telling is a reason that says more to a fan than why the price changed last.
func telling(r pricing.Reason) bool {
	return slices.Contains([]pricing.Reason{pricing.Frozen, pricing.Overridden, pricing.SoldOut, pricing.UnknownInputs, pricing.ConditionFailed,
		pricing.AtCap, pricing.AtFloor}, r)
}

func (v versions) history() []Change {
	changes := []Change{}
	for _, one := range slices.Backward(v.List) {
		for _, tier := range sorted(one.Words) {
			changes = append(changes, Change{At: one.At, Tier: tier, Price: one.Sheet[tier][0], Words: one.Words[tier]})
		}
		if len(changes) >= maxHistory {
			break
		}
	}
	return changes[:min(len(changes), maxHistory)]
}

// Claim is what a visitor's prices hang on.
type Claim struct {
	Lock pricing.Lock
	// Joined is the version that was shown on joining, from the pass; 0: there were
	// no prices yet, so nothing was promised.
	Joined uint32
	// Turn is when the turn began, or the earliest that it can have; what was
	// published then and since may have been shown with it. Zero: it begins now.
	Turn time.Time
}

// Charge is what the visitor pays for each tier, in minor units: the lowest that
// was published from the beginning of the turn until now, and never above the
// ceiling of what was shown on joining. Ask once for a turn and keep the answer
// for its session.
//
// exact is false if this gateway has never seen the version that was shown: it is
// behind, and Keeper.Refresh helps, or all have lost it, and then the prices are
// the lowest that it can have promised.
func (b *Board) Charge(c Claim) (prices map[string]int64, exact bool) {
	turn := sheet(nil)
	if !c.Turn.IsZero() {
		turn = b.published.since(c.Turn)
	}
	shown := sheet(nil)
	if exact = true; c.Joined != 0 {
		shown, exact = b.shown(c.Joined)
	}
	prices = make(map[string]int64, len(b.Tiers))
	for _, t := range b.Tiers {
		price := t.Price
		if offer, ok := turn.offer(t.Name); ok {
			price = min(price, offer.Price)
		}
		if offer, ok := shown.offer(t.Name); ok {
			price = c.Lock.Charge(offer, price)
		}
		prices[t.Name] = price
	}
	return prices, exact
}

// shown is what somebody saw who has this version. Of a tier that came later it is
// what was shown of it first.
func (b *Board) shown(version uint32) (s sheet, exact bool) {
	s, exact = b.published.shown(version)
	for _, t := range b.Tiers {
		if _, ok := s[t.Name]; !ok {
			s = s.least(b.published.first(t.Name, version))
		}
	}
	return s, exact
}

// Shown is what somebody saw who has this version: a price and a range for each
// tier. exact is as in Charge.
func (b *Board) Shown(version uint32) (offers map[string]pricing.Offer, exact bool) {
	sheet, exact := b.shown(version)
	offers = make(map[string]pricing.Offer, len(sheet))
	for tier := range sheet {
		offers[tier], _ = sheet.offer(tier)
	}
	return offers, exact
}
