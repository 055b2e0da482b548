package backtest

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bilten/rushgate/prescale"
)

// Intro says what was done, and what it does not show.
const Intro = `Back-test on the requests per minute to the web site of the 1998 football World Cup
(M. Arlitt and T. Jin, "1998 World Cup Web Site Access Logs", August 1998). Learned on the
group stage, 10 to 26 June; then the peak minute of each of the 16 knock-out matches was
forecast an hour, half an hour and ten minutes before kick-off. An instance is taken to
carry 1,000 requests a minute. Nothing is clamped: at most 50 instances would have been
too few on five of the ten knock-out days.

This is no ticket onsale: these crowds swell within minutes and peak at the final whistle.
How people come at the opening of a sale is a model (see docs/prescale.md), and nothing
here tests it.
`

// Goal is what the forecast must reach on the knock-outs.
const Goal = 0.9

// Print writes the tables and the verdict.
func Print(w io.Writer, r Result) error {
	out := &printer{w: w}
	out.line("%s", Intro)
	for _, lead := range Leads() {
		out.table(fmt.Sprintf("%s before kick-off", minutes(lead)),
			[]string{"", "MAPE", "peaks under p90", "carried by the plan", "instance-hours wasted", "lacking"}, rows(r.KnockOuts, lead))
	}
	out.line("\"Learning on\" also learns from knock-out matches that are over. Wasted and lacking are counted minute by\nminute over the three hours from each kick-off; what a known peak wastes, no constant number can save. The plan is the p90 with 30 %% on top.\n")
	var chosen [][]string
	for _, s := range r.Choosing {
		chosen = append(chosen, []string{minutes(s.Lead) + " before", percent(s.MAPE()), percent(s.Under90()), carried(s)})
	}
	out.table("Where the forgetting was chosen: group-stage matches, each forecast from those before it", []string{"", "MAPE", "peaks under p90", "carried by the plan"}, chosen)
	out.table("Each match, an hour before kick-off (requests in the peak minute; instances planned)",
		[]string{"", "forecast", "came", "planned", "carried"}, matches(r.Of("forecast")[0]))
	for _, line := range r.Verdict() {
		out.line("%s", line)
	}
	return out.err
}

// Verdict holds the result against the goal, in sentences.
func (r Result) Verdict() []string {
	var lines []string
	for i, s := range r.Of("forecast") {
		last, yesterday := r.Of("(a) last value")[i], r.Of("(b) same hours yesterday")[i]
		met := "met"
		if s.Coverage() < Goal || s.MAPE() >= last.MAPE() || s.MAPE() >= yesterday.MAPE() {
			met = "NOT met"
		}
		lines = append(lines, fmt.Sprintf("%s before: goal %s: the plan carried %s of the peaks (want %s), MAPE %s against %s (a) and %s (b)."+
			" Without the buffer, %s of the peaks were under the p90.",
			minutes(s.Lead), met, percent(s.Coverage()), percent(Goal), percent(s.MAPE()), percent(last.MAPE()), percent(yesterday.MAPE()), percent(s.Under90())))
	}
	return lines
}

func rows(scores []Score, lead time.Duration) [][]string {
	var all [][]string
	for _, s := range scores {
		if s.Lead != lead {
			continue
		}
		mape, under := "", ""
		if s.Point {
			mape, under = percent(s.MAPE()), percent(s.Under90())
		}
		wasted, lacking := s.Hours()
		all = append(all, []string{s.Method, mape, under, carried(s), whole(wasted), whole(lacking)})
	}
	return all
}

func matches(s Score) [][]string {
	var all [][]string
	for _, f := range s.Forecasts {
		yes := "yes"
		if !f.Covered() {
			yes = "NO"
		}
		all = append(all, []string{f.Match.KickOff.Format("Mon 2 Jan 15:04 ") + f.Match.Name, whole(f.P50), whole(float64(f.Peak)), whole(float64(f.Planned)), yes})
	}
	return all
}

func carried(s Score) string {
	return fmt.Sprintf("%.0f of %d (%s)", s.Coverage()*float64(len(s.Forecasts)), len(s.Forecasts), percent(s.Coverage()))
}

func minutes(d time.Duration) string { return fmt.Sprintf("%.0f min", d.Minutes()) }
func percent(share float64) string   { return fmt.Sprintf("%.0f %%", share*100) }
func whole(v float64) string         { return prescale.Thousands(v) }

// printer writes until something goes wrong, and remembers what.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	_, err := fmt.Fprintf(p.w, format+"\n", args...)
	p.err = errors.Join(p.err, err)
}

// table has its first column on the left and the others on the right.
func (p *printer) table(title string, head []string, rows [][]string) {
	p.line("%s", title)
	tab := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', tabwriter.AlignRight)
	longest := 0
	for _, row := range rows {
		longest = max(longest, len([]rune(row[0])))
	}
	for _, row := range append([][]string{head}, rows...) {
		_, err := fmt.Fprintf(tab, "  %s%s\t%s\t\n", row[0], strings.Repeat(" ", longest-len([]rune(row[0]))), strings.Join(row[1:], "\t"))
		p.err = errors.Join(p.err, err)
	}
	p.err = errors.Join(p.err, tab.Flush())
	p.line("")
}
