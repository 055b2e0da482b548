package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/shop"
)

const smallSale = `
id: spring
organization: acme
routes: [{host: 127.0.0.1, path: "/events/42/buy/**"}]
room: {total_active_users: 1, new_users_per_minute: 60000}
`

// openSale writes the files of an installation whose shop has this many seats.
func openSale(t *testing.T, seats int, holdFor time.Duration) (file, key string) {
	t.Helper()
	till := httptest.NewServer(shop.New(shop.Options{Tiers: []shop.Tier{{Name: "Floor", Seats: seats, Cents: 68_00}}, HoldFor: holdFor}))
	t.Cleanup(till.Close)
	file, key = install(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`instances: \[.*?\]`).ReplaceAll(text, []byte(`instances: ["`+till.URL+`"]`))
	for path, text := range map[string][]byte{file: text, filepath.Join(filepath.Dir(file), "spring.yaml"): []byte(smallSale)} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file, key
}

// customer is a browser at one gateway.
type customer struct {
	*testing.T
	gateway *life
	client  *http.Client
}

func newCustomer(t *testing.T, gateway *life) customer {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return customer{t, gateway, &http.Client{Jar: jar, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (c customer) do(method, path, kind, body, accept string) (status int, answer []byte) {
	c.Helper()
	request, err := http.NewRequestWithContext(c.Context(), method, c.gateway.doors[0].url()+path, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	request.Header.Set("Accept", accept)
	request.Header.Set("Content-Type", kind)
	response, err := c.client.Do(request)
	if err != nil {
		c.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err = io.ReadAll(response.Body)
	if err != nil {
		c.Fatal(err)
	}
	return response.StatusCode, answer
}

// inShop is a page or form of the shop, behind the gate.
func (c customer) inShop(method, path string, form url.Values) []byte {
	c.Helper()
	_, answer := c.do(method, "/events/42/buy"+path, "application/x-www-form-urlencoded", form.Encode(), "text/html")
	return answer
}

// standing is what the gateway says of the customer's place.
type standing struct {
	Code   string `json:"code"`
	State  string `json:"state"`
	Mode   string `json:"mode"`
	Number int64  `json:"number"`
	Stock  string `json:"stock"`
}

func (c customer) call(method, action string) (status int, said standing) {
	c.Helper()
	status, answer := c.do(method, "/_rushgate/spring/"+action, "application/json", "{}", "application/json")
	if err := json.Unmarshal(answer, &said); err != nil {
		c.Fatalf("%s = %d %s: %v", action, status, answer, err)
	}
	return status, said
}

func (c customer) is(state string) func() bool {
	return func() bool {
		_, said := c.call(http.MethodGet, "status")
		return said.State == state
	}
}

func (c customer) mode(mode string) func() bool {
	return func() bool {
		_, said := c.call(http.MethodGet, "now")
		return said.Mode == mode
	}
}

// Two gateways, one Redis, and a shop with four seats that somebody takes into the
// basket, loses, takes again and buys.
func TestTheLineHearsThatNothingIsLeftAndGoesOnInOrderWhenSomethingIs(t *testing.T) {
	t.Parallel()
	file, key := openSale(t, 4, 9*time.Second)
	here, there := startGateway(t, file), startGateway(t, file)
	for _, gateway := range []*life{here, there} {
		eventually(t, "a gateway is ready", func() bool { return status(t, gateway.doors[2].url()+"/readyz") == http.StatusOK })
	}
	buyer, first, second := newCustomer(t, here), newCustomer(t, here), newCustomer(t, there)
	both := func(mode string) {
		t.Helper()
		eventually(t, "this gateway says "+mode, first.mode(mode))
		eventually(t, "the other one says "+mode, second.mode(mode))
	}

	if page := buyer.inShop(http.MethodGet, "", nil); !bytes.Contains(page, []byte("4 of 4 free")) {
		t.Fatalf("the buyer sees %s; want the shop", page)
	}
	for i, c := range []customer{first, second} {
		if status, said := c.call(http.MethodPost, "join"); status != http.StatusOK || said.State != "waiting" || said.Number != int64(i+1) {
			t.Fatalf("join = %d %+v; want to wait with number %d", status, said, i+1)
		}
	}
	eventually(t, "the second in line is told that the tickets may not suffice", func() bool {
		_, said := second.call(http.MethodGet, "status")
		return said.Stock == "may_not_suffice"
	})

	buyer.inShop(http.MethodPost, "/hold", url.Values{"tier": {"0"}, "seats": {"4"}})
	both("all_held")
	eventually(t, "the hold has lapsed, and the shop says so", func() bool {
		return bytes.Contains(buyer.inShop(http.MethodGet, "", nil), []byte("4 of 4 free"))
	})
	both("normal")

	buyer.inShop(http.MethodPost, "/hold", url.Values{"tier": {"0"}, "seats": {"4"}})
	reference := regexp.MustCompile(`name="reference" value="([^"]+)"`).FindSubmatch(buyer.inShop(http.MethodGet, "/checkout", nil))
	if reference == nil {
		t.Fatal("no checkout")
	}
	buyer.inShop(http.MethodPost, "/pay", url.Values{"reference": {string(reference[1])}})
	eventually(t, "the line stands still", func() bool { return !first.mode("normal")() })
	both("sold_out")
	for i, c := range []customer{first, second} {
		eventually(t, "who waits is told", c.is("sold_out"))
		if _, said := c.call(http.MethodGet, "status"); said.Number != int64(i+1) {
			t.Errorf("number %d in a sold out line; want it kept, %d", said.Number, i+1)
		}
	}
	if status, said := first.call(http.MethodPost, "claim"); status != http.StatusConflict || said.Code != "sold_out" {
		t.Errorf("a claim in a sold out line = %d %+v; want 409 sold_out", status, said)
	}
	if status, said := newCustomer(t, there).call(http.MethodPost, "join"); status != http.StatusConflict || said.Code != "sold_out" {
		t.Errorf("a newcomer to a sold out line = %d %+v; want 409 sold_out", status, said)
	}
	if page := newCustomer(t, there).inShop(http.MethodGet, "", nil); !bytes.Contains(page, []byte(`data-screen="sold_out"`)) {
		t.Errorf("a newcomer sees %s; want the page that says sold out", page)
	}

	// Two tickets come back.
	var said bytes.Buffer
	if code := run(t.Context(), []string{"room", "spring", "stock", "2", "--api", there.doors[1].url(), "--key", key}, os.Getenv, &said, os.Stderr); code != 0 || !strings.Contains(said.String(), "2 remaining") {
		t.Fatalf("room spring stock 2 = %d %s; want it taken", code, &said)
	}
	both("normal")
	for _, c := range []customer{first, second} {
		eventually(t, "the turn comes", func() bool {
			if _, behind := second.call(http.MethodGet, "status"); c != second && behind.State == "turn" {
				t.Fatal("the second was called before the first was in")
			}
			_, claimed := c.call(http.MethodPost, "claim")
			return claimed.State == "admitted"
		})
		c.call(http.MethodPost, "leave")
	}
}
