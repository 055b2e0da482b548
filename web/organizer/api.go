package organizer

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/prescale/rush"
	"github.com/bilten/rushgate/pricing/board"
)

const (
	bodyLimit      = 64 << 10        // bytes; as much as an event definition may have
	requestTimeout = 5 * time.Second // for the store to answer, in all
)

// Keepers keep what the API shows and steers beside the catalog and the rooms.
type Keepers struct {
	Shelf   Shelf            // keeps the stock
	Leases  Leases           // know the capacity
	Prices  *board.Keeper    // keeps the prices
	Fleets  map[string]Fleet // by the pool's name
	Rushes  Rushes           // nil: no event is made ready from here
	Scaling Scaling          // nil: nothing is planned here
}

// API serves the organizer API. Its fields are set once, by New.
type API struct {
	catalog *catalog.Catalog
	keys    []Key
	rooms   Rooms
	house   Installation
	now     func() time.Time
	log     *slog.Logger
}

// New returns an API over the catalog and the live rooms. Whoever holds one of
// the keys may use it.
func New(events *catalog.Catalog, keys []Key, rooms Rooms, house Installation, now func() time.Time, log *slog.Logger) *API {
	return &API{catalog: events, keys: keys, rooms: rooms, house: house, now: now, log: log}
}

// Handler returns the API as a plain handler.
func (a *API) Handler() http.Handler {
	e := echo.New()
	e.HTTPErrorHandler = a.handleError
	e.Use(a.guard, a.authenticate)

	e.GET("/v1/key", whose)
	a.poolRoutes(e)

	events := e.Group("/v1/organizations/:org/events")
	events.GET("", a.list)
	events.POST("", a.create)

	one := events.Group("/:event")
	one.GET("", a.read)
	one.PUT("", a.replace)
	one.PATCH("", a.patch)
	one.DELETE("", a.remove)
	one.GET("/live", a.live)
	one.GET("/readiness", a.readiness)
	one.GET("/log", a.history)
	for _, turn := range actions {
		one.POST("/"+turn.name, func(c echo.Context) error { return a.change(c, turn.name, []byte(turn.patch)) })
	}
	one.POST("/release-all", a.releaseAll)
	one.POST("/rate", a.rate)
	one.POST("/message", a.message)
	one.POST("/draw-value", a.drawValue)
	one.GET("/capacity", a.capacity)
	one.GET("/inventory", a.inventory)
	one.POST("/inventory", a.takeInventory)
	one.DELETE("/inventory", a.forgetInventory)

	one.GET("/plan", a.planned)
	one.GET("/scaling/report", a.scalingReport)
	one.GET("/rush", a.rush)
	for _, command := range rush.Commands {
		one.POST("/rush/"+string(command), func(c echo.Context) error { return a.command(c, command) })
	}
	a.priceRoutes(one)
	return e
}

// guard bounds what one request can cost, and turns a panic into an answer.
func (a *API) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				a.log.Error("organizer request panicked", "panic", r, "path", c.Request().URL.Path)
				err = refuse(http.StatusInternalServerError, "internal", "")
			}
		}()
		ctx, cancel := context.WithTimeout(c.Request().Context(), requestTimeout)
		defer cancel()
		request := c.Request().WithContext(ctx)
		request.Body = http.MaxBytesReader(c.Response(), request.Body, bodyLimit)
		c.SetRequest(request)
		header := c.Response().Header()
		header.Set(echo.HeaderCacheControl, "no-store")
		header.Set(echo.HeaderXContentTypeOptions, "nosniff")
		return next(c)
	}
}
