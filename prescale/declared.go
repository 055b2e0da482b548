package prescale

import (
	"time"

	"github.com/bilten/rushgate/event"
)

// Declared is the request that an event makes; the operator's services, and
// what has arrived so far, come from elsewhere.
func Declared(e event.Event) Request {
	p := e.Prescale
	r := Request{
		Event: e.ID,
		Start: e.Room.EventStartTime.Time,
		Lead:  time.Duration(p.LeadTime),
		Sale: Sale{
			Tickets: p.Tickets, TicketsPerOrder: p.TicketsPerOrder, Buying: p.Buying.Of(),
			Session: time.Duration(p.SessionLength), SessionSource: "prescale.session_length",
			Cap: e.Room.TotalActiveUsers, PerMinute: e.Room.NewUsersPerMinute,
		},
		Evidence: Evidence{
			Registrations: p.Registrations,
			ShowUp:        Range{P50: p.ShowUp.P50.Of(), P90: p.ShowUp.P90.Of()},
		},
	}
	if p.SessionLength == 0 {
		r.Sale.Session, r.Sale.SessionSource = time.Duration(e.Room.SessionDuration), "room.session_duration"
	}
	for _, past := range p.Past {
		one := Past{Registrations: past.Registrations, Visitors: past.Visitors}
		for _, mark := range past.Course {
			one.Course = append(one.Course, Mark{At: time.Duration(mark.At), Visitors: mark.Visitors})
		}
		r.Evidence.Past = append(r.Evidence.Past, one)
	}
	return r
}

// PlanFor plans what an event declares, with those of the operator's services that it
// names.
func PlanFor(e event.Event, services []Service) (Plan, error) {
	request := Declared(e)
	var err error
	if request.Services, err = Pick(services, e.Prescale.Services); err != nil {
		return Plan{}, err
	}
	return NewPlan(request)
}
