//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
)

// report is everything that a bench has measured.
type report struct {
	When        string  `json:"when"`
	Machine     machine `json:"machine"`
	Rounds      int     `json:"rounds"`
	StatusBytes int     `json:"status_bytes"` // of the body
	Rows        []row   `json:"rows"`
	Line        facts   `json:"line"`
	Goals       []goal  `json:"goals"`
}

// machine says where it was measured.
type machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	Go    string `json:"go"`
	Redis string `json:"redis"`
}

// facts are about the long line.
type facts struct {
	Waiting         int64   `json:"waiting"`
	BytesPerVisitor float64 `json:"bytes_per_visitor"`
	Keys            int     `json:"keys"`
	TickCore        float64 `json:"tick_core"` // share of a core of Redis
	CalledPerSecond float64 `json:"called_per_second"`
	SnapshotAgeMS   float64 `json:"snapshot_age_ms"` // the oldest that was answered from
	Windows         int     `json:"windows"`         // of a minute
	Lowest          float64 `json:"lowest_window"`   // came in, of what the rate allows
	Highest         float64 `json:"highest_window"`
	Opening         float64 `json:"opening_window"` // the one that begins with the first call, and its burst
}

func (r row) measured() bool { return len(r.Samples) > 0 }

// find returns the row of a side; one without samples if it was not measured.
func (r *report) find(path, who string, connections int) row {
	i := slices.IndexFunc(r.Rows, func(r row) bool { return r.Path == path && r.Who == who && r.Connections == connections })
	if i < 0 {
		return row{}
	}
	return r.Rows[i]
}

// write puts all figures into a file.
func (r *report) write(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644) //nolint:gosec // figures are for everybody
}

// The tables in a page stand between these lines.
const (
	pageBegin = "<!-- bench:begin -->\n"
	pageEnd   = "<!-- bench:end -->\n"
)

// paste puts the tables into a page, in place of those of the last bench.
func (r *report) paste(page string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(text), pageBegin)
	_, after, ends := strings.Cut(rest, pageEnd)
	if !begins || !ends {
		return fmt.Errorf("%s: lacks the lines %q and %q", page, pageBegin, pageEnd)
	}
	var tables strings.Builder
	if err := r.print(&tables); err != nil {
		return err
	}
	return os.WriteFile(page, []byte(before+pageBegin+tables.String()+pageEnd+after), 0o644) //nolint:gosec // a page is for everybody
}

// print writes tables that are Markdown and can be read as they are.
func (r *report) print(out io.Writer) error {
	m := r.Machine
	_, _ = fmt.Fprintf(out, "%s: %s, %d cores, %s, redis-server %s, %d rounds; a status has %d bytes.\n\n",
		r.When, m.CPU, m.Cores, m.Go, m.Redis, r.Rounds, r.StatusBytes)
	rows := [][]string{{"path", "who", "connections", "requests/s", "CPU s/100k", "of it Redis", "Redis commands", "p50 ms", "p99 ms"}}
	for _, row := range r.Rows {
		rows = append(rows, []string{
			row.Path, row.Who, fmt.Sprint(row.Connections), fmt.Sprintf("%.0f", row.median(perSecond)),
			fmt.Sprintf("%.2f", row.median(cpu)), fmt.Sprintf("%.2f", row.median(redisCPU)), number(row.median(commands)),
			number(row.median(func(s sample) float64 { return s.P50 })),
			number(row.median(func(s sample) float64 { return s.P99 })),
		})
	}
	if r.has("pass-through") && !r.find("pass-through", "nginx", busy).measured() {
		rows = append(rows, []string{"pass-through", "nginx", "", "not installed", "", "", "", "", ""})
	}
	if err := table(out, rows); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out)
	rows = [][]string{{"path", "goal", "bound", "measured", "verdict"}}
	for _, g := range r.Goals {
		measured := ""
		if g.Known {
			measured = number(g.Measured) + g.Unit
		}
		rows = append(rows, []string{g.Path, g.What, g.bound(), measured, g.verdict()})
	}
	rows = append(rows, r.nginx()...)
	return table(out, rows)
}

// nginx says how near the gateway comes to it; nobody promises more.
func (r *report) nginx() [][]string {
	var rows [][]string
	for _, connections := range []int{busy, rush} {
		own, nginx := r.find("pass-through", "rushgate", connections), r.find("pass-through", "nginx", connections)
		if own.measured() && nginx.measured() {
			rows = append(rows, []string{
				"pass-through", fmt.Sprintf("CPU against nginx, %d connections", connections), "none",
				number(ratio(own, nginx, cpu)) + " x", "",
			})
		}
	}
	return rows
}

func (r *report) has(path string) bool {
	return slices.ContainsFunc(r.Rows, func(r row) bool { return r.Path == path })
}

// table aligns the columns of a Markdown table; the first row is its head.
func table(out io.Writer, rows [][]string) error {
	w := tabwriter.NewWriter(out, 0, 0, 0, ' ', 0)
	for i, row := range rows {
		_, _ = fmt.Fprintln(w, "| "+strings.Join(row, "\t | ")+"\t |")
		if i == 0 {
			_, _ = fmt.Fprintln(w, "|"+strings.Repeat("---|", len(row)))
		}
	}
	return w.Flush()
}
