package watch_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/prescale"
	"github.com/bilten/rushgate/prescale/fault"
	"github.com/bilten/rushgate/prescale/watch"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// town is a store, a source of numbers and a database whose replicas are counted.
type town struct {
	mu      sync.Mutex
	now     time.Time
	value   float64
	missing error
	asked   int
	size    int
	fails   error
	keys    []string
	store   accord.Store
	lapses  time.Time // of what is held
}

func (w *town) clock() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }

func (w *town) Value(context.Context, string, time.Time) (float64, time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	return w.value, w.now, w.missing
}

func (w *town) Hold(_ context.Context, target string, level int, version int64) error {
	w.keys = append(w.keys, fmt.Sprintf("%s/%d/%d", target, level, version))
	if w.fails == nil {
		w.size, w.lapses = level, w.now.Add(24*time.Hour)
	}
	return w.fails
}

func (w *town) Let(_ context.Context, target string, version int64) error {
	return w.Hold(context.Background(), target, 2, version)
}

func (w *town) watchers(n int) []*watch.Watcher {
	w.now, w.size = noon, 2
	w.store = accord.NewMemory(w.clock)
	all := make([]*watch.Watcher, n)
	for i := range all {
		all[i] = watch.New(watch.Config{
			Store: w.store, Source: w, Targets: w, Queries: map[string]string{"query_time": "avg(q)"}, Now: w.clock,
			Triggers: []prescale.Trigger{
				{Name: "slow", Metric: "query_time", Threshold: 100, Action: prescale.ScaleUp, Target: "replicas", Cooldown: time.Minute},
				{Name: "calm", Metric: "query_time", Threshold: 20, Action: prescale.ScaleDown, Target: "replicas", Cooldown: time.Minute},
			},
			Bounds: map[string]watch.Bounds{"replicas": {Min: 2, Max: 4, Step: 1}}, Log: slog.New(slog.DiscardHandler),
		})
	}
	return all
}

