package prescale_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bilten/rushgate/prescale"
)

func near(a, b float64) bool { return math.Abs(a-b) <= 0.005*math.Abs(b) }

func TestWhatEvidenceSays(t *testing.T) {
	course := []prescale.Mark{{At: -time.Hour, Visitors: 2000}, {At: 0, Visitors: 5000}}
	like := []prescale.Past{
		{Registrations: 20_000, Visitors: 10_000, Course: course},
		{Registrations: 20_000, Visitors: 10_000, Course: course},
	}
	tests := []struct {
		name     string
		evidence prescale.Evidence
		want     prescale.Range // P90 0: not looked at
	}{
		{"a stated show-up is taken as stated", prescale.Evidence{Registrations: 100_000, ShowUp: prescale.Range{P50: .3, P90: .5}}, prescale.Range{P50: 30_000, P90: 50_000}},
		{"a show-up is learned from past events", prescale.Evidence{Registrations: 40_000, Past: like[:1]}, prescale.Range{P50: math.Sqrt(20_000 * 10_000)}},
		{"a single past event: twice as many are possible", prescale.Evidence{Past: []prescale.Past{{Visitors: 8000}}}, prescale.Range{P50: 8000, P90: 16_000}},
		{"past events that agree leave little doubt", prescale.Evidence{Past: []prescale.Past{{Visitors: 8000}, {Visitors: 8000}, {Visitors: 8000}}}, prescale.Range{P50: 8000, P90: 8000}},
		{"the pre-queue grows as it grew before", prescale.Evidence{Arrived: &prescale.Mark{At: -time.Hour, Visitors: 2000}, Past: like}, prescale.Range{P50: 10_000, P90: 10_000}},
		{"between two marks of a course it is read in a line", prescale.Evidence{Arrived: &prescale.Mark{At: -30 * time.Minute, Visitors: 3500}, Past: like}, prescale.Range{P50: 10_000, P90: 10_000}},
		{"before the course of past events begins the pre-queue says nothing", prescale.Evidence{Arrived: &prescale.Mark{At: -2 * time.Hour, Visitors: 7}, Past: like}, prescale.Range{P50: 10_000, P90: 10_000}},
		{"who has come has come", prescale.Evidence{Arrived: &prescale.Mark{At: time.Minute, Visitors: 90_000}, Past: []prescale.Past{{Visitors: 10}, {Visitors: 10}}}, prescale.Range{P50: 90_000, P90: 90_000}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := prescale.NewForecast(test.evidence)
			if err != nil {
				t.Fatal(err)
			}
			if !near(got.Visitors.P50, test.want.P50) || test.want.P90 != 0 && !near(got.Visitors.P90, test.want.P90) {
				t.Errorf("NewForecast = %+v; want %+v", got.Visitors, test.want)
			}
		})
	}
}

func TestEvidenceThatCannotBe(t *testing.T) {
	tests := []struct {
		name     string
		evidence prescale.Evidence
		want     prescale.Reason
	}{
		{"nothing at all", prescale.Evidence{}, prescale.NoEvidence},
		{"registrations without a show-up", prescale.Evidence{Registrations: 10}, prescale.NoEvidence},
		{"fewer than nobody", prescale.Evidence{Registrations: -1}, prescale.Negative},
		{"a billion visitors", prescale.Evidence{Registrations: 1_000_000_000}, prescale.TooMany},
		{"a p90 below the p50", prescale.Evidence{Registrations: 10, ShowUp: prescale.Range{P50: .5, P90: .4}}, prescale.OutOfBounds},
		{"a show-up that is not a number", prescale.Evidence{Registrations: 10, ShowUp: prescale.Range{P50: math.NaN(), P90: .4}}, prescale.OutOfBounds},
		{"events that have nothing in common", prescale.Evidence{Past: []prescale.Past{{Visitors: 1}, {Visitors: 90_000_000}}}, prescale.Overflow},
		{"more in the course than came", prescale.Evidence{Past: []prescale.Past{{Visitors: 5, Course: []prescale.Mark{{Visitors: 6}}}}}, prescale.OutOfBounds},
		{"a course that runs back", prescale.Evidence{Past: []prescale.Past{{Visitors: 5, Course: []prescale.Mark{{At: 1, Visitors: 2}, {At: 0, Visitors: 3}}}}}, prescale.OutOfOrder},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := prescale.NewForecast(test.evidence)
			var refusal *prescale.Refusal
			if !errors.As(err, &refusal) || refusal.Reason != test.want {
				t.Errorf("NewForecast = %v; want a refusal for %s", err, test.want)
			}
		})
	}
}

