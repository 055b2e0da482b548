package organizer_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/pricing/board"
)

// newMarket is a real keeper of prices for the events of a catalog.
func newMarket(store accord.Store, events *catalog.Catalog) *board.Keeper {
	return board.New(board.Config{
		Store: store, Log: quiet,
		Events: func() []board.Event {
			view, err := events.All(context.Background())
			if err != nil {
				return nil
			}
			var priced []board.Event
			for _, record := range view.Records {
				one := board.Event{ID: record.Event.ID, Start: record.Event.Room.EventStartTime.Time}
				for _, tier := range record.Event.Tiers {
					one.Tiers = append(one.Tiers, tier.Name)
				}
				if len(one.Tiers) > 0 {
					priced = append(priced, one)
				}
			}
			return priced
		},
		Inputs: func(string) pricing.Inputs { return pricing.Inputs{} },
	})
}

// sellsSpring is a house with an event that has tiers and starts at start.
func sellsSpring(t *testing.T, start time.Time) *house {
	t.Helper()
	h := open(t)
	definition := strings.Replace(springDefinition, `"name":"Spring"`, `"name":"Spring","tiers":[{"name":"floor"},{"name":"balcony"}]`, 1)
	definition = strings.Replace(definition, `"room":{`, `"room":{"event_start_time":"`+start.Format(time.RFC3339)+`",`, 1)
	want(t, h.ask(t, acmeKey, http.MethodPost, events, definition), http.StatusCreated, "")
	return h
}

// rulesFor opens the floor at a base in euros; the balcony costs 40.
func rulesFor(base string) string {
	return `{"event":"spring","currency":"EUR","all_in":"all fees included","tiers":[` +
		`{"name":"floor","base":` + base + `,"floor":60,"cap":120},{"name":"balcony","base":40}]}`
}

const why = "Rushgate-Reason: the band asked for it"

// prices are what is published, by tier, in cents; nil: nothing is.
func prices(standing map[string]any) map[string]float64 {
	published, ok := standing["board"].(map[string]any)
	if !ok {
		return nil
	}
	found := map[string]float64{}
	for _, tier := range published["tiers"].([]any) {
		one := tier.(map[string]any)
		found[one["name"].(string)] = one["price"].(float64)
	}
	return found
}

func TestOrganizersSteerPrices(t *testing.T) {
	t.Parallel()
	h := sellsSpring(t, noon.Add(48*time.Hour))
	for _, row := range []struct {
		says, method, path, body, reason string
		status                           int
		code                             string
		floor                            float64 // cents; 0: none is published, or nothing is said of it
	}{
		{"no rules, no prices", http.MethodGet, "/pricing", "", "", 200, "", 0},
		{"so nothing can be frozen", http.MethodPost, "/pricing/freeze", "", why, 409, "no_rules", 0},
		{"nor set by hand", http.MethodPut, "/pricing/override/floor", `{"price":"90"}`, why, 409, "no_rules", 0},
		{"rules are looked at before anybody drafts them", http.MethodPost, "/pricing/preview", rulesFor("80"), "", 200, "", 0},
		{"which drafts nothing", http.MethodPost, "/pricing/approve", `{"version":1}`, "", 409, "no_draft", 0},
		{"a draft publishes nothing", http.MethodPut, "/pricing/rules", rulesFor("80"), "", 200, "", 0},
		{"another version is not the draft", http.MethodPost, "/pricing/approve", `{"version":2}`, "", 409, "no_draft", 0},
		{"approval publishes the opening price", http.MethodPost, "/pricing/approve", `{"version":1}`, "", 200, "", 8000},
		{"twice is as good as once", http.MethodPost, "/pricing/approve", `{"version":1}`, "", 200, "", 8000},
		{"the next draft leaves prices alone", http.MethodPut, "/pricing/rules", rulesFor("100"), "", 200, "", 8000},
		{"and can be discarded", http.MethodPost, "/pricing/discard", `{"version":2}`, "", 200, "", 8000},
		{"once", http.MethodPost, "/pricing/discard", `{"version":2}`, "", 409, "no_draft", 0},
		{"a price is set by hand", http.MethodPut, "/pricing/override/floor", `{"price":"89.50"}`, why, 200, "", 8950},
		{"not without a reason", http.MethodPut, "/pricing/override/floor", `{"price":"91"}`, "", 422, "no_reason", 0},
		{"not above the cap", http.MethodPut, "/pricing/override/floor", `{"price":"120.01"}`, why, 422, "invalid_pricing", 0},
		{"not in parts of a cent", http.MethodPut, "/pricing/override/floor", `{"price":"90.001"}`, why, 422, "invalid_pricing", 0},
		{"not of a tier that there is not", http.MethodPut, "/pricing/override/garden", `{"price":"90"}`, why, 422, "invalid_pricing", 0},
		{"not as a binary fraction", http.MethodPut, "/pricing/override/floor", `{"price":90.1}`, why, 400, "invalid_json", 0},
		{"prices are frozen", http.MethodPost, "/pricing/freeze", "", why, 200, "", 8950},
		{"then none is set by hand", http.MethodPut, "/pricing/override/floor", `{"price":"90"}`, why, 422, "invalid_pricing", 0},
		{"thawing wants a reason as well", http.MethodPost, "/pricing/thaw", "", "", 422, "no_reason", 0},
		{"prices are thawed", http.MethodPost, "/pricing/thaw", "", why, 200, "", 8950},
		{"given back to rules that follow nothing, it costs its base", http.MethodDelete, "/pricing/override/floor", "", why, 200, "", 8000},
		{"and the refusals have changed nothing", http.MethodGet, "/pricing", "", "", 200, "", 8000},
	} {
		answer := h.ask(t, acmeKey, row.method, spring+row.path, row.body, headers(row.reason)...)
		body := want(t, answer, row.status, row.code)
		if got := prices(body)["floor"]; got != row.floor {
			t.Errorf("%s: the floor costs %v; want %v", row.says, got, row.floor)
		}
	}
}

