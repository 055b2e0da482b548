package event

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

const prescaled = `id: hamlet
organization: acme
routes: [{host: tickets.example, path: /buy/**}]
room: {total_active_users: 500, new_users_per_minute: 100}
prescale:
  registrations: 120000
  show_up: {p50: 35%, p90: 52.5%}
  tickets: 40000
  services: [shop]
  past: [{name: spring, visitors: 30000, course: [{at: -10m, visitors: 9000}, {at: 5m, visitors: 24000}]}]
`

func TestACrowdIsDeclared(t *testing.T) {
	e, err := Parse([]byte(prescaled))
	if err != nil {
		t.Fatal(err)
	}
	p := e.Prescale
	if p.ShowUp.P90.Of() != 0.525 || p.TicketsPerOrder != 1 || p.Buying != Whole || p.LeadTime.String() != "30m" || p.Past[0].Course[0].At.String() != "-10m" {
		t.Errorf("Parse = %+v", p)
	}
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(data)
	if err != nil || !reflect.DeepEqual(e, again) {
		t.Errorf("written as JSON and read again: %v, %+v; want %+v", err, again.Prescale, p)
	}
}

func TestCrowdsThatCannotBe(t *testing.T) {
	tests := []struct{ name, old, new, want string }{
		{"fewer than nobody", "120000", "-1", "line 6: prescale.registrations: -1: want 0 to 100000000"},
		{"a billion", "120000", "1000000000", "line 6: prescale.registrations: 1000000000: want 0 to 100000000"},
		{"a share without its sign", "{p50: 35%, p90: 52.5%}", "0.35", `line 7: prescale.show_up: "0.35": want fields with values`},
		{"shares without their sign", "35%, p90: 52.5%", "0.35, p90: 0.5", `line 7: prescale.show_up.p50: "0.35": want a percentage, as in "35%" or "12.5%"` + "\n" + `line 7: prescale.show_up.p90: "0.5": want a percentage, as in "35%" or "12.5%"`},
		{"a p90 below the p50", "52.5%", "20%", "line 7: prescale.show_up: p50 35%, p90 20%: want p50 above 0%, and p90 from p50 to 1000%"},
		{"a p90 alone", "p50: 35%, ", "", "line 7: prescale.show_up: p50 0%, p90 52.5%: want p50 above 0%, and p90 from p50 to 1000%"},
		{"nobody buys", "  tickets: 40000", "  buying: 0%", "line 8: prescale.buying: 0%: want more than 0% and at most 100%"},
		{"an address for a service", "[shop]", `["http://10.0.0.7"]`, `line 9: prescale.services[0]: "http://10.0.0.7": want the name of one of the operator's services, never an address`},
		{"a service twice", "[shop]", "[shop, shop]", `line 9: prescale.services[1]: "shop": is there already`},
		{"a past event without visitors", "visitors: 30000, course: [{at: -10m, visitors: 9000}, {at: 5m, visitors: 24000}]", "registrations: 5", "prescale.past[0].visitors: 0: want 1 to 100000000"},
		{"a course that runs back", "at: 5m", "at: -20m", "line 10: prescale.past[0].course[1].at: -20m: is not after the mark before it: want them in order"},
		{"fewer than had come before", "24000", "8000", "line 10: prescale.past[0].course[1].visitors: 8000: want 9000 to 30000"},
		{"more than came in the end", "24000", "30001", "line 10: prescale.past[0].course[1].visitors: 30001: want 9000 to 30000"},
		{"half seconds of lead", "  tickets: 40000", "  lead_time: 1500ms", "line 8: prescale.lead_time: 1.5s: want 0s to 7d in whole seconds"},
		{"an address of any kind", "  tickets: 40000", "  url: x", "line 8: prescale.url: unknown field"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(strings.Replace(prescaled, test.old, test.new, 1)))
			if err == nil || err.Error() != test.want {
				t.Errorf("Parse = %v; want %s", err, test.want)
			}
		})
	}
}
