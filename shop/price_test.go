package shop_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/admission/verify"
	"github.com/bilten/rushgate/shop"
)

// counter is a shop behind a guard, and the gateway's keys.
type counter struct {
	browser
	keys *admission.Keys
	now  func() time.Time
}

func openCounter(t *testing.T) counter {
	t.Helper()
	keys, err := admission.Ephemeral("rushgate")
	if err != nil {
		t.Fatal(err)
	}
	public, err := admission.ParseJWKS(keys.JWKS())
	if err != nil {
		t.Fatal(err)
	}
	now := newClock().now
	guard, err := verify.New(verify.Options{
		Issuer: "rushgate", Organization: "quay", Event: "harbour-lights", Keys: public, Logger: slog.New(slog.DiscardHandler), Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return counter{newBrowser(t, start(t, shop.Options{Guard: guard.Handler, Now: now})), keys, now}
}

// with asks the shop as a visitor whose admission names these prices.
func (c counter) with(prices map[string]int64, method, path string, form url.Values) page {
	c.t.Helper()
	token, err := c.keys.Sign(admission.Admission{
		Event: "harbour-lights", Organization: "quay", Visitor: admission.Visitor{1}, Line: "general", Number: 7,
		Generation: 0xfeed, Session: 17, IssuedAt: c.now().UnixMilli(), Ends: c.now().Add(time.Minute).UnixMilli(), Prices: prices,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set(verify.Header, token)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.answer(c.client.Do(request))
}

func TestTheShopChargesWhatTheAdmissionPromises(t *testing.T) {
	tests := []struct {
		name   string
		prices map[string]int64
		tier   string
		each   string
		total  string // of two seats
		yours  bool
	}{
		{"without promised prices its own price stands", nil, "0", "€68.00", "€136.00", false},
		{"a promised price below its own is charged", map[string]int64{"floor": 61_50}, "0", "€61.50", "€123.00", true},
		{"so is one above it", map[string]int64{"floor": 79_00, "balcony": 52_00}, "0", "€79.00", "€158.00", true},
		{"each tier has its own", map[string]int64{"floor": 79_00, "balcony": 52_00}, "1", "€52.00", "€104.00", true},
		{"a tier that is not among them has the shop's price", map[string]int64{"floor": 79_00}, "1", "€45.00", "€90.00", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := openCounter(t)
			choose := c.with(test.prices, http.MethodGet, "/events/42/buy", nil)
			forms := strings.SplitAfter(choose.body, "</form>")
			mine := forms[test.tier[0]-'0']
			if !strings.Contains(mine, test.each) || strings.Contains(mine, "your price, fixed for this visit") != test.yours {
				t.Errorf("the visitor chooses at\n%s\nwant %s, as their own price: %v", mine, test.each, test.yours)
			}
			wantStatus(t, c.with(test.prices, http.MethodPost, "/events/42/buy/hold", choice(test.tier, "2")), http.StatusSeeOther)
			checkout := c.with(test.prices, http.MethodGet, "/events/42/buy/checkout", nil)
			if !strings.Contains(checkout.body, "Pay "+test.total) {
				t.Errorf("the checkout lacks %s:\n%s", test.total, checkout.body)
			}
			reference := referenceField.FindStringSubmatch(checkout.body)[1]
			wantStatus(t, c.with(test.prices, http.MethodPost, "/events/42/buy/pay", payment(reference)), http.StatusSeeOther)
			if order := c.get("/orders/" + reference); !strings.Contains(order.body, test.total) {
				t.Errorf("the order lacks %s:\n%s", test.total, order.body)
			}
		})
	}
}

// A second admission, of another window or a later turn, may name other prices.
func TestAPriceIsFixedAtTheHold(t *testing.T) {
	c := openCounter(t)
	held, later := map[string]int64{"floor": 70_00}, map[string]int64{"floor": 90_00}
	wantStatus(t, c.with(held, http.MethodPost, "/events/42/buy/hold", choice("0", "1")), http.StatusSeeOther)
	checkout := c.with(later, http.MethodGet, "/events/42/buy/checkout", nil)
	if !strings.Contains(checkout.body, "Pay €70.00") {
		t.Fatalf("the checkout lacks the price of the hold, €70.00:\n%s", checkout.body)
	}
	reference := referenceField.FindStringSubmatch(checkout.body)[1]
	wantStatus(t, c.with(later, http.MethodPost, "/events/42/buy/pay", payment(reference)), http.StatusSeeOther)
	if order := c.get("/orders/" + reference); !strings.Contains(order.body, "€70.00") {
		t.Errorf("the order lacks the price of the hold, €70.00:\n%s", order.body)
	}
}

func TestWhatIsLeftIsToldByTierWhereTheEventHasTiers(t *testing.T) {
	b := newBrowser(t, start(t, shop.Options{ByTier: true, Now: newClock().now}))
	b.post("/events/42/buy/hold", choice("1", "3"))
	response, err := b.client.Get(b.base + "/events/42/buy")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	said := response.Header.Get("Rushgate-Inventory")
	if !strings.HasPrefix(said, "floor=120;held=0;seq=") || !strings.Contains(said, ", balcony=77;held=3;seq=") {
		t.Errorf("Rushgate-Inventory: %q; want floor=120;held=0 and balcony=77;held=3", said)
	}
}
