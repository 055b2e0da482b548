package main

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/prescale/fault"
	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/pricing/board"
)

const floorAt60 = `
event: hamlet
currency: EUR
all_in: all fees included
tiers: [{name: floor, title: Floor, base: 60.00, floor: 50.00, cap: 90.00}]
`

func TestARushBringsPricesIntoForceAndHoldsThemAfterwards(t *testing.T) {
	start := time.Now().Add(48 * time.Hour)
	events := []board.Event{{ID: "hamlet", Tiers: []string{"floor"}, Start: start}}
	boards := board.New(board.Config{
		Store: accord.NewMemory(time.Now), Events: func() []board.Event { return events }, Log: slog.New(slog.DiscardHandler),
		Inputs: func(string) pricing.Inputs {
			return pricing.Inputs{Waiting: pricing.Count(0), Active: pricing.Count(0)}
		},
	})
	hook := rushPrices{boards, slog.New(slog.DiscardHandler)}
	standing := func() board.Standing {
		t.Helper()
		is, err := boards.Standing(t.Context(), "hamlet")
		if err != nil {
			t.Fatal(err)
		}
		return is
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	must(hook.Activate(t.Context(), "hamlet", "1"))
	must(hook.Activate(t.Context(), "another", "1"))
	must(hook.Deactivate(t.Context(), "hamlet", "1"))
	if is := standing(); is.Rules != nil || is.Frozen != nil {
		t.Errorf("without rules: %+v; want nothing to have happened", is)
	}

	_, err := boards.Draft(t.Context(), "hamlet", floorAt60, pricing.Act{By: "box office", Why: "a test"})
	must(err)
	for range 2 { // a step may come twice
		must(hook.Activate(t.Context(), "hamlet", "2"))
	}
	if is := standing(); is.Rules == nil || is.Draft != nil || is.Rules.Approved.By != byRush {
		t.Errorf("activated: %+v; want the draft in force, approved by the rush", is)
	}
	for range 2 {
		must(hook.Deactivate(t.Context(), "hamlet", "2"))
	}
	if is := standing(); is.Frozen == nil || is.Frozen.By != byRush {
		t.Errorf("deactivated: %+v; want prices held by the rush", is)
	}
	must(hook.Activate(t.Context(), "hamlet", "3"))
	if is := standing(); is.Frozen != nil {
		t.Errorf("activated again: %+v; want what the rush froze to be thawed", is)
	}
	must(boards.Freeze(t.Context(), "hamlet", pricing.Act{By: "box office", Why: "the queue is angry"}))
	must(hook.Activate(t.Context(), "hamlet", "4"))
	if is := standing(); is.Frozen == nil || is.Frozen.By != "box office" {
		t.Errorf("frozen by a person: %+v; want that to stand", is)
	}

	events[0].Start = time.Now().Add(time.Hour)
	_, err = boards.Draft(t.Context(), "hamlet", floorAt60, pricing.Act{By: "box office", Why: "late"})
	must(err)
	must(hook.Activate(t.Context(), "hamlet", "5"))
	if is := standing(); is.Draft == nil {
		t.Error("rules an hour before the start were approved by the rush; want somebody to say why first")
	}
}

func TestARushSaysWhyADraftDoesNotFit(t *testing.T) {
	t.Parallel()
	events := []board.Event{{ID: "hamlet", Tiers: []string{"floor"}, Start: time.Now().Add(48 * time.Hour)}}
	boards := board.New(board.Config{
		Store: accord.NewMemory(time.Now), Events: func() []board.Event { return events }, Log: slog.New(slog.DiscardHandler),
		Inputs: func(string) pricing.Inputs { return pricing.Inputs{} },
	})
	if _, err := boards.Draft(t.Context(), "hamlet", floorAt60, pricing.Act{By: "box office", Why: "a test"}); err != nil {
		t.Fatal(err)
	}
	events[0].Tiers = []string{"balcony"}
	err := rushPrices{boards, slog.New(slog.DiscardHandler)}.Activate(t.Context(), "hamlet", "1")
	if err == nil || !strings.Contains(fault.Words(err), "the draft does not fit: tiers") {
		t.Errorf("Activate = %v, in words %q; want the field that does not fit", err, fault.Words(err))
	}
}
