package main

import (
	"context"
	"time"

	"github.com/bilten/rushgate/loadtest/redisd"
	"github.com/bilten/rushgate/loadtest/stage"
)

// usual is the room of most scenarios: the line is more than ten seconds long
// when the fault strikes.
func usual() stage.Room {
	return stage.Room{PerMinute: 4500, Cap: 400, Turn: 10 * time.Second, Session: 20 * time.Second}
}

// some is the crowd of most scenarios.
func some() come { return come{visitors: 1500, over: 6 * time.Second, limit: 150 * time.Second} }

// struck is when most faults strike: everybody has come, most wait.
const struck = 7 * time.Second

// losses are scenarios in which the store forgets.
func losses() []scenario {
	return []scenario{
		{
			id: "F01", fault: "Redis is killed and comes back with its append-only file", loses: true,
			plan: stage.Plan{Room: usual(), Redis: redisd.EverySecond}, come: some(),
			steps:  []step{{at: struck, what: "SIGKILL, 3 s down, started again with its file", silent: true, do: crash(3*time.Second, true)}},
			expect: []expectation{heard("mode hold"), nobodyMissed},
		},
		{
			id: "F02", fault: "Redis is killed and comes back empty", loses: true,
			plan: stage.Plan{Room: usual()}, come: some(),
			steps:  []step{{at: struck, what: "SIGKILL, 3 s down, started again without a file", silent: true, do: crash(3*time.Second, false)}},
			expect: []expectation{heard("mode hold"), heard("mode restore"), nobodyMissed},
		},
		{
			id: "F03", fault: "a primary restarts empty and its replica copies the emptiness", loses: true,
			plan: stage.Plan{Room: usual(), Kind: stage.Sentinel}, come: some(),
			steps: []step{{at: struck, what: "SIGKILL of the primary, started again at once without a file", silent: true, do: func(ctx context.Context, s *stage.Stage) error {
				s.Store.Sentinel.Primary.Kill()
				return s.Store.Sentinel.Primary.Restart(ctx)
			}}},
			expect: []expectation{heard("mode restore"), nobodyMissed},
		},
		{
			id: "F04 key", fault: "one key of one room is deleted; another event goes on beside it", loses: true,
			plan: stage.Plan{Room: usual(), Bystander: true}, come: some(),
			steps: []step{{at: struck, what: "DEL of the line's sorted set", do: func(ctx context.Context, s *stage.Stage) error {
				return s.Store.Node.Client.Del(ctx, lineKey).Err()
			}}},
			expect: []expectation{heard("mode restore"), nobodyMissed, bystandersCameIn},
		},
		{
			id: "F04 all", fault: "FLUSHALL in mid-rush while 20,000 wait", loses: true, alone: true,
			plan: stage.Plan{Room: stage.Room{PerMinute: 12_000, Cap: 2000, Turn: 15 * time.Second, Session: 30 * time.Second}},
			come: come{visitors: 25_000, over: 20 * time.Second, limit: 5 * time.Minute},
			steps: []step{{at: 15 * time.Second, what: "FLUSHALL", line: 20_000, do: func(ctx context.Context, s *stage.Stage) error {
				return s.Store.Node.Client.FlushAll(ctx).Err()
			}}},
			expect: []expectation{heard("mode restore"), waited(20_000), nobodyMissed},
		},
		{
			id: "F05", fault: "the sentinels replace the primary by a replica that is five seconds behind", loses: true,
			plan: stage.Plan{Room: usual(), Kind: stage.Sentinel}, come: some(),
			steps:  []step{{at: struck - 5*time.Second, what: "replication held back for 5 s, then SENTINEL FAILOVER", do: failoverBehind}},
			expect: []expectation{nobodyMissed},
		},
	}
}

// lineKey is where the room's line is kept.
const lineKey = "rg:{" + stage.EventID + "}:line:1"

// crash kills a single Redis and brings it back after a while.
func crash(down time.Duration, keeps bool) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error {
		s.Store.Node.Kill()
		if !keeps {
			if err := s.Store.Node.Forget(); err != nil {
				return err
			}
		}
		if err := pause(ctx, down); err != nil {
			return err
		}
		return s.Store.Node.Restart(ctx)
	}
}

// failoverBehind makes a replica primary that does not know the last seconds.
func failoverBehind(ctx context.Context, s *stage.Stage) error {
	link, err := redisd.NewLink(s.Store.Sentinel.Primary.Address)
	if err != nil {
		return err
	}
	defer link.Close()
	if err := s.Store.Sentinel.ReplicateThrough(ctx, link.Address); err != nil {
		return err
	}
	if err := link.Silence(); err != nil {
		return err
	}
	if err := pause(ctx, 5*time.Second); err != nil {
		return err
	}
	return s.Store.Sentinel.Failover(ctx)
}

func bystandersCameIn(o *outcome) string {
	beside := *o
	beside.figures = o.beside
	if why := everybodyCameIn(&beside); why != "" {
		return "at the other event: " + why
	}
	return ""
}
