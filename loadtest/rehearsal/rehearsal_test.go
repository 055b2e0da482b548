package rehearsal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/loadtest"
)

func ExampleArrivals() {
	a := Arrivals{Shape: "csv", Counts: []int{2, 0, 1}, People: 1, Speed: 1}
	shape, visitors := a.shape(1000, 1) // a replay brings its own visitors
	fmt.Println(visitors, shape.At(2, visitors))
	// Output: 3 2s
}

func valid() Plan {
	p := Defaults()
	p.Target = Target{Gateways: []string{"http://127.0.0.1:8080"}, Event: "demo", Path: "/buy"}
	return p
}

func TestValidateNamesFieldValueAndReason(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Plan)
		want   string // "" for none
	}{
		{"the defaults and a target", func(*Plan) {}, ""},
		{"a rate and a cap", func(p *Plan) { p.Room.NewUsersPerMinute, p.Room.TotalActiveUsers = 60, 100 }, ""},
		{"a rate alone", func(p *Plan) { p.Room.NewUsersPerMinute = 60 }, "judged together"},
		{"no gateway", func(p *Plan) { p.Target.Gateways = nil }, "target.gateways: []: at least one URL"},
		{"a gateway with a path", func(p *Plan) { p.Target.Gateways = []string{"http://localhost/buy"} }, "target.gateways[0]: http://localhost/buy: must be a URL"},
		{"an event that cannot be one", func(p *Plan) { p.Target.Event = "../x" }, "target.event: ../x"},
		{"a path with a line break", func(p *Plan) { p.Target.Path = "/buy\r\nX: y" }, "target.path"},
		{"nobody", func(p *Plan) { p.Visitors = 0 }, "visitors: 0: must be from 1 to"},
		{"more than everybody", func(p *Plan) { p.Behaviour.Leave, p.Behaviour.NoShow = 0.6, 0.6 }, "at most 1 together"},
		{"a share that is none", func(p *Plan) { p.Behaviour.Retry = 1.5 }, "behaviour.retry: 1.5: must be a share"},
		{"an unknown shape", func(p *Plan) { p.Arrivals.Shape = "wave" }, "arrivals.shape: wave: must be one of step,"},
		{"waves that overlap", func(p *Plan) {
			p.Arrivals = Arrivals{Shape: "spikes", Over: time.Minute, Spikes: 7, Width: 10 * time.Second}
		}, "arrivals.width: 10s: so many spikes"},
		{"a replay of an empty file", func(p *Plan) { p.Arrivals.Shape = "csv" }, "brings 0 visitors"},
		{"a flood by a pace", func(p *Plan) { p.Behaviour.Pace = 0 }, "behaviour.pace: 0"},
	} {
		p := valid()
		test.change(&p)
		err := p.Validate()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Validate = %v; want %q", test.name, err, test.want)
		}
	}
}

// report is a rehearsal in which visitors were let in, and something was found.
func report(p Plan, change func(*loadtest.Figures), found ...invariant.Violation) Report {
	f := loadtest.Figures{
		Visitors: 100, Came: 100, Requests: 1000, Outcomes: map[loadtest.Outcome]int{loadtest.Shopped: 97, loadtest.Left: 3},
		ToAdmitted: loadtest.Quantiles{P50: time.Second, P95: 2 * time.Second, P99: 3 * time.Second, Max: 4 * time.Second},
		Course:     []loadtest.Moment{{Came: 100, Placed: 90, Admitted: 10, Waiting: 87, Polls: 5, P50: time.Millisecond, P99: time.Second}, {Second: 1, Admitted: 87}},
		Waits:      []loadtest.Waited{{Second: 0.5, P50: time.Second, P90: 2 * time.Second, Actual: time.Second}},
		Public:     loadtest.Public{Shown: 8, Issued: 90},
	}
	change(&f)
	r := Report{Plan: p, Started: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC), Figures: f}
	r.judge(found)
	return r
}

