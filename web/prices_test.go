package web

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/pricing/board"
	"github.com/bilten/rushgate/web/page"
)

// market is a real board over a store that can fall asleep.
type market struct {
	*board.Keeper
	waiting atomic.Int64 // what the rules are told
}

func (h *house) openMarket(log *slog.Logger) *market {
	m, keeper := &market{}, h.keeper
	m.Keeper = board.New(board.Config{
		Store: accord.NewMemory(h.now), Log: log,
		Events: func() []board.Event {
			var priced []board.Event
			for _, served := range keeper.Events() {
				e := board.Event{ID: served.ID}
				for _, tier := range served.Tiers {
					e.Tiers = append(e.Tiers, tier.Name)
				}
				if len(e.Tiers) > 0 {
					priced = append(priced, e)
				}
			}
			return priced
		},
		Inputs: func(string) pricing.Inputs {
			return pricing.Inputs{
				Waiting: pricing.Count(m.waiting.Load()), Active: pricing.Count(0),
				Tiers: map[string]pricing.Stock{"floor": {Held: pricing.Count(0), Remaining: pricing.Count(100)}},
			}
		},
	})
	return m
}

// rules of which the price follows who waits, up to so many cents.
func rules(base, top string) string {
	return `
event: hamlet
currency: EUR
all_in: all fees included
period: 10s
tiers:
  - name: floor
    title: Floor
    base: ` + base + `
    floor: 50.00
    cap: ` + top + `
    demand: {input: demand_ratio, curve: [{at: 0, multiplier: 1}, {at: 1, multiplier: 1.5}]}
`
}

// publish brings rules into force, and what they say now onto the board.
func (h *house) publish(document string, waiting int64) {
	h.t.Helper()
	by := pricing.Act{By: "test", Why: "a test"}
	h.market.waiting.Store(waiting)
	version, err := h.market.Draft(h.t.Context(), "hamlet", document, by)
	if err == nil {
		err = h.market.Approve(h.t.Context(), "hamlet", version, "a test", by)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.market.Round(h.t.Context())
}

const pricedEvent = `{"tiers":[{"name":"floor","title":"Floor"}],"room":{"queue_all":true,"total_active_users":10,"turn_ttl":"10s","price_lock":"turn"}}`

// charged are the prices in the admission that the shop was handed last.
func (h *house) charged() map[string]int64 {
	h.t.Helper()
	requests := h.shop.requests()
	return h.verify(requests[len(requests)-1].Header.Get(admissionHeader)).Prices
}

func TestNobodyIsChargedMoreThanTheyWereShown(t *testing.T) {
	for _, row := range []struct {
		says        string
		lock        string
		first, then string // rules
		before, now int64  // who waits, of a hundred tickets
		shown, most int64  // on joining, in cents
		pays        int64
	}{
		{"a price that rises within its range is the price of the turn", "turn", rules("60.00", "80.00"), rules("60.00", "80.00"), 0, 1000, 6000, 8000, 8000},
		{"new rules can go beyond the range, but not for who was shown it", "turn", rules("60.00", "80.00"), rules("60.00", "200.00"), 0, 1000, 6000, 8000, 8000},
		{"where the lock is the price, a rise is for those who come later", "join", rules("60.00", "80.00"), rules("60.00", "80.00"), 0, 1000, 6000, 6000, 6000},
		{"a lower price is for everybody", "join", rules("70.00", "80.00"), rules("55.00", "80.00"), 0, 0, 7000, 7000, 5500},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			h := openHouse(t, strings.Replace(pricedEvent, `"turn"}`, `"`+row.lock+`"}`, 1))
			h.publish(row.first, row.before)
			f := h.browser()
			_, p := f.call("join")
			equal(t, "the price on joining", p.Prices["floor"], page.Price{Price: row.shown, Ceiling: row.most})

			h.pass(12 * time.Second) // the period of the rules
			h.publish(row.then, row.now)
			h.pass(30 * time.Second) // no turn reaches back to the old price
			_, p = f.call("status")
			equal(t, "the ceiling after the change", p.Prices["floor"].Ceiling, row.most)
			equal(t, "the price after the change", p.Prices["floor"].Price, row.pays)

			h.change(`{"room":{"queue_all":false}}`)
			h.until("the turn has come", func() bool { return f.get("/buy/seats").StatusCode == http.StatusOK })
			equal(t, "what the shop is told to charge", h.charged()["floor"], row.pays)

			h.publish(rules("50.00", "500.00"), 1000)
			f.get("/buy/seats").want(t, "inside", http.StatusOK)
			equal(t, "what it is told later in the session", h.charged()["floor"], row.pays)
		})
	}
}

