package web

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/bilten/rushgate/account"
	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/web/page"
	"github.com/bilten/rushgate/web/upstream"
)

// Prefix is where the gateway's own routes live on every protected host.
const Prefix = "/_rushgate"

// Rooms are the events of this gateway.
type Rooms interface {
	// Loaded says that the events have been read once. Before that nothing is
	// known to be unprotected.
	Loaded() bool
	// Lookup returns the room and route of a host, without port, and a canonical path.
	Lookup(host, path string) (*room.Room, event.Route, bool)
	// Room returns the room of an event.
	Room(eventID string) (*room.Room, bool)
}

// Config is what a gateway works with.
type Config struct {
	Rooms    Rooms
	Pools    func(host, path string) (*upstream.Pool, bool) // which shop serves it, by the operator's word
	Keys     func() *admission.Keys                         // the ring in force
	Prefix   string                                         // empty: Prefix
	Proxies  []netip.Prefix                                 // the operator's balancers
	Joins    JoinLimits
	Accounts *account.Desk // nil: no event has accounts
	Shelf    Shelf         // nil: nobody keeps the stock
	Prices   Prices        // nil: no event has prices
	Now      func() time.Time
	Random   io.Reader      // for visitor ids: crypto/rand's
	Chance   func() float64 // in [0, 1), for jitter
	Log      *slog.Logger
	Metrics  prometheus.Registerer
}

// Gateway answers visitors. It is safe for concurrent use.
type Gateway struct {
	rooms    Rooms
	pools    func(host, path string) (*upstream.Pool, bool)
	keys     func() *admission.Keys
	prefix   string
	proxies  trustedProxies
	limiter  *joinLimiter
	accounts *account.Desk
	shelf    Shelf
	prices   Prices
	proofs   *proofDesk
	now      func() time.Time
	random   io.Reader
	chance   func() float64
	log      *slog.Logger
	sparing  sparing
	metrics  metrics
	pages    *page.Pages
	nows     nows
	draws    draws
	offers   offers
	routes   http.Handler
	newer    atomic.Bool // met a credential of a newer schema
}

// New returns a gateway.
func New(c Config) (*Gateway, error) {
	if c.Prefix == "" {
		c.Prefix = Prefix
	}
	pages, err := page.New(c.Prefix)
	if err != nil {
		return nil, err
	}
	limiter, err := newJoinLimiter(c.Joins, func() string { return newReference(c.Random) })
	if err != nil {
		return nil, err
	}
	proofs, err := newProofDesk()
	if err != nil {
		return nil, err
	}
	g := &Gateway{
		rooms: c.Rooms, pools: c.Pools, keys: c.Keys, prefix: c.Prefix, proxies: c.Proxies, limiter: limiter,
		now: c.Now, random: c.Random, chance: c.Chance, log: c.Log, metrics: newMetrics(c.Metrics), pages: pages,
		accounts: c.Accounts, proofs: proofs, shelf: c.Shelf, prices: c.Prices,
	}
	if g.shelf == nil {
		g.shelf = noShelf{}
	}
	if g.prices == nil {
		g.prices = noPrices{}
	}
	g.routes = g.own()
	return g, nil
}

// MetNewer says that a credential of a newer version came by: this gateway
// must not judge those, so it should not be the one that gets them.
func (g *Gateway) MetNewer() bool { return g.newer.Load() }

// Server is a server with the gateway's bounds on what visitors may send.
func (g *Gateway) Server() *http.Server { return harden(&http.Server{Handler: g}) }

// ServeHTTP is the way of every request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := g.serve(w, r); err != nil {
		g.fail(w, r, err)
	}
}

func (g *Gateway) serve(w http.ResponseWriter, r *http.Request) error {
	boundBody(w, r, g.now())
	t, err := canonicalTarget(r)
	if err != nil {
		return err
	}
	switch {
	case t.Path == g.prefix || strings.HasPrefix(t.Path, g.prefix+"/"):
		r.URL.Path, r.URL.RawPath = t.Path, "" // Echo must match what we matched
		g.routes.ServeHTTP(w, r)
		return nil
	case t.Path == "/.well-known/jwks.json":
		return g.publishKeys(w)
	}
	rm, route, ok := g.rooms.Lookup(t.Host, t.Path)
	switch {
	case !ok && !g.rooms.Loaded():
		return onHold(errors.New("the events are not read yet"))
	case !ok:
		g.metrics.decisions.WithLabelValues("", string(becauseNoEvent)).Inc()
		return g.send(w, r, t, g.proxies.locate(r), exchange{})
	case route.Action == event.Bypass:
		g.metrics.decisions.WithLabelValues(rm.View().Event.ID, string(becauseBypass)).Inc()
		return g.send(w, r, t, g.proxies.locate(r), exchange{room: rm})
	}
	return g.protected(w, r, t, rm, route)
}

// publishKeys lets origins verify admissions by themselves.
func (g *Gateway) publishKeys(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Content-Type", "application/jwk-set+json")
	h.Set("Cache-Control", "public, max-age=60")
	_, err := w.Write(g.keys().JWKS())
	return err
}

// roomOf is the room that a path names, if its event has a route on this host:
// one organization's hosts say nothing about another's events.
func (g *Gateway) roomOf(c echo.Context) (*room.Room, bool) {
	rm, ok := g.rooms.Room(c.Param("event"))
	if !ok {
		return nil, false
	}
	host, _, err := canonicalHost(c.Request().Host)
	if err != nil {
		return nil, false
	}
	for _, route := range rm.View().Event.Routes {
		if route.Host == host {
			return rm, true
		}
	}
	return nil, false
}
