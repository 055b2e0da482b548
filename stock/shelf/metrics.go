package shelf

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are what this package counts. Labels are bounded by the catalog:
// events and their tiers.
type metrics struct {
	reports *prometheus.CounterVec
	errors  prometheus.Counter
}

func newMetrics(r prometheus.Registerer, s *Shelf) metrics {
	if r != nil {
		r.MustRegister(census{s})
	}
	return metrics{
		reports: promauto.With(r).NewCounterVec(prometheus.CounterOpts{
			Name: "rushgate_stock_reports_total", Help: "Stocks that shops told in their answers, by what became of them.",
		}, []string{"event", "result"}),
		errors: promauto.With(r).NewCounter(prometheus.CounterOpts{
			Name: "rushgate_stock_errors_total", Help: "Times that the store did not answer about the stock.",
		}),
	}
}

// census tells the stock when somebody asks. Every gateway knows the same, so take
// the maximum over gateways, not the sum.
type census struct{ shelf *Shelf }

var (
	byTier        = []string{"event", "tier"}
	remainingDesc = prometheus.NewDesc("rushgate_stock_remaining", "Tickets that are free to take; an empty tier is the whole event.", byTier, nil)
	heldDesc      = prometheus.NewDesc("rushgate_stock_held", "Tickets in somebody's basket.", byTier, nil)
)

// Describe is prometheus.Collector's.
func (c census) Describe(descs chan<- *prometheus.Desc) {
	descs <- remainingDesc
	descs <- heldDesc
}

// Collect is prometheus.Collector's.
func (c census) Collect(metrics chan<- prometheus.Metric) {
	for id, is := range *c.shelf.shown.Load() {
		for _, n := range is.Counts {
			metrics <- prometheus.MustNewConstMetric(remainingDesc, prometheus.GaugeValue, float64(n.Remaining), id, n.Tier)
			metrics <- prometheus.MustNewConstMetric(heldDesc, prometheus.GaugeValue, float64(n.Held), id, n.Tier)
		}
	}
}