// set sets the price of the floor by hand.
func (h *house) set(cents int64) {
	h.t.Helper()
	if err := h.market.Set(h.t.Context(), "hamlet", "floor", cents, pricing.Act{By: "test", Why: "a test"}); err != nil {
		h.t.Fatal(err)
	}
}

func TestAPlaceFromBeforeThePricesIsHeldToWhatItIsShown(t *testing.T) {
	h := openHouse(t, pricedEvent)
	f := h.browser()
	_, p := f.call("join")
	equal(t, "prices before there are any", len(p.Prices), 0)

	h.publish(rules("60.00", "80.00"), 0)
	_, p = f.call("status")
	equal(t, "what is shown first", p.Prices["floor"], page.Price{Price: 6000, Ceiling: 8000})
	h.publish(rules("60.00", "200.00"), 0)
	h.set(15000)
	h.pass(30 * time.Second) // no turn reaches back to the old price
	_, p = f.call("status")
	equal(t, "what is shown when it has risen", p.Prices["floor"], page.Price{Price: 8000, Ceiling: 8000})

	h.change(`{"room":{"queue_all":false}}`)
	h.until("the turn has come", func() bool { return f.get("/buy/seats").StatusCode == http.StatusOK })
	equal(t, "what the shop is told to charge", h.charged()["floor"], 8000)
}

func TestATurnShowsThePriceThatItHolds(t *testing.T) {
	h := openHouse(t, pricedEvent)
	h.publish(rules("60.00", "80.00"), 0)
	f := h.browser()
	f.call("join")
	h.change(`{"room":{"queue_all":false}}`)
	h.until("the turn has come", func() bool { _, p := f.call("status"); return p.State == page.StateTurn })
	h.set(7500)
	_, p := f.call("status")
	equal(t, "what is shown when it has risen since", p.Prices["floor"], page.Price{Price: 6000, Ceiling: 8000})
	f.get("/buy/seats").want(t, "in", http.StatusOK)
	equal(t, "what the shop is told to charge", h.charged()["floor"], 6000)
}

func TestWhoComesStraightInPaysThePriceOfNow(t *testing.T) {
	h := openHouse(t, `{"tiers":[{"name":"floor","title":"Floor"}]}`)
	h.publish(rules("60.00", "80.00"), 0)
	h.browser().get("/buy/seats").want(t, "straight in", http.StatusOK)
	equal(t, "what the shop is told to charge", h.charged()["floor"], 6000)
}

func TestAnEventWithoutPricesHasNoneAnywhere(t *testing.T) {
	h := openHouse(t, "")
	f := h.browser()
	f.get("/buy/seats").want(t, "straight in", http.StatusOK)
	if got := h.charged(); got != nil {
		t.Errorf("prices = %v; want none", got)
	}
	f.get("/_rushgate/hamlet/prices").want(t, "prices", http.StatusNotFound)
}

func TestPricesAreForEverybodyAndForCaches(t *testing.T) {
	h := openHouse(t, pricedEvent)
	h.publish(rules("60.00", "80.00"), 0)
	r := h.browser().get("/_rushgate/hamlet/prices").want(t, "prices", http.StatusOK)
	var told Offers
	if err := json.Unmarshal([]byte(r.body), &told); err != nil {
		t.Fatal(err)
	}
	if r.Header.Get("Cache-Control") != "public, max-age=2" || len(r.Cookies()) > 0 {
		t.Errorf("headers %v; want two seconds in caches, and no cookie", r.Header)
	}
	if len(told.Tiers) != 1 || told.Tiers[0].Price != 6000 || told.Tiers[0].Range != (page.Span{From: 6000, To: 8000}) || told.Tiers[0].Words == "" || told.AllIn == "" || told.LockWords == "" {
		t.Errorf("prices = %+v; want 60.00, up to 80.00, why, what is included and what is promised", told)
	}
	h.browser().get("/_rushgate/hamlet/prices", "If-None-Match", r.Header.Get("ETag")).want(t, "again", http.StatusNotModified)
}
