// Package shop is a small honest ticket shop to put Rushgate in front of: the
// demo, the browser tests and rehearsals buy here. It has one event, few seats
// and no database. Seats are held while a visitor checks out, lapse back into
// the stock, and are sold once.
//
//	GET  /                       the event
//	GET  /events/42/buy          choose seats         } what Rushgate protects:
//	POST /events/42/buy/hold     hold them            } /events/42/buy/**
//	GET  /events/42/buy/checkout pay before they lapse}
//	POST /events/42/buy/pay      sold; best a commit route
//	POST /events/42/buy/cancel   give them back
//	GET  /orders/{reference}     the confirmation
//	GET  /api/stock              seats by tier, as JSON
//	POST /webhooks/payment       the payment provider's notice; a bypass route
//	GET  /health
//
// Each answer tells the gateway what is left, in Rushgate-Inventory, so that the
// line hears of it. Who was promised a price by the gateway pays that price; it is
// fixed when seats are held. No money moves: the pages say so.
package shop

import (
	"cmp"
	"crypto/rand"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

// EventPath is where the shop's event lives.
const EventPath = "/events/42"

// Options say what is on sale. The zero value is the demo's shop.
type Options struct {
	Tiers   []Tier                          // default: 120 on the floor, 80 on the balcony
	HoldFor time.Duration                   // how long seats are held for a checkout; default 4 minutes
	Guard   func(http.Handler) http.Handler // stands around the buying routes, as verify.Guard.Handler does; default none
	ByTier  bool                            // tell the gateway what is left by tier, for an event that has these tiers
	Now     func() time.Time                // default time.Now
	Log     *slog.Logger                    // default: none
}

// Shop is an http.Handler.
type Shop struct {
	stock *stock
	pages map[string]*template.Template
	now   func() time.Time
	tell  func(now time.Time) string // what is left, as the gateway reads it
	log   *slog.Logger
	http.Handler
}

//go:embed templates static
var files embed.FS

// New returns a shop with every seat free.
func New(o Options) *Shop {
	if len(o.Tiers) == 0 {
		o.Tiers = []Tier{
			{Name: "floor", Title: "Floor, standing", Seats: 120, Cents: 68_00},
			{Name: "balcony", Title: "Balcony, seated", Seats: 80, Cents: 45_00},
		}
	}
	if o.HoldFor == 0 {
		o.HoldFor = 4 * time.Minute
	}
	if o.Guard == nil {
		o.Guard = func(next http.Handler) http.Handler { return next }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Shop{stock: newStock(titled(o.Tiers), o.HoldFor, o.Now()), pages: parsePages(), now: o.Now, log: o.Log}
	s.tell = s.stock.inventory
	if o.ByTier {
		s.tell = s.stock.inventoryByTier
	}
	s.Handler = s.routes(o.Guard)
	return s
}

func titled(tiers []Tier) []Tier {
	tiers = slices.Clone(tiers)
	for i, tier := range tiers {
		tiers[i].Title = cmp.Or(tier.Title, tier.Name)
	}
	return tiers
}

func (s *Shop) routes(guard func(http.Handler) http.Handler) http.Handler {
	mux := http.NewServeMux()
	open := func(pattern string, h handler) { mux.Handle(pattern, s.serve(h)) }
	buying := func(pattern string, h handler) { mux.Handle(pattern, guard(s.serve(h))) }

	open("GET /{$}", s.landing)
	open("GET "+EventPath, s.landing)
	buying("GET "+EventPath+"/buy", s.buy)
	buying("POST "+EventPath+"/buy/hold", s.hold)
	buying("GET "+EventPath+"/buy/checkout", s.checkout)
	buying("POST "+EventPath+"/buy/pay", s.pay)
	buying("POST "+EventPath+"/buy/cancel", s.cancel)
	open("GET /orders/{reference}", s.order)
	open("GET /api/stock", s.stockJSON)
	open("POST /webhooks/payment", s.webhook)
	open("GET /health", s.health)
	open("/", s.nothing)
	mux.Handle("GET /static/", http.FileServerFS(files))
	return mux
}

const sessionCookie = "shop_session"

// session is the shop's own name for a browser; it is set on the way.
func session(w http.ResponseWriter, r *http.Request) string {
	if id, ok := knownSession(r); ok {
		return id
	}
	id := rand.Text()
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	})
	return id
}

func knownSession(r *http.Request) (string, bool) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil || len(cookie.Value) != len(rand.Text()) {
		return "", false
	}
	return cookie.Value, true
}
