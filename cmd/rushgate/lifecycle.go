package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/bilten/rushgate/web/ops"
)

// Server times. Visitors on bad lines must get through, clients that hold a
// connection for nothing must not.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 75 * time.Second // above the usual balancer's 60 s, which must be the one to close
	maxHeader     = 16 << 10         // bytes; our cookies and the shop's
)

// door is one listener and what answers behind it.
type door struct {
	name     string
	listener net.Listener
	server   *http.Server
	tls      *certificate // nil: plain HTTP
}

// openDoor starts to listen, so that a taken address stops the start.
func openDoor(name string, listener Listener, cert *certificate, handler http.Handler, log *slog.Logger) (*door, error) {
	l, err := net.Listen("tcp", listener.Address)
	if err != nil {
		return nil, fmt.Errorf("open the %s listener: %w", name, err)
	}
	d := &door{name: name, listener: l, tls: cert, server: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.With("listener", name).Handler(), slog.LevelDebug),
	}}
	if cert != nil {
		d.server.TLSConfig = cert.config()
	}
	return d, nil
}

func (d *door) url() string {
	scheme := "http"
	if d.tls != nil {
		scheme = "https"
	}
	return scheme + "://" + d.listener.Addr().String()
}

func (d *door) serve() error {
	err := http.ErrServerClosed
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
	visitors *door
	others   []*door                 // for people who must see the rest happen
	loops    []func(context.Context) // each returns when its context ends
	closers  []func() error          // called last, the last one first
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
	failed := make(chan error, 1+len(l.others))
	for _, d := range append([]*door{l.visitors}, l.others...) {
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
	for _, d := range append([]*door{l.visitors}, l.others...) {
		_ = d.server.Close() // what drained is closed already
	}
	stop()
	loops.Wait()
	return errors.Join(err, l.close())
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
			for _, d := range append([]*door{l.visitors}, l.others...) {
				if d.tls != nil {
					d.tls.reload(l.log)
				}
			}
		}
	}
}

// drain is not ready first, waits for the balancer to notice, then lets the
// visitors' requests finish, and closes the other doors at the end.
func (l *life) drain(signals <-chan os.Signal) error {
	l.draining.Begin()
	l.visitors.server.SetKeepAlivesEnabled(false)
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
		l.visitors.shut(bounded)
		for _, d := range l.others {
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

func (l *life) close() error {
	var errs []error
	for i := len(l.closers) - 1; i >= 0; i-- {
		errs = append(errs, l.closers[i]())
	}
	return errors.Join(errs...)
}