func headers(line string) []string {
	if line == "" {
		return nil
	}
	return []string{line}
}

func TestPreviewSaysWhatRulesWouldPublish(t *testing.T) {
	t.Parallel()
	h := sellsSpring(t, noon.Add(48*time.Hour))
	body := want(t, h.ask(t, acmeKey, http.MethodPost, spring+"/pricing/preview", rulesFor("80")), http.StatusOK, "")
	if quotes := body["quotes"].([]any); len(quotes) != 2 || quotes[0].(map[string]any)["price"] != 8000.0 {
		t.Errorf("quotes = %v; want both tiers, the floor at 80.00", quotes)
	}
	rules := want(t, h.ask(t, acmeKey, http.MethodGet, spring+"/pricing/rules", ""), http.StatusOK, "")
	if rules["rules"] != nil || rules["draft"] != nil {
		t.Errorf("rules = %v; want none: a preview changes nothing", rules)
	}
}

func TestRulesThatComeTooLateWantAWaiver(t *testing.T) {
	t.Parallel()
	h := sellsSpring(t, noon.Add(23*time.Hour))
	standing := want(t, h.ask(t, acmeKey, http.MethodPut, spring+"/pricing/rules", rulesFor("80")), http.StatusOK, "")
	if late, _ := standing["late"].(string); !strings.Contains(late, "the sale starts in 23h0m0s") {
		t.Errorf("late = %q; want a warning before anybody approves", late)
	}
	refused := want(t, h.ask(t, acmeKey, http.MethodPost, spring+"/pricing/approve", `{"version":1}`), http.StatusConflict, "too_late")
	if detail := refused["detail"].(string); !strings.Contains(detail, "24h before") || !strings.Contains(detail, "waiver") {
		t.Errorf("refused with %q; want what is missed, and the way out", detail)
	}
	if now := want(t, h.ask(t, acmeKey, http.MethodGet, spring+"/pricing", ""), http.StatusOK, ""); prices(now) != nil {
		t.Errorf("prices = %v; want none", prices(now))
	}
	approved := want(t, h.ask(t, acmeKey, http.MethodPost, spring+"/pricing/approve", `{"version":1,"waiver":"the hall changed"}`), http.StatusOK, "")
	if rules := approved["rules"].(map[string]any); rules["waived"] != "the hall changed" || prices(approved)["floor"] != 8000 {
		t.Errorf("approved = %v; want it in force, with the waiver", approved)
	}
	ledger := h.ask(t, acmeKey, http.MethodGet, spring+"/pricing/ledger", "").Body.String()
	if !strings.Contains(ledger, "the sale starts in 23h0m0s: prices are to be known 24h before: the hall changed") {
		t.Errorf("ledger = %s; want what was missed, and why", ledger)
	}
}

