// Package command is what the load tests' programs share with each other before
// they differ: signals go in, an exit status and a report come out.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// Failed is the exit status of a program that came to no verdict. Those below it
// are verdicts, as of loadtest.Outlook.
const Failed = 3

// Status runs a program until it ends, or a signal ends its context. It says on
// standard error what went wrong, and returns the exit status.
func Status(name string, run func(ctx context.Context, args []string, stdout io.Writer) (int, error)) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	status, err := run(ctx, os.Args[1:], os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, name+":", err)
	}
	return status
}

// Save writes a report into a file, in a directory that it makes; without a name
// it does nothing.
func Save(name string, write func(io.Writer) error) error {
	if name == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
