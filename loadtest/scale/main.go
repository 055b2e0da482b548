// Command scale shows that the rate follows what is really ready: a gateway and
// three instances of a shop, each a process of its own, with a crowd in the line.
// One instance is killed, two are added, one becomes slow; the printed and
// plotted rate of admissions follows. Its exit status is 0 if it did, 1 if not;
// 3: it could not be run.
//
//	go run ./loadtest/scale -html build/scale.html
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
	os.Exit(command.Status("scale", run))
}

// options are what the command line says.
type options struct {
	html     string
	scene    time.Duration
	instance instance // what this process is, if it is one
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&o.html, "html", "", "write the plot as a page into this file")
	flags.DurationVar(&o.scene, "scene", 25*time.Second, "how long each scene lasts")
	flags.StringVar(&o.instance.listen, "instance", "", "be an instance of the shop at this `address`; what follows is for instances")
	flags.StringVar(&o.instance.announce, "announce", "", "`URL` at which the instance announces itself, again and again")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if o.scene < 10*time.Second || flags.NArg() > 0 {
		return options{}, fmt.Errorf("-scene %v, arguments %q: want at least 10s, and no arguments", o.scene, flags.Args())
	}
	return o, nil
}

// What one instance can take. The event itself would allow far more.
const (
	perMinute = 120
	sessions  = 60
)

// room is the event's.
var room = stage.Room{PerMinute: 1200, Cap: 1000, Turn: 15 * time.Second, Session: 20 * time.Second}

func run(ctx context.Context, args []string, out io.Writer) (int, error) {
	o, err := parse(args, out)
	if err != nil {
		return command.Failed, err
	}
	if o.instance.listen != "" {
		return 0, o.instance.serve(ctx, os.Getenv(secretVariable))
	}
	c, err := openCompany()
	if err != nil {
		return command.Failed, err
	}
	defer c.close()
	plan := stage.Plan{
		Gateways: 1,
		Room:     room,
		Pool:     c.pool(),
	}
	s, err := plan.SetUp(ctx, out)
	if err != nil {
		return command.Failed, err
	}
	defer s.TearDown()
	c.registerAt(s.API)
	return play(ctx, o, s, c, out)
}

// play sends the crowd, acts the scenes and watches.
func play(ctx context.Context, o options, s *stage.Stage, c *company, out io.Writer) (int, error) {
	script := scenes()
	length := time.Duration(len(script)) * o.scene
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()

	crowd := loadtest.Crowd{
		// More than can come in, so that somebody always waits.
		Visitors: int(length.Minutes()*perMinute*6) + 100, Shape: loadtest.Spike{Over: length, First: 0.3},
		Mix: loadtest.Mix{}, Seed: 1, Pace: 0.5, Think: 300 * time.Millisecond, TurnTTL: room.Turn, Connections: 64,
	}
	var history invariant.History
	crowded := make(chan error, 1)
	go func() {
		_, err := crowd.Visit(ctx, s.Target(), &history, func(loadtest.Progress) {})
		crowded <- err
	}()

	w := watcher{url: "http://" + s.Doors[0].Ops + "/metrics", company: c}
	watched, err := w.watch(ctx, script, o.scene, out)
	cancel()
	if err := errors.Join(err, <-crowded); err != nil {
		return command.Failed, err
	}
	return conclude(out, watched, o)
}
