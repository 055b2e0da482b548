package organizer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bilten/rushgate/event/catalog"
)

// problem is an answer that is not a success: RFC 9457 problem details. Type
// and Code are stable; Detail is for people. The fields that reach a client are
// its public half; private is logged and never sent.
type problem struct {
	Type    string   `json:"type"`
	Code    string   `json:"code"`
	Title   string   `json:"title"`
	Status  int      `json:"status"`
	Detail  string   `json:"detail,omitempty"`
	Errors  []string `json:"errors,omitempty"`  // each "field: value: reason"
	Waiting *int64   `json:"waiting,omitempty"` // release_mismatch: the live number
	Version int64    `json:"version,omitempty"` // version_mismatch: the current one

	private error
}

func (p *problem) Error() string {
	if p.private != nil {
		return p.Code + ": " + p.private.Error()
	}
	return p.Code + ": " + p.Detail
}

func (p *problem) Unwrap() error { return p.private }

func refuse(status int, code, detail string) *problem {
	return &problem{
		Type:   "urn:rushgate:problem:" + code,
		Code:   code,
		Title:  http.StatusText(status),
		Status: status,
		Detail: detail,
	}
}

// Answers that must be the same to the byte wherever they are given.

func notFound() *problem {
	return refuse(http.StatusNotFound, "not_found", "There is no such event in this organization, or this key may not see it.")
}

func unauthorized() *problem {
	return refuse(http.StatusUnauthorized, "unauthorized", "Send a valid API key as Authorization: Bearer <key>.")
}

// idTaken does not say by whom: ids are unique in the installation.
func idTaken(id string) *problem {
	return refuse(http.StatusConflict, codeIDTaken, fmt.Sprintf("The id %q is taken.", id))
}

const (
	codeVersionMismatch = "version_mismatch"
	codeIDTaken         = "id_taken"
)

// toProblem is the one place that says what an error is to a client. An error
// that it does not know is internal, and no more is said.
func toProblem(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if h, ok := errors.AsType[*echo.HTTPError](err); ok {
		switch h.Code {
		case http.StatusNotFound:
			return notFound()
		case http.StatusMethodNotAllowed:
			return refuse(h.Code, "method_not_allowed", "This address does not take that method.")
		}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return refuse(http.StatusRequestEntityTooLarge, "body_too_large", fmt.Sprintf("A body may have %d bytes.", bodyLimit))
	}
	if errors.Is(err, context.DeadlineExceeded) {
		p := refuse(http.StatusServiceUnavailable, "store_unavailable", "The store did not answer in time. Nothing is known to have changed; read the event again.")
		p.private = err
		return p
	}
	p := refuse(http.StatusInternalServerError, "internal", "")
	p.private = err
	return p
}

// handleError is the API's only error handler: it maps, logs once and answers.
func (a *API) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p := toProblem(err)
	level := slog.LevelInfo
	if p.Status >= http.StatusInternalServerError && p.private != nil { // not "ask again in a second"
		level = slog.LevelError
	}
	a.log.LogAttrs(c.Request().Context(), level, "organizer request refused",
		slog.String("method", c.Request().Method),
		slog.String("path", c.Request().URL.Path),
		slog.Int("status", p.Status),
		slog.String("code", p.Code),
		slog.Any("err", p.private),
	)
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "application/problem+json")
	switch p.Status {
	case http.StatusUnauthorized:
		header.Set(echo.HeaderWWWAuthenticate, `Bearer realm="rushgate"`)
	case http.StatusServiceUnavailable:
		header.Set(echo.HeaderRetryAfter, "1")
	}
	c.Response().WriteHeader(p.Status)
	_ = json.NewEncoder(c.Response()).Encode(p) // the client has gone; nobody is left to tell
}

// invalid names everything that is wrong with an event, a line each.
func invalid(err error) *problem {
	p := refuse(http.StatusUnprocessableEntity, "invalid_event", "The event would not be valid.")
	p.Errors = strings.Split(err.Error(), "\n")
	return p
}

// catalogProblem says what an error of the catalog is to a client. What it does
// not know passes on unchanged.
func catalogProblem(err error) error {
	switch {
	case errors.Is(err, catalog.ErrNotFound):
		return notFound()
	case errors.Is(err, catalog.ErrNoBackend):
		p := refuse(http.StatusServiceUnavailable, "store_unavailable", "The store does not answer. Nothing is known to have changed; read the event again.")
		p.private = err
		return p
	}
	return err
}

// changeProblem is catalogProblem for changes, which can be refused.
func (a *API) changeProblem(c echo.Context, id string, err error) error {
	switch {
	case errors.Is(err, catalog.ErrConflict):
		p := refuse(http.StatusPreconditionFailed, codeVersionMismatch, "Somebody has changed the event meanwhile. Read it again.")
		record, err := a.catalog.Find(c.Request().Context(), actorOf(c).key.Organization, id)
		if err != nil {
			return catalogProblem(err)
		}
		p.Version = record.Version
		return p
	case errors.Is(err, catalog.ErrForeign):
		return idTaken(id)
	case errors.Is(err, catalog.ErrFileOwned):
		p := refuse(http.StatusConflict, "file_owned", "A file of the operator declares this event; by API only its live controls change.")
		p.Errors = strings.Split(err.Error(), "\n")
		return p
	}
	known := catalogProblem(err)
	if known != err { //nolint:errorlint // whether it was mapped, not what it is
		return known
	}
	return invalid(err)
}
