// Command shop is the demonstration shop alone, for trying Rushgate in front
// of a server of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/bilten/rushgate/admission/verify"
	"github.com/bilten/rushgate/shop"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}

const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 75 * time.Second // above a gateway's own, so that the gateway hangs up first
	drainTimeout  = 5 * time.Second
)

func run(ctx context.Context, args []string, stderr io.Writer) error {
	log := slog.New(slog.NewTextHandler(stderr, nil))
	flags := flag.NewFlagSet("shop", flag.ContinueOnError)
	flags.SetOutput(stderr)
	listen := flags.String("listen", "127.0.0.1:3000", "`address` to serve on")
	want := verify.Options{Logger: log, Mode: verify.Report}
	flags.StringVar(&want.JWKS, "jwks", "", "`URL` of the gateway's keys; empty: admissions are not looked at")
	flags.StringVar(&want.Issuer, "issuer", "rushgate", "the gateway's `name` in admissions")
	flags.StringVar(&want.Organization, "organization", "quay", "`id` of the organization that sells here")
	flags.StringVar(&want.Event, "event", "harbour-lights", "`id` of the event that is sold here")
	enforce := flags.Bool("enforce", false, "refuse buyers without an admission, instead of reporting them")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	options := shop.Options{Log: log}
	if *enforce {
		want.Mode = verify.Enforce
	}
	if want.JWKS != "" {
		guard, err := verify.New(want)
		if err != nil {
			return err
		}
		options.Guard = guard.Handler
	}
	return serve(ctx, *listen, shop.New(options), log)
}

func serve(ctx context.Context, address string, handler http.Handler, log *slog.Logger) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(listener) }()
	log.Info("the shop is open", "url", "http://"+listener.Addr().String()+shop.EventPath)
	select {
	case err := <-stopped:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	return server.Shutdown(ctx)
}
