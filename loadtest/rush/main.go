// Command rush shows that the line holds: it starts a redis-server, two
// gateways and a shop on this machine, sends thousands of HTTP visitors, and
// ends with the figures and the verdict. Its exit status is the verdict's:
// 0 clean, 1 broken, 2 the crowd itself was too slow; 3: it could not be run.
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

const gateways = 2

func main() {
	os.Exit(command.Status("rush", run))
}

// options are what the command line says.
type options struct {
	crowd   loadtest.Crowd
	over    time.Duration
	room    stage.Room
	seconds int
	strict  loadtest.Tolerance
}

func parse(args []string, out io.Writer) (options, error) {
	o := options{
		crowd:  loadtest.Crowd{Mix: loadtest.Usual()},
		strict: loadtest.Strict,
		room:   stage.Room{Turn: 10 * time.Second, Session: 15 * time.Second},
	}
	flags := flag.NewFlagSet("rush", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.IntVar(&o.crowd.Visitors, "visitors", 20_000, "how many come")
	flags.DurationVar(&o.over, "over", 30*time.Second, "how long they keep coming; three in ten in the first tenth")
	flags.Int64Var(&o.room.PerMinute, "per-minute", 30_000, "new_users_per_minute of the event")
	flags.Int64Var(&o.room.Cap, "cap", 2_000, "total_active_users of the event")
	flags.Float64Var(&o.crowd.Pace, "pace", 1, "waits between polls, as a share of what the gateways ask for")
	flags.DurationVar(&o.crowd.Think, "think", 500*time.Millisecond, "mean time that a visitor looks at a page of the shop")
	flags.IntVar(&o.crowd.Connections, "connections", 1024, "to each gateway")
	flags.Uint64Var(&o.crowd.Seed, "seed", 1, "the same seed brings the same visitors")
	flags.IntVar(&o.seconds, "seconds", 150, "who is still on the way then has not come in")
	flags.DurationVar(&o.strict.Lateness, "lateness", o.strict.Lateness, "p99 of the crowd's own lateness that a run may have")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	o.crowd.Shape = loadtest.Spike{Over: o.over, First: 0.3}
	o.crowd.TurnTTL = o.room.Turn
	return o, nil
}

func run(ctx context.Context, args []string, out io.Writer) (int, error) {
	o, err := parse(args, out)
	if err != nil {
		return command.Failed, err
	}
	var history invariant.History
	s, err := stage.SetUp(ctx, gateways, o.room, loadtest.NewOrigin(&history, stage.Path), out)
	if err != nil {
		return command.Failed, err
	}
	defer s.TearDown()

	ctx, cancel := context.WithTimeout(ctx, time.Duration(o.seconds)*time.Second)
	defer cancel()
	stopWatching := s.Watch(ctx, &history)
	figures, err := o.crowd.Visit(ctx, s.Target(), &history, func(p loadtest.Progress) { _, _ = fmt.Fprintln(out, p) })
	if err := errors.Join(err, stopWatching()); err != nil {
		return command.Failed, err
	}
	return conclude(out, figures, &history, o)
}

func conclude(out io.Writer, figures loadtest.Figures, history *invariant.History, o options) (int, error) {
	_, _ = fmt.Fprintln(out)
	if err := figures.Print(out); err != nil {
		return command.Failed, err
	}
	started := time.Now()
	verdict := loadtest.Judge(figures, invariant.Check(history, loadtest.Limits(o.room.PerMinute, o.room.Cap)), o.strict)
	_, _ = fmt.Fprintf(out, "\n%d events judged in %v\n%s\n", history.Len(), time.Since(started).Round(100*time.Millisecond), verdict)
	for _, why := range verdict.Reasons {
		_, _ = fmt.Fprintln(out, "  "+why)
	}
	return int(verdict.Outlook), nil
}
