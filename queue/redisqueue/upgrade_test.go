package redisqueue_test

import (
	"testing"
	"time"

	"github.com/bilten/rushgate/internal/redistest"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/queue/queuetest"
)

// Gateways are replaced one by one, so for a while an older one, which knows of no
// budgets, works on the same room. What it does is done here by hand.
func TestAnOlderGatewayBesideANewer(t *testing.T) {
	client := redistest.Client(t)
	r := queuetest.NewRoom(t, harness(t, client), func(p *queue.Policy) { p.Rate, p.Cap = queue.PerMinute(600), 100 })
	const key = "rg:{hamlet}:room"
	field := func(name string) string {
		t.Helper()
		value, err := client.HGet(t.Context(), key, name).Result()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}

	r.Allow(func(b *queue.Budget) { b.Rate, b.Cap = queue.PerMinute(60), 10 })
	if rate, limit := field("rate"), field("cap"); rate != "60000" || limit != "10" {
		t.Errorf("an older gateway reads a rate of %s and a cap of %s; want the budget's 60000 and 10", rate, limit)
	}
	r.Allow(func(b *queue.Budget) { b.Down = true })
	if rate := field("rate"); rate != "0" {
		t.Errorf("an older gateway reads a rate of %s while everything is down; want 0", rate)
	}

	// It installs a policy: version, rate and cap of its event.
	if err := client.HSet(t.Context(), key, "version", 2, "rate", 300_000, "cap", 50).Err(); err != nil {
		t.Fatal(err)
	}
	s := r.Allow(func(b *queue.Budget) { b.Rate, b.Cap, b.Down = queue.MaxRate, queue.Base, false })
	if rate, limit := field("rate"), field("cap"); s.Version != 2 || rate != "300000" || limit != "50" {
		t.Errorf("after an older gateway's change version %d, rate %s, cap %s are in force; want 2, 300000, 50", s.Version, rate, limit)
	}

	// It has made the room: none of the newer fields are there.
	if err := client.HDel(t.Context(), key, "own_rate", "own_cap", "ruled", "b_version", "b_rate", "b_cap", "down", "stood", "told").Err(); err != nil {
		t.Fatal(err)
	}
	r.Advance(time.Second)
	if a := r.Join(1); a.State != queue.Active {
		t.Errorf("joining a room that an older gateway made = %v; want straight in", a.State)
	}
	r.Budget = queue.Budget{}
	s = r.Tick()
	if want := (queue.Budget{Rate: queue.MaxRate, Cap: queue.Base}); s.Budget != want || field("own_rate") != "300000" {
		t.Errorf("the budget of a room that an older gateway made = %+v beside a rate of %s; want %+v, 300000", s.Budget, field("own_rate"), want)
	}
}
