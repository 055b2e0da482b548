package ops_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/bilten/rushgate/web/ops"
)

func noFacts() map[string]any { return nil }

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

func TestReadiness(t *testing.T) {
	t.Parallel()
	away := errors.New("connection refused")
	for _, row := range []struct {
		says   string
		probe  ops.Probe
		status int
		names  []string
	}{
		{"all is well", store(noon, nil), http.StatusOK, nil},
		{"a silent store keeps the admitted going", store(time.Time{}, away), http.StatusOK, []string{"store_unreachable"}},
		{"two seconds are still the same time", store(noon.Add(2*time.Second), nil), http.StatusOK, nil},
		{"a clock that drifts is named", store(noon.Add(-3*time.Second), nil), http.StatusOK, []string{"clock_skew"}},
		{"beyond what admissions tolerate nobody is sent", store(noon.Add(31*time.Second), nil), http.StatusServiceUnavailable, []string{"clock_skew"}},
		{"what does not hold is not named", ops.When(func() bool { return false }, ops.Finding{Name: "x"}), http.StatusOK, nil},
		{"a warning does not turn visitors away", ops.When(func() bool { return true }, ops.Finding{Name: "trusted_proxies_unset", Severity: ops.Warning}), http.StatusOK, []string{"trusted_proxies_unset"}},
		{"rooms not loaded turn visitors away", ops.When(func() bool { return true }, ops.Finding{Name: "rooms_loading", Severity: ops.Blocking}), http.StatusServiceUnavailable, []string{"rooms_loading"}},
	} {
		status, body := call(t, ops.Handler(prometheus.NewRegistry(), noFacts, row.probe), "/readyz")
		var answer struct {
			Ready    bool          `json:"ready"`
			Findings []ops.Finding `json:"findings"`
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatalf("%s: %v in %s", row.says, err, body)
		}
		var names []string
		for _, finding := range answer.Findings {
			names = append(names, finding.Name)
		}
		if status != row.status || answer.Ready != (status == http.StatusOK) || !cmp.Equal(names, row.names) {
			t.Errorf("%s: /readyz = %d %v; want %d %v", row.says, status, names, row.status, row.names)
		}
	}
}

func TestDrainingTurnsVisitorsAwayAndStaysAlive(t *testing.T) {
	t.Parallel()
	var draining ops.Draining
	handler := ops.Handler(prometheus.NewRegistry(), noFacts, draining.Probe)
	if status, _ := call(t, handler, "/readyz"); status != http.StatusOK {
		t.Errorf("/readyz before draining = %d; want 200", status)
	}
	draining.Begin()
	if status, body := call(t, handler, "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "draining") {
		t.Errorf("/readyz while draining = %d %s; want 503 and the reason", status, body)
	}
	if status, _ := call(t, handler, "/health"); status != http.StatusOK {
		t.Errorf("/health while draining = %d; want 200", status)
	}
}

func TestMetricsAreOfTheGivenRegistryAlone(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "rushgate_example_total", Help: "Of this test."}))
	status, body := call(t, ops.Handler(registry, noFacts), "/metrics")
	if status != http.StatusOK || !strings.Contains(body, "rushgate_example_total 0") || strings.Contains(body, "go_goroutines") {
		t.Errorf("/metrics = %d %s; want the registry's one counter", status, body)
	}
}

func store(at time.Time, err error) ops.Probe {
	return ops.Store(func(context.Context) (time.Time, error) { return at, err }, func() time.Time { return noon })
}

func call(t *testing.T, handler http.Handler, path string) (int, string) {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	body, err := io.ReadAll(recorder.Body)
	if err != nil {
		t.Fatal(err)
	}
	return recorder.Code, string(body)
}

func TestReadinessShowsFactsWhetherReadyOrNot(t *testing.T) {
	t.Parallel()
	facts := func() map[string]any { return map[string]any{"keys": map[string]any{"pass": []string{"k7qx"}}} }
	for _, blocked := range []bool{false, true} {
		stuck := ops.When(func() bool { return blocked }, ops.Finding{Name: "rooms_loading", Severity: ops.Blocking})
		if _, body := call(t, ops.Handler(prometheus.NewRegistry(), facts, stuck), "/readyz"); !strings.Contains(body, `"keys":{"pass":["k7qx"]}`) {
			t.Errorf("/readyz with blocked = %t is %s; want the keys in it", blocked, body)
		}
	}
}
