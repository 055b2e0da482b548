package simulate

import (
	"context"
	"encoding/json"
	"math"
	"testing"
	"time"
)

// plain is a step of visitors who all come when called and shop for a second.
func plain(visitors, perMinute int) Plan {
	p := Defaults()
	p.Visitors = visitors
	p.Arrivals.Shape = "step"
	p.Room.NewUsersPerMinute, p.Room.TotalActiveUsers = perMinute, 10_000
	p.Behaviour.Shop = Shop{Shape: "fixed", Mean: time.Second}
	return p
}

func run(t testing.TB, p Plan) Result {
	t.Helper()
	results, err := Run(context.Background(), p, func(Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	return results[0]
}

// near says whether got is within a share of want.
func near(got, want, share float64) bool { return math.Abs(got-want) <= share*math.Abs(want) }

// What queueing theory knows, the simulation must find.
func TestKnownResults(t *testing.T) {
	step := plain(60_000, 6_000)

	capped := plain(6_000, 60_000)
	capped.Room.TotalActiveUsers = 100
	capped.Behaviour.Shop.Mean = 10 * time.Second

	absent := step
	absent.Behaviour.NoShow = 0.5
	absent.Room.TurnTTL = 20 * time.Second // those who do not come hold their slots so long

	wandering := plain(2_000, 60_000)
	wandering.Room.TotalActiveUsers = 100
	wandering.Room.SessionDuration = 20 * time.Second
	wandering.Behaviour.Wanders = 1

	even := plain(60_000, 6_000)
	even.Arrivals = Defaults().Arrivals
	even.Arrivals.Shape, even.Arrivals.Over = "even", 5*time.Minute

	for _, test := range []struct {
		name       string
		plan       Plan
		figure     func(Result) float64
		want, most float64
	}{
		{"N who come at once at rate r have all come in after N/r", step, finish, 600, 0.01},
		{"half of them wait no longer than half of that", step, median, 300, 0.01},
		{"with a cap c and a session s the rate is c/s, by Little's law", capped, finish, 6_000 * 11.1 / 100, 0.06},
		{"who never comes gives the token back after ten seconds, so half the line takes half the time", absent, finish, 300, 0.06},
		{"who wanders off holds the slot for the whole session", wandering, finish, 2_000 * 20 / 100, 0.1},
		{"twice the rate over T: the line lasts as long again", even, finish, 600, 0.01},
		{"and the last to come waits half of it", even, longestWait, 300, 0.01},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.figure(run(t, test.plan)); !near(got, test.want, test.most) {
				t.Errorf("figure = %.1f; want %.1f ± %.0f %%", got, test.want, 100*test.most)
			}
		})
	}
}

func finish(r Result) float64      { return r.Finish }
func median(r Result) float64      { return r.Wait.P50 }
func longestWait(r Result) float64 { return r.Wait.Max }

// An M/D/1 queue: Poisson arrivals at 0.9 of a constant rate wait
// rho/(2 mu (1-rho)) on average (Pollaczek-Khinchine), so at mu = 1/s 4.5 s.
// The room is kinder, since its bucket holds two tokens when it is idle; pages
// notice their turn half a second late.
func TestPoissonArrivalsWaitLikeMD1(t *testing.T) {
	p := plain(54_000, 60)
	p.Arrivals.Shape, p.Arrivals.Over = "poisson", 1000*time.Minute
	var sum, n float64
	s := newPlay(p)
	if err := s.run(context.Background(), func(time.Duration, int) {}); err != nil {
		t.Fatal(err)
	}
	for ticks, count := range s.waits {
		sum += float64(ticks*count) * Tick.Seconds()
		n += float64(count)
	}
	if mean := sum / n; mean < 2.5 || mean > 6 {
		t.Errorf("mean wait = %.2f s; want 2.5 to 6", mean)
	}
}

func TestEverybodyIsAccountedFor(t *testing.T) {
	p := plain(20_000, 3_000)
	p.Arrivals.Shape = "spike"
	p.Room.TotalActiveUsers = 500
	p.Room.TurnTTL, p.Room.LateGrace = 20*time.Second, 30*time.Second
	p.Room.Lines = []Line{{"general", 1, 0.8}, {"presale", 3, 0.2}}
	p.Behaviour = Behaviour{
		NoShow: 0.1, Late: 0.1, Leave: 0.1, Wanders: 0.1, Hidden: 0.3,
		LateAfter: 20 * time.Second, LeaveAfter: time.Minute,
		Shop: Shop{Shape: "lognormal", Mean: 8 * time.Second, Spread: 0.6},
	}
	r := run(t, p)
	if c := r.Counts; c.Admitted+c.Left+c.NoShow != p.Visitors || c.Waiting != 0 {
		t.Errorf("counts = %+v; want %d admitted, left or no-show, and nobody waiting", c, p.Visitors)
	}
	if r.Counts.Missed == 0 {
		t.Error("nobody missed a turn; want some, who joined again")
	}
	if r.Peaks.Active > 500 {
		t.Errorf("%d were active at once; want at most the cap of 500", r.Peaks.Active)
	}
	again, _ := json.Marshal(run(t, p))
	if first, _ := json.Marshal(r); string(first) != string(again) {
		t.Error("two runs of one seed differ")
	}
	p.Seed = 2
	if other := run(t, p); other.Wait.P95 == r.Wait.P95 && other.Counts == r.Counts {
		t.Error("two seeds give the same run")
	}
}

// Ten million visitors of all kinds in one run, three hours of an onsale.
func BenchmarkTenMillion(b *testing.B) {
	p := Defaults()
	p.Visitors = 10_000_000
	p.Room.NewUsersPerMinute, p.Room.TotalActiveUsers = 60_000, 60_000
	p.Behaviour = Behaviour{
		NoShow: 0.05, Late: 0.02, Leave: 0.03, Wanders: 0.03, Hidden: 0.2, LateAfter: time.Minute, LeaveAfter: 10 * time.Minute,
		Shop: Shop{Shape: "exponential", Mean: 45 * time.Second},
	}
	for b.Loop() {
		r := run(b, p)
		b.ReportMetric(r.Finish, "simulated-s")
	}
}
