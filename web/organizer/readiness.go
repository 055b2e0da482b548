package organizer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
)

// Installation is what the operator's side tells about an event's chances, and
// who keeps what the API shows of it.
type Installation struct {
	Keepers

	// Pool names the pool that serves a host and path, and how many of its
	// instances are ready.
	Pool func(host, path string) (Pool, bool)
	// StoreTime asks the store for its clock.
	StoreTime func(context.Context) (time.Time, error)

	// Accounts says why an event's accounts cannot be checked here. Nil: no event
	// has any.
	Accounts func(event.Event) error

	SharedKeys     bool // every gateway signs with the same keys, and so does this one after a restart
	TrustedProxies bool // the balancers in front are named
}

// Pool is a pool at this moment.
type Pool struct {
	Name             string
	Ready, Instances int
}

// Check is one thing that must be right before the sale hour.
type Check struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

func (a *API) readiness(c echo.Context) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	all, err := a.catalog.All(c.Request().Context())
	if err != nil {
		return catalogProblem(err)
	}
	now := a.now()
	checks := checkRoutes(record.Event, a.house.Pool)
	checks = append(checks, checkStore(c.Request().Context(), a.house.StoreTime, a.now)...)
	view, seen := a.rooms.Live(record.Event.ID)
	checks = append(checks,
		checkDefinition(record, problems(all, record.Event.ID)),
		checkLive(view, seen, record.Version),
		checkKeys(a.house.SharedKeys),
		checkProxies(a.house.TrustedProxies),
		checkStart(record.Event, now),
		checkControls(record.Event.Room),
		checkRate(record.Event.Room),
	)
	if record.Event.Identity.Mode != event.IdentityNone && a.house.Accounts != nil {
		checks = append(checks, checkAccounts(a.house.Accounts(record.Event)))
	}
	if record.Event.Room.ShuffleAtEventStart && seen {
		checks = append(checks, checkDraw(record.Event, view, now))
	}
	if a.house.Rushes != nil {
		checks = append(checks, checkRush(c.Request().Context(), a.house.Rushes, record.Event))
	}
	if a.house.Prices != nil {
		checks = append(checks, checkNotice(c.Request().Context(), a.house.Prices, record.Event.ID)...)
	}
	ready := true
	for _, check := range checks {
		ready = ready && check.OK
	}
	return c.JSON(http.StatusOK, map[string]any{"event": record.Event.ID, "at": now.UTC(), "ready": ready, "checks": checks})
}

func checkRoutes(e event.Event, pool func(host, path string) (Pool, bool)) []Check {
	var checks []Check
	for _, route := range e.Routes {
		check := Check{Check: "route " + route.Host + route.Path}
		switch p, ok := pool(route.Host, route.Path); {
		case !ok:
			check.Detail = "no pool serves it: the operator's file names none for this host and path"
		case p.Ready == 0:
			check.Detail = fmt.Sprintf("pool %s: none of %d instances is ready", p.Name, p.Instances)
		default:
			check.OK, check.Detail = true, fmt.Sprintf("pool %s: %d of %d instances are ready", p.Name, p.Ready, p.Instances)
		}
		checks = append(checks, check)
	}
	return checks
}

func checkAccounts(problem error) Check {
	if problem != nil {
		return Check{Check: "accounts", Detail: "cannot be checked: " + problem.Error() + "; see identity in the event and identity_secrets in the operator's file"}
	}
	return Check{Check: "accounts", OK: true, Detail: "the keys are there"}
}

// skewWarns is far inside what admissions tolerate between two clocks (30 s),
// and far outside what a synchronised clock drifts.
const skewWarns = 2 * time.Second

func checkStore(ctx context.Context, storeTime func(context.Context) (time.Time, error), now func() time.Time) []Check {
	before := now()
	at, err := storeTime(ctx)
	if err != nil {
		return []Check{{Check: "store", Detail: "does not answer: nobody could take a place"}}
	}
	after := now()
	skew := at.Sub(before.Add(after.Sub(before) / 2)).Round(time.Millisecond)
	return []Check{
		{Check: "store", OK: true, Detail: fmt.Sprintf("answers in %s", after.Sub(before).Round(100*time.Microsecond))},
		{Check: "clock", OK: skew.Abs() <= skewWarns, Detail: fmt.Sprintf("the store is %s ahead of this gateway; the store's clock opens the sale", skew)},
	}
}

// checkDefinition says whether what this gateway has is what everybody has.
func checkDefinition(record catalog.Record, problem error) Check {
	check := Check{Check: "definition"}
	switch {
	case problem != nil:
		check.Detail = problem.Error()
	case record.Stale:
		check.Detail = "this gateway's file differs from the one last announced: give every gateway the same files"
	default:
		check.OK, check.Detail = true, "the same at every gateway"
	}
	return check
}

// problems are those of one event: the rest is not its organizer's to read.
func problems(all catalog.View, id string) error {
	var own []error
	for _, problem := range all.Problems {
		if problem.Event == id {
			own = append(own, problem)
		}
	}
	return errors.Join(own...)
}

