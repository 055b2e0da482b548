package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/bilten/rushgate/loadtest"
	"github.com/bilten/rushgate/loadtest/rehearsal"
	"github.com/bilten/rushgate/loadtest/simulate"
)

type rehearse struct {
	Plan string `arg:"" optional:"" name:"plan" help:"Plan as YAML; flags go before it."`

	Gateway  []string `placeholder:"URL" help:"Gateway, such as http://127.0.0.1:8080; several are used in turn."`
	Event    string   `placeholder:"ID" help:"Event."`
	Path     string   `placeholder:"PATH" help:"Protected page that visitors want."`
	Host     string   `placeholder:"HOST" help:"Host in the address bar, if it is not the gateway's."`
	Complete string   `placeholder:"PATH" help:"Path by which the shop completes a session (visitors leave instead)."`

	Visitors  int           `placeholder:"N" help:"How many come (1000)."`
	Shape     string        `placeholder:"SHAPE" help:"step, even, ramp, spike, spikes, poisson or csv (spike)."`
	Over      time.Duration `placeholder:"TIME" help:"How long they keep coming (1m)."`
	Counts    string        `placeholder:"FILE" help:"CSV of visitors per second to replay; shape csv."`
	Speed     float64       `placeholder:"X" help:"Replay so many times as fast (1)."`
	People    float64       `placeholder:"X" help:"Replay so many times as many people (1)."`
	PerMinute int64         `placeholder:"N" help:"The event's new_users_per_minute, to be judged."`
	Cap       int64         `placeholder:"N" help:"The event's total_active_users, to be judged."`
	TurnTTL   time.Duration `name:"turn-ttl" placeholder:"TIME" help:"The event's turn_ttl (3m)."`
	Sources   int           `placeholder:"N" help:"Addresses 127.0.0.x to come from; joins are limited by address (1)."`
	TimeLimit time.Duration `placeholder:"TIME" help:"When everybody goes home (10m)."`
	Seed      uint64        `placeholder:"N" help:"The same seed brings the same visitors (1)."`

	JSON string   `name:"json" placeholder:"FILE" help:"Write the report as JSON too."`
	HTML string   `name:"html" placeholder:"FILE" help:"Write the report as one page too."`
	Own  []string `name:"i-own-this-host" placeholder:"HOST" help:"Host outside this machine that you may put under load."`
}

// Exit codes of a rehearsal that came to a verdict.
const (
	exitBroken  exitStatus = 3
	exitInvalid exitStatus = 4
)

func (rehearse) Help() string {
	return `A crowd of simulated people comes to a deployment as the public would: over HTTP,
with cookies and second tabs, some of them late, some never seen again. Then it says
whether everybody was treated as promised, and what it was like.

Nothing but this machine is ever put under load, unless --i-own-this-host names it.
The rate and the cap are judged if they are told, by --per-minute and --cap.

Exit status: 0 every promise was kept, 3 one was broken, 4 the rehearsal proves nothing
(the sending machine was too slow, or nobody came in), 1 it could not be run.

Example:

    rushgate rehearse --gateway http://127.0.0.1:8080 --event demo --path /events/42/buy \
        --visitors 500 --over 30s --sources 4 --html report.html
    rushgate rehearse deploy/examples/rehearsal.yaml --json report.json
    rushgate rehearse staging.yaml --i-own-this-host staging.tickets.example`
}

