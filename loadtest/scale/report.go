package main

import (
	"fmt"
	"html/template"
	"io"
	"time"

	"github.com/bilten/rushgate/loadtest/command"
	"github.com/bilten/rushgate/loadtest/plot"
)

// over is how long a rate is measured over.
const over = 8 * time.Second

// perMinuteOver is how many were let in per minute in the time before sample i.
func perMinuteOver(all []sample, i int) float64 {
	from := i
	for from > 0 && all[i].at-all[from].at < over {
		from--
	}
	span := all[i].at - all[from].at
	if span <= 0 {
		return 0
	}
	return (all[i].admitted - all[from].admitted) / span.Minutes()
}

// settle is how long after a change nothing is judged: two checks must fail, or
// pass, warm-up and slow start end, and the measured window fill.
const settle = 14 * time.Second

// tolerance is how far, above and below, the rate may be from what is ready.
const tolerance = 0.2

// outcome is a scene as it came out.
type outcome struct {
	scene
	rate, came float64 // per minute, at its end
	followed   bool
}

func judge(script []scene, all []sample, each time.Duration) []outcome {
	results := make([]outcome, len(script))
	for i, s := range script {
		results[i].scene = s
		began := time.Duration(i) * each
		var n float64
		for k, now := range all {
			if now.scene == i && now.at-began >= settle {
				results[i].rate += now.rate
				results[i].came += perMinuteOver(all, k)
				n++
			}
		}
		if n == 0 {
			continue
		}
		results[i].rate, results[i].came = results[i].rate/n, results[i].came/n
		want := float64(s.well * perMinute)
		results[i].followed = results[i].rate <= want*(1+tolerance) && results[i].came <= want*(1+tolerance) && results[i].came >= want*(1-2*tolerance)
	}
	return results
}

func conclude(out io.Writer, all []sample, o options) (int, error) {
	results := judge(scenes(), all, o.scene)
	status := 0
	_, _ = fmt.Fprintf(out, "\n%-28s %10s %10s %10s\n", "scene", "ready for", "allowed", "let in")
	for _, r := range results {
		word := ""
		if !r.followed {
			status, word = 1, "  did not follow"
		}
		_, _ = fmt.Fprintf(out, "%-28s %10d %10.0f %10.0f%s\n", r.what, r.well*perMinute, r.rate, r.came, word)
	}
	if o.html == "" {
		return status, nil
	}
	picture := chart(scenes(), all, o.scene)
	if err := command.Save(o.html, func(to io.Writer) error { return writePage(to, picture, results) }); err != nil {
		return command.Failed, err
	}
	_, _ = fmt.Fprintln(out, "\nthe plot is in", o.html)
	return status, nil
}

func chart(script []scene, all []sample, each time.Duration) plot.Chart {
	allowed := plot.Series{Name: "allowed per minute", Mark: plot.Line}
	came := plot.Series{Name: "let in per minute, last 8 s", Mark: plot.Area}
	well := plot.Series{Name: "what the instances that are well can take", Mark: plot.Rule}
	for i, s := range script {
		for _, at := range []time.Duration{time.Duration(i) * each, time.Duration(i+1) * each} {
			well.Points = append(well.Points, plot.Point{X: at.Seconds(), Y: float64(s.well * perMinute)})
		}
	}
	for i, s := range all {
		allowed.Points = append(allowed.Points, plot.Point{X: s.at.Seconds(), Y: s.rate})
		came.Points = append(came.Points, plot.Point{X: s.at.Seconds(), Y: perMinuteOver(all, i)})
	}
	return plot.Chart{
		Title: "The rate follows what is ready", X: plot.Axis{Label: "time", Scale: plot.Duration}, Y: plot.Axis{Label: "visitors per minute"},
		Series: []plot.Series{came, allowed, well},
	}
}

var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>The rate follows what is ready</title>
<style>
:root { color-scheme: light dark; --ink: light-dark(#15171c, #e8e9ee); --muted: light-dark(#5a6070, #a3a9b8); --line: light-dark(#d9dce4, #353a47); --card: light-dark(#fff, #1b1e26); }
body { max-width: 56rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--card); }
table { border-collapse: collapse; margin-top: 2rem; } th, td { padding: .25rem 1rem .25rem 0; text-align: right; } th:first-child, td:first-child { text-align: left; }
{{.Style}}
</style>
{{.Chart}}
<table><tr><th>scene<th>ready for<th>allowed<th>let in<th>
{{range .Rows}}<tr><td>{{.What}}<td>{{.Want}}<td>{{printf "%.0f" .Rate}}<td>{{printf "%.0f" .Came}}<td>{{if not .Followed}}did not follow{{end}}
{{end}}</table>
`))

type row struct {
	What       string
	Want       int
	Rate, Came float64
	Followed   bool
}

func writePage(to io.Writer, c plot.Chart, results []outcome) error {
	var rows []row
	for _, r := range results {
		rows = append(rows, row{r.what, r.well * perMinute, r.rate, r.came, r.followed})
	}
	return page.Execute(to, struct {
		Style template.CSS
		Chart template.HTML
		Rows  []row
	}{plot.Style, c.HTML(), rows})
}
