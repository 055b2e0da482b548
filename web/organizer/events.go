package organizer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"go.yaml.in/yaml/v4"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
)

// listed is an event in a list, where no headers can say who owns it.
type listed struct {
	Version   int64         `json:"version"`
	Owner     catalog.Owner `json:"owner"`
	ChangedAt *time.Time    `json:"changed_at"` // null: as its file declares it
	ChangedBy string        `json:"changed_by"`
	Event     event.Event   `json:"event"`
}

func (a *API) list(c echo.Context) error {
	view, err := a.catalog.All(c.Request().Context())
	if err != nil {
		return catalogProblem(err)
	}
	events := []listed{}
	for _, record := range view.Records {
		if record.Event.Organization != actorOf(c).key.Organization {
			continue
		}
		one := listed{Version: record.Version, Owner: record.Owner, ChangedBy: record.ChangedBy, Event: record.Event}
		if !record.ChangedAt.IsZero() {
			one.ChangedAt = &record.ChangedAt
		}
		events = append(events, one)
	}
	return c.JSON(http.StatusOK, map[string]any{"events": events})
}

func (a *API) create(c echo.Context) error {
	body, err := definition(c)
	if err != nil {
		return err
	}
	var named struct {
		ID string `yaml:"id"`
	}
	if err := yaml.Load(body, &named); err != nil || named.ID == "" {
		return invalid(errors.New("id: is missing"))
	}
	err = a.put(c, named.ID, body, catalog.NewVersion)
	if p, ok := errors.AsType[*problem](err); ok && (p.Code == codeVersionMismatch || p.Status == http.StatusNotFound) {
		return idTaken(named.ID)
	}
	return err
}

func (a *API) replace(c echo.Context) error {
	version, err := a.precondition(c)
	if err != nil {
		return err
	}
	if version <= catalog.NewVersion { // the catalog would make a new event
		if _, err := a.find(c); err != nil {
			return err
		}
	}
	body, err := definition(c)
	if err != nil {
		return err
	}
	err = a.put(c, c.Param("event"), body, version)
	if p, ok := errors.AsType[*problem](err); ok && p.Code == codeIDTaken {
		return notFound() // by another organization, which is nobody's business
	}
	return err
}

func (a *API) put(c echo.Context, id string, body []byte, version int64) error {
	who := actorOf(c)
	record, err := a.catalog.Put(c.Request().Context(), who.key.Organization, id, body, version, who.author())
	if err != nil {
		return a.changeProblem(c, id, err)
	}
	if version != catalog.NewVersion {
		return a.changed(c, http.StatusOK, "put", record)
	}
	c.Response().Header().Set(echo.HeaderLocation, "/v1/organizations/"+who.key.Organization+"/events/"+id)
	return a.changed(c, http.StatusCreated, "create", record)
}

func (a *API) read(c echo.Context) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	describe(c, record)
	return c.JSON(http.StatusOK, record.Event)
}

func (a *API) patch(c echo.Context) error {
	if _, err := a.precondition(c); err != nil {
		return err
	}
	body, err := bodyOf(c, "application/merge-patch+json", echo.MIMEApplicationJSON)
	if err != nil {
		return err
	}
	return a.change(c, "patch", body)
}

// change applies a merge patch. If-Match is obeyed where it is given: a control
// is set to a fixed value, so in the sale hour nobody has to read before they
// pause.
func (a *API) change(c echo.Context, action string, patch []byte) error {
	version, _, err := ifMatch(c)
	if err != nil {
		return err
	}
	who := actorOf(c)
	record, err := a.catalog.Patch(c.Request().Context(), who.key.Organization, c.Param("event"), patch, version, who.author())
	if err != nil {
		return a.changeProblem(c, c.Param("event"), err)
	}
	return a.changed(c, http.StatusOK, action, record)
}

func (a *API) remove(c echo.Context) error {
	version, err := a.precondition(c)
	if err != nil {
		return err
	}
	who := actorOf(c)
	if err := a.catalog.Delete(c.Request().Context(), who.key.Organization, c.Param("event"), version, who.author()); err != nil {
		return a.changeProblem(c, c.Param("event"), err)
	}
	a.logChange(c.Request().Context(), who, "delete", c.Param("event"), version)
	return c.NoContent(http.StatusNoContent)
}

