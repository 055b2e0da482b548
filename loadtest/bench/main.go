//go:build linux

// Command bench measures Rushgate's hot paths beside what they could cost at
// best and what they usually cost: real processes on this machine, in turns,
// again and again. It prints medians, ratios and what became of each goal in
// docs/performance.md, as Markdown.
//
// CPU is user and system time of whatever answers: on a shared machine it is by
// far the steadiest figure. No figure makes bench fail; it fails when something
// does not work.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/bilten/rushgate/loadtest/process"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	plan
	steps  []step
	json   string
	page   string
	binary string
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.IntVar(&o.rounds, "rounds", 5, "how often each side runs")
	flags.IntVar(&o.size, "size", 40_000, "requests in one run; slow sides send fewer")
	flags.IntVar(&o.waiting, "waiting", 1_000_000, "how many stand in the long line")
	flags.DurationVar(&o.release, "release", 64*time.Second, "how long releases are counted; windows have a minute")
	flags.DurationVar(&o.watch, "watch", 8*time.Second, "how long ticks are watched; below 10s, when the first calls count as unanswered")
	var only string
	flags.StringVar(&only, "only", "", "some of "+names(steps)+"; what they need is done, but not measured twice")
	flags.StringVar(&o.json, "json", "", "`file` for all figures")
	flags.StringVar(&o.page, "page", "", "Markdown `file` whose tables are replaced")
	flags.StringVar(&o.binary, "rushgate", "", "`file` of a rushgate that was built already")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if o.rounds < 1 || o.size < 1000 || o.waiting < 1000 {
		return options{}, errors.New("want at least 1 round, size 1000 and 1000 waiting")
	}
	var err error
	o.steps, err = pick(only)
	return o, err
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args, out)
	if err != nil {
		return err
	}
	s, err := setUp(ctx, o.binary, out)
	if err != nil {
		return err
	}
	defer s.tearDown()
	b := &bench{stage: s, plan: o.plan}
	b.report.When = time.Now().UTC().Format(time.DateTime)
	if b.report.Machine, err = thisMachine(ctx); err != nil {
		return err
	}
	if err := b.begin(ctx); err != nil {
		return err
	}
	for _, step := range o.steps {
		began := time.Now()
		if err := step.do(ctx, b); err != nil {
			return fmt.Errorf("%w\nthe gateway's last words:\n%s", err, b.gateway.Tail())
		}
		_, _ = fmt.Fprintf(out, "%s: %v\n", step.name, time.Since(began).Round(time.Second))
	}
	b.report.Rounds, b.report.Goals = b.rounds, b.report.goals()
	_, _ = fmt.Fprintln(out)
	return b.report.publish(o, out)
}

// publish shows the report wherever it is wanted.
func (r *report) publish(o options, out io.Writer) error {
	err := r.print(out)
	if o.json != "" {
		err = errors.Join(err, r.write(o.json))
	}
	if o.page != "" {
		err = errors.Join(err, r.paste(o.page))
	}
	return err
}

// thisMachine is what figures depend on.
func thisMachine(ctx context.Context) (machine, error) {
	m := machine{CPU: "unknown", Cores: runtime.NumCPU(), Go: runtime.Version()}
	version, err := process.Output(ctx, "redis-server", "--version")
	if err != nil {
		return m, err
	}
	_, version, _ = strings.Cut(version, "v=")
	m.Redis, _, _ = strings.Cut(version, " ")
	info, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return m, err
	}
	defer func() { _ = info.Close() }()
	for lines := bufio.NewScanner(info); lines.Scan(); {
		if name, model, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
			m.CPU = strings.TrimSpace(model)
			break
		}
	}
	return m, nil
}
