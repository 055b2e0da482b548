package organizer

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/bilten/rushgate/capacity"
)

// Leases know what the instances behind an event let it do.
type Leases interface {
	// Status is that of one event, as all gateways agreed on it last.
	Status(event string) capacity.EventStatus
}

// capacity answers why an event's rate is what it is.
func (a *API) capacity(c echo.Context) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, a.house.Leases.Status(record.Event.ID))
}
