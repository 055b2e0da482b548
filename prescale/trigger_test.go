package prescale_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bilten/rushgate/prescale"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

func replicas() []prescale.Trigger {
	return []prescale.Trigger{
		{Name: "busy", Metric: "connection_count", Threshold: 800, Hysteresis: 100, Action: prescale.ScaleUp, Target: "replicas", Cooldown: 2 * time.Minute},
		{Name: "slow", Metric: "query_time", Threshold: 200, Action: prescale.ScaleUp, Target: "replicas", Cooldown: 2 * time.Minute},
		{Name: "idle", Metric: "connection_count", Threshold: 200, Hysteresis: 50, Action: prescale.ScaleDown, Target: "replicas", Cooldown: 10 * time.Minute},
	}
}

func TestWhatTriggers(t *testing.T) {
	nan, up := math.NaN(), map[string]time.Time{"replicas": noon.Add(-3 * time.Minute)}
	tests := []struct {
		name        string
		state       prescale.TriggerState
		connections float64
		queries     float64
		age         time.Duration
		want        string // reasons of busy, slow, idle; ! where it acts
	}{
		{"nothing is beyond", prescale.TriggerState{}, 500, 50, 0, "within_threshold within_threshold within_threshold"},
		{"many connections scale up", prescale.TriggerState{}, 900, 50, 0, "!beyond_threshold within_threshold within_threshold"},
		{"two reasons scale up once", prescale.TriggerState{}, 900, 500, 0, "!beyond_threshold cooling_down within_threshold"},
		{"exactly the threshold is not beyond it", prescale.TriggerState{}, 800, 200, 0, "within_threshold within_threshold within_threshold"},
		{"on, and not yet back by the hysteresis", prescale.TriggerState{On: map[string]bool{"busy": true}}, 750, 50, 0, "!beyond_threshold within_threshold within_threshold"},
		{"on, and back by more than the hysteresis", prescale.TriggerState{On: map[string]bool{"busy": true}}, 700, 50, 0, "within_threshold within_threshold within_threshold"},
		{"after the cooldown of the way up it goes up again", prescale.TriggerState{Moved: up}, 900, 50, 0, "!beyond_threshold within_threshold within_threshold"},
		{"within the cooldown of the way down it does not go down, whoever moved it", prescale.TriggerState{Moved: up}, 100, 50, 0, "within_threshold within_threshold cooling_down"},
		{"few connections scale down", prescale.TriggerState{}, 100, 50, 0, "within_threshold within_threshold !beyond_threshold"},
		{"up beats down", prescale.TriggerState{}, 100, 500, 0, "within_threshold !beyond_threshold outvoted"},
		{"not a number triggers nothing, and nothing shrinks on hearsay", prescale.TriggerState{}, 100, nan, 0, "within_threshold not_a_number outvoted"},
		{"an infinity triggers nothing", prescale.TriggerState{}, math.Inf(1), 50, 0, "not_a_number within_threshold not_a_number"},
		{"old readings trigger nothing", prescale.TriggerState{}, 900, 500, 2 * time.Minute, "stale stale stale"},
		{"readings from the future trigger nothing", prescale.TriggerState{}, 900, 500, -time.Minute, "from_the_future from_the_future from_the_future"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			at := noon.Add(-test.age)
			_, verdicts := prescale.Evaluate(replicas(), test.state, map[string]prescale.Reading{
				"connection_count": {Value: test.connections, At: at}, "query_time": {Value: test.queries, At: at},
			}, noon)
			if got := words(verdicts); got != test.want {
				t.Errorf("Evaluate = %s; want %s", got, test.want)
			}
		})
	}
	_, verdicts := prescale.Evaluate(replicas(), prescale.TriggerState{}, nil, noon)
	if got := words(verdicts); got != "no_reading no_reading no_reading" {
		t.Errorf("Evaluate(no readings) = %s", got)
	}
}

func words(verdicts []prescale.Verdict) string {
	var all []string
	for _, v := range verdicts {
		word := string(v.Reason)
		if v.Acts {
			word = "!" + word
		}
		all = append(all, word)
	}
	return strings.Join(all, " ")
}

