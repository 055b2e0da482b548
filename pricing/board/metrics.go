package board

import (
	"github.com/prometheus/client_golang/prometheus"
)

// metrics are counted by whichever gateway publishes, so that their sum over all
// gateways is what happened. Tiers and reasons are few: a rules document bounds
// the one, this program the other.
type metrics struct {
	changes *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer, k *Keeper) metrics {
	m := metrics{changes: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "rushgate_price_changes_total", Help: "Prices that this gateway has published, by the reason of the change.",
	}, []string{"event", "reason"})}
	if registry != nil {
		registry.MustRegister(m.changes, priceGauge{k, prometheus.NewDesc("rushgate_price",
			"Published price in minor units of the event's currency.", []string{"event", "tier"}, nil)})
	}
	return m
}

func (m metrics) count(eventID string, entries []Entry) {
	for _, entry := range entries {
		if entry.Kind != Published {
			continue
		}
		for _, quote := range entry.Quotes {
			if quote.Changed() {
				m.changes.WithLabelValues(eventID, string(quote.Reason)).Inc()
			}
		}
	}
}

// priceGauge reads the boards as they are when somebody asks.
type priceGauge struct {
	keeper *Keeper
	desc   *prometheus.Desc
}

func (g priceGauge) Describe(to chan<- *prometheus.Desc) { to <- g.desc }

func (g priceGauge) Collect(to chan<- prometheus.Metric) {
	for id, b := range *g.keeper.boards.Load() {
		if b == nil {
			continue
		}
		for _, tier := range b.Tiers {
			to <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, float64(tier.Price), id, tier.Name)
		}
	}
}
