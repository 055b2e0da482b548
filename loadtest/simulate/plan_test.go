package simulate

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBadPlansAreRefusedByName(t *testing.T) {
	for _, test := range []struct {
		name   string
		damage func(*Plan)
		want   string
	}{
		{"nobody comes", func(p *Plan) { p.Visitors = 0 }, "visitors: 0: must be 1 to 20000000"},
		{"a shape that is not", func(p *Plan) { p.Arrivals.Shape = "flood" }, `arrivals.shape: "flood": must be one of [step even ramp spike spikes poisson csv]`},
		{"spikes that overlap", func(p *Plan) { p.Arrivals = Arrivals{"spikes", time.Minute, 0.5, 3, time.Minute, "", nil} },
			"arrivals.width: 1m0s: so many spikes of this width do not fit into arrivals.over"},
		{"counts that say otherwise", func(p *Plan) { p.Arrivals.Shape, p.Arrivals.Counts = "csv", []int{1, 2} },
			"visitors: 100: arrivals.file counts 3: leave visitors out, or make them agree"},
		{"nobody is let in", func(p *Plan) { p.Room.NewUsersPerMinute = 0 }, "room.new_users_per_minute: 0: must be 1 to 10000000"},
		{"a session past its end", func(p *Plan) { p.Room.SessionDuration = 2 * time.Hour },
			"room.session_max: 1h0m0s: must not be shorter than session_duration"},
		{"lines for half of the crowd", func(p *Plan) { p.Room.Lines[0].Share = 0.5 }, "room.lines: 0.5: the shares of the lines must add up to 1"},
		{"two lines of one name", func(p *Plan) { p.Room.Lines = []Line{{"a", 1, 0.5}, {"a", 1, 0.5}} },
			`room.lines[1].name: "a": must be a name that no other line has`},
		{"a negative share", func(p *Plan) { p.Behaviour.NoShow = -0.1 }, "behaviour.no_show: -0.1: must be 0 to 1"},
		{"more than everybody", func(p *Plan) { p.Behaviour.NoShow, p.Behaviour.Leave = 0.75, 0.5 },
			"behaviour: 1.25: no_show, late, leave and wanders add up to more than 1"},
		{"no time to shop", func(p *Plan) { p.Behaviour.Shop.Mean = 0 }, "behaviour.shop.mean: 0s: must be above 0 and at most a week"},
		{"a what-if that cannot be", func(p *Plan) { p.WhatIf.NoShow = []float64{0.1, 2} }, "what_if.no_show[1]: 2: must be 0 to 1"},
		{"too much at once", func(p *Plan) { p.WhatIf.NewUsersPerMinute = slices.Repeat([]int{60}, 65) },
			"what_if: 65: too many combinations: want at most 64"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := plain(100, 60)
			test.damage(&p)
			if err := p.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Validate() = %v; want %q", err, test.want)
			}
		})
	}
	if err := plain(100, 60).Validate(); err != nil {
		t.Errorf("Validate(a good plan) = %v; want nil", err)
	}
}

func TestArrivals(t *testing.T) {
	half := func(int) float64 { return 0.5 }
	for _, test := range []struct {
		name string
		Arrivals
		n    int
		want []int // per tick
	}{
		{"all at once", Arrivals{Shape: "step", Over: time.Second}, 8, []int{8, 0, 0, 0, 0}},
		{"evenly", Arrivals{Shape: "even", Over: time.Second}, 8, []int{2, 2, 2, 2, 0}},
		{"more and more", Arrivals{Shape: "ramp", Over: time.Second}, 16, []int{1, 3, 5, 7, 0}},
		{"two waves of half a second", Arrivals{Shape: "spikes", Over: 2 * time.Second, Spikes: 2, Width: 500 * time.Millisecond}, 8,
			[]int{3, 1, 0, 0, 3, 1, 0, 0, 0}},
		{"at random, which here is always the middle", Arrivals{Shape: "poisson", Over: time.Second}, 4, []int{0, 0, 4, 0, 0}},
		{"as counted per second", Arrivals{Shape: "csv", Counts: []int{4, 0, 1}}, 5, []int{1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.perTick(test.n, half); !slices.Equal(got, test.want) {
				t.Errorf("perTick(%d) = %v; want %v", test.n, got, test.want)
			}
		})
	}
}

func TestReadCounts(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []int
		err        string
	}{
		{"one number a line", "3\n0\n7\n", []int{3, 0, 7}, ""},
		{"the last of two columns, under a heading", "second,visitors\n0,3\n1, 7\n", []int{3, 7}, ""},
		{"nothing", "", nil, ""},
		{"a word among numbers", "3\nmany\n", nil, `row 2: "many": must be a whole number`},
		{"less than nobody", "3\n-1\n", nil, `row 2: "-1": must be a whole number`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ReadCounts(strings.NewReader(test.text))
			if !slices.Equal(got, test.want) || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("ReadCounts(%q) = %v, %v; want %v, %q", test.text, got, err, test.want, test.err)
			}
		})
	}
}

// A report asks nobody for anything and shows every scenario.
func TestReport(t *testing.T) {
	p := plain(2_000, 6_000)
	p.WhatIf.NewUsersPerMinute = []int{3_000, 6_000}
	p.Arrivals.File = `<script>alert(1)</script>`
	p.Arrivals.Shape, p.Arrivals.Counts = "csv", []int{2_000}
	results, err := Run(t.Context(), p, func(Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	if err := Report(&page, p, results); err != nil {
		t.Fatal(err)
	}
	for _, banned := range []string{"http:", "https:", "<script", "src=", "url(", "NaN"} {
		if strings.Contains(page.String(), banned) {
			t.Errorf("the report contains %q; want a page that needs nothing and runs nothing", banned)
		}
	}
	for _, want := range []string{"<td>3\u202f000</td>", "<td>6\u202f000</td>", "How long people wait", `class="stroke s1"`, "<dd>110 bytes a place, 330 a session</dd>"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
}

func TestSpan(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0", 1.25: "1.2s", 45: "45s", 90: "90s", 150: "2m", 3600: "1h", 12_000: "3h20m"} {
		if got := span(seconds); got != want {
			t.Errorf("span(%v) = %s; want %s", seconds, got, want)
		}
	}
}

// Polls are the sum over the line of 1/interval; a third of it here asks every
// second, the rest every twenty.
func TestAskPerSecond(t *testing.T) {
	got := askPerSecond(30_000, func(ahead int64) time.Duration {
		if ahead < 10_000 {
			return time.Second
		}
		return 20 * time.Second
	})
	if !near(got, 11_000, 0.05) {
		t.Errorf("askPerSecond = %.0f; want 11000 ± 5 %%", got)
	}
	if got := askPerSecond(0, func(int64) time.Duration { return time.Second }); got != 0 {
		t.Errorf("askPerSecond(nobody) = %v; want 0", got)
	}
}
