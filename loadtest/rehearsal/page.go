package rehearsal

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/bilten/rushgate/loadtest"
	"github.com/bilten/rushgate/loadtest/plot"
)

//go:embed report.html
var pageText string

var page = template.Must(template.New("report").Funcs(template.FuncMap{
	"n": thousands, "span": span, "percent": func(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) },
	"tau": func(v float64) string { return fmt.Sprintf("%.3f", v) },
}).Parse(pageText))

// HTML writes the report as one page that needs nothing else.
func (r Report) HTML(w io.Writer) error {
	return page.Execute(w, view{Report: r, Style: plot.Style})
}

// view is what the page shows beyond the report itself.
type view struct {
	Report
	Style template.CSS
}

// Outlook is a class of the page, too.
func (v view) Outlook() string { return v.Verdict.Outlook.String() }

// Kept is a class of the page.
func (p Promise) Kept() string { return strings.ReplaceAll(strings.ToLower(p.mark()), " ", "-") }

// Why is the verdict's reasons in short: what was found of each promise stands
// with the promise.
func (v view) Why() []string {
	var short []string
	found := map[string]bool{}
	for _, p := range v.Promises {
		found[string(p.ID)] = true
		if p.Broken > 0 {
			short = append(short, p.Says)
		}
	}
	for _, why := range v.Verdict.Reasons {
		if id, _, _ := strings.Cut(why, ":"); !found[id] {
			short = append(short, why)
		}
	}
	return short
}

// Times are the rows of the table of waits.
func (v view) Times() []struct {
	Name string
	loadtest.Quantiles
} {
	f := v.Figures
	return []struct {
		Name string
		loadtest.Quantiles
	}{
		{"until the first page", f.ToPage}, {"until the place in the line", f.ToPlace}, {"until let in", f.ToAdmitted},
		{"the crowd's own lateness", f.Lateness},
	}
}

func (v view) Outcomes() []string {
	var rows []string
	for _, o := range []loadtest.Outcome{loadtest.Shopped, loadtest.Left, loadtest.NoShow, loadtest.Refused, loadtest.Lost, loadtest.Unfinished} {
		if n := v.Figures.Outcomes[o]; n > 0 {
			rows = append(rows, thousands(n)+" "+map[loadtest.Outcome]string{
				loadtest.Shopped: "were let in and shopped", loadtest.Left: "gave their place up", loadtest.NoShow: "took a place and never came back",
				loadtest.Refused: "were refused", loadtest.Lost: "lost a place or an admission", loadtest.Unfinished: "had not come in at the end",
			}[o])
		}
	}
	return rows
}

func (v view) Admitted() int {
	n := 0
	for _, m := range v.Figures.Course {
		n += m.Admitted
	}
	return n
}

func (v view) LongestLine() int {
	longest := 0
	for _, m := range v.Figures.Course {
		longest = max(longest, m.Waiting)
	}
	return longest
}

func (v view) PeakPolls() int { return v.peakPolls() }

// perMinute bins a count of each second, and scales it to a minute.
func perMinute(moments []loadtest.Moment, count func(loadtest.Moment) int) []plot.Point {
	bin := max(1, int(math.Ceil(float64(len(moments))/150)))
	var points []plot.Point
	for start := 0; start+bin <= len(moments); start += bin {
		n := 0
		for _, m := range moments[start : start+bin] {
			n += count(m)
		}
		points = append(points, plot.Point{X: float64(start) + float64(bin)/2, Y: float64(n) * 60 / float64(bin)})
	}
	return points
}

func each(moments []loadtest.Moment, value func(loadtest.Moment) float64) []plot.Point {
	points := make([]plot.Point, 0, len(moments))
	for _, m := range moments {
		points = append(points, plot.Point{X: float64(m.Second), Y: value(m)})
	}
	return points
}

// Charts are the plots, in the order in which an organizer asks.
func (v view) Charts() []template.HTML {
	course := v.Figures.Course
	since := plot.Axis{Label: "since the opening", Scale: plot.Duration}
	count := plot.Axis{Scale: plot.Number}
	flow := plot.Chart{Title: "People per minute, arriving and let in", X: since, Y: count, Series: []plot.Series{
		{Name: "arriving", Mark: plot.Line, Points: perMinute(course, func(m loadtest.Moment) int { return m.Came })},
		{Name: "let in", Mark: plot.Line, Points: perMinute(course, func(m loadtest.Moment) int { return m.Admitted })},
	}}
	line := plot.Chart{Title: "People in the line, and inside", X: since, Y: count, Series: []plot.Series{
		{Name: "waiting", Mark: plot.Area, Points: each(course, func(m loadtest.Moment) float64 { return float64(m.Waiting) })},
		{Name: "inside the shop", Mark: plot.Line, Points: each(course, func(m loadtest.Moment) float64 { return float64(m.Inside) })},
	}}
	if end := float64(len(course) - 1); v.Plan.Room.NewUsersPerMinute > 0 {
		rate, most := float64(v.Plan.Room.NewUsersPerMinute), float64(v.Plan.Room.TotalActiveUsers)
		flow.Series = append(flow.Series, plot.Series{Name: "the rate", Mark: plot.Rule, Points: []plot.Point{{X: 0, Y: rate}, {X: end, Y: rate}}})
		line.Series = append(line.Series, plot.Series{Name: "the cap", Mark: plot.Rule, Points: []plot.Point{{X: 0, Y: most}, {X: end, Y: most}}})
	}
	answers := answered(course)
	latency := plot.Chart{Title: "How long answers took", X: since, Y: plot.Axis{Scale: plot.Duration}, Series: []plot.Series{
		{Name: "half were faster", Mark: plot.Line, Points: each(answers, func(m loadtest.Moment) float64 { return m.P50.Seconds() })},
		{Name: "99 of 100 were faster", Mark: plot.Line, Points: each(answers, func(m loadtest.Moment) float64 { return m.P99.Seconds() })},
	}}
	charts := []template.HTML{flow.HTML(), line.HTML()}
	if len(v.Figures.Waits) > 0 {
		charts = append(charts, v.waits())
	}
	return append(charts, latency.HTML())
}

// answered leaves out the seconds in which nobody asked anything.
func answered(course []loadtest.Moment) []loadtest.Moment {
	return slices.DeleteFunc(slices.Clone(course), func(m loadtest.Moment) bool { return m.P99 == 0 })
}

func (v view) waits() template.HTML {
	var actual, p50, p90 []plot.Point
	for _, w := range v.Figures.Waits {
		actual = append(actual, plot.Point{X: w.Second, Y: w.Actual.Seconds()})
		p50 = append(p50, plot.Point{X: w.Second, Y: w.P50.Seconds()})
		p90 = append(p90, plot.Point{X: w.Second, Y: w.P90.Seconds()})
	}
	return plot.Chart{
		Title: "The wait that people were told, and their real one",
		X:     plot.Axis{Label: "joined, since the opening", Scale: plot.Duration}, Y: plot.Axis{Scale: plot.Duration},
		Series: []plot.Series{
			{Name: "real wait of one visitor", Mark: plot.Dots, Points: actual}, {Name: "told: about", Mark: plot.Line, Points: p50},
			{Name: "told: at most", Mark: plot.Line, Points: p90},
		},
	}.HTML()
}

func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// span writes a duration as people say it.
func span(d time.Duration) string {
	switch {
	case d == 0:
		return "–"
	case d < 100*time.Microsecond:
		return "< 0.1 ms"
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}
