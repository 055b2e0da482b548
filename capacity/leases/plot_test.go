package leases_test

import (
	"flag"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bilten/rushgate/loadtest/plot"
)

var plotTo = flag.String("plot", "", "HTML file for a picture of TestABadDay")

// A day on which everything goes wrong in turn: the rate goes with what the shop can
// take, and comes back every time. -plot FILE draws it.
func TestABadDay(t *testing.T) {
	var able, rate, answers []plot.Point
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ratedAt100, healthy())
		r := l.open("hamlet", 600, 6000)
		l.start(t, "g1", "g22", "g333")
		defer l.killAll()
		began := time.Now()
		for _, part := range []struct {
			lasts time.Duration
			event func(*shop)
		}{
			{time.Minute, func(*shop) {}},
			{time.Minute, func(s *shop) { s.ready = 3 }},
			{time.Minute, func(s *shop) { s.ready = 6 }},
			{40 * time.Second, func(s *shop) { s.slow = 10 * time.Second }},
			{4 * time.Minute, func(s *shop) { s.slow = 0 }},
			{40 * time.Second, func(s *shop) { s.failing = 0.5 }},
			{4 * time.Minute, func(s *shop) { s.failing = 0 }},
			{30 * time.Second, func(s *shop) { s.ready = 0 }},
			{3 * time.Minute, func(s *shop) { s.ready = 6 }},
		} {
			l.change(part.event)
			l.pass(part.lasts, func() {
				at := time.Since(began).Seconds()
				able = append(able, plot.Point{X: at, Y: float64(100 * l.shop.ready)})
				rate = append(rate, plot.Point{X: at, Y: float64(r.perMinute())})
				answers = append(answers, plot.Point{X: at, Y: l.shop.window[len(l.shop.window)-1].p95.Seconds()})
			})
		}
		if r.perMinute() != 600 {
			t.Errorf("at the end of the day %v; want 600 per minute", r)
		}
	})
	if *plotTo == "" {
		return
	}
	page := "<!doctype html><meta charset=utf-8><title>A bad day</title><style>:root{--ink:#111;--muted:#555;--line:#ddd;--card:#fff}" +
		"body{font:16px system-ui;max-width:50rem;margin:2rem auto}" + string(plot.Style) + "</style>" +
		string(plot.Chart{
			Title: "What the rooms let in, and what the instances could take", X: plot.Axis{Label: "time", Scale: plot.Duration}, Y: plot.Axis{Label: "per minute"},
			Series: []plot.Series{{Name: "ready instances x 100", Mark: plot.Rule, Points: able}, {Name: "rate in force", Points: rate}},
		}.HTML()) +
		string(plot.Chart{
			Title: "p95 of the answers", X: plot.Axis{Label: "time", Scale: plot.Duration}, Y: plot.Axis{Label: "seconds"},
			Series: []plot.Series{{Name: "p95", Points: answers}},
		}.HTML())
	if err := os.WriteFile(*plotTo, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
}
