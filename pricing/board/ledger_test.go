package board

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/pricing"
)

func TestTheLedgerTellsHowEveryPriceCameAbout(t *testing.T) {
	h := newHouse()
	k := h.gateway()
	inForce(t, k, document, "")
	h.crowd(2000, 600)
	h.pass(time.Minute)
	k.Round(t.Context())
	entries := ledger(t, k)
	last := entries[len(entries)-1]
	if waiting, _ := last.Inputs.Waiting.Value(); last.Kind != Published || last.By != TheRules || last.Rules != 1 || waiting != 2000 || last.Version != board(t, k).Version {
		t.Errorf("the last entry = %+v; want a published price with inputs, rules and version", last)
	}
	if q := last.Quotes[0]; q.Was != 8000 || q.Price != 8500 || q.Reason != pricing.Raised || len(q.Stages) < 5 {
		t.Errorf("its first quote = %+v; want every stage from 8000 to 8500", q)
	}
	var lines strings.Builder
	if err := WriteJSONLines(&lines, entries); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(lines.String()) {
		var entry Entry
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Kind == "" {
			t.Errorf("line %q = %+v, %v; want an entry", line, entry, err)
		}
	}
}

func TestNoCellOfTheLedgerIsAFormula(t *testing.T) {
	evil := []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "as agreed;=1+1", "so\t=1", "a,=1;b", `he said ";=1"`, "two\n=1", "harmless; and so-so, a+b"}
	var entries []Entry
	for _, why := range evil {
		entries = append(entries, Entry{Kind: Set, By: why, Why: why, Quotes: []pricing.Quote{{Tier: "a", Words: why, Stages: []pricing.Stage{{Name: why}}}}})
	}
	var table strings.Builder
	if err := WriteCSV(&table, entries); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(table.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1+len(evil) {
		t.Fatalf("%d rows; want a head and one for each entry", len(rows))
	}
	// A spreadsheet may part cells at semicolons, tabs or commas, with or without
	// regard to quotes, as its country and its user have it.
	for _, cell := range strings.FieldsFunc(table.String(), func(r rune) bool { return strings.ContainsRune(";,\t\r\n\"", r) }) {
		if cell = strings.TrimSpace(cell); cell != "" && strings.ContainsRune("=+-@＝", []rune(cell)[0]) {
			t.Errorf("cell %q begins as a formula", cell)
		}
	}
	if last := rows[len(rows)-1][2]; last != "harmless; and so-so, a+b" {
		t.Errorf("a harmless cell became %q", last)
	}
}
