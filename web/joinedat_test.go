package web

import (
	"fmt"
	"testing"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
)

// Whether the draw gave an order is read from the time of joining: an answer that
// arrived after the start, because the first was lost, must not make one of the
// drawn a latecomer.
func TestTheDrawnJoinedBeforeTheStart(t *testing.T) {
	prequeue := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
	start := prequeue.Add(time.Hour)
	e, err := event.Parse(fmt.Appendf(nil, `
id: hamlet
organization: globe
routes: [{host: tickets.example, path: /buy/**}]
room: {total_active_users: 100, new_users_per_minute: 300, prequeue_start_time: %q, event_start_time: %q, shuffle_at_event_start: true}
`, prequeue.Format(time.RFC3339), start.Format(time.RFC3339)))
	if err != nil {
		t.Fatal(err)
	}
	early, late := start.Add(-time.Minute).UnixMilli(), start.Add(time.Minute).UnixMilli()
	for _, test := range []struct {
		name            string
		order, at, want int64
	}{
		{"drawn, and told before the start", 7, early, early},
		{"drawn, and told only after it", 7, late, prequeue.UnixMilli()},
		{"behind the draw", queue.Base + 1, late, late},
		{"not numbered yet", 0, late, late},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := &visit{view: &room.View{Event: e}}
			if got := v.joinedAt(test.order, test.at); got != test.want {
				t.Errorf("joinedAt(%d, %d) = %d; want %d", test.order, test.at, got, test.want)
			}
		})
	}
}
