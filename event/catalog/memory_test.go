package catalog_test

import (
	"testing"

	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/event/catalog/catalogtest"
)

func TestMemory(t *testing.T) {
	catalogtest.Run(t, func(*testing.T) catalog.Backend { return catalog.NewMemory() })
}

func TestMemoryLogIsBounded(t *testing.T) {
	m := catalog.NewMemory()
	for n := range int64(2*catalog.LogCap + 1) {
		change := catalog.Change{ID: "hamlet", Document: catalog.Document{Organization: "globe"}, Entry: catalog.Entry{Version: n + 1}}
		if err := m.Write(t.Context(), catalog.Write{Revision: n * catalog.Step, Next: (n + 1) * catalog.Step, Changes: []catalog.Change{change}}); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := m.Log(t.Context(), "globe", "hamlet", 1_000_000)
	if err != nil || len(entries) != catalog.LogCap || entries[0].Version != 2*catalog.LogCap+1 {
		t.Errorf("Log() has %d entries, %v; want the newest %d", len(entries), err, catalog.LogCap)
	}
}
