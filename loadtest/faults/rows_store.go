package main

import (
	"context"
	"time"

	"github.com/bilten/rushgate/loadtest/redisd"
	"github.com/bilten/rushgate/loadtest/stage"
)

// troubles are scenarios in which the store keeps what it has, and is away,
// slow, full or moving.
func troubles() []scenario {
	return []scenario{
		{
			id: "F07", fault: "the event's slot moves to another node of the Cluster, a key at a time, under load",
			plan: stage.Plan{Room: usual(), Kind: stage.Cluster}, come: some(),
			steps: []step{{at: struck, what: "SETSLOT, MIGRATE of every key with 150 ms between, SETSLOT", do: func(ctx context.Context, s *stage.Stage) error {
				return s.Store.Cluster.MoveSlot(ctx, lineKey, 150*time.Millisecond)
			}}},
			expect: []expectation{nobodyMissed},
		},
		{
			id: "F08", fault: "the event's primary in a Cluster is killed", loses: true,
			plan: stage.Plan{Room: usual(), Kind: stage.Cluster}, come: some(),
			steps: []step{{at: struck, what: "SIGKILL of the node that serves the event; its replica takes over", silent: true, do: func(ctx context.Context, s *stage.Stage) error {
				owner, _, err := s.Store.Cluster.Owner(ctx, lineKey)
				if err != nil {
					return err
				}
				owner.Kill()
				return s.Store.Cluster.AwaitFailover(ctx, owner)
			}}},
			expect: []expectation{heard("mode hold"), nobodyMissed},
		},
		{
			id: "F08 sentinel", fault: "the primary under Sentinel is killed", loses: true,
			plan: stage.Plan{Room: usual(), Kind: stage.Sentinel}, come: some(),
			steps: []step{{at: struck, what: "SIGKILL of the primary; three sentinels make the replica primary", silent: true, do: func(ctx context.Context, s *stage.Stage) error {
				s.Store.Sentinel.Primary.Kill()
				return s.Store.Sentinel.AwaitFailover(ctx)
			}}},
			expect: []expectation{heard("mode hold"), nobodyMissed},
		},
		{
			id: "F09", fault: "Redis forgets all scripts",
			plan: stage.Plan{Room: usual()}, come: some(),
			steps: []step{
				{at: struck, what: "SCRIPT FLUSH", do: flushScripts}, {at: struck + time.Second, what: "SCRIPT FLUSH", do: flushScripts},
			},
			expect: []expectation{few("mode hold", 0.1), few("status 503 hold", 0.1), nobodyMissed},
		},
		{
			id: "F10", fault: "Redis is out of memory",
			plan: stage.Plan{Room: usual()}, come: come{visitors: 1500, over: 12 * time.Second, limit: 110 * time.Second},
			steps: []step{{at: struck, what: "CONFIG SET maxmemory 1 for 5 s", do: during(5*time.Second,
				configure("maxmemory", "1"), configure("maxmemory", "0"))}},
			expect: []expectation{heard("status 503 hold"), nobodyMissed},
		},
		{
			id: "F12", fault: "every answer of Redis comes 2 s late", // later than the gateways' patience
			plan: stage.Plan{Room: usual(), Linked: true}, come: some(),
			steps: []step{{at: struck, what: "2 s of latency on the link, for 8 s", silent: true, do: during(8*time.Second,
				func(_ context.Context, s *stage.Stage) error { return s.Store.Link.Slow(2000) }, heal)}},
			expect: []expectation{heard("mode hold"), nobodyMissed},
		},
		{
			id: "F13", fault: "connections to Redis go dead without a word",
			plan: stage.Plan{Room: usual(), Linked: true}, come: some(),
			steps: []step{{at: struck, what: "not a byte passes, nothing is closed, for 8 s", silent: true, do: during(8*time.Second,
				func(_ context.Context, s *stage.Stage) error { return s.Store.Link.Silence() }, heal)}},
			expect: []expectation{heard("mode hold"), nobodyMissed},
		},
		{
			id: "F13 reset", fault: "connections to Redis are cut again and again",
			plan: stage.Plan{Room: usual(), Linked: true}, come: some(),
			steps: []step{{at: struck, what: "RST as soon as an answer comes, for 4 s", silent: true, do: during(4*time.Second,
				func(_ context.Context, s *stage.Stage) error { return s.Store.Link.Reset() }, heal)}},
			expect: []expectation{heard("mode hold"), nobodyMissed},
		},
		{
			id: "F14", fault: "Redis hangs and takes no word, then goes on",
			plan: stage.Plan{Room: usual(), Redis: redisd.EverySecond}, come: some(),
			steps: []step{{at: struck, what: "SIGSTOP for 6 s, SIGCONT", silent: true, do: during(6*time.Second,
				func(_ context.Context, s *stage.Stage) error { return s.Store.Node.Pause() },
				func(_ context.Context, s *stage.Stage) error { return s.Store.Node.Resume() })}},
			expect: []expectation{heard("mode hold"), nobodyMissed},
		},
		{
			id: "F15", fault: "Redis takes no more connections",
			plan: stage.Plan{Room: usual()}, come: some(),
			steps: []step{{at: struck, what: "maxclients 1 and every connection cut, for 5 s", do: during(5*time.Second,
				func(ctx context.Context, s *stage.Stage) error {
					c := s.Store.Node.Client
					if err := c.ConfigSet(ctx, "maxclients", "1").Err(); err != nil {
						return err
					}
					return c.Do(ctx, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err()
				}, configure("maxclients", "10000"))}},
			expect: []expectation{heard("mode hold"), nobodyMissed},
		},
	}
}

func flushScripts(ctx context.Context, s *stage.Stage) error {
	return s.Store.Node.Client.ScriptFlush(ctx).Err()
}

func heal(ctx context.Context, s *stage.Stage) error {
	s.Store.Link.Heal(ctx)
	return nil
}

func configure(setting, value string) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error {
		return s.Store.Node.Client.ConfigSet(ctx, setting, value).Err()
	}
}

// during does something, and undoes it after a while.
func during(d time.Duration, do, undo func(context.Context, *stage.Stage) error) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error {
		if err := do(ctx, s); err != nil {
			return err
		}
		if err := pause(ctx, d); err != nil {
			return err
		}
		return undo(ctx, s)
	}
}
