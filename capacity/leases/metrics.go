package leases

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/bilten/rushgate/capacity"
)

// metrics are what this package counts. Labels are bounded by the operator's pools.
type metrics struct{ errors prometheus.Counter }

func newMetrics(registry prometheus.Registerer, k *Keeper) *metrics {
	m := &metrics{
		errors: promauto.With(registry).NewCounter(prometheus.CounterOpts{
			Name: "rushgate_capacity_errors_total", Help: "Times that the gateways' record of capacity could not be read or written.",
		}),
	}
	if registry != nil {
		registry.MustRegister(pools{k})
	}
	return m
}

// pools tells what was agreed on when somebody asks. Every gateway knows the same,
// so take the maximum over gateways, not the sum.
type pools struct{ keeper *Keeper }

var (
	byPool = []string{"pool"}

	readyDesc     = prometheus.NewDesc("rushgate_pool_ready_instances", "Instances that serve, as the gateways agreed; one in slow start counts in part.", byPool, nil)
	knownDesc     = prometheus.NewDesc("rushgate_pool_known_instances", "Instances that should serve.", byPool, nil)
	factorDesc    = prometheus.NewDesc("rushgate_pool_health_factor", "What slow and failed answers leave of the pool's rate, 0 to 1.", byPool, nil)
	rateDesc      = prometheus.NewDesc("rushgate_pool_rate_per_minute", "New visitors that the ready instances can take; absent where nobody has said.", byPool, nil)
	sessionsDesc  = prometheus.NewDesc("rushgate_pool_sessions", "Sessions that the ready instances can hold.", byPool, nil)
	conditionDesc = prometheus.NewDesc("rushgate_pool_condition", "1 for the condition that the pool's requests show.", []string{"pool", "condition"}, nil)
)

// Describe is prometheus.Collector's.
func (p pools) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{readyDesc, knownDesc, factorDesc, rateDesc, sessionsDesc, conditionDesc} {
		descs <- d
	}
}

// Collect is prometheus.Collector's.
func (p pools) Collect(metrics chan<- prometheus.Metric) {
	for _, pool := range p.keeper.Pools() {
		gauge := func(d *prometheus.Desc, value float64, labels ...string) {
			metrics <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, append([]string{pool.Name}, labels...)...)
		}
		gauge(readyDesc, pool.Ready)
		gauge(knownDesc, float64(pool.Known))
		gauge(factorDesc, pool.Factor)
		gauge(sessionsDesc, float64(pool.Sessions))
		if pool.PerMinute != nil {
			gauge(rateDesc, *pool.PerMinute)
		}
		for _, condition := range capacity.Conditions {
			is := 0.0
			if condition == pool.Condition {
				is = 1
			}
			gauge(conditionDesc, is, string(condition))
		}
	}
}
