// Command vegeta is what the attack script needs beside vegeta itself:
//
//	vegeta targets status   prints targets, each with the pass of a visitor who joined just now
//	vegeta targets now      prints targets of the snapshot that everybody shares
//	vegeta judge -rate 1000 reads vegeta's JSON report; its exit status is the verdict's:
//	                        0 clean, 1 broken, 2 vegeta itself was too slow; 3: no report
//
// Where to aim stands in the environment, as for the scripts of loadtest/k6.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/bilten/rushgate/loadtest/command"
)

func main() {
	os.Exit(command.Status("vegeta", func(ctx context.Context, args []string, stdout io.Writer) (int, error) {
		return run(ctx, args, os.Getenv, os.Stdin, stdout)
	}))
}

var errUsage = errors.New("want targets status, targets now, or judge")

func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout io.Writer) (int, error) {
	switch {
	case len(args) == 2 && args[0] == "targets" && (args[1] == "status" || args[1] == "now"):
		a, err := readAim(getenv)
		if err == nil {
			err = a.print(ctx, stdout, args[1])
		}
		if err != nil {
			return command.Failed, err
		}
		return 0, nil
	case len(args) >= 1 && args[0] == "judge":
		return judgeReport(args[1:], stdin, stdout)
	}
	return command.Failed, errUsage
}

func judgeReport(args []string, in io.Reader, out io.Writer) (int, error) {
	var want promise
	flags := flag.NewFlagSet("judge", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Float64Var(&want.perSecond, "rate", 0, "requests a second that vegeta was told to send")
	flags.DurationVar(&want.p99, "p99", defaultP99, "that the answers may have")
	if err := flags.Parse(args); err != nil {
		return command.Failed, err
	}
	var r report
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return command.Failed, fmt.Errorf("read vegeta's report: %w", err)
	}
	outlook, reasons := want.judge(r)
	_, _ = fmt.Fprintln(out, outlook)
	for _, why := range reasons {
		_, _ = fmt.Fprintln(out, "  "+why)
	}
	return int(outlook), nil
}
