package web

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics counts what the gateway decides. Labels come from fixed lists and the
// operator's own event ids.
type metrics struct {
	decisions *prometheus.CounterVec
	joins     *prometheus.CounterVec
	returns   *prometheus.CounterVec
	claims    *prometheus.CounterVec
	commands  *prometheus.CounterVec
	refusals  *prometheus.CounterVec
	problems  *prometheus.CounterVec
	promises  *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return promauto.With(r).NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	return metrics{
		decisions: counter("rushgate_gate_decisions_total", "Requests at the gate, by the reason of the decision.", "event", "reason"),
		joins:     counter("rushgate_joins_total", "Joins, by what the visitor became.", "event", "state"),
		returns:   counter("rushgate_returns_total", "Passes of an earlier life of the room, or without a number, by what their visitors became.", "event", "state"),
		claims:    counter("rushgate_claims_total", "Claims, by what the visitor became.", "event", "state"),
		commands:  counter("rushgate_shop_commands_total", "Commands that shops sent in their answers.", "event", "command"),
		refusals:  counter("rushgate_credentials_refused_total", "Passes, admissions and visitor cookies that were not accepted.", "kind", "reason"),
		problems:  counter("rushgate_problems_total", "Answers that were not a success, by code.", "code"),
		promises:  counter("rushgate_wait_promises_total", "Waits that ended, held against the range promised on joining.", "event", "kept"),
	}
}

// kept holds the wait that has just ended against what was promised on joining.
func (v *visit) kept() {
	p := v.who.pass
	if !v.who.hasPass || p.PromiseP90 == 0 {
		return
	}
	waited := (v.storeTime() - p.JoinedAt) / 1000
	kept := "within"
	switch {
	case waited > int64(p.PromiseP90):
		kept = "later"
	case waited < int64(p.PromiseP50)/2:
		kept = "much_sooner"
	}
	v.g.metrics.promises.WithLabelValues(v.event().ID, kept).Inc()
}
