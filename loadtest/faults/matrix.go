package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/loadtest"
)

// Row is one line of the matrix.
type Row struct {
	ID       string               `json:"id"`
	Fault    string               `json:"fault"`
	Injected []string             `json:"injected"`           // what was done
	Tests    []string             `json:"tests,omitempty"`    // instead of a crowd: package.Test
	Saw      string               `json:"saw"`                // what visitors were told
	Broken   map[invariant.ID]int `json:"broken"`             // violations of each invariant
	Reasons  []string             `json:"reasons"`            // why the row is broken; empty if it is not
	Seed     uint64               `json:"seed,omitempty"`     // brings the same visitors
	Seconds  float64              `json:"seconds"`            // that it took
	Late     float64              `json:"late,omitempty"`     // seconds that the crowd itself was late: I8 and I11 are not judged
	Evidence []string             `json:"evidence,omitempty"` // of the reasons that are broken promises
	Logs     string               `json:"logs,omitempty"`     // of the gateways, where something is broken
}

// Holds says whether everything was as it must be.
func (r Row) Holds() bool { return len(r.Reasons) == 0 }

// clock is how moments stand in the evidence, and in the gateways' logs.
const clock = "15:04:05.000000"

// maxReasons keeps a broken row readable.
const maxReasons = 6

// tooLate is the p99 of the crowd's own lateness at which nobody can say whether
// the gateways were slow or the machine.
const tooLate = time.Second

// rowOf weighs an outcome.
func rowOf(o *outcome, seed uint64, took time.Duration) Row {
	r := Row{ID: o.scenario.id, Fault: o.scenario.fault, Broken: map[invariant.ID]int{}, Seed: seed, Seconds: took.Seconds()}
	for _, s := range o.scenario.steps {
		r.Injected = append(r.Injected, fmt.Sprintf("at %v: %s", s.at, s.what))
	}
	r.Saw = saw(o)
	if o.failed != nil {
		r.Reasons = append(r.Reasons, "could not be played: "+o.failed.Error())
	}
	for _, holds := range append([]expectation{everybodyCameIn, noServerError}, o.scenario.expect...) {
		if why := holds(o); why != "" {
			r.Reasons = append(r.Reasons, why)
		}
	}
	if late := o.figures.Lateness.P99; late > tooLate {
		r.Late = late.Seconds()
	}
	for _, v := range o.found {
		if r.Late > 0 && (v.ID == invariant.Liveness || v.ID == invariant.Modes) {
			continue // who was late is not known
		}
		if r.Broken[v.ID]++; r.Broken[v.ID] <= 2 {
			r.Reasons = append(r.Reasons, v.String())
			for _, e := range v.Events {
				r.Evidence = append(r.Evidence, fmt.Sprintf("%s: %s..%s gateway %s, line %q number %d serving %d ahead %d, mode %q, session %q", v.ID,
					time.UnixMicro(e.From).Format(clock), time.UnixMicro(e.To).Format(clock), e.Gateway, e.Line, e.Number, e.Serving, e.Ahead, e.Mode, e.Session))
			}
		}
	}
	if !r.Holds() {
		r.Logs = o.logs
	}
	return r
}

// saw is what visitors were told, most frequent first.
func saw(o *outcome) string {
	f := o.figures
	words := []string{fmt.Sprintf("%d came, %d shopped", f.Came, f.Came-gone(o))}
	if len(o.waiting) > 0 {
		words = append(words, fmt.Sprintf("%d waited", o.waiting[0]))
	}
	if in := f.ToAdmitted; in.Max > 0 {
		words = append(words, fmt.Sprintf("in after %.0f s (half), %.0f s (99 in 100), %.0f s (all)", in.P50.Seconds(), in.P99.Seconds(), in.Max.Seconds()))
	}
	told := slices.SortedFunc(maps.Keys(f.Heard), func(a, b string) int { return f.Heard[b] - f.Heard[a] })
	for _, what := range told {
		words = append(words, fmt.Sprintf("%d %s", f.Heard[what], what))
	}
	if f.Missed > 0 {
		words = append(words, fmt.Sprintf("%d turns gone", f.Missed))
	}
	return strings.Join(words, ", ")
}

// gone is how many did not shop.
func gone(o *outcome) int {
	n := 0
	for outcome, count := range o.figures.Outcomes {
		if outcome != loadtest.Shopped {
			n += count
		}
	}
	return n
}

// Matrix is the whole run.
type Matrix struct {
	Started time.Time `json:"started"`
	Seconds float64   `json:"seconds"`
	Rows    []Row     `json:"rows"`
}

// Holds says whether every row does.
func (m Matrix) Holds() bool {
	return !slices.ContainsFunc(m.Rows, func(r Row) bool { return !r.Holds() })
}

// mark is the verdict on one invariant of a row.
func (r Row) mark(id invariant.ID) string {
	switch {
	case len(r.Tests) > 0:
		return ""
	case r.Broken[id] > 0:
		return fmt.Sprint(r.Broken[id])
	case r.Late > 0 && (id == invariant.Liveness || id == invariant.Modes):
		return "?"
	}
	return "ok"
}

// Print writes the matrix as a table, and after it why a row is broken.
func (m Matrix) Print(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\nfault\t\t")
	for _, id := range invariant.All() {
		fmt.Fprint(table, id, "\t")
	}
	fmt.Fprint(table, "seconds\twhat happens\n")
	for _, r := range m.Rows {
		fmt.Fprintf(table, "%s\t%s\t", r.ID, r.Verdict())
		for _, id := range invariant.All() {
			fmt.Fprint(table, r.mark(id), "\t")
		}
		fmt.Fprintf(table, "%.0f\t%s\n", r.Seconds, r.Fault)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range m.Rows {
		if err := r.explain(out); err != nil {
			return err
		}
	}
	return nil
}

// Verdict is the row's in a word.
func (r Row) Verdict() string {
	switch {
	case !r.Holds():
		return "BROKEN"
	case len(r.Tests) > 0:
		return "holds, by test"
	}
	return "holds"
}

func (r Row) explain(out io.Writer) error {
	text := "\n" + r.ID + ": " + strings.Join(r.Injected, "; ")
	if len(r.Tests) > 0 {
		text += "tests " + strings.Join(r.Tests, ", ")
	}
	if r.Saw != "" {
		text += "\n  seen: " + r.Saw
	}
	if r.Late > 0 {
		text += fmt.Sprintf("\n  the crowd was %.1f s late, because the machine is busy or its own requests hang: I8 and I11 are not judged", r.Late)
	}
	for i, why := range r.Reasons {
		if i == maxReasons {
			text += fmt.Sprintf("\n  and %d more", len(r.Reasons)-i)
			break
		}
		text += "\n  BROKEN: " + why
	}
	if !r.Holds() && r.Seed > 0 {
		text += fmt.Sprintf("\n  again: go run ./loadtest/faults -only %q -seed %d", r.ID, r.Seed)
	}
	_, err := fmt.Fprintln(out, text)
	return err
}

// JSON writes the matrix for machines.
func (m Matrix) JSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(m)
}
