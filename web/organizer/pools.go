package organizer

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bilten/rushgate/web/upstream"
	"github.com/bilten/rushgate/web/upstream/roster"
)

// Fleet is a pool's instances, as operators and the instances themselves may
// see and change them. Pools are the operator's: an organizer's key opens none.
type Fleet struct {
	Pool   *upstream.Pool
	Roster *roster.Roster // what a gateway is told here reaches the others by it

	Operator     [sha256.Size]byte // hash of the key that may see the table and drain; zero: nobody
	Registration [sha256.Size]byte // hash of the key that instances register with; zero: nobody

	HeartbeatSeconds int // how often an instance should repeat its registration
}

// fleetTable is what GET /v1/pools/{pool} answers.
type fleetTable struct {
	Pool      string                  `json:"pool"`
	Measured  measured                `json:"measured"`
	Instances []upstream.Instance     `json:"instances"`
	Drains    map[string]roster.Drain `json:"drains"` // by instance
}

// measured is what this gateway saw of the pool in the last seconds.
type measured struct {
	Known     int     `json:"known"`
	Ready     int     `json:"ready"`
	Weight    float64 `json:"ready_weight"`
	Seconds   float64 `json:"seconds"`
	Requests  int64   `json:"requests"`
	Failures  int64   `json:"failures"`
	Timeouts  int64   `json:"timeouts"`
	P95Millis float64 `json:"p95_ms"`
}

const fleetKey = "fleet"

func fleetOf(c echo.Context) Fleet { return c.Get(fleetKey).(Fleet) } //nolint:forcetypeassert // authenticateFleet runs before every handler

func (a *API) poolRoutes(e *echo.Echo) {
	pool := e.Group("/v1/pools/:pool")
	pool.GET("", a.fleet)
	one := pool.Group("/instances/:instance")
	one.POST("", a.register)
	one.DELETE("", a.deregister)
	one.POST("/drain", a.drain)
	one.DELETE("/drain", a.undrain)
}

// poolIn reads the path itself, as organizationIn does.
func poolIn(path string) (pool, rest string, named bool) {
	path, named = strings.CutPrefix(path, "/v1/pools/")
	pool, rest, _ = strings.Cut(path, "/")
	return pool, rest, named
}

// authenticateFleet lets in who holds the pool's own key for what is asked. A
// pool that does not exist and a wrong key are the same answer.
func (a *API) authenticateFleet(c echo.Context, next echo.HandlerFunc) error {
	pool, rest, _ := poolIn(c.Request().URL.Path)
	token, ok := strings.CutPrefix(c.Request().Header.Get(echo.HeaderAuthorization), "Bearer ")
	fleet := a.house.Fleets[pool]
	asks := fleet.Operator
	if strings.HasPrefix(rest, "instances/") && !strings.HasSuffix(rest, "/drain") {
		asks = fleet.Registration
	}
	hash := sha256.Sum256([]byte(token))
	if !ok || asks == [sha256.Size]byte{} || subtle.ConstantTimeCompare(hash[:], asks[:]) != 1 {
		return unauthorized()
	}
	reason, ok := cleanReason(c.Request().Header.Get("Rushgate-Reason"))
	if !ok {
		return invalidReason()
	}
	c.Set(actorKey, actor{key: Key{Name: "operator"}, reason: reason})
	c.Set(fleetKey, fleet)
	return next(c)
}

// fleet shows the table.
func (a *API) fleet(c echo.Context) error {
	f := fleetOf(c)
	m := f.Pool.Measure()
	drains := f.Roster.Drains()
	if drains == nil {
		drains = map[string]roster.Drain{}
	}
	return c.JSON(http.StatusOK, fleetTable{
		Pool: c.Param("pool"),
		Measured: measured{
			Known: m.Known, Ready: m.Ready, Weight: m.ReadyWeight, Seconds: m.Window.Seconds(), Requests: m.Requests,
			Failures: m.Failures, Timeouts: m.Timeouts, P95Millis: float64(m.P95.Microseconds()) / 1000,
		},
		Instances: f.Pool.Instances(), Drains: drains,
	})
}

// register takes an instance in, or its heartbeat.
func (a *API) register(c echo.Context) error {
	var said roster.Registration
	if err := decode(c, &said); err != nil {
		return err
	}
	f, id := fleetOf(c), c.Param("instance")
	if err := f.Roster.Register(c.Request().Context(), id, said); err != nil {
		return fleetProblem(err)
	}
	return c.JSON(http.StatusOK, map[string]any{"id": id, "heartbeat_s": f.HeartbeatSeconds})
}

func (a *API) deregister(c echo.Context) error {
	if err := fleetOf(c).Roster.Deregister(c.Request().Context(), c.Param("instance")); err != nil {
		return fleetProblem(err)
	}
	return c.NoContent(http.StatusNoContent)
}

func (a *API) drain(c echo.Context) error {
	f, id := fleetOf(c), c.Param("instance")
	known := false
	for _, in := range f.Pool.Instances() {
		known = known || in.ID == id
	}
	if !known {
		return refuse(http.StatusNotFound, "no_such_instance", "The pool has no instance of this id.")
	}
	by := actorOf(c)
	return a.setDrain(c, &roster.Drain{By: by.key.Name, Reason: by.reason, At: a.now().UTC()})
}

// undrain works for instances that are away, too: they may come back.
func (a *API) undrain(c echo.Context) error { return a.setDrain(c, nil) }

func (a *API) setDrain(c echo.Context, wish *roster.Drain) error {
	if err := fleetOf(c).Roster.SetDrain(c.Request().Context(), c.Param("instance"), wish); err != nil {
		return fleetProblem(err)
	}
	return c.JSON(http.StatusOK, map[string]any{"id": c.Param("instance"), "drained": wish != nil})
}

func fleetProblem(err error) error {
	if invalid, ok := errors.AsType[*roster.Invalid](err); ok {
		p := refuse(http.StatusUnprocessableEntity, "invalid_instance", "The instance cannot be registered.")
		p.Errors = []string{invalid.Error()}
		return p
	}
	p := refuse(http.StatusServiceUnavailable, "store_unavailable", "The store does not answer. What was known of the pool stays.")
	p.private = err
	return p
}
