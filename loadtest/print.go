package loadtest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"
)

var outcomeNames = [outcomes]string{"unfinished", "shopped", "left", "never came back", "lost", "refused"}

func (o Outcome) String() string { return outcomeNames[o] }

func (p Progress) String() string {
	return fmt.Sprintf("%3.0f s  %6d came  %6d wait  %6d admitted  %6d gone  %8d requests  %d failed",
		p.Elapsed.Seconds(), p.Arrived, p.Waiting, p.Admitted, p.Gone, p.Requests, p.Failed)
}

// Print writes the figures as tables for people.
func (f Figures) Print(w io.Writer) error {
	var text bytes.Buffer
	f.printTables(&text)
	f.printOutcomes(&text)
	_, err := text.WriteTo(w)
	return err
}

func (f Figures) printTables(text *bytes.Buffer) {
	t := tabwriter.NewWriter(text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "\tp50\tp95\tp99\tmax\t\n")
	for _, row := range []struct {
		name string
		Quantiles
	}{{"arrival to place", f.ToPlace}, {"arrival to admission", f.ToAdmitted}, {"crowd's own lateness", f.Lateness}} {
		fmt.Fprintf(t, "%s\t%v\t%v\t%v\t%v\t\n", row.name, round(row.P50), round(row.P95), round(row.P99), round(row.Max))
	}
	fmt.Fprintf(t, "\t\t\t\t\t\nrequest\tcount\tper second\tp50\tp99\t\n")
	for _, a := range f.Actions {
		fmt.Fprintf(t, "%s\t%d\t%.0f\t%v\t%v\t\n", a.Name, a.Count, a.PerSecond, round(a.Latency.P50), round(a.Latency.P99))
	}
	_ = t.Flush() // a buffer takes everything
}

func (f Figures) printOutcomes(text *bytes.Buffer) {
	fmt.Fprintf(text, "\n%d visitors in %v, %d requests, at most %d places taken in a second\n",
		f.Visitors, f.Took.Round(time.Second), f.Requests, f.JoinsPeak)
	for o := range outcomes {
		if f.Outcomes[o] > 0 {
			fmt.Fprintf(text, "%7d %s\n", f.Outcomes[o], o)
		}
	}
	fmt.Fprintf(text, "%7d turns were missed for good, %d replies were not waited for, %d requests failed\n", f.Missed, f.Abandoned, f.Failed)
	for _, what := range slices.Sorted(maps.Keys(f.Failures)) {
		fmt.Fprintf(text, "%7d × %s\n", f.Failures[what], what)
	}
	if f.Promise.Made > 0 {
		fmt.Fprintf(text, "wait promised: %.0f %% of %d had their turn by the upper end; the real wait was %.2f of the middle (median)\n",
			100*f.Promise.Within, f.Promise.Made, f.Promise.RealToSeen)
	}
}

func round(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(100 * time.Microsecond)
}

func (v Verdict) String() string {
	return fmt.Sprintf("%s: %d inversions, %d doubles, %d over a cap, %d lost, %d other broken promises",
		v.Outlook, v.Inversions, v.Doubles, v.OverCap, v.Lost, v.Other)
}
