package simulate

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Print writes the what-if table for a terminal.
func Print(w io.Writer, results []Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprint(t, "rate/min\tcap\tno-show\tsession\twait p50\tp95\tmax\tlast in\tpeak line\tpolls/s\tRedis\tgateways\t\n")
	for _, r := range results {
		s := r.Scenario
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t\n",
			thousands(int64(s.PerMinute)), thousands(int64(s.Cap)), percent(s.NoShow), span(s.Session.Seconds()),
			span(r.Wait.P50), span(r.Wait.P95), span(r.Wait.Max), r.last(), thousands(r.Peaks.Waiting),
			thousands(int64(r.Peaks.Polls)), size(r.Peaks.RedisBytes), r.Gateways)
	}
	return t.Flush()
}

// last is when the line was empty, if it ever was.
func (r Result) last() string {
	if r.Counts.Waiting > 0 {
		return "never"
	}
	return span(r.Finish)
}

// span writes seconds as people say them: 45s, 12m, 3h, 3h20m.
func span(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d == 0:
		return "0"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%.0fm", d.Minutes())
	}
	d = d.Round(time.Minute)
	if d%time.Hour == 0 {
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
}

func percent(share float64) string { return fmt.Sprintf("%.3g%%", 100*share) }

// thousands groups digits by a narrow no-break space.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

func size(bytes int64) string {
	switch {
	case bytes < 1e6:
		return fmt.Sprintf("%.0f kB", float64(bytes)/1e3)
	case bytes < 1e9:
		return fmt.Sprintf("%.0f MB", float64(bytes)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/1e9)
}