func TestSourcesThatDisagreeMakeTheForecastWider(t *testing.T) {
	agree, err := prescale.NewForecast(prescale.Evidence{
		Registrations: 10_000, ShowUp: prescale.Range{P50: .8, P90: 1}, Past: []prescale.Past{{Visitors: 8000}, {Visitors: 8100}},
	})
	if err != nil {
		t.Fatal(err)
	}
	differ, err := prescale.NewForecast(prescale.Evidence{
		Registrations: 40_000, ShowUp: prescale.Range{P50: .8, P90: 1}, Past: []prescale.Past{{Visitors: 8000}, {Visitors: 9000}},
	})
	if err != nil {
		t.Fatal(err)
	}
	width := func(f prescale.Forecast) float64 { return f.Visitors.P90 / f.Visitors.P50 }
	if width(differ) <= width(agree) {
		t.Errorf("p90/p50 = %v where sources disagree, %v where they agree", width(differ), width(agree))
	}
}

// The curve and the crowd at the opening are the same visitors as the total.
func TestTheCurveAddsUp(t *testing.T) {
	for name, past := range map[string][]prescale.Past{
		"the model": nil,
		"a course": {{Registrations: 10, Visitors: 1000, Course: []prescale.Mark{
			{At: -time.Hour, Visitors: 100}, {At: 0, Visitors: 600}, {At: 5 * time.Minute, Visitors: 900}, {At: 30 * time.Minute, Visitors: 1000},
		}}},
	} {
		f, err := prescale.NewForecast(prescale.Evidence{Registrations: 100_000, ShowUp: prescale.Range{P50: .4, P90: .6}, Past: past})
		if err != nil {
			t.Fatal(err)
		}
		sum := f.AtOpening.P90
		for _, flow := range f.Curve {
			sum += flow.P90 * 60
		}
		if sum < 0.99*f.Visitors.P90 || sum > f.Visitors.P90+1 {
			t.Errorf("%s: opening and curve hold %.0f of %.0f visitors", name, sum, f.Visitors.P90)
		}
	}
}

func TestEstimatesAreSane(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(1, 1e8), 1, 30).Draw(t, "values")
		e, ok := prescale.Learn(values, prescale.HalfLife)
		if !ok {
			t.Fatal("positive values teach nothing")
		}
		low, high := math.Inf(1), 0.0
		for _, v := range values {
			low, high = min(low, v), max(high, v)
		}
		r := e.Range()
		if r.P50 < low*0.999 || r.P50 > high*1.001 || r.P90 < r.P50 || math.IsNaN(r.P90) {
			t.Fatalf("Learn(%v).Range() = %+v", values, r)
		}
		pooled, weights := prescale.Pool([]prescale.Estimate{e, e.Times(3)})
		if math.Abs(weights[0]+weights[1]-1) > 1e-9 || pooled.Spread < e.Spread-1e-9 {
			t.Fatalf("Pool: weights %v, spread %v of %v", weights, pooled.Spread, e.Spread)
		}
	})
}

// Against the table of Student's t that every textbook has.
func TestFewEventsWidenThe90th(t *testing.T) {
	for freedom, want := range map[int]float64{0: 1.2816, 1: 3.0777, 2: 1.8856, 3: 1.6377, 5: 1.4759, 10: 1.3722, 30: 1.3104} {
		got := math.Log(prescale.Estimate{Mid: 1, Spread: 1, Freedom: freedom}.Range().P90)
		if math.Abs(got-want) > 0.002 {
			t.Errorf("%d degrees of freedom: %.4f; want %.4f", freedom, got, want)
		}
	}
}
