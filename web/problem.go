package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/web/page"
	"github.com/bilten/rushgate/web/upstream"
)

// problem is an answer that is not a success, as RFC 9457 has it. Its fields
// are the public half; private is logged and never sent.
type problem struct {
	status     int
	code       string // stable
	detail     string // for people
	retryAfter time.Duration
	place      *page.Place // what the visitor is to the room, where that is known
	back       string      // where the page's "try again" leads; empty: to the same address, if that was read
	reference  string      // of the refusal, in the log too; empty: it needs no appeal
	proof      *proofAsked // what is to be done before joining
	private    error
}

func (p *problem) Error() string {
	if p.private != nil {
		return p.code + ": " + p.private.Error()
	}
	return p.code
}

func (p *problem) Unwrap() error { return p.private }

func refuse(status int, code, detail string) *problem {
	return &problem{status: status, code: code, detail: detail}
}

func (p *problem) after(d time.Duration) *problem {
	p.retryAfter = d
	return p
}

func (p *problem) with(place page.Place) *problem {
	p.place = &place
	return p
}

func noPlace() *problem {
	return refuse(http.StatusNotFound, "no_place", "This browser holds no place in this line.")
}

// holdCode is the problem of a store that does not answer.
const holdCode = "hold"

func onHold(err error) *problem {
	p := refuse(http.StatusServiceUnavailable, holdCode, "The line cannot be reached for the moment. Places are kept.").after(5 * time.Second)
	p.private = err
	return p
}

// asProblem is the one place that says what an error means to a visitor.
func asProblem(err error) *problem {
	var p *problem
	var fault targetFault
	var failed *upstream.Error
	var routed *echo.HTTPError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &fault):
		return refuse(fault.Status(), string(fault), "The address is written in a way that servers read differently.")
	case errors.Is(err, errBodySlow), errors.Is(err, os.ErrDeadlineExceeded) && errors.Is(err, errBodyUnread):
		return refuse(http.StatusRequestTimeout, "body_too_slow", "The request came too slowly.")
	case errors.As(err, &failed):
		p = refuse(failed.Status(), string(failed.Reason), "The shop does not answer for the moment.")
		p.retryAfter = 5 * time.Second
	case errors.Is(err, errBodyTooLarge):
		return refuse(http.StatusRequestEntityTooLarge, "body_too_large", "The request is larger than this address takes.")
	case errors.Is(err, errBodyUnread):
		return refuse(http.StatusBadRequest, "body_unread", "The request broke off.")
	case errors.As(err, &routed):
		return refuse(routed.Code, strings.ReplaceAll(strings.ToLower(http.StatusText(routed.Code)), " ", "_"), "")
	case errors.Is(err, queue.ErrBusy), errors.Is(err, context.DeadlineExceeded), errors.Is(err, queue.ErrNoRoom):
		return onHold(err)
	default:
		p = refuse(http.StatusInternalServerError, "internal", "")
	}
	p.private = err
	return p
}

// body is the problem as JSON. Members beyond RFC 9457's are ours: code, and
// what the visitor is to the room.
func (p *problem) body() []byte {
	out := struct {
		Type         string      `json:"type"`
		Code         string      `json:"code"`
		Title        string      `json:"title"`
		Status       int         `json:"status"`
		Detail       string      `json:"detail,omitempty"`
		RetryAfterMS int64       `json:"retry_after_ms,omitempty"`
		At           *time.Time  `json:"at,omitempty"`
		StartsAt     *time.Time  `json:"starts_at,omitempty"`
		Place        *page.Place `json:"place,omitempty"`
		Reference    string      `json:"reference,omitempty"`
		Proof        *proofAsked `json:"proof,omitempty"`
	}{
		Type: "urn:rushgate:problem:" + p.code, Code: p.code, Title: http.StatusText(p.status),
		Status: p.status, Detail: p.detail, RetryAfterMS: p.retryAfter.Milliseconds(), Place: p.place,
		Reference: p.reference, Proof: p.proof,
	}
	if p.place != nil {
		out.At, out.StartsAt = &p.place.At, p.place.StartsAt
	}
	body, err := json.Marshal(out)
	if err != nil { // no field can fail
		return []byte(`{"code":"internal","status":500}`)
	}
	return append(body, '\n')
}

// fail answers with an error: it is the only place that writes one.
func (g *Gateway) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := asProblem(err)
	if p.status != http.StatusRequestTimeout && (p.status == upstream.StatusClientClosedRequest || r.Context().Err() != nil) {
		// Nobody is there to read it. Silence would be a 200 to whoever still is, a
		// cache in front for one.
		panic(http.ErrAbortHandler)
	}
	g.metrics.problems.WithLabelValues(p.code).Inc()
	if p.private != nil {
		g.complain(r, p)
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if p.retryAfter > 0 {
		h.Set("Retry-After", retrySeconds(p.retryAfter))
	}
	if preferred(r) == asHTML {
		if err := g.pages.Error(w, page.ErrorView{Status: p.status, Reference: p.reference, Return: cmp.Or(p.back, g.wayBack(r))}); err == nil {
			return
		}
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.status)
	_, _ = w.Write(p.body())
}

// complain logs what a visitor is not told. What is wrong with a shop or the store is
// the same for everybody who comes, so it is said once a second; what is wrong with
// the gateway is said each time.
func (g *Gateway) complain(r *http.Request, p *problem) {
	if p.status == http.StatusInternalServerError {
		g.log.Error("request failed", "code", p.code, "path", r.URL.Path, "error", p.private)
		return
	}
	kind := complaint{"request failed", p.code}
	if failed, ok := errors.AsType[*upstream.Error](p.private); ok {
		kind.with += " " + failed.Pool
	}
	g.warn(kind, "code", p.code, "path", r.URL.Path, "error", p.private)
}

// retrySeconds rounds up: who asks too early is only told to ask again.
func retrySeconds(d time.Duration) string {
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}

// wayBack is where the error page's "try again" leads.
func (g *Gateway) wayBack(r *http.Request) string {
	if r.Method != http.MethodGet {
		return ""
	}
	path, _ := safeReturn(r.URL.RequestURI(), g.prefix)
	return path
}
