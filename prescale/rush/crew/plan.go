package crew

import (
	"slices"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/prescale"
	"github.com/bilten/rushgate/prescale/rush"
)

// Plan is what an event needs.
type Plan struct {
	Lead time.Duration // before the start
	Auto bool          // the schedule arms itself
	// Services is what is to be scaled, as far as the plan knows it now. nil: nothing.
	Services func() ([]rush.Service, error)
}

// PlanFor is what an event needs of the operator's services. It is made ready by
// itself if it says who will come and there is something to scale: whoever has set up
// neither keeps their room's switch to themselves.
func PlanFor(e event.Event, services []prescale.Service) Plan {
	p := Plan{Lead: time.Duration(e.Prescale.LeadTime)}
	picked, err := prescale.Pick(services, e.Prescale.Services)
	if err == nil && !slices.ContainsFunc(picked, func(s prescale.Service) bool { return s.Target != "" }) {
		return p
	}
	p.Auto = e.Prescale.Registrations > 0 || len(e.Prescale.Past) > 0
	p.Services = func() ([]rush.Service, error) { return scaled(e, services) }
	return p
}

func scaled(e event.Event, services []prescale.Service) ([]rush.Service, error) {
	plan, err := prescale.PlanFor(e, services)
	if err != nil {
		return nil, err
	}
	var all []rush.Service
	for _, one := range plan.Services {
		if one.Target != "" {
			all = append(all, rush.Service{Name: one.Name, Target: one.Target, Instances: one.Instances, Most: one.Max})
		}
	}
	return all, nil
}