func TestJudge(t *testing.T) {
	told := valid()
	told.Room.NewUsersPerMinute, told.Room.TotalActiveUsers = 60, 100
	idle := invariant.Violation{ID: invariant.Liveness, What: "nobody was called"}
	window := invariant.Violation{ID: invariant.Window, What: "was told to wait"}
	for _, test := range []struct {
		name   string
		plan   Plan
		change func(*loadtest.Figures)
		found  []invariant.Violation
		want   loadtest.Outlook
		says   string // in the text
	}{
		{"everybody was treated as promised", told, func(*loadtest.Figures) {}, nil, loadtest.Clean, "kept        I1"},
		{"rate and cap were not told", valid(), func(*loadtest.Figures) {}, nil, loadtest.Clean, "not judged  I1"},
		{"an admission was not honoured", told, func(*loadtest.Figures) {}, []invariant.Violation{window}, loadtest.Broken, "BROKEN      I7"},
		{"nobody was called", told, func(*loadtest.Figures) {}, []invariant.Violation{idle}, loadtest.Broken, "BROKEN      I8"},
		{"nobody was called, but strangers may have held the slots", told, func(f *loadtest.Figures) { f.Public.Issued = 91 },
			[]invariant.Violation{idle}, loadtest.Clean, "91 places were taken while the crowd took 90"},
		{"somebody waited before the crowd came", told, func(f *loadtest.Figures) { f.Public.Before = 5 },
			[]invariant.Violation{idle}, loadtest.Clean, "not judged  I8"},
		{"a place was lost", told, func(f *loadtest.Figures) { f.Outcomes[loadtest.Lost] = 1 }, nil, loadtest.Broken, "BROKEN      I2"},
		{"the generator was overloaded", told, func(f *loadtest.Figures) { f.Lateness.P99 = time.Second }, nil, loadtest.Invalid, "the crowd itself was late"},
		{"the clocks disagree", told, func(f *loadtest.Figures) { f.Public.Skew = -time.Minute }, nil, loadtest.Invalid, "NTP"},
		{"nobody came in", told, func(f *loadtest.Figures) { f.ToAdmitted = loadtest.Quantiles{} }, nil, loadtest.Invalid, "nobody came in"},
		{"the time was up", told, func(f *loadtest.Figures) { f.Outcomes[loadtest.Unfinished] = 9 }, nil, loadtest.Clean, "9 visitors had not come in"},
		{"one address was limited", told, func(f *loadtest.Figures) { f.Limited = 7 }, nil, loadtest.Clean, "7 joins were asked to slow down"},
	} {
		r := report(test.plan, test.change, test.found...)
		var text bytes.Buffer
		if err := r.Print(&text); err != nil {
			t.Fatal(err)
		}
		if r.Verdict.Outlook != test.want || !strings.Contains(text.String(), test.says) {
			t.Errorf("%s: judged %v and printed\n%s\nwant %v and %q", test.name, r.Verdict.Outlook, &text, test.want, test.says)
		}
	}
}

var fetched = regexp.MustCompile(`(?i)(src|href|action)=|url\(|@import|<script`)

func TestThePageNeedsNothingElse(t *testing.T) {
	p := valid()
	p.Target.Event = "<script>alert(1)</script>"
	r := report(p, func(f *loadtest.Figures) { f.Failed, f.Failures = 1, map[string]int{"<img src=x>": 1} },
		invariant.Violation{ID: invariant.Window, What: "told to wait"})
	var text bytes.Buffer
	if err := r.HTML(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"A promise was broken.", "broken 1 time", "told to wait", "&lt;script&gt;", "<svg"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("HTML has no %q", want)
		}
	}
	escaped := strings.ReplaceAll(text.String(), "&lt;img src=x&gt;", "")
	if found := fetched.FindString(escaped); found != "" {
		t.Errorf("HTML has %q; want a page that fetches and runs nothing", found)
	}
}

func TestJSONIsForMachines(t *testing.T) {
	var text bytes.Buffer
	if err := report(valid(), func(*loadtest.Figures) {}).JSON(&text); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Verdict  string             `json:"verdict"`
		Reasons  []string           `json:"reasons"`
		Promises []Promise          `json:"promises"`
		Outcomes map[string]int     `json:"outcomes"`
		In       map[string]float64 `json:"to_admission_s"`
		Course   []map[string]any   `json:"course"`
	}
	if err := json.Unmarshal(text.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Verdict != "clean" || got.Reasons == nil || len(got.Promises) != 8 || got.Outcomes["shopped"] != 97 || got.In["p95"] != 2 || len(got.Course) != 2 {
		t.Errorf("JSON = %+v; want a clean verdict, eight promises, and figures in seconds", got)
	}
}
