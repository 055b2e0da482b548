package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// sample is the room at one moment.
type sample struct {
	at       time.Duration
	scene    int
	ready    float64 // instances, as the gateway sees them
	rate     float64 // per minute, in force
	admitted float64 // so far
	reason   string  // why the rate is less than the event's
}

// watcher reads the gateway's metrics.
type watcher struct {
	url     string
	company *company
}

const every = time.Second

// watch acts the scenes, each for a while, and samples meanwhile.
func (w watcher) watch(ctx context.Context, script []scene, each time.Duration, out io.Writer) ([]sample, error) {
	var all []sample
	began := time.Now()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for i, s := range script {
		_, _ = fmt.Fprintf(out, "%s\n", s.what)
		if err := s.act(ctx, w.company); err != nil {
			return all, fmt.Errorf("%s: %w", s.what, err)
		}
		for end := time.Duration(i+1)*each - every; time.Since(began) < end; {
			select {
			case <-ctx.Done():
				return all, ctx.Err()
			case <-ticker.C:
			}
			now, err := w.look(ctx)
			if err != nil {
				return all, err
			}
			now.at, now.scene = time.Since(began), i
			all = append(all, now)
			if len(all)%5 == 0 {
				_, _ = fmt.Fprintf(out, "  %4.0f s  %.0f ready, %3.0f a minute allowed, %3.0f let in lately  %s\n",
					now.at.Seconds(), now.ready, now.rate, perMinuteOver(all, len(all)-1), now.reason)
			}
		}
	}
	return all, nil
}

func (w watcher) look(ctx context.Context) (sample, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url, http.NoBody)
	if err != nil {
		return sample{}, err
	}
	client := &http.Client{Timeout: 5 * time.Second}
	answer, err := client.Do(r)
	if err != nil {
		return sample{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	if err != nil {
		return sample{}, fmt.Errorf("read the metrics: %w", err)
	}
	s := sample{
		ready:    value(families["rushgate_upstream_instances"], "state", "ready"),
		rate:     value(families["rushgate_room_rate_per_minute"], "", ""),
		admitted: value(families["rushgate_room_admitted_total"], "", ""),
	}
	for _, m := range families["rushgate_room_budget_reason"].GetMetric() {
		if m.GetGauge().GetValue() == 1 {
			s.reason = label(m, "reason")
		}
	}
	return s, nil
}

// value is the first with the label; "" takes any.
func value(f *dto.MetricFamily, name, want string) float64 {
	for _, m := range f.GetMetric() {
		if name == "" || label(m, name) == want {
			return m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return 0
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}
