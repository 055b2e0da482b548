package shop_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bilten/rushgate/shop"
)

// browser is one visitor of a shop: it keeps cookies and follows no redirect.
type browser struct {
	t      *testing.T
	base   string
	client *http.Client
}

type page struct {
	status   int
	location string
	command  string // Rushgate-Command
	body     string
}

func newBrowser(t *testing.T, server *httptest.Server) browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return browser{t: t, base: server.URL, client: &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (b browser) get(path string) page { return b.answer(b.client.Get(b.base + path)) }

func (b browser) post(path string, form url.Values) page {
	return b.answer(b.client.PostForm(b.base+path, form))
}

func (b browser) answer(response *http.Response, err error) page {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return page{
		status: response.StatusCode, location: response.Header.Get("Location"),
		command: response.Header.Get("Rushgate-Command"), body: string(body),
	}
}

// clock is moved by hand, while the server reads it.
type clock struct{ unix atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.unix.Store(time.Date(2027, time.March, 1, 9, 0, 0, 0, time.UTC).Unix())
	return c
}

func (c *clock) now() time.Time            { return time.Unix(c.unix.Load(), 0) }
func (c *clock) advance(by time.Duration)  { c.unix.Add(int64(by / time.Second)) }
func choice(tier, seats string) url.Values { return url.Values{"tier": {tier}, "seats": {seats}} }
func payment(reference string) url.Values  { return url.Values{"reference": {reference}} }
func wantStatus(t *testing.T, p page, want int) {
	t.Helper()
	if p.status != want {
		t.Fatalf("status = %d; want %d; page:\n%s", p.status, want, p.body)
	}
}

func start(t *testing.T, o shop.Options) *httptest.Server {
	server := httptest.NewServer(shop.New(o))
	t.Cleanup(server.Close)
	return server
}

var referenceField = regexp.MustCompile(`name="reference" value="([A-Z2-7]{10})"`)

func (b browser) reference() string {
	b.t.Helper()
	checkout := b.get("/events/42/buy/checkout")
	wantStatus(b.t, checkout, http.StatusOK)
	found := referenceField.FindStringSubmatch(checkout.body)
	if found == nil {
		b.t.Fatalf("no order reference on the page:\n%s", checkout.body)
	}
	return found[1]
}

func TestBuying(t *testing.T) {
	b := newBrowser(t, start(t, shop.Options{Now: newClock().now}))

	wantStatus(t, b.get("/"), http.StatusOK)
	wantStatus(t, b.get("/events/42/buy"), http.StatusOK)
	held := b.post("/events/42/buy/hold", choice("0", "2"))
	wantStatus(t, held, http.StatusSeeOther)
	if held.location != "/events/42/buy/checkout" {
		t.Errorf("after the hold: Location = %q; want the checkout", held.location)
	}

	reference := b.reference()
	for click := 1; click <= 2; click++ { // a double click pays once
		paid := b.post("/events/42/buy/pay", payment(reference))
		wantStatus(t, paid, http.StatusSeeOther)
		if paid.location != "/orders/"+reference || paid.command != "complete" {
			t.Errorf("pay = Location %q, Rushgate-Command %q; want the order, complete", paid.location, paid.command)
		}
	}

	notice := strings.NewReader(fmt.Sprintf(`{"reference":%q}`, reference))
	wantStatus(t, b.answer(b.client.Post(b.base+"/webhooks/payment", "application/json", notice)), http.StatusNoContent)
	order := b.get("/orders/" + reference)
	wantStatus(t, order, http.StatusOK)
	if !strings.Contains(order.body, "€136.00") || !strings.Contains(order.body, "has confirmed") {
		t.Errorf("order page lacks price or settlement:\n%s", order.body)
	}
	wantStatus(t, b.get("/events/42/buy/checkout"), http.StatusConflict) // nothing is held any more
	if got := stock(t, b); got[0].Sold != 2 || got[0].Held != 0 {
		t.Errorf("stock = %+v; want 2 sold, 0 held", got[0])
	}
}

func TestRefusals(t *testing.T) {
	b := newBrowser(t, start(t, shop.Options{Tiers: []shop.Tier{{Name: "floor", Seats: 2, Cents: 100}}, Now: newClock().now}))
	tests := []struct {
		name string
		page page
		want int
	}{
		{"a tier that is not sold", b.post("/events/42/buy/hold", choice("7", "1")), http.StatusBadRequest},
		{"a negative tier", b.post("/events/42/buy/hold", choice("-1", "1")), http.StatusBadRequest},
		{"no seats", b.post("/events/42/buy/hold", choice("0", "0")), http.StatusBadRequest},
		{"more than one may buy", b.post("/events/42/buy/hold", choice("0", "5")), http.StatusBadRequest},
		{"no number", b.post("/events/42/buy/hold", choice("0", "many")), http.StatusBadRequest},
		{"more than is left", b.post("/events/42/buy/hold", choice("0", "3")), http.StatusConflict},
		{"a form that never ends", b.post("/events/42/buy/hold", url.Values{"tier": {strings.Repeat("0", 1<<16)}}), http.StatusBadRequest},
		{"a checkout without a hold", b.get("/events/42/buy/checkout"), http.StatusConflict},
		{"a payment without a hold", b.post("/events/42/buy/pay", payment("AAAAAAAAAA")), http.StatusConflict},
		{"somebody else's order", b.get("/orders/AAAAAAAAAA"), http.StatusNotFound},
		{"another event", b.get("/events/43/buy"), http.StatusNotFound},
		{"buying by GET", b.get("/events/42/buy/pay"), http.StatusNotFound},
	}
	for _, test := range tests {
		if test.page.status != test.want {
			t.Errorf("%s: status = %d; want %d", test.name, test.page.status, test.want)
		}
	}
	if got := stock(t, b); got[0].Free != 2 {
		t.Errorf("stock after refusals = %+v; want all free", got[0])
	}
}

func TestHoldLapses(t *testing.T) {
	clock := newClock()
	server := start(t, shop.Options{Tiers: []shop.Tier{{Name: "floor", Seats: 1}}, HoldFor: 4 * time.Minute, Now: clock.now})
	slow, quick := newBrowser(t, server), newBrowser(t, server)

	wantStatus(t, slow.post("/events/42/buy/hold", choice("0", "1")), http.StatusSeeOther)
	reference := slow.reference()
	wantStatus(t, quick.post("/events/42/buy/hold", choice("0", "1")), http.StatusConflict)

	clock.advance(4 * time.Minute)
	wantStatus(t, quick.post("/events/42/buy/hold", choice("0", "1")), http.StatusSeeOther)
	wantStatus(t, slow.post("/events/42/buy/pay", payment(reference)), http.StatusConflict)
}

func TestCancelGivesSeatsBack(t *testing.T) {
	b := newBrowser(t, start(t, shop.Options{Now: newClock().now}))
	wantStatus(t, b.post("/events/42/buy/hold", choice("1", "4")), http.StatusSeeOther)
	wantStatus(t, b.post("/events/42/buy/cancel", nil), http.StatusSeeOther)
	if got := stock(t, b); got[1].Free != 80 {
		t.Errorf("stock = %+v; want all 80 free", got[1])
	}
}

func TestGuardStandsAroundBuyingOnly(t *testing.T) {
	refuse := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	}
	b := newBrowser(t, start(t, shop.Options{Guard: refuse}))
	for path, want := range map[string]int{
		"/":                       http.StatusOK,
		"/health":                 http.StatusOK,
		"/api/stock":              http.StatusOK,
		"/static/shop.css":        http.StatusOK,
		"/events/42/buy":          http.StatusForbidden,
		"/events/42/buy/checkout": http.StatusForbidden,
	} {
		if got := b.get(path).status; got != want {
			t.Errorf("GET %s = %d; want %d", path, got, want)
		}
	}
	if got := b.post("/events/42/buy/pay", nil).status; got != http.StatusForbidden {
		t.Errorf("POST pay = %d; want 403", got)
	}
}

