package room

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are what this package counts. Labels are bounded by the catalog:
// events and their lines.
type metrics struct {
	tickSeconds   prometheus.Histogram
	tickErrors    prometheus.Counter
	catalogErrors prometheus.Counter
	quarantined   prometheus.Counter
}

func newMetrics(registry prometheus.Registerer, rooms func() []*Room) *metrics {
	factory := promauto.With(registry)
	m := &metrics{
		tickSeconds: factory.NewHistogram(prometheus.HistogramOpts{
			Name: "rushgate_room_tick_seconds", Help: "How long the store takes to answer a tick.",
			Buckets:                     prometheus.ExponentialBuckets(0.000_25, 2, 13),
			NativeHistogramBucketFactor: 1.1,
		}),
		tickErrors: factory.NewCounter(prometheus.CounterOpts{
			Name: "rushgate_room_tick_errors_total", Help: "Ticks that the store did not answer.",
		}),
		catalogErrors: factory.NewCounter(prometheus.CounterOpts{
			Name: "rushgate_catalog_errors_total", Help: "Times that the catalog of events could not be read.",
		}),
		quarantined: factory.NewCounter(prometheus.CounterOpts{
			Name: "rushgate_room_quarantined_total", Help: "Rooms that were stopped because their event could not be served.",
		}),
	}
	if registry != nil {
		registry.MustRegister(census{rooms})
	}
	return m
}

// census counts rooms when somebody asks. Every gateway sees the same rooms, so
// take the maximum over gateways, not the sum.
type census struct{ rooms func() []*Room }

var (
	byEvent = []string{"event"}
	byLine  = []string{"event", "line"}

	waitingDesc  = prometheus.NewDesc("rushgate_room_waiting", "Visitors in a line, not called yet.", byLine, nil)
	servingDesc  = prometheus.NewDesc("rushgate_room_serving_number", "The highest number called so far.", byLine, nil)
	issuedDesc   = prometheus.NewDesc("rushgate_room_numbers_total", "Numbers given so far.", byLine, nil)
	calledDesc   = prometheus.NewDesc("rushgate_room_called", "Turns on offer, those at the door included.", byEvent, nil)
	atDoorDesc   = prometheus.NewDesc("rushgate_room_at_door", "Visitors who have claimed and wait for the rate.", byEvent, nil)
	lateDesc     = prometheus.NewDesc("rushgate_room_late", "Visitors who came back late, not called again yet.", byEvent, nil)
	lapsedDesc   = prometheus.NewDesc("rushgate_room_lapsed", "Visitors whose turn lapsed and who may still come back.", byEvent, nil)
	activeDesc   = prometheus.NewDesc("rushgate_room_active", "Sessions.", byEvent, nil)
	admittedDesc = prometheus.NewDesc("rushgate_room_admitted_total", "Sessions given so far.", byEvent, nil)
	modeDesc     = prometheus.NewDesc("rushgate_room_mode", "1 for the mode that the room is in on this gateway.", []string{"event", "mode"}, nil)
	rateDesc     = prometheus.NewDesc("rushgate_room_rate_per_minute", "Visitors let in per minute at most, by event and budget.", byEvent, nil)
	capDesc      = prometheus.NewDesc("rushgate_room_cap", "Sessions and turns at most, by event and budget.", byEvent, nil)
	budgetDesc   = prometheus.NewDesc("rushgate_room_budget_reason", "1 for the reason why the room lets in fewer than its event allows.", []string{"event", "reason"}, nil)
	versionDesc  = prometheus.NewDesc("rushgate_room_version", "Version of the event that the store acts on.", byEvent, nil)
)

// Describe is prometheus.Collector's.
func (c census) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		waitingDesc, servingDesc, issuedDesc, calledDesc, atDoorDesc, lateDesc, lapsedDesc,
		activeDesc, admittedDesc, modeDesc, versionDesc, rateDesc, capDesc, budgetDesc,
	} {
		descs <- d
	}
}

// Collect is prometheus.Collector's.
func (c census) Collect(metrics chan<- prometheus.Metric) {
	for _, r := range c.rooms() {
		v := r.View()
		if v.Retired {
			continue
		}
		measure := func(d *prometheus.Desc, kind prometheus.ValueType, n float64, labels ...string) {
			metrics <- prometheus.MustNewConstMetric(d, kind, n, append([]string{r.id}, labels...)...)
		}
		count := func(d *prometheus.Desc, kind prometheus.ValueType, n int64, labels ...string) {
			measure(d, kind, float64(n), labels...)
		}
		now, _ := v.ModeAt(r.house.now())
		for _, mode := range Modes {
			count(modeDesc, prometheus.GaugeValue, one(mode == now), string(mode))
		}
		s := v.Snapshot
		if s.Generation == 0 {
			continue
		}
		for _, line := range s.Lines {
			count(waitingDesc, prometheus.GaugeValue, line.Waiting, line.Name)
			count(servingDesc, prometheus.GaugeValue, line.Serving, line.Name)
			count(issuedDesc, prometheus.CounterValue, line.Issued, line.Name)
		}
		count(calledDesc, prometheus.GaugeValue, s.Called)
		count(atDoorDesc, prometheus.GaugeValue, s.AtDoor)
		count(lateDesc, prometheus.GaugeValue, s.Late)
		count(lapsedDesc, prometheus.GaugeValue, s.Lapsed)
		count(activeDesc, prometheus.GaugeValue, s.Active)
		count(admittedDesc, prometheus.CounterValue, s.Admitted)
		count(versionDesc, prometheus.GaugeValue, v.InForce())
		measure(rateDesc, prometheus.GaugeValue, v.Limits.Rate.Visitors())
		count(capDesc, prometheus.GaugeValue, v.Limits.Cap)
		for _, reason := range BudgetReasons {
			count(budgetDesc, prometheus.GaugeValue, one(reason == v.Limits.Reason), string(reason))
		}
	}
}

// one is a fact as a gauge has it.
func one(is bool) int64 {
	if is {
		return 1
	}
	return 0
}