func TestBadRulesAreNamedFieldByField(t *testing.T) {
	t.Parallel()
	h := sellsSpring(t, noon.Add(48*time.Hour))
	for _, row := range []struct{ says, document, want string }{
		{"a floor above the cap", strings.Replace(rulesFor("80"), `"floor":60`, `"floor":200`, 1), "tiers[0]"},
		{"a currency that is none", strings.Replace(rulesFor("80"), "EUR", "EURO", 1), "currency"},
		{"a field that is none", strings.Replace(rulesFor("80"), `"all_in"`, `"colour":"red","all_in"`, 1), "colour"},
		{"a tier that the event lacks", strings.Replace(rulesFor("80"), "balcony", "garden", 1), "garden"},
		{"another event's rules", strings.Replace(rulesFor("80"), `"spring"`, `"summer"`, 1), "event"},
	} {
		for _, one := range []struct{ method, path string }{{http.MethodPut, "/pricing/rules"}, {http.MethodPost, "/pricing/preview"}} {
			body := want(t, h.ask(t, acmeKey, one.method, spring+one.path, row.document), http.StatusUnprocessableEntity, "invalid_pricing")
			if named, _ := json.Marshal(body["errors"]); !strings.Contains(string(named), row.want) {
				t.Errorf("%s, %s: errors = %s; want %s named", row.says, one.path, named, row.want)
			}
		}
	}
	yaml := "event: spring\ncurrency: EUR\nall_in: all fees included\ntiers: [{name: floor, base: 80}, {name: balcony, base: 40}]\n"
	want(t, h.ask(t, acmeKey, http.MethodPut, spring+"/pricing/rules", yaml, "Content-Type: application/yaml"), http.StatusOK, "")
	want(t, h.ask(t, acmeKey, http.MethodPut, spring+"/pricing/rules", yaml, "Content-Type: text/plain"), http.StatusUnsupportedMediaType, "unsupported_media_type")
	want(t, h.ask(t, acmeKey, http.MethodPut, summer+"/pricing/rules", rulesFor("80")), http.StatusConflict, "no_tiers")
}

func TestTheLedgerIsExported(t *testing.T) {
	t.Parallel()
	h := sellsSpring(t, noon.Add(48*time.Hour))
	want(t, h.ask(t, acmeKey, http.MethodPut, spring+"/pricing/rules", rulesFor("80"), `Rushgate-Reason: as agreed;=HYPERLINK("http://evil.example")`), http.StatusOK, "")
	want(t, h.ask(t, acmeKey, http.MethodPost, spring+"/pricing/approve", `{"version":1}`), http.StatusOK, "")
	lines := h.ask(t, acmeKey, http.MethodGet, spring+"/pricing/ledger", "")
	var kinds []string
	for line := range strings.Lines(lines.Body.String()) {
		var entry board.Entry
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("a line is no entry: %v: %s", err, line)
		}
		if entry.By != "box-office" || !entry.At.Equal(noon) {
			t.Errorf("%s by %s at %v; want whose key it was, and when", entry.Kind, entry.By, entry.At)
		}
		kinds = append(kinds, string(entry.Kind))
	}
	if got := strings.Join(kinds, " "); got != "drafted approved published" {
		t.Errorf("the ledger tells %s; want drafted approved published", got)
	}
	table := h.ask(t, acmeKey, http.MethodGet, spring+"/pricing/ledger?format=csv", "")
	if text := table.Body.String(); strings.Contains(text, ";=") || !strings.Contains(text, "as agreed;'=HYPERLINK") {
		t.Errorf("csv = %s; want the reason, and no formula in it", text)
	}
	if rows, err := csv.NewReader(table.Body).ReadAll(); err != nil || len(rows) != 5 {
		t.Errorf("%d rows, %v; want a head, two acts and two prices", len(rows), err)
	}
	want(t, h.ask(t, acmeKey, http.MethodGet, spring+"/pricing/ledger?format=pdf", ""), http.StatusBadRequest, "invalid_query")
}

