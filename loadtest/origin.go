package loadtest

import (
	"encoding/hex"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/bilten/rushgate/invariant"
)

// Origin is the shop behind the gateways. It serves a page on every path,
// completes the session of whoever asks for a path that ends in Done, and
// writes down who reached the protected path with which admission. It believes
// what it is handed: whether an admission is good is the gateway's business and
// the invariants'.
type Origin struct {
	history   *invariant.History
	protected string
	clock     clock
	reached   atomic.Int64
}

// Done ends the path of the request with which a visitor completes.
const Done = "/done"

// NewOrigin writes requests for protected, and anything below it, into h.
func NewOrigin(h *invariant.History, protected string) *Origin {
	return &Origin{history: h, protected: protected, clock: newClock()}
}

// Reached is how many protected requests have come so far.
func (o *Origin) Reached() int64 { return o.reached.Load() }

func (o *Origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rest, ok := strings.CutPrefix(r.URL.Path, o.protected); ok && (rest == "" || rest[0] == '/') {
		o.reached.Add(1)
		admission, _ := readTicket(r.Header.Get("Rushgate-Admission"))
		o.history.Add(invariant.Reached(invariant.At(o.clock.now()), visitorNamed(r.Header.Get(visitorHeader)), admission.Session))
	}
	w.Header().Set("Cache-Control", "no-store")
	if strings.HasSuffix(r.URL.Path, Done) {
		w.Header().Set("Rushgate-Command", "complete")
	}
	_, _ = w.Write(shelf)
}

var shelf = []byte("<!doctype html><title>Seats</title><p>Here you buy.</p>")

// visitorNamed reads what visitorHeader says; the zero visitor is nobody.
func visitorNamed(name string) invariant.Visitor {
	var v invariant.Visitor
	if raw, err := hex.DecodeString(name); err == nil {
		copy(v[:], raw)
	}
	return v
}
