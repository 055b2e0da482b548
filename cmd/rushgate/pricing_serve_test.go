package main

import (
	"log/slog"
	"testing"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/stock"
)

// heardStock is what a shop has told.
type heardStock struct{ is *stock.Stock }

func (h heardStock) Stock(string) *stock.Stock { return h.is }

func TestWhatIsSoldFollowsFromWhatIsLeft(t *testing.T) {
	definition, err := event.Parse([]byte(`
id: hamlet
organization: globe
routes: [{host: tickets.example, path: /buy/**}]
tiers: [{name: floor, tickets: 100}, {name: balcony}]
room: {total_active_users: 1, new_users_per_minute: 60}
`))
	if err != nil {
		t.Fatal(err)
	}
	events, err := catalog.New(catalog.NewMemory(), map[string][]string{"globe": {"tickets.example"}}, []event.Event{definition}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	rooms := room.New(room.Config{
		Store: queue.NewMemory(time.Now, newGeneration), Catalog: events, Now: time.Now, Rand: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler),
	})
	go func() { _ = rooms.Run(t.Context()) }()
	for deadline := time.Now().Add(5 * time.Second); !rooms.Loaded(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the events were not read within 5 s")
		}
	}
	left := heardStock{&stock.Stock{Counts: []stock.Count{{Tier: "floor", Remaining: 60, Held: 10}, {Tier: "balcony", Remaining: 5}}}}
	in := priceInputs(rooms, left, "hamlet")
	if sold, known := in.Tiers["floor"].Sold.Value(); !known || sold != 30 {
		t.Errorf("of 100 with 60 left and 10 held %d are sold, %t; want 30", sold, known)
	}
	if sold, known := in.Tiers["balcony"].Sold.Value(); known {
		t.Errorf("a tier that does not say how many there are has sold %d; want unknown", sold)
	}
}
