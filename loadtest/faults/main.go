// Command faults shows what visitors see when Redis or a gateway fails: it plays
// every fault of docs/faults.md against real processes on this machine while a
// crowd is on its way, and judges what all of them were told. Its exit status is
// 0 if everything held, 1 if something did not; 3: it could not be run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/bilten/rushgate/loadtest/command"
	"github.com/bilten/rushgate/loadtest/redisd"
	"github.com/bilten/rushgate/loadtest/stage"
)

func main() {
	os.Exit(command.Status("faults", run))
}

// options are what the command line says.
type options struct {
	only       string
	program    string
	seed       uint64
	atOnce     int
	html, json string
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("faults", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&o.only, "only", "", "play rows whose name begins so, as in F04; several with commas")
	flags.StringVar(&o.program, "program", "", "a rushgate that is built already; without it, it is built")
	flags.Uint64Var(&o.seed, "seed", 1, "the same seed brings the same visitors")
	flags.IntVar(&o.atOnce, "at-once", 2, "scenarios that share the machine")
	flags.StringVar(&o.html, "html", "", "write the matrix as a page into this file")
	flags.StringVar(&o.json, "json", "", "write the matrix for machines into this file")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if o.atOnce < 1 || flags.NArg() > 0 {
		return options{}, fmt.Errorf("-at-once %d, arguments %q: want at least one at once, and no arguments", o.atOnce, flags.Args())
	}
	return o, nil
}

// wants says whether a row was asked for.
func (o options) wants(id string) bool {
	for prefix := range strings.SplitSeq(o.only, ",") {
		if strings.HasPrefix(id, prefix) {
			return true
		}
	}
	return false
}

func run(ctx context.Context, args []string, out io.Writer) (int, error) {
	o, err := parse(args, out)
	if err != nil {
		return command.Failed, err
	}
	redisd.Quiet()
	dir, err := os.MkdirTemp("", "faults")
	if err != nil {
		return command.Failed, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if o.program == "" {
		_, _ = fmt.Fprintln(out, "building rushgate")
		o.program = filepath.Join(dir, "rushgate")
		if err := stage.Build(ctx, o.program); err != nil {
			return command.Failed, err
		}
	}
	m := Matrix{Started: time.Now()}
	m.Rows = o.play(ctx, out)
	if len(m.Rows) == 0 {
		return command.Failed, fmt.Errorf("-only %q: no row begins so", o.only)
	}
	m.Seconds = time.Since(m.Started).Seconds()
	if err := errors.Join(m.Print(out), command.Save(o.html, m.HTML), command.Save(o.json, m.JSON), ctx.Err()); err != nil {
		return command.Failed, err
	}
	if !m.Holds() {
		return 1, nil
	}
	return 0, nil
}

// play plays what was asked for: some scenarios at once, then those that need
// the machine for themselves, then the rows that tests prove.
func (o options) play(ctx context.Context, out io.Writer) []Row {
	var together, alone []scenario
	for _, s := range append(append(losses(), troubles()...), crashes()...) {
		switch {
		case !o.wants(s.id):
		case s.alone:
			alone = append(alone, s)
		default:
			together = append(together, s)
		}
	}
	rows := o.playAll(ctx, together, o.atOnce, out)
	rows = append(rows, o.playAll(ctx, alone, 1, out)...)
	for _, p := range proofs() {
		if o.wants(p.id) {
			rows = append(rows, p.run(ctx))
			say(out, rows[len(rows)-1])
		}
	}
	return rows
}

func (o options) playAll(ctx context.Context, scenarios []scenario, atOnce int, out io.Writer) []Row {
	rows := make([]Row, len(scenarios))
	next := make(chan int)
	var players sync.WaitGroup
	var mu sync.Mutex
	for range atOnce {
		players.Go(func() {
			for i := range next {
				began := time.Now()
				rows[i] = rowOf(play(ctx, &scenarios[i], o.program, o.seed, io.Discard), o.seed, time.Since(began))
				mu.Lock()
				say(out, rows[i])
				mu.Unlock()
			}
		})
	}
	for i := range scenarios {
		next <- i
	}
	close(next)
	players.Wait()
	return rows
}

func say(out io.Writer, r Row) {
	_, _ = fmt.Fprintf(out, "%-12s %-15s %4.0f s  %s\n", r.ID, r.Verdict(), r.Seconds, r.Fault)
}
