package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/pricing/board"
)

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
