package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/pricing/board"
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
tiers: [{name: floor, tickets: 100}, {name: balcony}, {name: box, tickets: 10}]
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
	left := heardStock{&stock.Stock{Counts: []stock.Count{{Tier: "floor", Remaining: 60, Held: 10}, {Tier: "balcony", Remaining: 5}, {Tier: "box", Remaining: 9, Held: 2}}}}
	in := priceInputs(rooms, left, "hamlet")
	if sold, known := in.Tiers["floor"].Sold.Value(); !known || sold != 30 {
		t.Errorf("of 100 with 60 left and 10 held %d are sold, %t; want 30", sold, known)
	}
	if sold, known := in.Tiers["box"].Sold.Value(); known {
		t.Errorf("of 10 with 9 left and 2 held %d are sold; want unknown, as it can't be", sold)
	}
	if sold, known := in.Tiers["balcony"].Sold.Value(); known {
		t.Errorf("a tier that does not say how many there are has sold %d; want unknown", sold)
	}
}

// A store that is silent at the start is asked again; rules that it has refused are
// not.
func TestRulesOfAFileOutlastASilentStore(t *testing.T) {
	t.Parallel()
	store := &mute{Store: accord.NewMemory(time.Now), silent: true}
	document := func(id string) string {
		return "event: " + id + "\ncurrency: EUR\nall_in: all in\ntiers: [{name: floor, base: 80}]\n"
	}
	p := &prices{
		log: slog.New(slog.DiscardHandler), undone: map[string]error{"spring.yaml": errUnannounced, "summer.yaml": errUnannounced},
		files: []priceFile{{"spring.yaml", "spring", document("spring")}, {"summer.yaml", "summer", document("summer")}},
	}
	p.Keeper = board.New(board.Config{
		Store: store, Log: p.log, Inputs: func(string) pricing.Inputs { return pricing.Inputs{} },
		Events: func() []board.Event {
			return []board.Event{{ID: "spring", Start: time.Now().Add(48 * time.Hour), Tiers: []string{"floor"}}, {ID: "summer", Tiers: []string{"floor"}}}
		},
	})
	store.silent = false
	p.insist(t.Context())
	if _, ok := p.Board("spring"); ok {
		t.Error("rules are in force that nobody has announced yet")
	}
	store.silent = true
	p.announce(t.Context())
	if found := p.probe(t.Context()); len(found) != 2 {
		t.Errorf("of a silent store the probe says %v; want both files", found)
	}
	store.silent = false
	p.insist(t.Context())
	if found := p.probe(t.Context()); len(found) != 1 || !strings.Contains(found[0].Detail, "summer.yaml: too late") {
		t.Errorf("when it answers again the probe says %v; want only those that are too late", found)
	}
	if _, ok := p.Board("spring"); !ok {
		t.Error("no prices of spring; want the rules of its file in force")
	}
	p.waiver = "the hall was changed"
	p.insist(t.Context())
	if _, ok := p.Board("summer"); ok {
		t.Error("rules that were refused are in force; want them left until somebody starts anew")
	}
}

// mute is a store that can be silent.
type mute struct {
	accord.Store
	silent bool
}

func (m *mute) Meet(ctx context.Context, key, member string, report []byte, fresh time.Duration) (accord.Record, error) {
	if m.silent {
		return accord.Record{}, errors.New("asleep")
	}
	return m.Store.Meet(ctx, key, member, report, fresh)
}
