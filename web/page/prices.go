package page

import (
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/pricing"
)

// Prices is what the page shows of an event's prices. Its fields are those of the
// answer that the script asks for later.
type Prices struct {
	Version  uint32           `json:"version"`
	Currency pricing.Currency `json:"currency"`
	Tiers    []TierPrice      `json:"tiers"`
	AllIn    string           `json:"-"` // what the prices include
	Lock     event.PriceLock  `json:"-"`
}

// TierPrice is one tier's. Amounts are minor units.
type TierPrice struct {
	Tier   string         `json:"tier"`
	Title  string         `json:"title"`
	Price  int64          `json:"price"`
	Range  Span           `json:"range"`
	Reason pricing.Reason `json:"reason"`
	Words  string         `json:"words"` // the reason, for fans
}

// Span is how far the rules can take a price.
type Span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// priceWords are what the page says of prices.
type priceWords struct {
	Title string                     `json:"title"`
	Range string                     `json:"range"`
	Fixed string                     `json:"fixed"`
	Gone  string                     `json:"gone"`
	Back  string                     `json:"back"`
	Moved string                     `json:"moved"`
	Lock  map[event.PriceLock]string `json:"lock"`
}

func (w priceWords) forScript() map[string]string {
	return map[string]string{"range": w.Range, "fixed": w.Fixed, "gone": w.Gone, "back": w.Back, "moved": w.Moved}
}

// pricesScript is what the script of prices starts from.
type pricesScript struct {
	Script string            `json:"script"`
	Words  map[string]string `json:"words"`
	Prices
}

// pricesModel is the part of the page with prices as the template reads it.
type pricesModel struct {
	Title, AllIn, Lock string
	Stylesheet         string
	Tiers              []tierModel
}

type tierModel struct{ Tier, Title, Price, Range, Why string }

// newPricesModel writes prices out. mine are those of the visitor's place, where
// they are known: what it holds a price to is what is shown. The twin is values in
// static/prices.js.
func newPricesModel(w priceWords, all Prices, mine map[string]Price) *pricesModel {
	m := &pricesModel{Title: w.Title, AllIn: all.AllIn, Lock: w.Lock[all.Lock]}
	for _, t := range all.Tiers {
		price, most := t.Price, t.Range.To
		if own, ok := mine[t.Tier]; ok {
			price, most = own.Price, own.Ceiling
		}
		text := all.Currency.Text
		row := tierModel{Tier: t.Tier, Title: t.Title, Price: text(price), Why: t.Words, Range: w.Fixed}
		if t.Range.From != t.Range.To || most != price {
			row.Range = fill(w.Range, "from", text(t.Range.From), "to", text(t.Range.To), "most", text(most))
		}
		m.Tiers = append(m.Tiers, row)
	}
	return m
}

// LockWords say in a language what a lock promises.
func (p *Pages) LockWords(language string, lock event.PriceLock) string {
	return p.speak(language).words.Prices.Lock[lock]
}
