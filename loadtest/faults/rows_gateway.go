package main

import (
	"context"
	"time"

	"github.com/bilten/rushgate/loadtest"
	"github.com/bilten/rushgate/loadtest/stage"
)

// crashes are scenarios in which gateways fail, and those in which nothing does
// but the visitors are difficult.
func crashes() []scenario {
	return []scenario{
		{
			id: "F18 F19", fault: "gateways are killed between a join and its answer, and in the middle of a tick",
			plan: stage.Plan{Room: usual()}, come: some(),
			steps: []step{
				{at: 2 * time.Second, what: "SIGKILL of one gateway while everybody joins, started again", do: kill(0)},
				{at: 6 * time.Second, what: "SIGKILL of the other, started again", do: kill(1)},
				{at: 10 * time.Second, what: "SIGKILL of the first while the line is called, started again", do: kill(0)},
			},
			expect: []expectation{heard("no answer"), nobodyMissed},
		},
		{
			id: "F20", fault: "a deployment replaces one gateway after the other",
			plan: stage.Plan{Room: usual()}, come: some(),
			steps: []step{
				{at: struck, what: "SIGTERM, waited for, started again", do: replace(0)},
				{at: struck + 4*time.Second, what: "SIGTERM of the other, waited for, started again", do: replace(1)},
			},
			expect: []expectation{nobodyMissed},
		},
		{
			id: "F22", fault: "a gateway stands still and then goes on as if nothing had happened",
			plan: stage.Plan{Room: usual()}, come: some(),
			steps: []step{{at: struck, what: "SIGSTOP for 10 s, SIGCONT", do: during(10*time.Second,
				func(_ context.Context, s *stage.Stage) error { return s.Doors[0].Pause() },
				func(_ context.Context, s *stage.Stage) error { return s.Doors[0].Resume() })}},
			expect: nil,
		},
		{
			id: "F41", fault: "everybody has a second tab, clicks twice, and loses the first answer",
			plan: stage.Plan{Room: usual()},
			come: come{visitors: 1000, over: 5 * time.Second, limit: 90 * time.Second,
				mix: loadtest.Mix{SecondTab: 1, DoubleClick: 1, LostReply: 1}},
			expect: []expectation{few("mode hold", 0.1)},
		},
		{
			id: "F45", fault: "three in ten at the head of the line are gone, and nobody knows",
			plan:   stage.Plan{Room: stage.Room{PerMinute: 3000, Cap: 300, Turn: 10 * time.Second, Session: 20 * time.Second}},
			come:   come{visitors: 1500, over: 6 * time.Second, limit: 120 * time.Second, mix: loadtest.Mix{NoShow: 0.3}},
			expect: []expectation{few("mode hold", 0.1)},
		},
	}
}

func kill(door int) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error {
		s.Doors[door].Kill()
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
		return s.Doors[door].Start(ctx)
	}
}

func replace(door int) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error {
		s.Doors[door].Stop()
		return s.Doors[door].Start(ctx)
	}
}
