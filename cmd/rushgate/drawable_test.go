package main

import (
	"errors"
	"testing"
	"time"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
)

func TestADrawThatNoKeyCanMakeIsRefusedAtTheStart(t *testing.T) {
	file, err := admission.GenerateKeys(admission.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	opens := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
	drawn := event.Event{ID: "hamlet", Room: event.Room{ShuffleAtEventStart: true, PrequeueStartTime: event.Time{Time: opens}}}
	plain := event.Event{ID: "macbeth"}
	for _, tt := range []struct {
		sentence string
		draws    func([]admission.DrawKey) []admission.DrawKey
		events   []event.Event
		refused  bool
	}{
		{"a key that is in force", func(k []admission.DrawKey) []admission.DrawKey { return k }, []event.Event{plain, drawn}, false},
		{"no draw key, and no draw", func([]admission.DrawKey) []admission.DrawKey { return nil }, []event.Event{plain}, false},
		{"no draw key", func([]admission.DrawKey) []admission.DrawKey { return nil }, []event.Event{plain, drawn}, true},
	} {
		changed := file
		changed.Draw = tt.draws(file.Draw)
		keys, err := admission.NewKeys("rushgate", changed)
		if err != nil {
			t.Fatal(err)
		}
		if err := drawable(tt.events, keys); errors.Is(err, admission.ErrNoDrawKey) != tt.refused {
			t.Errorf("%s: drawable = %v; refused: want %t", tt.sentence, err, tt.refused)
		}
	}
}
