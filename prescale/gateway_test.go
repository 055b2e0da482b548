package prescale_test

import (
	"maps"
	"testing"
	"time"

	"github.com/bilten/rushgate/prescale"
)

func TestWhatAGatewayKnowsByItself(t *testing.T) {
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		says    string
		sees    prescale.Gateway
		want    map[string]float64
		missing int // metrics with a reason instead of a value
	}{
		{"nothing yet", prescale.Gateway{}, map[string]float64{}, 0},
		{"a room on no pool", prescale.Gateway{Active: 40, Waiting: 900, Seen: now}, map[string]float64{"active_sessions": 40, "queue_length": 900}, 0},
		{"pools that nobody uses", prescale.Gateway{Ready: 3, Window: 10 * time.Second}, map[string]float64{"instances_ready": 3, "throughput": 0}, 2},
		{"pools in use", prescale.Gateway{Ready: 3, Requests: 200, Failed: 10, P95: 150 * time.Millisecond, Window: 10 * time.Second},
			map[string]float64{"instances_ready": 3, "throughput": 20, "response_time": 150, "error_rate": 0.05}, 0},
	} {
		got, missing := map[string]float64{}, 0
		for metric, m := range row.sees.Measured(now) {
			if m.Missing != "" {
				missing++
				continue
			}
			got[metric] = m.Reading.Value
		}
		if !maps.Equal(got, row.want) || missing != row.missing {
			t.Errorf("%s: Measured() = %v, and %d are missing; want %v, and %d", row.says, got, missing, row.want, row.missing)
		}
	}
	report := prescale.NewReport(now, prescale.Gateway{Seen: now, Requests: 1, Window: time.Second}.Measured(now), nil, nil)
	known := 0
	for _, layer := range report.Metrics {
		for _, gauge := range layer {
			if gauge.Value != nil {
				known++
			}
		}
	}
	if known != 6 {
		t.Errorf("a report has %d of the six metrics; want all under their names", known)
	}
}
