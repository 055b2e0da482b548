package simulate

import (
	"context"
	"flag"
	"testing"
	"time"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/loadtest"
	"github.com/bilten/rushgate/loadtest/stage"
)

var visitors = flag.Int("visitors", 2_000, "how many HTTP visitors the simulation is held against; 20000 takes a minute")

// The same plan, simulated and rehearsed: a real redis-server, two gateways and
// the crowd of HTTP visitors, who come several times faster than they are let in.
//
//	go test ./loadtest/simulate -run Rehearsal -visitors 20000 -v
func TestTheSimulationAgreesWithARehearsal(t *testing.T) {
	if testing.Short() {
		t.Skip("builds rushgate and runs it")
	}
	const share, slack = 0.05, 0.5
	over := max(5*time.Second, time.Duration(*visitors)*time.Millisecond)
	mix := loadtest.Usual()
	crowd := loadtest.Crowd{
		Visitors: *visitors, Shape: loadtest.Spike{Over: over, First: 0.3}, Mix: mix, Seed: 1,
		Pace: 1, Think: 100 * time.Millisecond, TurnTTL: 10 * time.Second, Connections: 512,
	}
	perMinute := min(*visitors*3, 24_000)
	p := plain(*visitors, perMinute)
	p.Arrivals = Arrivals{Shape: "spike", Over: over, First: 0.3, Spikes: 1, Width: time.Second}
	p.Room.TotalActiveUsers, p.Room.TurnTTL, p.Room.LateGrace = 2_000, 10*time.Second, time.Minute
	p.Room.SessionDuration = 15 * time.Second
	p.Behaviour = Behaviour{
		NoShow: mix.NoShow, Late: mix.Late, Leave: mix.Leave, Wanders: mix.Wanders,
		LateAfter: time.Second, LeaveAfter: time.Second,
		Shop: Shop{Shape: "exponential", Mean: 200 * time.Millisecond},
	}
	simulated := run(t, p)

	var history invariant.History
	room := stage.Room{PerMinute: int64(perMinute), Cap: 2_000, Turn: 10 * time.Second, Session: 15 * time.Second}
	s, err := stage.SetUp(t.Context(), 2, room, loadtest.NewOrigin(&history, stage.Path), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer s.TearDown()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	target := loadtest.Target{Gateways: s.Gateways, Host: stage.Host, Path: stage.Path, Event: stage.EventID}
	figures, err := crowd.Visit(ctx, target, &history, func(loadtest.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("crowd's own lateness p99 %v; simulated %+v, finish %.1f s", figures.Lateness.P99, simulated.Wait, simulated.Finish)
	if err := figures.Print(t.Output()); err != nil {
		t.Error(err)
	}
	if late := figures.Lateness.P99; late > loadtest.Strict.Lateness {
		t.Skipf("the crowd itself was %v late: this machine is too busy to compare anything", late)
	}
	for _, q := range []struct {
		name      string
		simulated float64
		rehearsed time.Duration
	}{
		{"p50", simulated.Wait.P50, figures.ToAdmitted.P50},
		{"p95", simulated.Wait.P95, figures.ToAdmitted.P95},
	} {
		real := q.rehearsed.Seconds()
		t.Logf("%s: simulated %.2f s, rehearsed %.2f s (%+.1f %%)", q.name, q.simulated, real, 100*(q.simulated/real-1))
		// A page asks once a second, so a short wait is not known better than half of that.
		if d := q.simulated - real; max(d, -d) > max(share*real, slack) {
			t.Errorf("%s: simulated %.2f s; rehearsed %.2f s: want them within %.0f %%", q.name, q.simulated, real, 100*share)
		}
	}
}
