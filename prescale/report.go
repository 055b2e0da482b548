package prescale

import (
	"math"
	"time"
)

// Layer is where a metric is measured.
type Layer string

const (
	Application    Layer = "application"
	Database       Layer = "database"
	Infrastructure Layer = "infrastructure"
)

// Metric is one of those that a scaling report has, under its fixed name.
type Metric struct {
	Name  string
	Layer Layer
	Unit  string
}

// Metrics lists the thirteen of a report. A trigger may use any of them.
func Metrics() []Metric {
	return []Metric{
		{"response_time", Application, "ms"},
		{"error_rate", Application, "ratio"},
		{"throughput", Application, "requests/s"},
		{"active_sessions", Application, "sessions"},
		{"queue_length", Application, "visitors"},
		{"connection_count", Database, "connections"},
		{"query_time", Database, "ms"},
		{"cache_hit_rate", Database, "ratio"},
		{"replication_lag", Database, "s"},
		{"cpu_usage", Infrastructure, "percent"},
		{"memory_usage", Infrastructure, "percent"},
		{"disk_io", Infrastructure, "bytes/s"},
		{"instances_ready", Infrastructure, "instances"},
	}
}

// Report is what one look at an event's capacity shows.
type Report struct {
	Timestamp       time.Time                  `json:"timestamp"`
	Metrics         map[Layer]map[string]Gauge `json:"metrics"`
	Recommendations []Recommendation           `json:"recommendations"`
	Actions         []Verdict                  `json:"actions"`
}

// Gauge is a metric in a report. A value that is not known is null with the
// reason, never 0: nothing measured and nothing there are not the same.
type Gauge struct {
	Value  *float64   `json:"value"`
	Unit   string     `json:"unit"`
	At     *time.Time `json:"at,omitempty"`
	Reason string     `json:"reason,omitempty"`
}

// Measured is what a shell knows of a metric: a reading, or why there is none.
type Measured struct {
	Reading Reading
	Missing string // a reason, as in "no query is configured"; empty: there is a reading
}

// notAsked is the reason of a metric that nobody has asked for.
const notAsked = "nothing measures it: no query is configured"

// NewReport lays out what was measured, by metric. Every one of Metrics is
// there, whether measured or not.
func NewReport(now time.Time, measured map[string]Measured, advice []Recommendation, actions []Verdict) Report {
	report := Report{
		Timestamp: now, Recommendations: advice, Actions: actions,
		Metrics: map[Layer]map[string]Gauge{Application: {}, Database: {}, Infrastructure: {}},
	}
	for _, m := range Metrics() {
		report.Metrics[m.Layer][m.Name] = gauge(m, measured)
	}
	if report.Recommendations == nil {
		report.Recommendations = []Recommendation{}
	}
	if report.Actions == nil {
		report.Actions = []Verdict{}
	}
	return report
}

func gauge(m Metric, measured map[string]Measured) Gauge {
	known, asked := measured[m.Name]
	g := Gauge{Unit: m.Unit}
	switch v := known.Reading.Value; {
	case !asked:
		g.Reason = notAsked
	case known.Missing != "":
		g.Reason = known.Missing
	case math.IsNaN(v) || math.IsInf(v, 0):
		g.Reason = "the query's answer is not a number"
	default:
		g.Value, g.At = &v, &known.Reading.At
	}
	return g
}
