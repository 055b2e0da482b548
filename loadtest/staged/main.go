// Command staged runs another program while a stage stands: a redis-server, two
// gateways and a shop on this machine. The program finds in its environment
// where they are and what the event promises; its exit status is staged's.
//
//	go run ./loadtest/staged -per-minute 6000 -- k6 run loadtest/k6/smoke.js
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/loadtest"
	"github.com/bilten/rushgate/loadtest/command"
	"github.com/bilten/rushgate/loadtest/stage"
)

func main() {
	os.Exit(command.Status("staged", func(ctx context.Context, args []string, stdout io.Writer) (int, error) {
		return run(ctx, args, stdout, os.Stderr)
	}))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (int, error) {
	flags := flag.NewFlagSet("staged", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var room stage.Room
	flags.Int64Var(&room.PerMinute, "per-minute", 6_000, "new_users_per_minute of the event; 0 calls nobody")
	flags.Int64Var(&room.Cap, "cap", 1_000, "total_active_users of the event")
	flags.DurationVar(&room.Turn, "turn", 30*time.Second, "turn_ttl of the event")
	flags.DurationVar(&room.Session, "session", time.Minute, "session_duration of the event")
	gateways := flags.Int("gateways", 2, "how many, on one Redis")
	if err := flags.Parse(args); err != nil {
		return command.Failed, err
	}
	if flags.NArg() == 0 {
		return command.Failed, errors.New("no program to run; it stands after the flags and --")
	}
	// The shop's history is thrown away: these tools keep their own figures.
	shop := loadtest.NewOrigin(new(invariant.History), stage.Path)
	s, err := stage.SetUp(ctx, *gateways, room, shop, stderr)
	if err != nil {
		return command.Failed, err
	}
	defer s.TearDown()
	return perform(ctx, flags.Args(), environment(s, room), stdout, stderr)
}

// environment is where the stage is and what its event promises, in the
// variables that the scripts of loadtest/k6 and loadtest/vegeta read.
func environment(s *stage.Stage, room stage.Room) []string {
	return []string{
		"TARGET=http://" + strings.Join(s.Gateways, ",http://"),
		"TARGET_HOST=" + stage.Host,
		"TARGET_EVENT=" + stage.EventID,
		"TARGET_PATH=" + stage.Path,
		"TARGET_DONE=" + stage.Path + loadtest.Done,
		fmt.Sprintf("PER_MINUTE=%d", room.PerMinute),
		fmt.Sprintf("BURST=%d", loadtest.Burst(room.PerMinute)),
	}
}

// patience is how long the program may take to end once it was interrupted.
const patience = 10 * time.Second

// perform runs the program and returns its exit status.
func perform(ctx context.Context, words, more []string, stdout, stderr io.Writer) (int, error) {
	child := exec.CommandContext(ctx, words[0], words[1:]...)
	child.Env = append(os.Environ(), more...)
	child.Stdout, child.Stderr = stdout, stderr
	// Of its own group, so that a Ctrl-C at the terminal reaches it once, by us,
	// with everything that it has started.
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	child.Cancel = func() error { return syscall.Kill(-child.Process.Pid, syscall.SIGINT) }
	child.WaitDelay = patience
	err := child.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return exit.ExitCode(), nil
	}
	return command.Failed, fmt.Errorf("run %s: %w", words[0], err)
}
