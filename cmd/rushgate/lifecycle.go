package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/bilten/rushgate/web/ops"
)

// Bounds of the organizer's and operator's servers; those that face visitors
// are package web's.
const (
	headerTimeout = 5 * time.Second
	bodyTimeout   = 10 * time.Second
	idleTimeout   = 75 * time.Second // above the usual balancer's 60 s, which must be the one to close
	maxHeader     = 16 << 10         // bytes
)

// door is one listener and what answers behind it.
type door struct {
	name     string
	listener net.Listener
	server   *http.Server
	tls      *certificate // nil: plain HTTP
}

// openDoor starts to listen, so that a taken address stops the start.
func openDoor(name string, address string, cert *certificate, server *http.Server, log *slog.Logger) (*door, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("open the %s listener: %w", name, err)
	}
	server.ErrorLog = slog.NewLogLogger(log.With("listener", name).Handler(), slog.LevelDebug)
	if cert != nil {
		server.TLSConfig = cert.config()
	}
	return &door{name: name, listener: l, server: server, tls: cert}, nil
}

// insideServer is for the doors that visitors don't use.
func insideServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       bodyTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
	}
}

func (d *door) url() string {
	scheme := "http"
	if d.tls != nil {
		scheme = "https"
	}
	return scheme + "://" + d.listener.Addr().String()
}

func (d *door) serve() error {
	var err error
	if d.tls != nil {
		err = d.server.ServeTLS(d.listener, "", "")
	} else {
		err = d.server.Serve(d.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("%s listener: %w", d.name, err)
}

// shut lets requests in flight finish within ctx and then cuts the rest.
func (d *door) shut(ctx context.Context) {
	if d.server.Shutdown(ctx) != nil {
		_ = d.server.Close()
	}
}

// life runs a gateway from its open doors to its last breath, in two lifetimes:
// visitors leave first, and what serves them stays until they have.
type life struct {
	doors    []*door                 // the visitors' first
	loops    []func(context.Context) // each returns when its context ends
	closers  []func() error          // called last, the last one first
	reloads  []func()                // on SIGHUP
	draining *ops.Draining
	times    Shutdown
	log      *slog.Logger
}

// errForced ends a shutdown that a second signal would not wait for.
var errForced = errors.New("stopped at once by a second signal")

// run serves until a signal or the end of ctx, or until a door fails.
func (l *life) run(ctx context.Context, signals <-chan os.Signal) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var loops sync.WaitGroup
	for _, loop := range l.loops {
		loops.Go(func() { loop(background) })
	}
	failed := make(chan error, len(l.doors))
	for _, d := range l.doors {
		go func() {
			if err := d.serve(); err != nil {
				failed <- err
			}
		}()
		l.log.Info("listening", "listener", d.name, "url", d.url())
	}
	err := l.untilAskedToStop(ctx, signals, failed)
	if err == nil {
		err = l.drain(signals)
	}
	for _, d := range l.doors {
		_ = d.server.Close() // what drained is closed already
	}
	stop()
	loops.Wait()
	return errors.Join(err, closeAll(l.closers))
}

func (l *life) untilAskedToStop(ctx context.Context, signals <-chan os.Signal, failed <-chan error) error {
	for {
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
			return nil
		case signal := <-signals:
			if signal != syscall.SIGHUP {
				l.log.Info("stopping", "signal", signal.String())
				return nil
			}
			for _, reload := range l.reloads {
				reload()
			}
		}
	}
}

// drain is not ready first, waits for the balancer to notice, then lets the
// visitors' requests finish, and closes the other doors at the end.
func (l *life) drain(signals <-chan os.Signal) error {
	l.draining.Begin()
	finished := make(chan struct{})
	giveUp, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		defer close(finished)
		select {
		case <-time.After(l.times.DrainDelay):
		case <-giveUp.Done():
			return
		}
		bounded, done := context.WithTimeout(giveUp, l.times.Timeout)
		defer done()
		for _, d := range l.doors { // visitors first; operators see to the end
			d.shut(bounded)
		}
	}()
	for {
		select {
		case <-finished:
			return nil
		case signal := <-signals:
			if signal == syscall.SIGHUP {
				continue
			}
			cancel()
			<-finished
			return errForced
		}
	}
}

func closeAll(closers []func() error) error {
	var errs []error
	for _, last := range slices.Backward(closers) {
		errs = append(errs, last())
	}
	return errors.Join(errs...)
}
