package page

import (
	"strings"
	"testing"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/pricing"
)

func somePrices() *Prices {
	euros, _ := pricing.ParseCurrency("EUR")
	return &Prices{
		Version: 7, Currency: euros, AllIn: "all fees included", Lock: event.LockTurn,
		Tiers: []TierPrice{
			{Tier: "floor", Title: "Floor", Price: 6000, Range: Span{From: 6000, To: 8000}, Words: "Many people are waiting."},
			{Tier: "balcony", Title: "Balcony", Price: 4500, Range: Span{From: 4500, To: 4500}},
		},
	}
}

// What a fan must find on the page, with and without its script.
func TestThePageShowsPrices(t *testing.T) {
	view := waitingView()
	view.Prices = somePrices()
	view.Place.Prices = map[string]Price{"floor": {Price: 6500, Ceiling: 7000}}
	_, page, _ := show(t, view)
	for _, want := range []string{"all fees included", "65.00 EUR", "70.00 EUR", "45.00 EUR", "Many people are waiting."} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if _, page, _ := show(t, waitingView()); strings.Contains(page, "prices-title") {
		t.Error("a page of an event without prices speaks of prices")
	}
}
