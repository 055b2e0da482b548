package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/datadir"
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
	memories := priceMemories{datadir.NewOutbox(dir)}
	p := &prices{log: slog.New(slog.DiscardHandler), retired: func() []string { return nil }}
	p.Keeper = board.New(board.Config{
		Store: store, Events: func() []board.Event { return served }, Log: p.log, Memories: memories,
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
		return len(entries) > 0 && memories.Recall(id) != nil
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
	if entries, _, err := p.Ledger(t.Context(), "spring", "", 10); err != nil || len(entries) != 0 || memories.Recall("spring") != nil {
		t.Errorf("of spring are left %v, %q, %v; want nothing, in the store and on disk", entries, memories.Recall("spring"), err)
	}
	if !left("summer") {
		t.Error("the prices of summer are gone; want only those of spring gone")
	}
	store.refuses = true
	if gone = p.drop(t.Context(), gone); !gone["spring"] {
		t.Error("what is gone was dropped again; want it dropped once")
	}
}
