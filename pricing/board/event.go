package board

import (
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/stock"
)

// Event is what prices need to know of an event.
type Event struct {
	ID    string
	Start time.Time // event_start_time; zero: always on
	// Opens is when demand begins to move prices; until then the opening prices
	// stand. Zero: at once, as for a shop that sells before the start.
	Opens time.Time
	Tiers []string // by name
}

// Priced are those of the events that can have prices: the ones with tiers.
func Priced(events []event.Event) []Event {
	var priced []Event
	for _, e := range events {
		if len(e.Tiers) == 0 {
			continue
		}
		one := Event{ID: e.ID, Start: e.Room.EventStartTime.Time, Opens: e.Room.EventStartTime.Time, Tiers: e.TierNames()}
		if e.Room.BeforeStart == event.StartPassthrough {
			one.Opens = time.Time{}
		}
		priced = append(priced, one)
	}
	return priced
}

// Stocks is what a shop's counts tell of each tier: what is left and held, and what is
// sold where the event says how many there are. A count of no tier is that of the only
// one.
func Stocks(e event.Event, counts []stock.Count) map[string]pricing.Stock {
	all := map[string]int64{}
	for _, t := range e.Tiers {
		all[t.Name] = int64(t.Tickets)
	}
	stocks := map[string]pricing.Stock{}
	for _, c := range counts {
		if c.Tier == "" && len(e.Tiers) == 1 {
			c.Tier = e.Tiers[0].Name
		}
		one := pricing.Stock{Held: pricing.Count(c.Held), Remaining: pricing.Count(c.Remaining)}
		if all[c.Tier] > 0 {
			one.Sold = pricing.Count(all[c.Tier] - c.Held - c.Remaining) // more than there are: not known
		}
		stocks[c.Tier] = one
	}
	return stocks
}
