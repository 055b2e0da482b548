// Package ops answers the people and machines that run the installation: is the
// process alive, may the balancer send visitors, what do the meters say. It has
// a listener of its own, because none of it is for visitors.
package ops

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Severity says what a finding means for the balancer.
type Severity string

const (
	// Blocking: send no visitors here.
	Blocking Severity = "blocking"
	// Warning: works, but somebody should look.
	Warning Severity = "warning"
)

// Finding is a named reason why a gateway is not, or not quite, ready.
type Finding struct {
	Name     string   `json:"name"` // stable: store_unreachable, draining, …
	Severity Severity `json:"severity"`
	Detail   string   `json:"detail"`
}

// Probe returns what it finds wrong, nothing when all is well. It must answer
// within the context's deadline.
type Probe func(context.Context) []Finding

// probeTimeout is below the usual second or two of a balancer's check.
const probeTimeout = 900 * time.Millisecond

// Facts are shown with every /readyz: name and what it is, as JSON.
type Facts func() map[string]any

// Handler serves /health, /readyz and /metrics.
//
// /health says that the process is alive and nothing else: whoever restarts a
// gateway because Redis is away makes two outages of one.
func Handler(registry *prometheus.Registry, facts Facts, probes ...Probe) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "alive"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), probeTimeout)
		defer cancel()
		findings := gather(ctx, probes)
		status := http.StatusOK
		if !ready(findings) {
			status = http.StatusServiceUnavailable
		}
		body := map[string]any{"ready": ready(findings), "findings": findings}
		maps.Copy(body, facts())
		answer(w, status, body)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: 3, // a scrape storm must not cost visitors anything
		Timeout:             10 * time.Second,
	}))
	return mux
}

func gather(ctx context.Context, probes []Probe) []Finding {
	findings := []Finding{}
	for _, probe := range probes {
		findings = append(findings, probe(ctx)...)
	}
	return findings
}

func ready(findings []Finding) bool {
	for _, finding := range findings {
		if finding.Severity == Blocking {
			return false
		}
	}
	return true
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever asked has gone
}