// Run sends the crowd, and ends with the verdict as exit status.
func (c rehearse) Run(a *app) error {
	plan, err := c.plan()
	if err != nil {
		return err
	}
	if err := c.mayLeave(plan); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(a.ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	report, err := c.send(ctx, a, plan)
	if err != nil {
		return err
	}
	if err := c.write(a.stdout, report); err != nil {
		return err
	}
	switch report.Verdict.Outlook {
	case loadtest.Broken:
		return exitBroken
	case loadtest.Invalid:
		return exitInvalid
	}
	return nil
}

// plan is the file with the flags laid upon it.
func (c rehearse) plan() (rehearsal.Plan, error) {
	plan := rehearsal.Defaults()
	if c.Plan != "" {
		data, err := readSmall(c.Plan)
		if err != nil {
			return plan, err
		}
		if err := decodeStrict(data, &plan); err != nil {
			return plan, inFile(c.Plan, err)
		}
	}
	beside := filepath.Dir(c.Plan)
	if c.Counts != "" {
		plan.Arrivals.Shape, plan.Arrivals.File, beside = "csv", c.Counts, "."
	}
	c.override(&plan)
	if plan.Arrivals.Shape == "csv" {
		counts, err := countsIn(beside, plan.Arrivals.File)
		if err != nil {
			return plan, fmt.Errorf("arrivals.file: %w", err)
		}
		plan.Arrivals.Counts = counts
	}
	return plan, plan.Validate()
}

func (c rehearse) override(plan *rehearsal.Plan) {
	if len(c.Gateway) > 0 {
		plan.Target.Gateways = c.Gateway
	}
	lay(&plan.Target.Event, c.Event)
	lay(&plan.Target.Path, c.Path)
	lay(&plan.Target.Host, c.Host)
	lay(&plan.Target.Complete, c.Complete)
	lay(&plan.Visitors, c.Visitors)
	lay(&plan.Seed, c.Seed)
	lay(&plan.Arrivals.Shape, c.Shape)
	lay(&plan.Arrivals.Over, c.Over)
	lay(&plan.Arrivals.Speed, c.Speed)
	lay(&plan.Arrivals.People, c.People)
	lay(&plan.Room.NewUsersPerMinute, c.PerMinute)
	lay(&plan.Room.TotalActiveUsers, c.Cap)
	lay(&plan.Room.TurnTTL, c.TurnTTL)
	lay(&plan.Sender.Sources, c.Sources)
	lay(&plan.Sender.TimeLimit, c.TimeLimit)
}

// lay replaces a setting by a flag that was given.
func lay[T comparable](setting *T, flag T) {
	var none T
	if flag != none {
		*setting = flag
	}
}

func countsIn(dir, name string) ([]int, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	counts, err := simulate.ReadCounts(file)
	return counts, errors.Join(err, file.Close())
}

// mayLeave asks before a crowd goes to another machine.
func (c rehearse) mayLeave(plan rehearsal.Plan) error {
	for _, gateway := range plan.Target.Gateways {
		host, err := loadtest.HostOf(gateway)
		if err != nil {
			return err
		}
		if !loadtest.Local(gateway) && !slices.Contains(c.Own, host) {
			return fmt.Errorf("%s is not this machine, and %d people are about to rush there.\n"+
				"If it is yours to put under load, say so: --i-own-this-host %s", host, plan.Visitors, host)
		}
	}
	return nil
}

// send shows how it goes: one line that changes on a terminal, lines elsewhere.
func (c rehearse) send(ctx context.Context, a *app, plan rehearsal.Plan) (rehearsal.Report, error) {
	before, after, every := "", "\n", 10*time.Second
	if onTerminal(a.stderr) {
		before, after, every = "\r\x1b[K", "", time.Second
	}
	var shown time.Duration
	report, err := rehearsal.Run(ctx, plan, c.Own, func(p loadtest.Progress) {
		if p.Elapsed-shown >= every {
			shown = p.Elapsed
			printf(a.stderr, "%s%v%s", before, p, after)
		}
	})
	printf(a.stderr, "%s", before)
	return report, err
}

func onTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (c rehearse) write(stdout io.Writer, report rehearsal.Report) error {
	errs := []error{report.Print(stdout)}
	if c.JSON != "" {
		errs = append(errs, writeFile(c.JSON, report.JSON))
	}
	if c.HTML != "" {
		errs = append(errs, writeFile(c.HTML, report.HTML))
	}
	return errors.Join(errs...)
}
