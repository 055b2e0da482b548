package crew

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/bilten/rushgate/prescale/rush"
)

// metrics are what this package counts. Labels are bounded by the catalog and
// the operator's file.
type metrics struct {
	errors   prometheus.Counter
	failures *prometheus.CounterVec
	phase    *prometheus.GaugeVec
	warned   *prometheus.GaugeVec
	ordered  *prometheus.GaugeVec
	ready    *prometheus.GaugeVec
}

func newMetrics(registry prometheus.Registerer) *metrics {
	factory := promauto.With(registry)
	return &metrics{
		errors:   factory.NewCounter(prometheus.CounterOpts{Name: "rushgate_rush_errors_total", Help: "Times that a rush could not be looked at."}),
		failures: factory.NewCounterVec(prometheus.CounterOpts{Name: "rushgate_rush_step_failures_total", Help: "Attempts at a step that failed on this gateway."}, []string{"step"}),
		phase:    factory.NewGaugeVec(prometheus.GaugeOpts{Name: "rushgate_rush_phase", Help: "1 for the phase that an event's rush is in."}, []string{"event", "phase"}),
		warned:   factory.NewGaugeVec(prometheus.GaugeOpts{Name: "rushgate_rush_warning", Help: "1 while a rush goes on in spite of something, such as capacity that is not ready."}, []string{"event"}),
		ordered:  factory.NewGaugeVec(prometheus.GaugeOpts{Name: "rushgate_scaling_ordered_instances", Help: "Instances that were last ordered of a target."}, []string{"target"}),
		ready:    factory.NewGaugeVec(prometheus.GaugeOpts{Name: "rushgate_scaling_ready_instances", Help: "Instances that a target last called ready."}, []string{"target"}),
	}
}

func (m *metrics) forget(eventID string) {
	m.phase.DeletePartialMatch(prometheus.Labels{"event": eventID})
	m.warned.DeletePartialMatch(prometheus.Labels{"event": eventID})
}

func (m *metrics) show(eventID string, s rush.State) {
	m.forget(eventID)
	if s.Phase == rush.Idle {
		return
	}
	m.phase.WithLabelValues(eventID, string(s.Phase)).Set(1)
	warned := 0.0
	if s.Warning != "" {
		warned = 1
	}
	m.warned.WithLabelValues(eventID).Set(warned)
}

func (m *metrics) scaled(target string, ordered, ready int) {
	m.ordered.WithLabelValues(target).Set(float64(ordered))
	m.ready.WithLabelValues(target).Set(float64(ready))
}
