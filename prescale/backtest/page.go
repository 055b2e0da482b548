package backtest

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/bilten/rushgate/loadtest/plot"
)

//go:embed page.html
var pageText string

// pictured are the matches whose day is drawn: two that went into extra time,
// the highest peaks, and the final, on a Sunday.
func pictured() []string {
	return []string{"Argentina – England", "Brazil – Netherlands", "France – Croatia", "Brazil – France"}
}

// Page writes everything as one HTML page that asks for nothing from anywhere.
func Page(w io.Writer, r Result) error {
	traffic, err := Load()
	if err != nil {
		return err
	}
	page, err := template.New("page").Parse(pageText)
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	type table struct {
		Title string
		Rows  [][]string
	}
	var tables []table
	for _, lead := range Leads() {
		tables = append(tables, table{minutes(lead) + " before kick-off", rows(r.KnockOuts, lead)})
	}
	return page.Execute(w, struct {
		Style   template.CSS
		Intro   []string
		Tables  []table
		Verdict []string
		Peaks   template.HTML
		Days    []template.HTML
		Notice  string
	}{plot.Style, strings.Split(Intro, "\n\n"), tables, r.Verdict(), peaks(r), traffic.days(r), Notice})
}

// peaks shows forecast, plan and what came, match by match.
func peaks(r Result) template.HTML {
	ours := r.Of("forecast")[0].Forecasts
	series := []plot.Series{
		{Name: "carried by the plan (p90 x 1.3)", Mark: plot.Rule},
		{Name: "came", Mark: plot.Area},
		{Name: "forecast (p50)", Mark: plot.Line},
		{Name: "always 50 instances", Mark: plot.Rule},
	}
	for i, f := range ours {
		x := float64(i + 1)
		for k, y := range []float64{float64(f.Planned * PerInstance), float64(f.Peak), f.P50, 50 * PerInstance} {
			series[k].Points = append(series[k].Points, plot.Point{X: x, Y: y})
		}
	}
	return plot.Chart{
		Title: "Peak minute of each knock-out match, forecast 60 min before kick-off",
		X:     plot.Axis{Label: "match, in order"}, Y: plot.Axis{Label: "requests per minute"}, Series: series,
	}.HTML()
}

// days shows how the traffic went, and what was planned for.
func (t Traffic) days(r Result) []template.HTML {
	var charts []template.HTML
	scores := r.Of("forecast")
	for _, name := range pictured() {
		i := slices.IndexFunc(scores[0].Forecasts, func(f Forecast) bool { return f.Match.Name == name })
		kickOff := scores[0].Forecasts[i].Match.KickOff
		from := kickOff.Add(-5 * time.Hour)
		came := plot.Series{Name: "requests per minute", Mark: plot.Area}
		for k, n := range t.during(from, kickOff.Add(window)) {
			came.Points = append(came.Points, plot.Point{X: float64(k * 60), Y: float64(n)})
		}
		series := []plot.Series{came}
		for _, s := range scores {
			planned := float64(s.Forecasts[i].Planned * PerInstance)
			x := kickOff.Add(-s.Lead).Sub(from).Seconds()
			series = append(series, plot.Series{
				Name: "planned " + minutes(s.Lead) + " before", Mark: plot.Rule,
				Points: []plot.Point{{X: x, Y: planned}, {X: (5*time.Hour + window).Seconds(), Y: planned}},
			})
		}
		charts = append(charts, plot.Chart{
			Title: name + ", " + kickOff.Format("2 January 2006") + ", kick-off " + kickOff.Format("15:04 UTC"),
			X:     plot.Axis{Label: "since " + from.Format("15:04 UTC"), Scale: plot.Duration}, Series: series,
		}.HTML())
	}
	return charts
}
