package simulate

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"github.com/bilten/rushgate/loadtest/plot"
)

//go:embed report.html
var reportText string

// maxCurves is how many scenarios a chart shows.
const maxCurves = plot.Colours

// Report writes one HTML page that asks for nothing from anywhere.
func Report(w io.Writer, p Plan, results []Result) error {
	page, err := template.New("report").Funcs(template.FuncMap{
		"span": span, "percent": percent, "thousands": func(n int) string { return thousands(int64(n)) },
		"thousands64": thousands, "whole": func(f float64) int64 { return int64(f) }, "size": size,
		"drawn": func(i int) bool { return i < maxCurves },
	}).Parse(reportText)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return page.Execute(w, struct {
		Plan      Plan
		Results   []Result
		Style     template.CSS
		Pictures  []picture
		MaxCurves int
		Arrivals  string
		Varies    varies

		BytesPerPlace, BytesPerSession int
	}{p, results, plot.Style, pictures(results[:min(len(results), maxCurves)]), maxCurves, p.Arrivals.words(), p.WhatIf.varies(), bytesPerPlace, bytesPerSession})
}

// varies says which columns the table needs; what all rooms share is said once.
type varies struct{ Rate, Cap, NoShow, Session bool }

func (w WhatIf) varies() varies {
	v := varies{len(w.NewUsersPerMinute) > 1, len(w.TotalActiveUsers) > 1, len(w.NoShow) > 1, len(w.SessionDuration) > 1}
	if v == (varies{}) {
		v.Rate = true // a table needs something to begin its rows with
	}
	return v
}

// words says how the visitors come.
func (a Arrivals) words() string {
	over := span(a.Over.Seconds())
	switch a.Shape {
	case "step":
		return "all at once"
	case "ramp":
		return "more of them every second, over " + over
	case "spike":
		return fmt.Sprintf("%s of them in the first tenth of %s, the rest evenly", percent(a.First), over)
	case "spikes":
		return fmt.Sprintf("in %d waves of %s within %s", a.Spikes, span(a.Width.Seconds()), over)
	case "poisson":
		return "at random over " + over
	case "csv":
		return "as counted in " + a.File
	}
	return "evenly over " + over
}

// Seconds is the scenario's session for the report.
func (s Scenario) Seconds() float64 { return s.Session.Seconds() }

// Last is when the line was empty.
func (r Result) Last() string { return r.last() }
