// Package verify is for the shop behind the waiting room: net/http middleware
// that refuses what went round the gateway. It reads the admission that the
// gateway sends along, checks it with the gateway's published keys, and hands
// it to the shop, so that the price charged can be the price shown.
//
// Start with [Report], look at the log, then [Enforce].
package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/bilten/rushgate/admission"
)

const (
	// Header is where the gateway puts the admission of a request.
	Header = "Rushgate-Admission"
	// ReportHeader says in an answer how the request's admission fared:
	// "ok", "missing", "no_keys" or an [admission.Refusal]. Only in [Report] mode.
	ReportHeader = "Rushgate-Verify"
)

// ErrMissing is the refusal of a request without an admission, or with several.
const ErrMissing admission.Refusal = "missing"

// ErrNoKeys is the error when the gateway's keys could not be fetched yet.
var ErrNoKeys = errors.New("the gateway's keys are not known")

// Mode says what happens to requests without a valid admission.
type Mode string

const (
	Enforce Mode = "enforce" // they are refused; the default
	Report  Mode = "report"  // they are logged, marked in the answer, and served
)

// Options say which admissions count. Issuer, Organization, Event or EventOf,
// and JWKS or Keys are needed.
type Options struct {
	Issuer       string
	Organization string
	Event        string                       // the event that the handler sells
	EventOf      func(r *http.Request) string // instead of Event, when it sells several

	// Grace still accepts what ended less than this ago: the event's commit_grace,
	// for a guard before payment.
	Grace time.Duration

	JWKS string                // URL of the gateway's /.well-known/jwks.json
	Keys []admission.PublicKey // instead of JWKS: keys that never change

	Mode    Mode
	OnError func(w http.ResponseWriter, r *http.Request, err error) // Enforce: answers instead of the 403
	Logger  *slog.Logger                                            // default slog.Default
	Client  *http.Client                                            // fetches JWKS; default: own, 3 s, no redirects
	Now     func() time.Time                                        // default time.Now
}

// Guard checks requests. Make one with [New].
type Guard struct {
	options Options
	keys    *keySet
}

// New makes a guard. It fetches nothing: keys are fetched with the first
// request that needs them.
func New(o Options) (*Guard, error) {
	switch {
	case o.Issuer == "" || o.Organization == "":
		return nil, errors.New("verify: an issuer and an organization are needed")
	case (o.Event == "") == (o.EventOf == nil):
		return nil, errors.New("verify: either Event or EventOf is needed")
	case (o.JWKS == "") == (len(o.Keys) == 0):
		return nil, errors.New("verify: either JWKS or Keys is needed")
	}
	switch o.Mode {
	case "":
		o.Mode = Enforce
	case Enforce, Report:
	default:
		return nil, fmt.Errorf("verify: unknown mode %q", o.Mode)
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.OnError == nil {
		o.OnError = refuse
	}
	keys, err := newKeySet(o)
	if err != nil {
		return nil, err
	}
	return &Guard{options: o, keys: keys}, nil
}

// Handler serves with next what has a valid admission, or, in [Report] mode,
// everything.
func (g *Guard) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := g.check(r)
		if err == nil {
			r = r.WithContext(context.WithValue(r.Context(), contextKey{}, a))
		}
		switch {
		case g.options.Mode == Report:
			g.report(w, r, err)
		case err != nil:
			g.options.OnError(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (g *Guard) report(w http.ResponseWriter, r *http.Request, err error) {
	if err == nil {
		w.Header().Set(ReportHeader, "ok")
		return
	}
	w.Header().Set(ReportHeader, reason(err))
	g.options.Logger.WarnContext(r.Context(), "request without a valid admission",
		"method", r.Method, "path", r.URL.Path, "reason", reason(err))
}

// From returns the admission of a request that a [Guard] let through; false in
// [Report] mode when there was no valid one.
func From(ctx context.Context) (admission.Admission, bool) {
	a, ok := ctx.Value(contextKey{}).(admission.Admission)
	return a, ok
}

type contextKey struct{}

func (g *Guard) check(r *http.Request) (admission.Admission, error) {
	values := r.Header.Values(Header)
	if len(values) != 1 {
		return admission.Admission{}, ErrMissing
	}
	event := g.options.Event
	if g.options.EventOf != nil {
		event = g.options.EventOf(r)
	}
	return g.keys.verify(values[0], admission.Want{
		Event:        event,
		Organization: g.options.Organization,
		Now:          g.options.Now().UnixMilli(),
		Grace:        g.options.Grace,
	})
}

// reason is a short name for logs and answers.
func reason(err error) string {
	var refusal admission.Refusal
	if errors.As(err, &refusal) {
		return string(refusal)
	}
	return "no_keys"
}

// problem is an RFC 9457 answer.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

// refuse answers 403, or 503 when it is not the visitor's doing.
func refuse(w http.ResponseWriter, _ *http.Request, err error) {
	p := problem{Title: "An admission is needed", Status: http.StatusForbidden, Code: "admission_needed", Reason: reason(err)}
	if errors.Is(err, ErrNoKeys) {
		p.Title, p.Status, p.Code = "Admissions can't be checked now", http.StatusServiceUnavailable, "admission_unchecked"
	}
	p.Type = "urn:rushgate:problem:" + p.Code
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the visitor has gone, or it works
}