// A reading that is missing for a while is not the end of what was on.
func TestAGapForgetsNothing(t *testing.T) {
	state := prescale.TriggerState{On: map[string]bool{"busy": true}}
	state, _ = prescale.Evaluate(replicas(), state, nil, noon)
	_, verdicts := prescale.Evaluate(replicas(), state, map[string]prescale.Reading{"connection_count": {Value: 750, At: noon}}, noon)
	if !verdicts[0].Acts {
		t.Errorf("after a gap: %+v; want it still on", verdicts[0])
	}
}

// Whatever is read, a target moves at most once at a time and never sooner than
// the cooldown of what moves it, and bad readings move nothing.
func TestTriggersNeverFlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var state prescale.TriggerState
		var moved time.Time
		now := noon
		values := rapid.SampledFrom([]float64{0, 100, 210, 240, 500, 750, 850, 2000, math.NaN(), math.Inf(-1)})
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(15 * time.Second)
			value := values.Draw(t, "connections")
			var verdicts []prescale.Verdict
			state, verdicts = prescale.Evaluate(replicas(), state, map[string]prescale.Reading{
				"connection_count": {Value: value, At: now}, "query_time": {Value: 10, At: now},
			}, now)
			acts := 0
			for i, v := range verdicts {
				if !v.Acts {
					continue
				}
				acts++
				if now.Sub(moved) < replicas()[i].Cooldown {
					t.Fatalf("%s moved %v after another", v.Trigger, now.Sub(moved))
				}
				if math.IsNaN(value) || math.IsInf(value, 0) {
					t.Fatalf("%s acts on %v", v.Trigger, value)
				}
				moved = now
			}
			if acts > 1 {
				t.Fatalf("%d actions at once: %v", acts, verdicts)
			}
		}
	})
}

func TestTriggersThatCannotWork(t *testing.T) {
	for name, change := range map[string]func([]prescale.Trigger){
		"no metric":                         func(t []prescale.Trigger) { t[0].Metric = "" },
		"no target":                         func(t []prescale.Trigger) { t[0].Target = "" },
		"an action that is none":            func(t []prescale.Trigger) { t[0].Action = "scale" },
		"a threshold that is not a number":  func(t []prescale.Trigger) { t[0].Threshold = math.NaN() },
		"a negative cooldown":               func(t []prescale.Trigger) { t[0].Cooldown = -1 },
		"two of one name":                   func(t []prescale.Trigger) { t[1].Name = "busy" },
		"up and down at one reading":        func(t []prescale.Trigger) { t[2].Threshold = 900 },
		"a hysteresis that is not a number": func(t []prescale.Trigger) { t[0].Hysteresis = math.NaN() },
	} {
		triggers := replicas()
		change(triggers)
		if err := prescale.CheckTriggers("triggers", triggers); err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
	if err := prescale.CheckTriggers("triggers", replicas()); err != nil {
		t.Error(err)
	}
}

func TestAReportNamesEveryMetricAndInventsNone(t *testing.T) {
	report := prescale.NewReport(noon, map[string]prescale.Measured{
		"cpu_usage":  {Reading: prescale.Reading{Value: 0, At: noon}},
		"query_time": {Reading: prescale.Reading{Value: math.NaN(), At: noon}},
		"disk_io":    {Missing: "prometheus does not answer"},
	}, nil, nil)
	data, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var decoded struct {
		Metrics map[string]map[string]struct {
			Value  *float64 `json:"value"`
			Reason string   `json:"reason"`
		} `json:"metrics"`
		Recommendations, Actions []any
	}
	if err := json.Unmarshal(data, &decoded); err != nil {
		t.Fatal(err)
	}
	n := 0
	for layer, metrics := range decoded.Metrics {
		for name, gauge := range metrics {
			n++
			if (gauge.Value == nil) != (gauge.Reason != "") {
				t.Errorf("%s.%s: value %v, reason %q; want one of them", layer, name, gauge.Value, gauge.Reason)
			}
		}
	}
	if n != 13 || len(decoded.Metrics) != 3 {
		t.Errorf("%d metrics in %d layers; want 13 in 3", n, len(decoded.Metrics))
	}
	if v := decoded.Metrics["infrastructure"]["cpu_usage"].Value; v == nil || *v != 0 {
		t.Errorf("a measured 0 is shown as %v", v)
	}
	if r := decoded.Metrics["database"]["query_time"].Reason; !strings.Contains(r, "not a number") {
		t.Errorf("NaN is shown with the reason %q", r)
	}
	if decoded.Recommendations == nil || decoded.Actions == nil {
		t.Error("empty lists are null; want []")
	}
}
