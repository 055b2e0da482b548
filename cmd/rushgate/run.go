package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"
)

// app is what every command may use of the world outside.
type app struct {
	ctx            context.Context
	getenv         func(string) string
	stdout, stderr io.Writer
}

// commands is the command line. Each command is a file of its own.
type commands struct {
	Version kong.VersionFlag `help:"Print the version."`

	Demo   demo         `cmd:"" help:"A shop, a line and some visitors on this machine: nothing to install or configure."`
	Serve  serve        `cmd:"" help:"Run a gateway."`
	Check  check        `cmd:"" help:"Say everything that is wrong with an operator's file or with event files."`
	Keys   keysCommand  `cmd:"" help:"Make, rotate, retire, revoke and list keys."`
	Codes  codesCommand `cmd:"" help:"Make and check presale codes."`
	APIKey apikey       `cmd:"" name:"apikey" help:"Keys of the organizer API."`
	Room   roomCommand  `cmd:"" help:"Watch and steer one event's room, for the sale hour."`
	Rush   rushCommand  `cmd:"" help:"Watch and steer how an event is made ready: capacity, queue, prices, and the way back."`

	VerifyDraw verifyDraw `cmd:"" name:"verify-draw" help:"Check a published draw and a receipt; nothing is fetched."`

	Plan     planCommand     `cmd:"" help:"Say how much capacity an event will need, and when; or how good such forecasts are."`
	Pricing  pricingCommand  `cmd:"" name:"pricing" help:"Check price rules, play them through a sale, publish them, and steer an event's prices."`
	Simulate simulateCommand `cmd:"" help:"Say what a rate, a cap or no-shows would mean for the line, before anybody waits."`
	Rehearse rehearse        `cmd:"" help:"Send a crowd of simulated people to a deployment, and judge how it treats them."`
}

// version is set by the linker (make build).
var version = "devel"

// Exit codes: what was asked for could not be done, or could not be understood.
const (
	exitFailed = 1
	exitUsage  = 2
)

// errReported ends a command as failed when it has printed why already.
var errReported = errors.New("reported")

// exitStatus ends a command with a status of its own; it too has said why.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprint("exit status ", int(s)) }

// run is the program without its process: everything it touches is handed in.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	var cli commands
	helped := false
	parser, err := kong.New(&cli,
		kong.Name("rushgate"),
		kong.Description("A waiting room for ticket onsales."),
		kong.Vars{"version": version},
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Resolvers(environment(getenv)),
	)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "rushgate:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if helped {
		return 0
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "rushgate: %v\nTry: rushgate --help\n", err)
		return exitUsage
	}
	err = parsed.Run(&app{ctx: ctx, getenv: getenv, stdout: stdout, stderr: stderr})
	var status exitStatus
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	case !errors.Is(err, errReported):
		_, _ = fmt.Fprintf(stderr, "rushgate: %v\n", err)
	}
	return exitFailed
}

// environment fills flags that are not given from the variable in their
// fromenv tag.
func environment(getenv func(string) string) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		variable := flag.Tag.Get("fromenv")
		if variable == "" || getenv(variable) == "" {
			return nil, nil
		}
		return getenv(variable), nil
	})
}

// printf writes to a terminal or pipe; a reader who went away is no error of ours.
func printf(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}
