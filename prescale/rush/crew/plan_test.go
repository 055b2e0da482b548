package crew_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/prescale"
	"github.com/bilten/rushgate/prescale/rush"
	"github.com/bilten/rushgate/prescale/rush/crew"
)

func TestWhoIsMadeReadyByItself(t *testing.T) {
	t.Parallel()
	shop := prescale.Service{Name: "shop", PerInstance: 1000, Min: 3, Max: 50, Target: "cluster"}
	till := prescale.Service{Name: "till", PerInstance: 1000, Min: 1, Max: 9}
	told := event.Prescale{LeadTime: event.Duration(time.Hour), Registrations: 20_000, ShowUp: event.ShowUp{P50: event.Whole / 2, P90: event.Whole}}
	named := func(services ...string) event.Prescale { p := told; p.Services = services; return p }
	for _, row := range []struct {
		says     string
		declares event.Prescale
		auto     bool
		needs    bool   // there is something to scale
		fails    string // then
	}{
		{"it says who will come, and a service has a target", told, true, true, ""},
		{"it has past events to say so", event.Prescale{Past: []event.PastEvent{{Visitors: 9000}}}, true, true, ""},
		{"it says nothing", event.Prescale{}, false, true, "no_evidence"},
		{"what it names is scaled by hand", named("till"), false, false, ""},
		{"what it names is unknown: the rush is to show it", named("bar"), true, true, "unknown_service"},
	} {
		e := event.Event{ID: "hamlet", Prescale: row.declares}
		e.Room.SessionDuration, e.Room.TotalActiveUsers = event.Duration(5*time.Minute), 5000
		plan := crew.PlanFor(e, []prescale.Service{shop, till})
		if plan.Auto != row.auto || (plan.Services != nil) != row.needs || plan.Lead != time.Duration(row.declares.LeadTime) {
			t.Errorf("%s: PlanFor() = %+v; want auto %t, services %t, and its lead", row.says, plan, row.auto, row.needs)
			continue
		}
		if !row.needs {
			continue
		}
		services, err := plan.Services()
		if row.fails == "" {
			want := []rush.Service{{Name: "shop", Target: "cluster", Instances: 5, Most: 50}}
			if err != nil || !slices.Equal(services, want) {
				t.Errorf("%s: Services() = %+v, %v; want %+v", row.says, services, err, want)
			}
		} else if err == nil || !strings.Contains(err.Error(), row.fails) {
			t.Errorf("%s: Services() = %+v, %v; want %s", row.says, services, err, row.fails)
		}
	}
}
