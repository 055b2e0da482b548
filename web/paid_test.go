package web

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bilten/rushgate/admission/verify"
	ticketshop "github.com/bilten/rushgate/shop"
)

// buyer is a fan, and what the fan was shown.
type buyer struct {
	*fan
	ceiling, atTurn int64 // cents
}

var (
	orderPath = regexp.MustCompile(`/orders/(\w+)`)
	reference = regexp.MustCompile(`name="reference" value="(\w+)"`)
	total     = regexp.MustCompile(`€(\d+)\.(\d\d) of pretend money`)
)

// hold takes one seat on the floor.
func (b *buyer) hold(t *testing.T) (checkout string) {
	t.Helper()
	b.post("/events/42/buy/hold", "tier=0&seats=1").want(t, "a seat", http.StatusSeeOther)
	return b.get("/events/42/buy/checkout").want(t, "the checkout", http.StatusOK).body
}

// pay buys what is held and returns what it cost, in cents.
func (b *buyer) pay(t *testing.T, checkout string) int64 {
	t.Helper()
	r := b.post("/events/42/buy/pay", "reference="+reference.FindStringSubmatch(checkout)[1])
	r.want(t, "the payment", http.StatusSeeOther)
	if !orderPath.MatchString(r.Header.Get("Location")) {
		t.Fatalf("paid and sent to %q; want an order", r.Header.Get("Location"))
	}
	order := b.get(r.Header.Get("Location")).want(t, "the order", http.StatusOK).body
	found := total.FindStringSubmatch(order)
	if found == nil {
		t.Fatalf("the order names no price: %s", order)
	}
	cents, err := strconv.ParseInt(found[1]+found[2], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return cents
}

func (b *buyer) post(path, form string) reply {
	b.h.t.Helper()
	return b.do(http.MethodPost, path, form, "Content-Type", "application/x-www-form-urlencoded", "Origin", "http://tickets.example")
}

// sell puts the real shop behind the gateway.
func (h *house) sell() {
	h.t.Helper()
	guard, err := verify.New(verify.Options{Issuer: "rushgate", Organization: "globe", Event: "hamlet", JWKS: h.url + "/.well-known/jwks.json", Now: h.now})
	if err != nil {
		h.t.Fatal(err)
	}
	s := ticketshop.New(ticketshop.Options{
		Tiers: []ticketshop.Tier{{Name: "floor", Title: "Floor", Seats: 5000, Cents: 999_00}}, Guard: guard.Handler, ByTier: true, Now: h.now,
	})
	h.shop.answers(s.ServeHTTP)
}

// each does something for so many at once, a few side by side.
func each(buyers []*buyer, do func(i int, b *buyer)) {
	var all sync.WaitGroup
	next := make(chan int, len(buyers)) // who fails leaves, and must not be waited for
	for i := range buyers {
		next <- i
	}
	close(next)
	for range 8 {
		all.Go(func() {
			for i := range next {
				do(i, buyers[i])
			}
		})
	}
	all.Wait()
}

const onsale = `{"tiers":[{"name":"floor","title":"Floor"}],
	"routes":[{"host":"tickets.example","path":"/events/42/buy/**"},{"host":"tickets.example","path":"/events/42/buy/pay","action":"commit"}],
	"room":{"total_active_users":3000,"turn_ttl":"1m","session_duration":"10m","price_lock":"LOCK"}}`

// The rules change while a thousand wait and a hundred are in checkout.
func TestNobodyPaysMoreThanTheyWereShown(t *testing.T) {
	for _, row := range []struct {
		says   string
		lock   string
		inside int64 // what those in checkout pay
		most   int64 // what a place holds its price to
	}{
		{"a place holds the range", "turn", 6000, 8000},
		{"a place holds the price", "join", 6000, 6000},
	} {
		t.Run(row.says, func(t *testing.T) {
			h := openHouse(t, regexp.MustCompile("LOCK").ReplaceAllString(onsale, row.lock))
			h.sell()
			h.publish(rules("60.00", "80.00"), 0)
			crowd := make([]*buyer, 1100)
			for i := range crowd {
				crowd[i] = &buyer{fan: h.browser()}
				crowd[i].head.Set("X-Forwarded-For", fmt.Sprintf("203.0.%d.%d", i/250, i%250))
			}
			inside, waiting := crowd[:100], crowd[100:]

			checkouts := make([]string, len(inside))
			each(inside, func(i int, b *buyer) {
				b.get("/events/42/buy").want(t, "straight in", http.StatusOK)
				checkouts[i] = b.hold(t)
			})
			h.change(`{"room":{"queue_all":true}}`)
			each(waiting, func(_ int, b *buyer) {
				_, p := b.call("join")
				b.ceiling = p.Prices["floor"].Ceiling
			})

			h.pass(12 * time.Second)
			h.publish(rules("70.00", "200.00"), 1_000_000)
			h.pass(150 * time.Second) // more than twice a turn: nobody is owed the old price as the lowest of theirs
			each(inside, func(i int, b *buyer) {
				if paid := b.pay(t, checkouts[i]); paid != row.inside {
					t.Errorf("in checkout when the rules changed: paid %d; want %d, as shown", paid, row.inside)
				}
			})
			h.change(`{"room":{"queue_all":false}}`)
			each(waiting, func(i int, b *buyer) {
				b.goesIn(func() {
					_, p := b.call("status")
					b.atTurn = p.Prices["floor"].Price
				})
				paid := b.pay(t, b.hold(t))
				if b.ceiling != row.most || paid > b.ceiling || paid > b.atTurn || paid < row.most {
					t.Errorf("visitor %d paid %d; shown on joining: at most %d, at the turn %d; want %d", i, paid, b.ceiling, b.atTurn, row.most)
				}
			})
			late := &buyer{fan: h.browser()}
			late.goesIn(func() {})
			if paid := late.pay(t, late.hold(t)); paid <= row.most {
				t.Errorf("who came after the change paid %d; want more than %d: the new rules are for them", paid, row.most)
			}
		})
	}
}

// goesIn asks for the shop until its door opens: both sides of it answer 200.
func (b *buyer) goesIn(asks func()) {
	b.h.t.Helper()
	b.h.until("the door opens", func() bool {
		asks()
		return b.get("/events/42/buy").StatusCode == http.StatusOK && strings.Contains(cookies(b.fan), "rg_adm_hamlet=")
	})
}