const (
	logDefault = 100
	logMost    = 1000
)

func (a *API) history(c echo.Context) error {
	limit := logDefault
	if given := c.QueryParam("limit"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > logMost {
			return refuse(http.StatusBadRequest, "invalid_limit", fmt.Sprintf("limit must be between 1 and %d.", logMost))
		}
		limit = n
	}
	entries, err := a.catalog.Log(c.Request().Context(), actorOf(c).key.Organization, c.Param("event"), limit)
	if err != nil {
		return catalogProblem(err)
	}
	if len(entries) == 0 { // never changed, or never there; a deleted event still has its log
		if _, err := a.find(c); err != nil {
			return err
		}
		entries = []catalog.Entry{}
	}
	return c.JSON(http.StatusOK, map[string]any{"entries": entries})
}

func (a *API) find(c echo.Context) (catalog.Record, error) {
	record, err := a.catalog.Find(c.Request().Context(), actorOf(c).key.Organization, c.Param("event"))
	if err != nil {
		return catalog.Record{}, catalogProblem(err)
	}
	return record, nil
}

func (a *API) changed(c echo.Context, status int, action string, record catalog.Record) error {
	a.logChange(c.Request().Context(), actorOf(c), action, record.Event.ID, record.Version)
	describe(c, record)
	return c.JSON(status, record.Event)
}

func (a *API) logChange(ctx context.Context, who actor, action, id string, version int64) {
	a.log.LogAttrs(ctx, slog.LevelInfo, "event changed",
		slog.String("organization", who.key.Organization),
		slog.String("event", id),
		slog.String("action", action),
		slog.Int64("version", version),
		slog.String("by", who.key.Name),
		slog.String("reason", who.reason),
	)
}

func (w actor) author() catalog.Author {
	return catalog.Author{Name: w.key.Name, Reason: w.reason}
}

// describe puts into headers what is not part of the event itself, so that what
// is read can be sent back as it is.
func describe(c echo.Context, record catalog.Record) {
	header := c.Response().Header()
	header.Set("ETag", etag(record.Version))
	header.Set("Rushgate-Owner", string(record.Owner))
	if !record.ChangedAt.IsZero() {
		header.Set("Rushgate-Changed-By", record.ChangedBy)
		header.Set(echo.HeaderLastModified, record.ChangedAt.UTC().Format(http.TimeFormat))
	}
}

func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// precondition demands an If-Match. Whether the event exists comes first.
func (a *API) precondition(c echo.Context) (int64, error) {
	version, given, err := ifMatch(c)
	if err != nil || given {
		return version, err
	}
	if _, err := a.find(c); err != nil {
		return 0, err
	}
	return 0, refuse(http.StatusPreconditionRequired, "version_required", "Read the event and send its ETag as If-Match.")
}

// ifMatch returns the version that a change is made for.
func ifMatch(c echo.Context) (version int64, given bool, err error) {
	tag := c.Request().Header.Get("If-Match")
	if tag == "" || tag == "*" {
		return catalog.AnyVersion, tag != "", nil
	}
	version, err = strconv.ParseInt(strings.Trim(tag, `"`), 10, 64)
	if err != nil || version < 0 || tag != etag(version) {
		return 0, true, refuse(http.StatusBadRequest, "invalid_if_match", `If-Match must be one ETag of this API, such as "7", or *.`)
	}
	return version, true, nil
}

// definition reads an event in JSON or, where the client says so, YAML.
func definition(c echo.Context) ([]byte, error) {
	return bodyOf(c, echo.MIMEApplicationJSON, "application/yaml")
}

func bodyOf(c echo.Context, types ...string) ([]byte, error) {
	kind, _, _ := strings.Cut(c.Request().Header.Get(echo.HeaderContentType), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	for _, accepted := range types {
		if kind != accepted {
			continue
		}
		body, err := io.ReadAll(c.Request().Body)
		if err == nil && strings.HasSuffix(kind, "json") {
			err = strictJSON(body)
		}
		return body, err
	}
	return nil, refuse(http.StatusUnsupportedMediaType, "unsupported_media_type", "Content-Type must be "+strings.Join(types, " or ")+".")
}
