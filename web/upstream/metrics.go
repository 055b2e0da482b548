package upstream

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// counts are a pool's own meters. Labels come from fixed lists and the name of
// the pool; instances come and go, so they are none.
type counts struct {
	requests   [outcomes]prometheus.Counter // looked up once: they are on every request's way
	retries    prometheus.Counter
	overBudget prometheus.Counter
	changes    *prometheus.CounterVec
}

// newCounts registers the meters of a pool; without a registry they count for
// nobody.
func newCounts(to prometheus.Registerer, pool string) counts {
	if to == nil {
		to = prometheus.NewRegistry()
	}
	with := promauto.With(prometheus.WrapRegistererWith(prometheus.Labels{"pool": pool}, to))
	requests := with.NewCounterVec(prometheus.CounterOpts{
		Name: "rushgate_upstream_requests_total", Help: "Requests to instances, by how they ended; one that was sent again counts each time.",
	}, []string{"outcome"})
	retries := with.NewCounterVec(prometheus.CounterOpts{
		Name: "rushgate_upstream_retries_total", Help: "Requests that failed and could go to another instance: sent, or given up because too many were.",
	}, []string{"result"})
	c := counts{
		retries: retries.WithLabelValues("sent"), overBudget: retries.WithLabelValues("over_budget"),
		changes: with.NewCounterVec(prometheus.CounterOpts{
			Name: "rushgate_upstream_changes_total", Help: "Changes of instances, by the state they came to and its reason.",
		}, []string{"state", "reason"}),
	}
	for how, name := range outcomeNames {
		c.requests[how] = requests.WithLabelValues(name)
	}
	return c
}

func (c *counts) change(state State, cause Cause) {
	c.changes.WithLabelValues(string(state), string(cause)).Inc()
}

// picture shows the pool as it stands when it is scraped.
type picture struct {
	roll                   *roll
	instances, weight, p95 *prometheus.Desc
}

func newPicture(pool string, r *roll) *picture {
	labels := prometheus.Labels{"pool": pool}
	return &picture{
		roll:      r,
		instances: prometheus.NewDesc("rushgate_upstream_instances", "Instances by state.", []string{"state"}, labels),
		weight:    prometheus.NewDesc("rushgate_upstream_ready_weight", "Sum of the weights of the ready instances; a slow start counts by the share it has reached.", nil, labels),
		p95:       prometheus.NewDesc("rushgate_upstream_p95_seconds", "Answer time, up to the headers, that 95 % of the last ten seconds kept to.", nil, labels),
	}
}

// Describe is part of prometheus.Collector.
func (p *picture) Describe(to chan<- *prometheus.Desc) {
	to <- p.instances
	to <- p.weight
	to <- p.p95
}

// Collect is part of prometheus.Collector.
func (p *picture) Collect(to chan<- prometheus.Metric) {
	measured := p.roll.measure()
	for state, n := range p.roll.byState() {
		to <- prometheus.MustNewConstMetric(p.instances, prometheus.GaugeValue, float64(n), string(state))
	}
	to <- prometheus.MustNewConstMetric(p.weight, prometheus.GaugeValue, measured.ReadyWeight)
	to <- prometheus.MustNewConstMetric(p.p95, prometheus.GaugeValue, measured.P95.Seconds())
}

// byState counts the members, states that nobody is in included.
func (r *roll) byState() map[State]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, now := map[State]int{}, r.now()
	for _, state := range states {
		n[state] = 0
	}
	for _, in := range r.members {
		state, _, _ := in.state(r.balance.Drain, now)
		n[state]++
	}
	return n
}
