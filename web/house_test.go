package web

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bilten/rushgate/account"
	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/web/page"
	"github.com/bilten/rushgate/web/upstream"
)

// house is a gateway before a real shop, over an embedded store that can fall
// asleep.
type house struct {
	t       testing.TB
	url     string
	gateway *Gateway
	keys    *admission.Keys
	keeper  *room.Keeper
	catalog *catalog.Catalog
	store   *sleeper
	shop    *shop
	metrics *prometheus.Registry
	log     logBook
	budget  atomic.Pointer[room.Budget]
	ahead   atomic.Int64 // ns that everybody's clock is ahead of the machine's
	market  *market
}

// now is the time on everybody's clock.
func (h *house) now() time.Time { return time.Now().Add(time.Duration(h.ahead.Load())) }

// shop is the origin: it notes what reaches it and obeys the test.
type shop struct {
	mu     sync.Mutex
	seen   []*http.Request
	answer func(http.ResponseWriter, *http.Request)
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, r)
	answer := s.answer
	s.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	_, _ = io.WriteString(w, "the shop")
}

func (s *shop) requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*http.Request(nil), s.seen...)
}

func (s *shop) answers(f func(http.ResponseWriter, *http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

// sleeper is a store that does not answer while it is asleep.
type sleeper struct {
	queue.Store
	asleep  atomic.Bool
	late    atomic.Int64 // ns by which ticks are answered late
	applied atomic.Int64 // calls of Apply
}

func (s *sleeper) Tick(ctx context.Context, name string, p queue.Policy, b queue.Budget, m queue.Remembered) (queue.Snapshot, error) {
	select {
	case <-time.After(time.Duration(s.late.Load())):
	case <-ctx.Done():
	}
	if s.asleep.Load() {
		return queue.Snapshot{}, context.DeadlineExceeded
	}
	return s.Store.Tick(ctx, name, p, b, m)
}

func (s *sleeper) Apply(ctx context.Context, name string, op queue.Op, visits []queue.Visit) ([]queue.Answer, error) {
	if s.asleep.Load() {
		return nil, context.DeadlineExceeded
	}
	s.applied.Add(1)
	return s.Store.Apply(ctx, name, op, visits)
}

const hamlet = `
id: hamlet
organization: globe
routes:
  - {host: tickets.example, path: /buy/**}
  - {host: tickets.example, path: /buy/webhook, action: bypass}
  - {host: tickets.example, path: /buy/pay, action: commit}
room: {total_active_users: 1, new_users_per_minute: 60000}
`

// open builds a house around one event; patch changes its definition first.
func openHouse(t testing.TB, patch string) *house {
	t.Helper()
	definition, err := event.Parse([]byte(hamlet))
	if err == nil && patch != "" {
		definition, err = definition.Patch([]byte(patch))
	}
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, shop: &shop{}}
	h.budget.Store(&room.Budget{})
	h.store = &sleeper{Store: queue.NewMemory(h.now, mathrand.Uint64)}
	organizations := map[string][]string{"globe": {"tickets.example"}, "rose": {"rose.example"}}
	if h.catalog, err = catalog.New(catalog.NewMemory(), organizations, []event.Event{definition}, time.Now); err != nil {
		t.Fatal(err)
	}
	if h.keys, err = admission.Ephemeral("rushgate"); err != nil {
		t.Fatal(err)
	}
	h.serve()
	h.until("the room has ticked", func() bool { return h.keeper.Ready() == nil })
	return h
}

// serve runs a gateway. Where there is one, another takes its place, as after a
// crash: it knows nothing but what the store, the catalog and visitors tell it.
func (h *house) serve() {
	t := h.t
	h.metrics = prometheus.NewRegistry()
	log := slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), &h.log), nil))
	h.keeper = room.New(room.Config{
		Store: h.store, Catalog: h.catalog, Now: h.now, Rand: mathrand.Float64, Log: log, Metrics: h.metrics, Window: time.Nanosecond,
		Budget: func(event.Event) room.Budget { return *h.budget.Load() },
	})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = h.keeper.Run(ctx)
	}()
	t.Cleanup(func() { stop(); <-done })

	stocks := h.openShelf(ctx, log)
	h.market = h.openMarket(log)

	origin := httptest.NewServer(h.shop)
	t.Cleanup(origin.Close)
	pool, err := upstream.New(upstream.Config{Name: "shop", Instances: []string{origin.URL}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	gateway, err := New(Config{
		Rooms: h.keeper, Keys: func() *admission.Keys { return h.keys },
		Pools: func(host, _ string) (*upstream.Pool, bool) {
			return pool, host == "tickets.example" || host == "rose.example"
		},
		Proxies:  []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Accounts: account.NewDesk(fanSecret, account.NewSets(account.SetsConfig{Now: time.Now, Log: log})),
		Shelf:    stocks,
		Prices:   h.market,
		Now:      h.now, Random: rand.Reader, Chance: mathrand.Float64, Log: log, Metrics: h.metrics,
	})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(gateway)
	front.Config = gateway.Server()
	front.Start()
	t.Cleanup(front.Close)
	h.url, h.gateway = front.URL, gateway
	h.until("the events are read", h.keeper.Loaded)
}

func (h *house) until(what string, holds func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !holds(); {
		if time.Now().After(deadline) {
			h.t.Fatalf("waited 5 s until %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (h *house) view() *room.View {
	rm, ok := h.keeper.Room("hamlet")
	if !ok {
		h.t.Fatal("no room")
	}
	return rm.View()
}

// change patches the event and waits until this gateway acts on it.
func (h *house) change(patch string) {
	h.t.Helper()
	r, err := h.catalog.Patch(h.t.Context(), "globe", "hamlet", []byte(patch), catalog.AnyVersion, catalog.Author{Name: "test"})
	if err != nil {
		h.t.Fatal(err)
	}
	h.until("the change is in force", func() bool { return h.view().Version >= r.Version && h.view().InForce() >= r.Version })
}

// logBook keeps what was logged.
type logBook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logBook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (h *house) logged() string {
	h.log.mu.Lock()
	defer h.log.mu.Unlock()
	return h.log.text.String()
}

// waiting is how many wait by now.
func (h *house) waiting() int64 {
	h.t.Helper()
	asked := time.Now()
	h.until("a snapshot from now", func() bool { return h.view().Seen.After(asked) })
	return h.view().Snapshot.Waiting()
}

// burstsOnly lets no allowance grow again, so that a slow machine counts as a
// fast one does. Before the first join.
func (h *house) burstsOnly() {
	for i := range h.gateway.limiter.levels {
		h.gateway.limiter.levels[i].rate.PerSecond = 1e-3
	}
}

// fanSecret is what the organization globe signs its accounts with.
func fanSecret(organization, name string) []byte {
	if organization == "globe" && name == "fans" {
		return []byte("a secret of globe's, and of nobody else's")
	}
	return nil
}

// fan is a visitor with a browser.
type fan struct {
	h      *house
	client *http.Client
	head   http.Header // of every request
}

func (h *house) fan(headers ...string) *fan {
	jar, _ := cookiejar.New(nil)
	f := &fan{h: h, head: http.Header{}, client: &http.Client{
		Jar:           jar,
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for i := 0; i < len(headers); i += 2 {
		f.head.Set(headers[i], headers[i+1])
	}
	return f
}

// browser navigates, by https, behind the balancer.
func (h *house) browser() *fan {
	return h.fan("Accept", "text/html,*/*;q=0.8", "Sec-Fetch-Mode", "navigate")
}

// script is a page's script or an app.
func (h *house) script() *fan { return h.fan("Accept", "application/json") }

type reply struct {
	*http.Response
	body string
}

func (f *fan) do(method, path, body string, headers ...string) reply {
	f.h.t.Helper()
	request, err := http.NewRequestWithContext(f.h.t.Context(), method, f.h.url+path, strings.NewReader(body))
	if err != nil {
		f.h.t.Fatal(err)
	}
	request.Host = "tickets.example"
	request.Header = f.head.Clone()
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			request.Host = headers[i+1]
			continue
		}
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := f.client.Do(request)
	if err != nil {
		f.h.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		f.h.t.Fatal(err)
	}
	ours := slices.DeleteFunc(answer.Header.Values("Set-Cookie"), func(line string) bool { return !strings.Contains(line, "rg_") })
	if len(ours) > 0 {
		if len(ours) > 1 {
			f.h.t.Errorf("%s %s sets %d cookies of ours; want one at most", method, path, len(ours))
		}
		if answer.Header.Get("Cache-Control") != "no-store" {
			f.h.t.Errorf("%s %s sets a cookie and may be cached: Cache-Control %q", method, path, answer.Header.Get("Cache-Control"))
		}
	}
	return reply{answer, string(text)}
}

func (f *fan) get(path string, headers ...string) reply {
	f.h.t.Helper()
	return f.do("GET", path, "", headers...)
}

// call posts to one of the event's own routes, or gets it.
func (f *fan) call(action string, headers ...string) (reply, page.Place) {
	f.h.t.Helper()
	method := "POST"
	if action == "status" || action == "now" {
		method = "GET"
	}
	r := f.do(method, "/_rushgate/hamlet/"+action, "", append([]string{"Accept", "application/json", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "same-origin"}, headers...)...)
	return r, placeIn(f.h.t, r)
}

// placeIn is the place that an answer or a problem tells; none: the zero value.
func placeIn(t testing.TB, r reply) page.Place {
	t.Helper()
	var place struct {
		page.Place
		Code   string      `json:"code"`
		Inside *page.Place `json:"place"`
	}
	if strings.Contains(r.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal([]byte(r.body), &place); err != nil {
			t.Fatalf("%s answered %q: %v", r.Request.URL.Path, r.body, err)
		}
	}
	if place.Inside != nil {
		place.Place = *place.Inside
	}
	return place.Place
}

func (r reply) want(t *testing.T, sentence string, status int) reply {
	t.Helper()
	if r.StatusCode != status {
		t.Fatalf("%s: status %d (%s); want %d", sentence, r.StatusCode, head(r.body, 200), status)
	}
	return r
}

func (r reply) code(t *testing.T, sentence string, status int, code string) reply {
	t.Helper()
	r.want(t, sentence, status)
	var p struct{ Code, Type string }
	if err := json.Unmarshal([]byte(r.body), &p); err != nil || p.Code != code || p.Type != "urn:rushgate:problem:"+code {
		t.Fatalf("%s: problem %q (%v); want %s", sentence, head(r.body, 200), err, code)
	}
	return r
}

func head(s string, n int) string { return s[:min(n, len(s))] }

func equal[T comparable](t *testing.T, sentence string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v; want %v", sentence, got, want)
	}
}
