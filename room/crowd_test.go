package room

import (
	"testing"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/queue"
)

func TestACrowdCountsWhenItIsCalledOrSoonWillBe(t *testing.T) {
	start := time.Date(2027, 3, 1, 10, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		says  string
		calls bool
		phase event.Phase
		at    time.Time
		start time.Time
		want  int64
	}{
		{"while the room calls, all who wait count", true, event.Open, start.Add(time.Hour), start, 7},
		{"in the pre-queue a minute before the start nobody does", false, event.Prequeue, start.Add(-time.Minute), start, 0},
		{"on the eve of the start they do", false, event.Prequeue, start.Add(-29 * time.Second), start, 7},
		{"also where there is no pre-queue", false, event.Before, start.Add(-29 * time.Second), start, 7},
		{"in a sale that is paused nobody does", false, event.Open, start.Add(time.Hour), start, 0},
		{"an event without a start has no eve", false, event.Before, start, time.Time{}, 0},
	} {
		v := &View{Phase: row.phase, Stance: event.Stance{Calls: row.calls}}
		v.Event.Room.EventStartTime.Time = row.start
		v.Snapshot = queue.Snapshot{At: row.at.UnixMilli(), Census: queue.Census{Late: 1, Arrived: 2}, Lines: []queue.LineView{{Waiting: 3}, {Waiting: 1}}}
		if got := v.Callable(); got != row.want {
			t.Errorf("%s: Callable() = %d; want %d", row.says, got, row.want)
		}
	}
}

func TestARoomIsQuietWhenNobodyIsLeftInIt(t *testing.T) {
	for _, row := range []struct {
		says string
		is   queue.Snapshot
		want bool
	}{
		{"nobody is there", queue.Snapshot{Generation: 1, Census: queue.Census{Lapsed: 3}}, true},
		{"nothing is known yet", queue.Snapshot{}, false},
		{"somebody waits", queue.Snapshot{Generation: 1, Lines: []queue.LineView{{Waiting: 1}}}, false},
		{"somebody has no number yet", queue.Snapshot{Generation: 1, Census: queue.Census{Arrived: 1}}, false},
		{"somebody came back late", queue.Snapshot{Generation: 1, Census: queue.Census{Late: 1}}, false},
		{"somebody is called", queue.Snapshot{Generation: 1, Census: queue.Census{Called: 1}}, false},
		{"somebody is inside", queue.Snapshot{Generation: 1, Census: queue.Census{Active: 1}}, false},
		{"somebody may be inside", queue.Snapshot{Generation: 1, Census: queue.Census{Unseen: 1}}, false},
	} {
		if got := (&View{Snapshot: row.is}).Quiet(); got != row.want {
			t.Errorf("%s: Quiet() = %t; want %t", row.says, got, row.want)
		}
	}
}
