package organizer_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/prescale"
	"github.com/bilten/rushgate/prescale/rush/crew"
)

// desk is a real crew over the house's catalog, with one service that is ready
// at once, and a plan that can be missing.
type desk struct {
	*crew.Keeper
	events *catalog.Catalog
	noPlan error
}

func openDesk(events *catalog.Catalog, now func() time.Time) *desk {
	d := &desk{events: events}
	d.Keeper = crew.New(crew.Config{
		Store: accord.NewMemory(now), Catalog: events, Events: d, Member: "here", Now: now,
		Chance: func() float64 { return 0 }, Log: quiet,
	})
	return d
}

func (d *desk) All() ([]event.Event, bool) {
	view, err := d.events.All(context.Background())
	all := []event.Event{}
	for _, record := range view.Records {
		all = append(all, record.Event)
	}
	return all, err == nil
}

func (d *desk) Quiet(string) bool { return true }

// Plan serves both the crew and the API; which one asks shows in the result.
func (d *desk) planOf(e event.Event) (prescale.Plan, error) {
	if d.noPlan != nil {
		return prescale.Plan{}, d.noPlan
	}
	request := prescale.Declared(e)
	request.Evidence.Registrations, request.Evidence.ShowUp = 20_000, prescale.Range{P50: 0.4, P90: 0.6}
	request.Services = []prescale.Service{{Name: "shop", PerInstance: 1000, Min: 3, Max: 50}}
	return prescale.NewPlan(request)
}

func (d *desk) Plan(e event.Event) crew.Plan {
	return crew.Plan{Lead: time.Duration(e.Prescale.LeadTime)}
}

// scaling is organizer.Scaling.
type scaling struct{ desk *desk }

func (s scaling) Plan(e event.Event) (prescale.Plan, error) { return s.desk.planOf(e) }

func (s scaling) Report(event.Event) prescale.Report {
	return prescale.NewReport(noon, map[string]prescale.Measured{
		"cpu_usage": {Reading: prescale.Reading{Value: 71, At: noon}}, "query_time": {Missing: "the query matches nothing"},
	}, []prescale.Recommendation{{Code: "stock_short", Text: "Tell them."}}, []prescale.Verdict{{Trigger: "slow", Target: "replicas", Action: prescale.ScaleUp, Reason: prescale.NoReading, Text: "no reading"}})
}

func TestARushIsSteeredByAPI(t *testing.T) {
	t.Parallel()
	h := open(t)
	want(t, h.ask(t, acmeKey, http.MethodPost, events, springDefinition), http.StatusCreated, "")
	want(t, h.ask(t, acmeKey, http.MethodPost, spring+"/suspend", ""), http.StatusOK, "")
	for _, row := range []struct {
		says, method, path string
		status             int
		code, phase        string
	}{
		{"nothing is planned", http.MethodGet, "/rush", http.StatusOK, "", "idle"},
		{"there is no hour to arm it for", http.MethodPost, "/rush/arm", http.StatusConflict, "rush_refused", ""},
		{"nor anything to take back", http.MethodPost, "/rush/revert", http.StatusConflict, "rush_refused", ""},
		{"it is started", http.MethodPost, "/rush/start", http.StatusOK, "", "rising"},
		{"twice is as good as once", http.MethodPost, "/rush/start", http.StatusOK, "", "rising"},
		{"it is called off", http.MethodPost, "/rush/cancel", http.StatusOK, "", "cancelled"},
		{"and shown so", http.MethodGet, "/rush", http.StatusOK, "", "cancelled"},
		{"another word is none", http.MethodPost, "/rush/explode", http.StatusNotFound, "not_found", ""},
	} {
		body := want(t, h.ask(t, acmeKey, row.method, spring+row.path, "", "Rushgate-Reason: rehearsal"), row.status, row.code)
		if row.phase != "" && body["phase"] != row.phase {
			t.Errorf("%s: phase = %v; want %s", row.says, body["phase"], row.phase)
		}
		if row.phase == "cancelled" && (body["by"] != "box-office" || body["reason"] != "rehearsal") {
			t.Errorf("%s: by %v because %v; want who asked, and why", row.says, body["by"], body["reason"])
		}
	}
	want(t, h.ask(t, globexKey, http.MethodPost, spring+"/rush/start", ""), http.StatusNotFound, "not_found")
	ready := h.ask(t, acmeKey, http.MethodGet, spring+"/readiness", "")
	if !strings.Contains(ready.Body.String(), "was cancelled by box-office") {
		t.Errorf("readiness = %s; want to hear of the cancelled rush", ready.Body)
	}
}

func TestARushSwitchesTheRoomOnByName(t *testing.T) {
	t.Parallel()
	h := open(t)
	want(t, h.ask(t, acmeKey, http.MethodPost, summer+"/suspend", ""), http.StatusOK, "")
	want(t, h.ask(t, acmeKey, http.MethodPost, summer+"/rush/start", ""), http.StatusOK, "")
	for range 5 {
		all, _ := h.desk.All()
		for _, e := range all {
			if err := h.desk.Step(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := want(t, h.ask(t, acmeKey, http.MethodGet, summer+"/rush", ""), http.StatusOK, "")["phase"]; got != "up" {
		t.Errorf("phase = %v; want up", got)
	}
	read := h.ask(t, acmeKey, http.MethodGet, summer, "")
	if room := want(t, read, http.StatusOK, "")["room"].(map[string]any); room["suspended"] != false || read.Header().Get("Rushgate-Changed-By") != crew.Author {
		t.Errorf("suspended = %v, changed by %s; want it on, by the rush", room["suspended"], read.Header().Get("Rushgate-Changed-By"))
	}
}

func TestPlanAndReportAreShown(t *testing.T) {
	t.Parallel()
	h := open(t)
	plan := want(t, h.ask(t, acmeKey, http.MethodGet, summer+"/plan", ""), http.StatusOK, "")
	if services := plan["services"].([]any); len(services) != 1 {
		t.Errorf("plan = %v; want one service", plan)
	}
	report := want(t, h.ask(t, acmeKey, http.MethodGet, summer+"/scaling/report", ""), http.StatusOK, "")
	metrics := report["metrics"].(map[string]any)
	queryTime := metrics["database"].(map[string]any)["query_time"].(map[string]any)
	if queryTime["value"] != nil || queryTime["reason"] != "the query matches nothing" {
		t.Errorf("query_time = %v; want null with its reason", queryTime)
	}
	h.desk.noPlan = errors.New("prescale.registrations: no_evidence: want some")
	want(t, h.ask(t, acmeKey, http.MethodGet, summer+"/plan", ""), http.StatusConflict, "no_plan")
	want(t, h.ask(t, globexKey, http.MethodGet, summer+"/plan", ""), http.StatusNotFound, "not_found")
	want(t, h.ask(t, globexKey, http.MethodGet, summer+"/scaling/report", ""), http.StatusNotFound, "not_found")
}
