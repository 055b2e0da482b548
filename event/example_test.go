package event_test

import (
	"fmt"
	"time"

	"github.com/bilten/rushgate/event"
)

const definition = `
id: hamlet
organization: globe
routes:
  - {host: tickets.example, path: /buy/**}
  - {host: tickets.example, path: /buy/webhook, action: bypass}
room:
  total_active_users: 2000
  new_users_per_minute: 300
  event_start_time: 2027-03-28 10:00 Europe/London
`

func ExampleParse() {
	e, err := event.Parse([]byte(definition))
	fmt.Println(e.Name, e.Room.EventStartTime, e.Room.TurnTTL, err)
	// Output: hamlet 2027-03-28T10:00:00+01:00 3m <nil>
}

func ExampleParse_refused() {
	_, err := event.Parse([]byte(`
id: hamlet
organization: globe
routes: [{host: tickets.example, path: /buy}]
room:
  total_active_users: -1
  new_users_per_minute: fast
  event_start_time: 2027-03-28 02:30 Europe/Berlin
  colour: red
`))
	fmt.Println(err)
	// Output:
	// line 6: room.total_active_users: -1: want 1 to 10000000
	// line 7: room.new_users_per_minute: "fast": want a whole number
	// line 8: room.event_start_time: "2027-03-28 02:30 Europe/Berlin": does not exist in Europe/Berlin, as clocks go forward: write 2027-03-28T01:30:00+01:00 or 2027-03-28T03:30:00+02:00
	// line 9: room.colour: unknown field
}

func ExampleRoutes_Lookup() {
	e, err := event.Parse([]byte(definition))
	if err != nil {
		panic(err)
	}
	routes, err := event.NewRoutes([]event.Event{e})
	if err != nil {
		panic(err)
	}
	for _, path := range []string{"/buy/seat/7", "/BUY", "/buy/webhook", "/about"} {
		id, route, ok := routes.Lookup("tickets.example", path)
		fmt.Println(path, id, route.Action, ok)
	}
	// Output:
	// /buy/seat/7 hamlet protect true
	// /BUY hamlet protect true
	// /buy/webhook hamlet bypass true
	// /about   false
}

func ExampleEvent_Stance() {
	e, err := event.Parse([]byte(definition))
	if err != nil {
		panic(err)
	}
	start := e.Room.EventStartTime.Time
	show := func(now time.Time, waiting int64) {
		s := e.Stance(now, waiting)
		fmt.Printf("%s: newcomers %s, calls %t, claims %t\n", s.Reason, s.Newcomer, s.Calls, s.Claims)
	}
	show(start.Add(-time.Minute), 0)
	show(start, 0)
	e.Room.Suspended = true
	show(start, 120) // the line drains at its rate
	show(start, 0)   // then the room is off
	e.Room.Paused = true
	show(start, 0)
	// Output:
	// not_open_yet: newcomers countdown, calls false, claims false
	// open: newcomers enter, calls true, claims true
	// draining: newcomers queue, calls true, claims true
	// suspended: newcomers through, calls true, claims true
	// paused: newcomers queue, calls false, claims false
}

func ExampleEvent_Patch() {
	e, err := event.Parse([]byte(definition))
	if err != nil {
		panic(err)
	}
	e, err = e.Patch([]byte(`{"room": {"new_users_per_minute": 600, "queue_all": true}}`))
	fmt.Println(e.Room.NewUsersPerMinute, e.Room.QueueAll, err)
	// Output: 600 true <nil>
}