// pricingRoutes are all that there are.
var pricingRoutes = []struct{ method, path, body string }{
	{http.MethodGet, "/pricing", ""},
	{http.MethodGet, "/pricing/rules", ""},
	{http.MethodPut, "/pricing/rules", rulesFor("90")},
	{http.MethodPost, "/pricing/preview", rulesFor("90")},
	{http.MethodPost, "/pricing/approve", `{"version":2}`},
	{http.MethodPost, "/pricing/discard", `{"version":2}`},
	{http.MethodPost, "/pricing/freeze", ""},
	{http.MethodPost, "/pricing/thaw", ""},
	{http.MethodPut, "/pricing/override/floor", `{"price":"90"}`},
	{http.MethodDelete, "/pricing/override/floor", ""},
	{http.MethodGet, "/pricing/ledger", ""},
}

func TestAnotherOrganizationSeesNothingOfPrices(t *testing.T) {
	t.Parallel()
	h := sellsSpring(t, noon.Add(48*time.Hour))
	for _, route := range pricingRoutes {
		want(t, h.ask(t, globexKey, route.method, spring+route.path, route.body, why), http.StatusNotFound, "not_found")
		want(t, h.ask(t, globexKey, route.method, strings.Replace(spring, "acme", "globex", 1)+route.path, route.body, why), http.StatusNotFound, "not_found")
		want(t, h.ask(t, "", route.method, spring+route.path, route.body, why), http.StatusUnauthorized, "unauthorized")
	}
}

func TestASilentStoreChangesNoPrice(t *testing.T) {
	t.Parallel()
	h := sellsSpring(t, noon.Add(48*time.Hour))
	want(t, h.ask(t, acmeKey, http.MethodPut, spring+"/pricing/rules", rulesFor("80")), http.StatusOK, "")
	want(t, h.ask(t, acmeKey, http.MethodPost, spring+"/pricing/approve", `{"version":1}`), http.StatusOK, "")
	before := want(t, h.ask(t, acmeKey, http.MethodPut, spring+"/pricing/rules", rulesFor("85")), http.StatusOK, "")
	h.stockroom.asleep.Store(true)
	for _, route := range pricingRoutes {
		want(t, h.ask(t, acmeKey, route.method, spring+route.path, route.body, why), http.StatusServiceUnavailable, "store_unavailable")
	}
	h.stockroom.asleep.Store(false)
	after := want(t, h.ask(t, acmeKey, http.MethodGet, spring+"/pricing", ""), http.StatusOK, "")
	was, _ := json.Marshal(before)
	is, _ := json.Marshal(after)
	if string(was) != string(is) {
		t.Errorf("after the silence:\n%s; want\n%s", is, was)
	}
	if !strings.Contains(h.logged.String(), "action=draft by=box-office") {
		t.Errorf("the log says %s; want who changed prices", h.logged)
	}
}

func TestReadinessWarnsOfANoticeThatIsKeptNoMore(t *testing.T) {
	t.Parallel()
	h := sellsSpring(t, noon.Add(48*time.Hour))
	want(t, h.ask(t, acmeKey, http.MethodPut, spring+"/pricing/rules", rulesFor("80")), http.StatusOK, "")
	want(t, h.ask(t, acmeKey, http.MethodPost, spring+"/pricing/approve", `{"version":1}`), http.StatusOK, "")
	for _, row := range []struct {
		says, start, detail string
	}{
		{"as approved", noon.Add(48 * time.Hour).Format(time.RFC3339), `"check":"price_notice","ok":true,"detail":"kept"`},
		{"moved to two hours from now", noon.Add(2 * time.Hour).Format(time.RFC3339), `"check":"price_notice","ok":false,"detail":"the start was moved after the approval`},
	} {
		tag := h.ask(t, acmeKey, http.MethodGet, spring, "").Header().Get("ETag")
		want(t, h.ask(t, acmeKey, http.MethodPatch, spring, `{"room":{"event_start_time":"`+row.start+`"}}`, "If-Match: "+tag), http.StatusOK, "")
		if got := h.ask(t, acmeKey, http.MethodGet, spring+"/readiness", "").Body.String(); !strings.Contains(got, row.detail) {
			t.Errorf("%s: readiness = %s; want %s", row.says, got, row.detail)
		}
	}
}
