package room

import (
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/event/catalog/rediscatalog"
	"github.com/bilten/rushgate/internal/redistest"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/queue/redisqueue"
)

// eventually polls until it holds, for as long as a control may take.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	began := time.Now()
	for !holds() {
		if time.Since(began) > time.Second {
			t.Fatalf("%s: not within a second", what)
		}
		<-time.After(5 * time.Millisecond)
	}
	t.Logf("%s: after %v", what, time.Since(began).Round(time.Millisecond))
}

func TestTwoGatewaysOnOneRedis(t *testing.T) {
	client := redistest.Client(t)
	hosts := map[string][]string{"globe": {"tickets.example"}}
	var rooms [2]*Room
	var events [2]*catalog.Catalog
	for i := range rooms {
		c, err := catalog.New(rediscatalog.New(client), hosts, []event.Event{record(t, 0, "").Event}, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		k := run(t, New(Config{
			Store: redisqueue.New(client, rand.Uint64), Catalog: c,
			Now: time.Now, Rand: rand.Float64, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Window: time.Nanosecond,
		}))
		eventually(t, "gateway is ready", func() bool { return k.Ready() == nil })
		rooms[i], _ = k.Room("hamlet")
		events[i] = c
	}
	here, there := rooms[0], rooms[1]

	r, err := events[0].Patch(t.Context(), "globe", "hamlet", []byte(`{"room": {"queue_all": true}}`), catalog.AnyVersion, catalog.Author{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "queue_all is in force on both", func() bool {
		a, b := here.View(), there.View()
		return a.InForce() >= r.Version && b.InForce() >= r.Version && b.Stance.Reason == event.ReasonQueueAll
	})

	place, err := here.Do(t.Context(), queue.Join, queue.Visit{Visitor: person(1), Line: "general"})
	if err != nil || place.State != queue.Waiting || place.Number != 1 {
		t.Fatalf("Do(join while everybody queues) = %+v, %v; want number 1", place, err)
	}
	eventually(t, "who joined here waits there", func() bool { return there.View().Snapshot.Waiting() == 1 })

	if _, err := events[1].Patch(t.Context(), "globe", "hamlet", []byte(`{"room": {"queue_all": false}}`), catalog.AnyVersion, catalog.Author{Name: "test"}); err != nil {
		t.Fatal(err)
	}
	held := Held{Generation: place.Generation, Line: place.Line, Order: place.Order, Number: place.Number}
	eventually(t, "the turn comes on both", func() bool {
		return here.View().Place(held, time.Now()).State == Turn && there.View().Place(held, time.Now()).State == Turn
	})

	in, err := there.Do(t.Context(), queue.Claim, queue.Visit{Visitor: person(1), Line: place.Line, Order: place.Order})
	if err != nil || in.State != queue.Active {
		t.Fatalf("Do(claim) = %+v, %v; want a session", in, err)
	}
	if _, err := there.Complete(t.Context(), person(1), queue.SessionID{Generation: in.Generation, Number: in.Session}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a session completed there has ended here", func() bool { return here.EndedSession(queue.SessionID{Generation: in.Generation, Number: in.Session}) })
}