func checkLive(view LiveView, seen bool, version int64) Check {
	check := Check{Check: "room"}
	switch {
	case !seen:
		check.Detail = "this gateway has not seen the room yet"
	case view.Mode != "normal":
		check.Detail = "mode is " + view.Mode
	case view.InForce < version:
		check.Detail = fmt.Sprintf("version %d is in force, %d is stored", view.InForce, version)
	default:
		check.OK, check.Detail = true, fmt.Sprintf("%d waiting, %d inside", view.Waiting(), view.Active)
	}
	return check
}

func checkKeys(shared bool) Check {
	if !shared {
		return Check{Check: "keys", Detail: "this gateway made its own keys: places and admissions end with it, and no second gateway accepts them"}
	}
	return Check{Check: "keys", OK: true, Detail: "from the key file"}
}

func checkProxies(trusted bool) Check {
	if !trusted {
		return Check{Check: "trusted_proxies", Detail: "none named: everybody behind a balancer counts as one visitor to the limits"}
	}
	return Check{Check: "trusted_proxies", OK: true, Detail: "named"}
}

func checkStart(e event.Event, now time.Time) Check {
	check := Check{Check: "start", OK: true}
	start := e.Room.EventStartTime
	switch e.Phase(now) {
	case event.Ended:
		check.OK, check.Detail = false, "event_end_time has passed: everybody goes through"
	case event.Before:
		check.Detail = fmt.Sprintf("in %s, at %s", start.Sub(now).Round(time.Second), start.UTC().Format(time.RFC3339))
	default:
		check.Detail = "open since " + start.UTC().Format(time.RFC3339)
		if start.IsZero() {
			check.Detail = "no event_start_time: the room is open now"
		}
	}
	return check
}

// checkDraw says whether the draw can still be held: a room draws once, among people
// of whom none has a number yet.
func checkDraw(e event.Event, view LiveView, now time.Time) Check {
	check := Check{Check: "draw"}
	phase := e.Phase(now)
	early := phase == event.Before || phase == event.Prequeue
	used := slices.ContainsFunc(view.Lines, func(l LiveLine) bool { return l.Issued > 0 })
	switch {
	case early && view.Draw != "open":
		check.Detail = "this room has drawn already, so whoever joins now stands in the order of coming: give the sale an event id of its own"
	case early && used:
		check.Detail = "numbers have been given in this room already, and the draw cannot be held fairly behind them: give the sale an event id of its own"
	case e.Room.Draw.Source == "":
		check.OK, check.Detail = true, view.Draw+"; no public value is named (room.draw.source), so nothing is proved against who holds the draw key"
	default:
		check.OK, check.Detail = true, view.Draw+"; turned by: "+e.Room.Draw.Source
	}
	return check
}

func checkControls(room event.Room) Check {
	for _, control := range []struct {
		set    bool
		detail string
	}{
		{room.Released, "released: everybody goes through; resume ends that"},
		{room.Availability == event.SoldOut || room.Availability == event.AllHeld, string(room.Availability) + ": nobody is called; on-sale ends that"},
		{room.Suspended, "suspended: everybody goes through; resume ends that"},
		{room.Paused, "paused: nobody comes in; unpause ends that"},
		{room.Closed, "closed: nobody may join; reopen ends that"},
		{room.QueueAll, "queue_all: nobody new is called; unqueue ends that"},
		{room.QueueingMethod == event.Reject, "queueing_method reject: newcomers are refused; accept ends that"},
		{room.QueueingMethod == event.Passthrough, "queueing_method passthrough: everybody goes through; set fifo"},
	} {
		if control.set {
			return Check{Check: "controls", Detail: control.detail}
		}
	}
	return Check{Check: "controls", OK: true, Detail: "none is set"}
}

// checkRate compares the rate with what the cap lets through in the long run:
// cap / session_duration (Little's law), if every session lasts its time.
func checkRate(room event.Room) Check {
	if room.NewUsersPerMinute == 0 {
		return Check{Check: "rate_and_cap", Detail: "new_users_per_minute is 0: nobody comes in"}
	}
	minutes := time.Duration(room.SessionDuration).Minutes()
	if minutes <= 0 {
		return Check{Check: "rate_and_cap", Detail: "session_duration is not set"}
	}
	sustained := float64(room.TotalActiveUsers) / minutes
	check := Check{Check: "rate_and_cap", OK: sustained >= float64(room.NewUsersPerMinute)/2}
	if sustained < float64(room.NewUsersPerMinute) {
		check.Detail = fmt.Sprintf("%d a minute for %.0f minutes need %.0f sessions, total_active_users is %d: if sessions last their time, the line falls to %.0f a minute",
			room.NewUsersPerMinute, minutes, float64(room.NewUsersPerMinute)*minutes, room.TotalActiveUsers, sustained)
		return check
	}
	check.Detail = fmt.Sprintf("%d a minute fit under %d sessions", room.NewUsersPerMinute, room.TotalActiveUsers)
	return check
}
