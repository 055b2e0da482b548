package organizer_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/pricing/board"
)

// newMarket is a real board for the event spring, which has a floor.
func newMarket(store accord.Store, start time.Time) *board.Keeper {
	return board.New(board.Config{
		Store: store, Log: quiet,
		Events: func() []board.Event { return []board.Event{{ID: "spring", Tiers: []string{"floor"}, Start: start}} },
		Inputs: func(string) pricing.Inputs {
			return pricing.Inputs{Waiting: pricing.Count(0), Active: pricing.Count(0),
				Tiers: map[string]pricing.Stock{"floor": {Remaining: pricing.Count(100), Held: pricing.Count(0)}}}
		},
	})
}

const floorRules = `{"event":"spring","currency":"EUR","all_in":"=fees included","tiers":[{"name":"floor","title":"=Floor","base":"60.00","floor":"50.00","cap":"90.00"}]}`

func TestPricesByHand(t *testing.T) {
	t.Parallel()
	h := open(t)
	withTier := strings.Replace(springDefinition, `"name":"Spring"`, `"name":"Spring","tiers":[{"name":"floor"}]`, 1)
	want(t, h.ask(t, acmeKey, http.MethodPost, events, withTier), http.StatusCreated, "")
	because := []string{"Rushgate-Reason: the band agreed"}
	var draft float64
	for _, row := range []struct {
		says         string
		method, path string
		body         string
		reason       []string
		status       int
		code         string
	}{
		{"nothing is priced at first", "GET", "", "", nil, 200, ""},
		{"rules with a mistake are refused by name", "PUT", "/rules", strings.Replace(floorRules, "90.00", "40.00", 1), because, 422, "invalid_pricing"},
		{"and so are those of a tier that is none", "PUT", "/rules", strings.Replace(floorRules, `"floor","title"`, `"garden","title"`, 1), because, 422, "invalid_pricing"},
		{"good ones wait as a draft", "PUT", "/rules", floorRules, because, 200, ""},
		{"what they would publish can be seen", "POST", "/preview", floorRules, nil, 200, ""},
		{"another version is not the draft", "POST", "/approve", `{"version":99}`, because, 409, "no_draft"},
		{"an hour before the start they come too late", "POST", "/approve", `{"version":DRAFT}`, because, 409, "too_late"},
		{"unless somebody says why", "POST", "/approve", `{"version":DRAFT,"waiver":"the hall was changed"}`, because, 200, ""},
		{"a price without a reason is not set", "PUT", "/override/floor", `{"price":"70.00"}`, nil, 422, "no_reason"},
		{"nor one beyond the cap", "PUT", "/override/floor", `{"price":"91.00"}`, because, 422, "invalid_pricing"},
		{"nor one that is none", "PUT", "/override/floor", `{"price":"cheap"}`, because, 422, "invalid_pricing"},
		{"one within is", "PUT", "/override/floor", `{"price":"70.00"}`, because, 200, ""},
		{"prices can be frozen", "POST", "/freeze", "", because, 200, ""},
		{"and thawed", "POST", "/thaw", "", because, 200, ""},
		{"and given back to the rules", "DELETE", "/override/floor", "", because, 200, ""},
	} {
		body := strings.ReplaceAll(row.body, "DRAFT", "1")
		got := want(t, h.ask(t, acmeKey, row.method, spring+"/pricing"+row.path, body, row.reason...), row.status, row.code)
		if t.Failed() {
			t.Fatalf("%s: %s %s", row.says, row.method, row.path)
		}
		if waits, ok := got["draft"].(map[string]any); ok {
			draft = waits["version"].(float64)
		}
	}
	if draft != 1 {
		t.Errorf("the draft had version %v; want 1", draft)
	}
	h.market.Round(t.Context())

	ledger := h.ask(t, acmeKey, http.MethodGet, spring+"/pricing/ledger?format=jsonl", "")
	if text := ledger.Body.String(); !strings.Contains(text, "the hall was changed") || !strings.Contains(text, `"by":"box-office"`) {
		t.Errorf("ledger = %s; want the waiver and who approved", text)
	}
	csv := h.ask(t, acmeKey, http.MethodGet, spring+"/pricing/ledger?format=csv", "").Body.String()
	for _, line := range strings.Split(csv, "\n") {
		for _, cell := range strings.Split(line, ",") {
			if strings.HasPrefix(strings.Trim(cell, `"`), "=") {
				t.Errorf("csv: a cell begins with =, which a spreadsheet takes for a formula: %s", line)
			}
		}
	}
	want(t, h.ask(t, acmeKey, http.MethodGet, spring+"/pricing/ledger?format=pdf", ""), http.StatusBadRequest, "invalid_query")
	want(t, h.ask(t, globexKey, http.MethodGet, spring+"/pricing", ""), http.StatusNotFound, "not_found")
	h.stockroom.asleep.Store(true)
	want(t, h.ask(t, acmeKey, http.MethodPost, spring+"/pricing/freeze", "", because...), http.StatusServiceUnavailable, "store_unavailable")
}
