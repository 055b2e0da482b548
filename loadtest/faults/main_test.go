package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/loadtest"
	"github.com/bilten/rushgate/loadtest/redisd"
	"github.com/bilten/rushgate/loadtest/stage"
)

// One fault in every run of the tests: Redis is cut off for a second. It shows
// that the harness works; what the product survives, `make faults` shows.
func TestASmallFaultIsSurvived(t *testing.T) {
	redisd.Quiet()
	program := filepath.Join(t.TempDir(), "rushgate")
	if err := stage.Build(t.Context(), program); err != nil {
		t.Fatal(err)
	}
	s := scenario{
		id: "small", fault: "connections to Redis are cut for a second",
		plan: stage.Plan{Linked: true, Room: stage.Room{PerMinute: 3000, Cap: 100, Turn: 10 * time.Second, Session: 20 * time.Second}},
		come: come{visitors: 150, over: time.Second, pace: 0.3, limit: time.Minute},
		steps: []step{{at: time.Second, what: "RST for 1 s", do: during(time.Second,
			func(_ context.Context, s *stage.Stage) error { return s.Store.Link.Reset() }, heal)}},
	}
	o := play(t.Context(), &s, program, 1, io.Discard)
	row := rowOf(o, 1, 0)
	t.Log(row.Saw)
	if !row.Holds() {
		t.Errorf("row = %+v; want it to hold", row)
	}
}

func TestARowIsBrokenByWhatVisitorsSaw(t *testing.T) {
	some := &scenario{id: "F00", fault: "something fails", expect: []expectation{heard("mode hold")}}
	well := loadtest.Figures{Came: 2, Outcomes: map[loadtest.Outcome]int{loadtest.Shopped: 2}, Heard: map[string]int{"mode hold": 1}}
	lost := well
	lost.Outcomes = map[loadtest.Outcome]int{loadtest.Shopped: 1, loadtest.Lost: 1}
	unnoticed := well
	unnoticed.Heard = map[string]int{"mode normal": 5}
	failing := well
	failing.Heard = map[string]int{"mode hold": 1, "status 503 hold": 4, "status 500 internal": 1}
	late := well
	late.Lateness = loadtest.Quantiles{P99: 2 * time.Second}
	slow := []invariant.Violation{{ID: invariant.Liveness, What: "nobody was called"}}
	for _, test := range []struct {
		name string
		o    outcome
		want string // the only reason; empty: the row holds
	}{
		{"everybody came in and heard of it", outcome{figures: well}, ""},
		{"somebody lost a place", outcome{figures: lost}, "1 visitors had a place or an admission that the gateways no longer knew"},
		{"the fault did nothing", outcome{figures: unnoticed}, `nobody was told "mode hold": the fault did not bite`},
		{"an error without a name", outcome{figures: failing}, `1 answers were "status 500 internal"`},
		{"a broken promise", outcome{figures: well, found: slow}, "I8: nobody was called"},
		{"a slow room on a slow machine", outcome{figures: late, found: slow}, ""},
		{"it could not be played", outcome{figures: well, failed: io.ErrUnexpectedEOF}, "could not be played: unexpected EOF"},
	} {
		test.o.scenario = some
		row := rowOf(&test.o, 1, time.Second)
		if got := strings.Join(row.Reasons, "\n"); got != test.want || row.Holds() != (test.want == "") {
			t.Errorf("rowOf(%s) = %q; want %q", test.name, got, test.want)
		}
	}
}

func TestTheMatrixIsATableAndAPage(t *testing.T) {
	m := Matrix{Rows: []Row{
		{ID: "F01", Fault: "Redis is killed", Injected: []string{"at 7s: SIGKILL"}, Broken: map[invariant.ID]int{}},
		{ID: "F02", Fault: "<b>", Broken: map[invariant.ID]int{invariant.Place: 3}, Reasons: []string{"I2: a place was lost"}, Seed: 7},
		{ID: "F03", Fault: "a clock", Tests: []string{"room TestX"}},
	}}
	var table, page bytes.Buffer
	if err := m.Print(&table); err != nil {
		t.Fatal(err)
	}
	if err := m.HTML(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"BROKEN: I2: a place was lost", `-only "F02" -seed 7`, "holds, by test"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("Print lacks %q:\n%s", want, table.String())
		}
	}
	if text := page.String(); !strings.Contains(text, "&lt;b&gt;") || !strings.Contains(text, "at 7s: SIGKILL") || strings.Contains(text, "<script") {
		t.Errorf("HTML = %s; want both rows, escaped, and no script", text)
	}
	if m.Holds() {
		t.Error("Holds() = true; want false: a row is broken")
	}
}

// A row that names tests names tests that are there.
func TestProofsAreThere(t *testing.T) {
	for _, p := range proofs() {
		for _, test := range p.tests {
			dir, name, _ := strings.Cut(test, " ")
			files, err := filepath.Glob(filepath.Join("..", "..", dir, "*_test.go"))
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				found = found || regexp.MustCompile(`(?m)^func `+name+`\(`).Match(text)
			}
			if !found {
				t.Errorf("%s: no test %s in %s", p.id, name, dir)
			}
		}
	}
}

func TestUnknownRowsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-at-once", "0"}, {"F01"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("parse(%q) = nil; want an error", args)
		}
	}
	o, err := parse([]string{"-only", "F04,F1"}, io.Discard)
	if err != nil || !o.wants("F04 all") || !o.wants("F13") || o.wants("F05") {
		t.Errorf("parse(-only F04,F1) = %+v, %v; want F04 and all that begin with F1", o, err)
	}
}
