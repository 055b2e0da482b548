package verify

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bilten/rushgate/admission"
)

// gateway publishes keys and counts how often they are fetched.
type gateway struct {
	*httptest.Server
	fetches atomic.Int64
	answer  atomic.Pointer[http.HandlerFunc]
}

func newGateway(t testing.TB, keys *admission.Keys) *gateway {
	g := &gateway{}
	g.publish(keys)
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.fetches.Add(1)
		(*g.answer.Load())(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) publish(keys *admission.Keys) {
	g.answers(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(keys.JWKS()) })
}

func (g *gateway) answers(h http.HandlerFunc) { g.answer.Store(&h) }

// clock is set by the test.
type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ms.Store(start.UnixMilli())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()) }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// origin is a shop behind a guard that fetches its keys.
func origin(t testing.TB, g *gateway, c *clock) http.Handler {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return guard(t, Options{
		Issuer: issuer, Organization: "acme", Event: "evt", JWKS: g.URL, Now: c.now,
		Client: &http.Client{Transport: transport}, Logger: slog.New(slog.DiscardHandler),
	})
}

// rotated returns two rings: one that has the new key added, one that signs
// with it and has dropped the old.
func rotated(t testing.TB) (before, after *admission.Keys) {
	t.Helper()
	file, err := admission.GenerateKeys(admission.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	if before, err = admission.NewKeys(issuer, file); err != nil {
		t.Fatal(err)
	}
	file, _, err = file.AddAdmission(admission.ES256)
	if err != nil {
		t.Fatal(err)
	}
	file.Admission = file.Admission[1:]
	if after, err = admission.NewKeys(issuer, file); err != nil {
		t.Fatal(err)
	}
	return before, after
}

func expect(t *testing.T, handler http.Handler, token string, want int, why string) {
	t.Helper()
	if w := get(handler, token); w.Code != want {
		t.Errorf("%s: status = %d %s; want %d", why, w.Code, w.Body, want)
	}
}

func TestKeysAreFetchedOnceAndAgainForANewKey(t *testing.T) {
	before, after := rotated(t)
	g, c := newGateway(t, before), newClock()
	shop := origin(t, g, c)
	for range 3 {
		expect(t, shop, sign(t, before, someAdmission()), 200, "first key")
	}
	if got := g.fetches.Load(); got != 1 {
		t.Errorf("fetches after three requests = %d; want 1", got)
	}
	g.publish(after)
	expect(t, shop, sign(t, after, someAdmission()), 403, "a new key within the pause")
	c.advance(fetchPause)
	expect(t, shop, sign(t, after, someAdmission()), 200, "a new key after the pause")
	expect(t, shop, sign(t, before, someAdmission()), 403, "the key that is no longer published")
	if got := g.fetches.Load(); got != 2 {
		t.Errorf("fetches = %d; want 2", got)
	}
}

func TestStrangersCannotMakeItFetch(t *testing.T) {
	keys, _ := rotated(t)
	g, c := newGateway(t, keys), newClock()
	shop := origin(t, g, c)
	expect(t, shop, sign(t, keys, someAdmission()), 200, "a valid admission")
	c.advance(fetchPause)
	forged := sign(t, ephemeral(t), someAdmission())
	var crowd sync.WaitGroup
	for range 100 {
		crowd.Go(func() { expect(t, shop, forged, 403, "an unknown key") })
	}
	crowd.Wait()
	if got := g.fetches.Load(); got != 2 {
		t.Errorf("fetches after 100 requests with an unknown key = %d; want 2", got)
	}
}

func TestTheLastGoodKeysStay(t *testing.T) {
	keys, _ := rotated(t)
	failures := map[string]http.HandlerFunc{
		"an error":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"a page":           func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"no keys":          func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys":[]}`)) },
		"an endless body":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(strings.Repeat(" ", maxKeySet+1))) },
		"a cut connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			g, c := newGateway(t, keys), newClock()
			shop := origin(t, g, c)
			token := sign(t, keys, someAdmission())
			expect(t, shop, token, 200, "while the gateway is well")
			g.answers(failure)
			c.advance(fetchPause)
			expect(t, shop, sign(t, ephemeral(t), someAdmission()), 403, "an unknown key, and the fetch fails")
			expect(t, shop, token, 200, "a known key afterwards")
		})
	}
}

func TestWithoutKeysNobodyComesInUntilTheGatewayAnswers(t *testing.T) {
	keys, _ := rotated(t)
	g, c := newGateway(t, keys), newClock()
	shop := origin(t, g, c)
	token := sign(t, keys, someAdmission())
	g.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	expect(t, shop, token, 503, "no keys yet")
	g.publish(keys)
	expect(t, shop, token, 503, "within the pause")
	c.advance(firstPause)
	expect(t, shop, token, 200, "after the pause")
}

func TestOldKeysAreFetchedAside(t *testing.T) {
	before, after := rotated(t)
	g, c := newGateway(t, before), newClock()
	shop := origin(t, g, c)
	long := someAdmission()
	long.Ends = start.Add(time.Hour).UnixMilli()
	token := sign(t, before, long)
	expect(t, shop, token, 200, "first key")
	g.publish(after)
	c.advance(fetchAge + time.Millisecond)
	expect(t, shop, token, 200, "the request that finds the keys old does not wait")

	deadline := time.Now().Add(10 * time.Second)
	for get(shop, token).Code != 403 {
		if time.Now().After(deadline) {
			t.Fatal("a key that was taken back still counts 10 s after the fetch was due")
		}
	}
	if got := g.fetches.Load(); got != 2 {
		t.Errorf("fetches = %d; want 2", got)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	keys, _ := rotated(t)
	elsewhere := newGateway(t, keys)
	g := newGateway(t, keys)
	g.answers(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) })
	shop := guard(t, Options{
		Issuer: issuer, Organization: "acme", Event: "evt", JWKS: g.URL,
		Now: newClock().now, Logger: slog.New(slog.DiscardHandler),
	})
	expect(t, shop, sign(t, keys, someAdmission()), 503, "keys behind a redirect")
	if got := elsewhere.fetches.Load(); got != 0 {
		t.Errorf("fetches behind the redirect = %d; want 0", got)
	}
}
