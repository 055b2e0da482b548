// Package command is what the load tests' programs share with each other before
// they differ: signals go in, an exit status comes out.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
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
