package shop

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// maxBody is more than any form or notice here needs, in bytes.
const maxBody = 4 << 10

// handler answers or returns why not; serve turns a refusal into its page.
type handler func(http.ResponseWriter, *http.Request) error

// refusal is an error that the visitor is told.
type refusal struct {
	status int
	title  string
	text   string
}

func (e refusal) Error() string { return e.title }

var (
	errBadChoice = refusal{http.StatusBadRequest, "Those are not seats we sell", fmt.Sprintf("Choose one kind of ticket and 1 to %d seats.", MaxSeats)}
	errGone      = refusal{http.StatusConflict, "Those seats have just gone", "Somebody else was quicker. Other seats may be left."}
	errNoHold    = refusal{http.StatusConflict, "No seats are held for you", "The time to pay has run out, or this browser refuses cookies. The seats are back on sale."}
	errNotFound  = refusal{http.StatusNotFound, "Nothing here", "This shop sells one event."}
	errInternal  = refusal{http.StatusInternalServerError, "Our mistake", "Something broke here. Nothing was sold."}
)

func (s *Shop) serve(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		w.Header().Set("Cache-Control", "no-store")
		w = &telling{ResponseWriter: w, stock: func() string { return s.tell(s.now()) }}
		err := h(w, r)
		if err == nil {
			return
		}
		var told refusal
		if !errors.As(err, &told) {
			s.log.ErrorContext(r.Context(), "shop request failed", "path", r.URL.Path, "error", err)
			told = errInternal
		}
		if err := s.render(w, r, told.status, "problem", view{Title: told.title, Text: told.text}); err != nil {
			s.log.ErrorContext(r.Context(), "shop page failed", "path", r.URL.Path, "error", err)
		}
	})
}

// telling says in each answer what is left, as it is when the answer begins: a
// purchase that the answer confirms counts already.
type telling struct {
	http.ResponseWriter
	stock func() string
	told  bool
}

func (t *telling) WriteHeader(status int) {
	if !t.told {
		t.told = true
		t.Header().Set("Rushgate-Inventory", t.stock())
	}
	t.ResponseWriter.WriteHeader(status)
}

func (t *telling) Write(b []byte) (int, error) {
	if !t.told {
		t.WriteHeader(http.StatusOK)
	}
	return t.ResponseWriter.Write(b)
}

func (s *Shop) landing(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, "event", view{Tiers: s.stock.count(s.now())})
}

func (s *Shop) buy(w http.ResponseWriter, r *http.Request) error {
	session(w, r)
	tiers, came := s.stock.count(s.now()), entryOf(w, r)
	for i, tier := range s.stock.tiers {
		tiers[i].Cents, tiers[i].Promised = came.price(tier)
	}
	return s.render(w, r, http.StatusOK, "buy", view{Title: "Choose your seats", Tiers: tiers})
}

func (s *Shop) hold(w http.ResponseWriter, r *http.Request) error {
	tier, errTier := strconv.Atoi(r.PostFormValue("tier"))
	seats, errSeats := strconv.Atoi(r.PostFormValue("seats"))
	if errors.Join(errTier, errSeats) != nil || tier < 0 || tier >= len(s.stock.tiers) || seats < 1 || seats > MaxSeats {
		return errBadChoice
	}
	cents, _ := entryOf(w, r).price(s.stock.tiers[tier])
	if !s.stock.hold(session(w, r), newReference(), basket{tier: tier, seats: seats, cents: cents}, s.now()) {
		return errGone
	}
	http.Redirect(w, r, EventPath+"/buy/checkout", http.StatusSeeOther)
	return nil
}

func (s *Shop) checkout(w http.ResponseWriter, r *http.Request) error {
	now := s.now()
	id, _ := knownSession(r)
	h, ok := s.stock.held(id, now)
	if !ok {
		return errNoHold
	}
	return s.render(w, r, http.StatusOK, "checkout", view{
		Title:     "Pay",
		Reference: h.reference,
		Purchase:  s.purchase(h.basket),
		Until:     h.until,
		// Whole seconds, rounded up: a page that reloads then finds the hold lapsed.
		SecondsLeft: int64((h.until.Sub(now) + time.Second - 1) / time.Second),
	})
}

// pay sells what the session holds. The order page lies outside the protected
// routes, so the visitor's slot in the waiting room can be freed here.
func (s *Shop) pay(w http.ResponseWriter, r *http.Request) error {
	id, _ := knownSession(r)
	reference := r.PostFormValue("reference")
	if !s.stock.sell(id, reference, s.now()) {
		return errNoHold
	}
	w.Header().Set("Rushgate-Command", "complete")
	http.Redirect(w, r, "/orders/"+reference, http.StatusSeeOther)
	return nil
}

func (s *Shop) cancel(w http.ResponseWriter, r *http.Request) error {
	if id, ok := knownSession(r); ok {
		s.stock.cancel(id)
	}
	http.Redirect(w, r, EventPath+"/buy", http.StatusSeeOther)
	return nil
}

func (s *Shop) order(w http.ResponseWriter, r *http.Request) error {
	reference := r.PathValue("reference")
	paid, ok := s.stock.order(reference)
	if !ok {
		return errNotFound
	}
	return s.render(w, r, http.StatusOK, "order", view{
		Title:     "You have your tickets",
		Reference: reference,
		Purchase:  s.purchase(paid.basket),
		Settled:   paid.settled,
	})
}

func (s *Shop) stockJSON(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, map[string][]TierStock{"tiers": s.stock.count(s.now())})
}

// webhook takes what a payment provider sends after the visitor has left:
// {"reference":"…"}. A real shop would check its signature.
func (s *Shop) webhook(w http.ResponseWriter, r *http.Request) error {
	var notice struct {
		Reference string `json:"reference"`
	}
	if err := json.NewDecoder(r.Body).Decode(&notice); err != nil {
		return refusal{http.StatusBadRequest, "Not a payment notice", `A notice is JSON: {"reference":"..."}.`}
	}
	if !s.stock.settle(notice.Reference) {
		return errNotFound
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Shop) health(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, map[string]string{"status": "ok"})
}

func (s *Shop) nothing(http.ResponseWriter, *http.Request) error { return errNotFound }

func (s *Shop) purchase(b basket) purchase {
	return purchase{Tier: s.stock.tiers[b.tier].Title, Seats: b.seats, Each: b.cents, Cents: b.cents * int64(b.seats)}
}

// newReference has 50 random bits: nobody guesses another's order.
func newReference() string { return rand.Text()[:10] }

func writeJSON(w http.ResponseWriter, value any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(value)
}
