// Command million sends a million HTTP visitors to two gateways, one Redis and a
// shop on this machine: everybody joins and asks for their place at least twice,
// while twenty thousand are let in. It ends with the rates, what a waiting visitor
// costs in Redis, and the verdict on what all of them saw.
//
// Unlike the crowd of package loadtest, whose visitors come at planned moments,
// this one comes as fast as it is answered: it shows that the line holds, and how
// long a million takes on a machine of this size, generator included.
//
// Its exit status is the verdict's: 0 clean, 1 broken; 3: it could not be run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/loadtest"
	"github.com/bilten/rushgate/loadtest/command"
	"github.com/bilten/rushgate/loadtest/stage"
)

func main() {
	os.Exit(command.Status("million", run))
}

// options are what the command line says.
type options struct {
	visitors, admit      int
	gateways             int
	connections, seconds int
	room                 stage.Room
}

func parse(args []string, out io.Writer) (options, error) {
	o := options{room: stage.Room{Turn: 5 * time.Minute, Session: 10 * time.Minute}}
	flags := flag.NewFlagSet("million", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.IntVar(&o.visitors, "visitors", 1_000_000, "how many join")
	flags.IntVar(&o.admit, "admit", 20_000, "how many are let in meanwhile, at least")
	flags.Int64Var(&o.room.PerMinute, "per-minute", 12_000, "new_users_per_minute of the event")
	flags.Int64Var(&o.room.Cap, "cap", 20_000, "total_active_users of the event")
	flags.IntVar(&o.gateways, "gateways", 2, "how many, on one Redis")
	flags.IntVar(&o.connections, "connections", 512, "to all gateways together")
	flags.IntVar(&o.seconds, "seconds", 900, "when to give up")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if o.visitors < 1 || o.visitors > maxVisitors || o.admit > o.visitors || o.gateways < 1 || o.connections < o.gateways || o.connections > 2000 {
		return options{}, fmt.Errorf("want 1 to %d visitors, no more of them let in, and up to 2000 connections", maxVisitors)
	}
	return o, nil
}

func run(ctx context.Context, args []string, out io.Writer) (int, error) {
	o, err := parse(args, out)
	if err != nil {
		return command.Failed, err
	}
	var history invariant.History
	s, err := stage.SetUp(ctx, o.gateways, o.room, loadtest.NewOrigin(&history, stage.Path), out)
	if err != nil {
		return command.Failed, err
	}
	defer s.TearDown()
	empty, err := redisMemory(ctx, s.Redis)
	if err != nil {
		return command.Failed, err
	}

	ctx, cancel := context.WithTimeout(ctx, time.Duration(o.seconds)*time.Second)
	defer cancel()
	stopWatching := s.Watch(ctx, &history)
	c := newCrowd(o, s.Gateways)
	took, err := c.send(ctx, out)
	if err := errors.Join(err, stopWatching()); err != nil {
		return command.Failed, err
	}
	full, err := redisMemory(context.WithoutCancel(ctx), s.Redis)
	if err != nil {
		return command.Failed, err
	}
	s.TearDown() // its memory is needed now
	c.print(out, took, full-empty)
	return c.judge(out, &history), nil
}