// pass has every watcher look each five seconds.
func (w *town) pass(t *testing.T, d time.Duration, all ...*watch.Watcher) {
	t.Helper()
	for end := w.now.Add(d); w.now.Before(end); {
		for _, one := range all {
			if err := one.Look(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		w.mu.Lock()
		w.now = w.now.Add(5 * time.Second)
		w.mu.Unlock()
	}
}

func TestReplicasFollowTheirTriggersOnceForAllGateways(t *testing.T) {
	t.Parallel()
	w := &town{value: 50}
	all := w.watchers(3)
	for _, row := range []struct {
		says  string
		value float64
		pass  time.Duration
		size  int
	}{
		{"within the thresholds", 50, time.Minute, 2},
		{"slow for a moment: one more", 150, 20 * time.Second, 3},
		{"slow for long: to the bound, a minute apart", 150, 3 * time.Minute, 4},
		{"not a number moves nothing", math.NaN(), 3 * time.Minute, 4},
		{"calm again: back to what was there", 10, 4 * time.Minute, 2},
	} {
		w.value = row.value
		w.pass(t, row.pass, all...)
		if w.size != row.size {
			t.Errorf("%s: replicas = %d; want %d", row.says, w.size, row.size)
		}
	}
	if rounds := int(w.now.Sub(noon)/watch.Every) + 1; w.asked > rounds {
		t.Errorf("asked %d times in %d rounds by three gateways; want once a round", w.asked, rounds)
	}
}

func TestAnOrderThatFailsIsGivenAgainWithItsKey(t *testing.T) {
	t.Parallel()
	w := &town{value: 150, fails: fault.New("answered 403", errors.New("10.1.2.3: forbidden"))}
	all := w.watchers(2)
	w.pass(t, 20*time.Second, all...)
	report := all[1].Report(noon, nil, nil, anyTarget)
	if len(report.Recommendations) != 1 || !strings.HasSuffix(report.Recommendations[0].Text, "could not be scaled: answered 403") {
		t.Errorf("recommendations = %+v; want the failure of the target", report.Recommendations)
	}
	w.fails = nil
	w.pass(t, 20*time.Second, all...)
	if w.size != 3 || len(w.keys) < 2 || w.keys[0] != w.keys[len(w.keys)-1] {
		t.Errorf("replicas = %d by %q; want 3 by one order given again", w.size, w.keys)
	}
}

func anyTarget(string) bool { return true }

func TestAReportShowsNoTargetOfOthers(t *testing.T) {
	t.Parallel()
	w := &town{value: 150, fails: errors.New("forbidden")}
	all := w.watchers(1)
	w.pass(t, 20*time.Second, all...)
	for _, row := range []struct {
		says    string
		shared  string
		actions int
		advice  int
	}{
		{"of its own targets all", "replicas", 2, 1},
		{"of others' nothing, not even that they fail", "somebody-else's", 0, 0},
	} {
		report := all[0].Report(noon, nil, nil, func(target string) bool { return target == row.shared })
		if len(report.Actions) != row.actions || len(report.Recommendations) != row.advice {
			t.Errorf("%s: actions %+v, recommendations %+v; want %d and %d", row.says, report.Actions, report.Recommendations, row.actions, row.advice)
		}
	}
}

func TestAReportNamesWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	w := &town{value: math.NaN()}
	all := w.watchers(1)
	for _, row := range []struct {
		says    string
		value   float64
		missing error
		reason  string
	}{
		{"nobody has looked yet", 0, nil, "no query is configured"},
		{"not a number", math.NaN(), nil, "the query's answer is NaN"},
		{"no answer", 0, fault.New("the query matches nothing", errors.New("10.1.2.3: none")), "the query matches nothing"},
		{"an error without words", 0, errors.New("dial tcp 10.1.2.3:9090"), fault.Unnamed},
		{"an answer", 71, nil, ""},
	} {
		if row.says != "nobody has looked yet" {
			w.value, w.missing = row.value, row.missing
			w.pass(t, 20*time.Second, all...)
		}
		gauge := all[0].Report(noon, nil, nil, anyTarget).Metrics[prescale.Database]["query_time"]
		if row.reason == "" && (gauge.Value == nil || *gauge.Value != row.value) || row.reason != "" && (gauge.Value != nil || !strings.Contains(gauge.Reason, row.reason)) {
			t.Errorf("%s: gauge = %+v; want %v or null with %q", row.says, gauge, row.value, row.reason)
		}
	}
}

func TestAGatewaysOwnNumbersStandWhereNoQueryIsConfigured(t *testing.T) {
	t.Parallel()
	w := &town{value: 71}
	all := w.watchers(1)
	own := map[string]prescale.Measured{
		"queue_length": {Reading: prescale.Reading{Value: 12, At: noon}},
		"query_time":   {Reading: prescale.Reading{Value: 5, At: noon}},
	}
	for _, queryTime := range []float64{5, 71} { // before a round, and after
		metrics := all[0].Report(noon, own, nil, anyTarget).Metrics
		waiting, slow := metrics[prescale.Application]["queue_length"].Value, metrics[prescale.Database]["query_time"].Value
		if waiting == nil || *waiting != 12 || slow == nil || *slow != queryTime {
			t.Errorf("queue_length, query_time = %v, %v; want 12 and %v", waiting, slow, queryTime)
		}
		w.pass(t, 20*time.Second, all...)
	}
}

func TestALevelThatStandsForDaysIsHeldAnew(t *testing.T) {
	t.Parallel()
	w := &town{value: 150}
	all := w.watchers(1)
	w.pass(t, 3*time.Minute, all...)
	w.value = 50
	for hour := range 26 {
		w.pass(t, time.Hour, all...)
		if w.now.After(w.lapses) {
			t.Fatalf("after %d hours the four replicas are held by nobody; want them held for as long as no trigger says otherwise", hour+1)
		}
	}
	if w.size != 4 || len(w.keys) > 10 {
		t.Errorf("replicas = %d after %d orders; want the 4 of yesterday, and few orders", w.size, len(w.keys))
	}
}

func TestAStoreThatForgetsLowersNoTarget(t *testing.T) {
	t.Parallel()
	w := &town{value: 150}
	all := w.watchers(1)
	w.pass(t, 3*time.Minute, all...)
	if w.size != 4 {
		t.Fatalf("replicas = %d; want 4", w.size)
	}
	if err := w.store.Drop(t.Context(), "triggers"); err != nil {
		t.Fatal(err)
	}
	for range 24 {
		if w.pass(t, 5*time.Second, all...); w.size != 4 {
			t.Fatalf("replicas = %d while the database is slow; want the 4 of before the loss", w.size)
		}
	}
}
