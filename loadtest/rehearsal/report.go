package rehearsal

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/bilten/rushgate/loadtest"
)

// Report is a rehearsal in words and figures.
type Report struct {
	Plan        Plan
	Started     time.Time
	Interrupted bool
	Figures     loadtest.Figures
	Promises    []Promise
	Verdict     loadtest.Verdict
	Remarks     []string
}

// Sentence is the verdict in one.
func (r Report) Sentence() string {
	switch r.Verdict.Outlook {
	case loadtest.Clean:
		return "Everybody was treated as promised."
	case loadtest.Broken:
		return "A promise was broken."
	default:
		return "This rehearsal proves nothing."
	}
}

// Print writes the report as text.
func (r Report) Print(w io.Writer) error {
	var b strings.Builder
	if err := r.Figures.Print(&b); err != nil {
		return err
	}
	f := r.Figures.Fairness
	if f.Pairs > 1 {
		fmt.Fprintf(&b, "order kept (Kendall's tau, 1 is perfect): %.4f from joining to numbers, %.4f from numbers to turns\n", f.Numbers, f.Turns)
	}
	b.WriteByte('\n')
	for _, p := range r.Promises {
		fmt.Fprintf(&b, "%-11s %s  %s\n", p.mark(), p.ID, p.Says)
		if p.Unjudged != "" {
			fmt.Fprintf(&b, "                %s\n", p.Unjudged)
		}
	}
	fmt.Fprintf(&b, "\n%s: %s\n", r.Verdict.Outlook, r.Sentence())
	for _, why := range r.Verdict.Reasons {
		fmt.Fprintf(&b, "  %s\n", why)
	}
	for _, remark := range r.Remarks {
		fmt.Fprintf(&b, "  %s\n", remark)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (p Promise) mark() string {
	switch {
	case p.Broken > 0:
		return "BROKEN"
	case p.Unjudged != "":
		return "not judged"
	}
	return "kept"
}

// JSON writes the report for machines. Durations are seconds; fields may be added,
// never changed.
func (r Report) JSON(w io.Writer) error {
	f := r.Figures
	actions := map[string]any{}
	for _, a := range f.Actions {
		actions[a.Name] = map[string]any{"count": a.Count, "per_second": a.PerSecond, "latency_s": seconds(a.Latency)}
	}
	outcomes := map[string]int{}
	for o, n := range f.Outcomes {
		outcomes[o.String()] = n
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]any{
		"verdict": r.Verdict.Outlook.String(), "reasons": orEmpty(r.Verdict.Reasons), "remarks": orEmpty(r.Remarks), "promises": r.Promises,
		"event": r.Plan.Target.Event, "gateways": r.Plan.Target.Gateways, "started": r.Started, "took_s": f.Took.Seconds(), "interrupted": r.Interrupted,
		"visitors": f.Visitors, "came": f.Came, "outcomes": outcomes,
		"requests": f.Requests, "failed": f.Failed, "failures": f.Failures, "limited": f.Limited, "abandoned": f.Abandoned, "missed_turns": f.Missed,
		"actions": actions, "joins_per_second_peak": f.JoinsPeak, "polls_per_second_peak": r.peakPolls(),
		"to_page_s": seconds(f.ToPage), "to_place_s": seconds(f.ToPlace), "to_admission_s": seconds(f.ToAdmitted), "generator_lateness_s": seconds(f.Lateness),
		"calibration": map[string]any{"promised": f.Promise.Made, "within_p90": f.Promise.Within, "real_to_p50_median": f.Promise.RealToSeen},
		"fairness":    map[string]any{"visitors": f.Fairness.Pairs, "tau_numbers": f.Fairness.Numbers, "tau_turns": f.Fairness.Turns, "inversions": r.Verdict.Inversions},
		"course":      course(f.Course),
	})
}

func seconds(q loadtest.Quantiles) map[string]float64 {
	return map[string]float64{"p50": q.P50.Seconds(), "p95": q.P95.Seconds(), "p99": q.P99.Seconds(), "max": q.Max.Seconds()}
}

func course(moments []loadtest.Moment) []map[string]any {
	rows := make([]map[string]any, len(moments))
	for i, m := range moments {
		rows[i] = map[string]any{
			"second": m.Second, "came": m.Came, "placed": m.Placed, "admitted": m.Admitted, "waiting": m.Waiting,
			"inside": m.Inside, "polls": m.Polls, "latency_p50_s": m.P50.Seconds(), "latency_p99_s": m.P99.Seconds(),
		}
	}
	return rows
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func (r Report) peakPolls() int {
	most := 0
	for _, m := range r.Figures.Course {
		most = max(most, m.Polls)
	}
	return most
}
