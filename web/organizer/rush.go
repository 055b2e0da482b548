package organizer

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/prescale"
	"github.com/bilten/rushgate/prescale/rush"
)

// Rushes make events ready for their sale, and show how far that is.
type Rushes interface {
	// Status shows an event's rush.
	Status(ctx context.Context, e event.Event) (rush.Status, error)
	// Command asks for something. The error wraps rush.ErrRefused when it does not
	// fit; then nothing has changed.
	Command(ctx context.Context, e event.Event, c rush.Command, by, reason string) (rush.Status, error)
}

// Scaling tells what is known of the capacity behind an event.
type Scaling interface {
	// Plan is what the event will need; the error says why nobody knows.
	Plan(e event.Event) (prescale.Plan, error)
	// Report is what was measured last, what follows from it and what was done.
	Report(e event.Event) prescale.Report
}

func noScaling() *problem {
	return refuse(http.StatusNotImplemented, "not_configured", "This gateway keeps no rushes.")
}

// rushProblem says what an error of a rush is to a client.
func rushProblem(err error) error {
	if errors.Is(err, rush.ErrRefused) {
		p := refuse(http.StatusConflict, "rush_refused", capital(err.Error())+".")
		return p
	}
	p := refuse(http.StatusServiceUnavailable, "store_unavailable", "The store does not answer. Nothing is known to have changed; ask again.")
	p.private = err
	return p
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func (a *API) rush(c echo.Context) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	if a.house.Rushes == nil {
		return noScaling()
	}
	status, err := a.house.Rushes.Status(c.Request().Context(), record.Event)
	if err != nil {
		return rushProblem(err)
	}
	return c.JSON(http.StatusOK, status)
}

func (a *API) command(c echo.Context, command rush.Command) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	if a.house.Rushes == nil {
		return noScaling()
	}
	who := actorOf(c)
	status, err := a.house.Rushes.Command(c.Request().Context(), record.Event, command, who.key.Name, who.reason)
	if err != nil {
		return rushProblem(err)
	}
	a.logChange(c.Request().Context(), who, "rush "+string(command), record.Event.ID, record.Version)
	return c.JSON(http.StatusOK, status)
}

// planned is what the event will need, or why nobody knows.
func (a *API) planned(c echo.Context) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	if a.house.Scaling == nil {
		return noScaling()
	}
	plan, err := a.house.Scaling.Plan(record.Event)
	if err != nil {
		p := refuse(http.StatusConflict, "no_plan", "No plan can be made.")
		p.Errors = strings.Split(err.Error(), "\n")
		return p
	}
	return c.JSON(http.StatusOK, plan)
}

func (a *API) scalingReport(c echo.Context) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	if a.house.Scaling == nil {
		return noScaling()
	}
	return c.JSON(http.StatusOK, a.house.Scaling.Report(record.Event))
}

// checkRush says whether somebody must still see to the capacity by hand.
func checkRush(ctx context.Context, rushes Rushes, e event.Event) Check {
	check := Check{Check: "rush"}
	status, err := rushes.Status(ctx, e)
	switch {
	case err != nil:
		check.Detail = "is not known: the store does not answer"
	case status.Warning != "":
		check.Detail = status.Warning
	case status.Phase == "cancelled":
		check.Detail = "was cancelled by " + status.By + ": capacity and queue are up to you; arm takes it up again"
	default:
		check.OK, check.Detail = true, status.Phase
		if status.DueAt != nil {
			check.Detail += ", begins at " + status.DueAt.Format("2006-01-02 15:04:05 MST")
		}
	}
	for _, step := range status.Steps {
		if step.LastError != "" && check.OK {
			check.OK, check.Detail = false, string(step.Step)+" fails: "+step.LastError
		}
	}
	return check
}
