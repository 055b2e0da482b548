package room

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/queue"
)

const hamlet = `
id: hamlet
organization: globe
routes: [{host: tickets.example, path: /buy/**}]
room: {total_active_users: 100, new_users_per_minute: 300}
`

// record is hamlet after a merge patch.
func record(t testing.TB, version int64, patch string) catalog.Record {
	t.Helper()
	e, err := event.Parse([]byte(hamlet))
	if err == nil && patch != "" {
		e, err = e.Patch([]byte(patch))
	}
	if err != nil {
		t.Fatal(err)
	}
	return catalog.Record{Event: e, Version: version}
}

func TestPolicyOf(t *testing.T) {
	got := policyOf(record(t, 0, `{"room": {"session_duration": "30s", "lines": [{"name": "general", "weight": 1}, {"name": "presale", "weight": 3}], "total_active_users": 40, "new_users_per_minute": 120}}`))
	want := queue.Policy{
		Version: 1,
		Gates:   queue.Gates{Calls: true, Claims: true, Direct: true, Renew: true},
		Rate:    queue.PerMinute(120), Cap: 40,
		Times: queue.Times{Turn: 180_000, Grace: 900_000, Session: 30_000, SessionMax: 3_600_000, Probation: 30_000},
		Lines: []queue.Line{{Name: "general", Weight: 1}, {Name: "presale", Weight: 3}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("policyOf(hamlet) differs (-want +got):\n%s", diff)
	}
	if err := got.Validate(); err != nil {
		t.Errorf("policyOf(hamlet).Validate() = %v; want a policy that stores take", err)
	}
}

func TestPolicyGates(t *testing.T) {
	const start, end = `"event_start_time": "2027-03-01T09:00:00Z"`, `"event_end_time": "2027-03-02T09:00:00Z"`
	opens := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC).UnixMilli()
	open := queue.Gates{Calls: true, Claims: true, Direct: true, Renew: true}
	tests := []struct {
		name  string
		room  string
		want  queue.Gates
		opens int64
	}{
		{"open", ``, open, 0},
		{"no renewal", `"disable_session_renewal": true`, queue.Gates{Calls: true, Claims: true, Direct: true}, 0},
		{"queue_all: the called may come in, nobody else is called", `"queue_all": true`, queue.Gates{Claims: true, Renew: true}, 0},
		{"paused: nobody comes in", `"paused": true`, queue.Gates{Renew: true}, 0},
		{"closed: the called may come in", `"closed": true`, queue.Gates{Claims: true, Renew: true}, 0},
		{"reject: the line goes on", `"queueing_method": "reject"`, queue.Gates{Calls: true, Claims: true, Renew: true}, 0},
		{"suspended: the line drains", `"suspended": true`, open, 0},
		{"released: the line is let go", `"released": true`, queue.Gates{Claims: true, Direct: true, Renew: true, Release: true}, 0},
		{"the store opens the room at its start", start, open, opens},
		{"an end changes nothing: whoever waits is called on", end, open, 0},
		{"start and end", start + "," + end, open, opens},
		{"off before the start: a line from an earlier start drains", start + `, "before_start": "passthrough"`, open, 0},
		{"suspended before the start", start + `, "suspended": true`, open, 0},
		{"paused before the start", start + `, "suspended": true, "paused": true`, queue.Gates{Renew: true}, opens},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := policyOf(record(t, 4, `{"room": {`+test.room+`}}`))
			if got.Gates != test.want || got.OpensAt != test.opens || got.Version != 5 {
				t.Errorf("policyOf(%s) = %+v, opens at %d, version %d; want %+v, %d, 5", test.room, got.Gates, got.OpensAt, got.Version, test.want, test.opens)
			}
		})
	}
}
