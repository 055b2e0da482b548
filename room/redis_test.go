package room

import (
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

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

// openOnRedis is a gateway of its own on the one Redis, by a clock of its own.
func openOnRedis(t *testing.T, client *redis.Client, now func() time.Time) (*Room, *catalog.Catalog) {
	t.Helper()
	hosts := map[string][]string{"globe": {"tickets.example"}}
	c, err := catalog.New(rediscatalog.New(client), hosts, []event.Event{record(t, 0, "").Event}, now)
	if err != nil {
		t.Fatal(err)
	}
	k := run(t, New(Config{
		Store: redisqueue.New(client, rand.Uint64), Catalog: c,
		Now: now, Rand: rand.Float64, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Window: time.Nanosecond,
	}))
	eventually(t, "gateway is ready", func() bool { return k.Ready() == nil })
	r, _ := k.Room("hamlet")
	return r, c
}

func TestTwoGatewaysOnOneRedis(t *testing.T) {
	client := redistest.Client(t)
	var rooms [2]*Room
	var events [2]*catalog.Catalog
	for i := range rooms {
		rooms[i], events[i] = openOnRedis(t, client, time.Now)
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

// Order, turns and ends are by the store's clock, so a gateway that is five
// minutes ahead puts nobody before anybody and ends nothing early.
func TestAGatewayWhoseClockIsWrongChangesNothing(t *testing.T) {
	const ahead = 5 * time.Minute
	client := redistest.Client(t)
	fast := func() time.Time { return time.Now().Add(ahead) }
	right, events := openOnRedis(t, client, time.Now)
	wrong, _ := openOnRedis(t, client, fast)
	r, err := events.Patch(t.Context(), "globe", "hamlet", []byte(`{"room": {"queue_all": true}}`), catalog.AnyVersion, catalog.Author{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "everybody queues at both", func() bool {
		return right.View().InForce() >= r.Version && wrong.View().InForce() >= r.Version
	})
	if skew := wrong.View().Skew + ahead; skew.Abs() > time.Second {
		t.Errorf("the gateway takes its clock to be off by %v; want %v", -wrong.View().Skew, ahead)
	}

	var places [4]queue.Answer
	for i := range places { // in turn at both
		at := []*Room{wrong, right}[i%2]
		if places[i], err = at.Do(t.Context(), queue.Join, queue.Visit{Visitor: person(i + 1), Line: "general"}); err != nil {
			t.Fatal(err)
		}
		if places[i].Number != int64(i+1) {
			t.Errorf("visitor %d got number %d; want the order in which they joined", i+1, places[i].Number)
		}
	}
	if _, err := events.Patch(t.Context(), "globe", "hamlet", []byte(`{"room": {"queue_all": false}}`), catalog.AnyVersion, catalog.Author{Name: "test"}); err != nil {
		t.Fatal(err)
	}
	first := places[0]
	held := Held{Generation: first.Generation, Line: first.Line, Order: first.Order, Number: first.Number}
	eventually(t, "the turn comes at both", func() bool {
		return right.View().Place(held, time.Now()).State == Turn && wrong.View().Place(held, fast()).State == Turn
	})
	in, err := wrong.Do(t.Context(), queue.Claim, queue.Visit{Visitor: person(1), Line: first.Line, Order: first.Order})
	if err != nil || in.State != queue.Active {
		t.Fatalf("Do(claim) = %+v, %v; want a session", in, err)
	}
	again, err := right.Do(t.Context(), queue.Claim, queue.Visit{Visitor: person(1), Line: first.Line, Order: first.Order})
	if err != nil || again.Session != in.Session {
		t.Fatalf("Do(claim at the other gateway) = %+v, %v; want the same session", again, err)
	}
	if early := time.UnixMilli(again.Ends).Sub(time.UnixMilli(in.Ends)); early.Abs() > time.Second {
		t.Errorf("the session ends %v apart by the two gateways; want one end, by the store's clock", early)
	}
}
