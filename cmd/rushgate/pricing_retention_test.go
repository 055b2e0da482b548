package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/datadir"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/pricing/board"
)

// stubborn is a store that can refuse to drop anything.
type stubborn struct {
	accord.Store
	refuses bool
}

func (s *stubborn) Drop(ctx context.Context, key string) error {
	if s.refuses {
		return errors.New("asleep")
	}
	return s.Store.Drop(ctx, key)
}

func TestPricesGoWithTheRetentionOfTheirEvent(t *testing.T) {
	t.Parallel()
	dir, err := datadir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	store := &stubborn{Store: accord.NewMemory(time.Now)}
	served := []board.Event{{ID: "spring", Tiers: []string{"floor"}}, {ID: "summer", Tiers: []string{"floor"}}}
	p := &prices{memories: priceMemories{datadir.NewOutbox(dir)}, log: slog.New(slog.DiscardHandler), retired: func() []string { return nil }}
	p.Keeper = board.New(board.Config{
		Store: store, Events: func() []board.Event { return served }, Log: p.log, Memories: p.memories,
		Inputs: func(string) pricing.Inputs { return pricing.Inputs{} },
	})
	for _, id := range []string{"spring", "summer"} {
		if err := p.Declare(t.Context(), id, "event: "+id+"\ncurrency: EUR\nall_in: all in\ntiers: [{name: floor, base: 80}]\n", "a test"); err != nil {
			t.Fatal(err)
		}
	}
	left := func(id string) bool {
		entries, _, err := p.Ledger(t.Context(), id, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries) > 0 && p.memories.Recall(id) != nil
	}

	gone := p.drop(t.Context(), nil)
	if len(gone) != 0 || !left("spring") {
		t.Error("prices of an event that is served are gone; want them kept")
	}
	served, p.retired = served[1:], func() []string { return []string{"spring"} }
	store.refuses = true
	if gone = p.drop(t.Context(), gone); gone["spring"] || !left("spring") {
		t.Error("a store that is asleep: counted as gone; want it tried again")
	}
	store.refuses = false
	gone = p.drop(t.Context(), gone)
	if entries, _, err := p.Ledger(t.Context(), "spring", "", 10); err != nil || len(entries) != 0 || p.memories.Recall("spring") != nil {
		t.Errorf("of spring are left %v, %q, %v; want nothing, in the store and on disk", entries, p.memories.Recall("spring"), err)
	}
	if !left("summer") {
		t.Error("the prices of summer are gone; want only those of spring gone")
	}
	store.refuses = true
	if gone = p.drop(t.Context(), gone); !gone["spring"] {
		t.Error("what is gone was dropped again; want it dropped once")
	}
}

// What gateways have on disk is put back where the store has lost it. Rules of an event
// that was deleted a year ago must not be.
func TestPricesOfADeletedEventAreNotPutBackForAnother(t *testing.T) {
	t.Parallel()
	dir, err := datadir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	events, err := catalog.New(catalog.NewMemory(), map[string][]string{"acme": {"127.0.0.1"}}, nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	put := func() {
		if _, err := events.Put(t.Context(), "acme", "autumn", []byte(autumn), catalog.NewVersion, catalog.Author{Name: "a test"}); err != nil {
			t.Fatal(err)
		}
	}
	p := &prices{memories: priceMemories{datadir.NewOutbox(dir)}, deleted: events.Deleted}
	begin := func() {
		p.Keeper = board.New(board.Config{
			Store: accord.NewMemory(time.Now), Log: slog.New(slog.DiscardHandler), Memories: p.memories,
			Events: func() []board.Event { return []board.Event{{ID: "autumn", Tiers: []string{"floor"}}} },
			Inputs: func(string) pricing.Inputs { return pricing.Inputs{} },
		})
	}
	expect := func(says string, want bool) {
		t.Helper()
		p.forget()
		begin() // on a store that knows nothing
		standing, err := p.Standing(t.Context(), "autumn")
		if got := standing.Rules != nil; err != nil || got != want {
			t.Errorf("%s: rules in force %t, %v; want %t", says, got, err, want)
		}
	}
	put()
	begin()
	if err := p.Declare(t.Context(), "autumn", "event: autumn\ncurrency: EUR\nall_in: all in\ntiers: [{name: floor, base: 80}]\n", "a test"); err != nil {
		t.Fatal(err)
	}
	expect("the event is there", true)
	if err := events.Delete(t.Context(), "acme", "autumn", catalog.AnyVersion, catalog.Author{Name: "a test"}); err != nil {
		t.Fatal(err)
	}
	p.forget()
	put()
	expect("another has its name", false)
}