func stock(t *testing.T, b browser) []shop.TierStock {
	t.Helper()
	var answer struct{ Tiers []shop.TierStock }
	if err := json.Unmarshal([]byte(b.get("/api/stock").body), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Tiers
}

// What the gateway hears in each answer: what is free, what is held, and a number
// that says which word is the newer one.
func TestEveryAnswerTellsTheStock(t *testing.T) {
	clock := newClock()
	server := start(t, shop.Options{Tiers: []shop.Tier{{Name: "Floor", Seats: 3}, {Name: "Balcony", Seats: 2}}, HoldFor: time.Minute, Now: clock.now})
	buyer := newBrowser(t, server)
	var last int64
	tells := func(when, want string) {
		t.Helper()
		response, err := buyer.client.Get(server.URL + "/events/42/buy")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		said, seq, _ := strings.Cut(response.Header.Get("Rushgate-Inventory"), ";seq=")
		n, err := strconv.ParseInt(seq, 10, 64)
		if said != want || err != nil || n < last {
			t.Errorf("%s: Rushgate-Inventory: %q numbered %q; want %q and at least %d", when, said, seq, want, last)
		}
		last = n
	}
	tells("at first", "5;held=0")
	buyer.post("/events/42/buy/hold", choice("0", "2"))
	tells("while two are held", "3;held=2")
	clock.advance(time.Minute)
	tells("once the hold has lapsed", "5;held=0")
	buyer.post("/events/42/buy/hold", choice("1", "2"))
	buyer.post("/events/42/buy/pay", payment(buyer.reference()))
	tells("once two are sold", "3;held=0")
}
