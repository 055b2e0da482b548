package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

type serve struct {
	Config string `required:"" fromenv:"RUSHGATE_CONFIG" placeholder:"FILE" help:"Operator's file (RUSHGATE_CONFIG)."`
	overrides
}

func (serve) Help() string {
	return `A flag wins over its environment variable, which wins over the file. Passwords come
from the file or from RUSHGATE_REDIS_PASSWORD and RUSHGATE_SENTINEL_PASSWORD.

SIGTERM: not ready at once, then drain_delay for the balancer to notice, then the
visitors' requests finish. A second SIGTERM ends at once. SIGHUP reads the key file
and the TLS files again.

Example:

    rushgate check rushgate.yaml
    rushgate serve --config rushgate.yaml`
}

// Run validates everything before it starts anything.
func (s serve) Run(a *app) error {
	s.redisPassword, s.sentinelPassword = a.getenv("RUSHGATE_REDIS_PASSWORD"), a.getenv("RUSHGATE_SENTINEL_PASSWORD")
	config, err := loadConfig(s.Config, s.overrides)
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	log := newLog(a.stderr, config.Log)
	plan, err := draw(a.ctx, config, log)
	if err != nil {
		return err
	}
	if a.getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	running, err := plan.start(a.ctx)
	if err != nil {
		return err
	}
	return running.run(a.ctx, signals)
}

// gcPercent lets the heap grow to five times what lives in it before it is
// collected. A gateway keeps little, some tens of megabytes, and makes much
// garbage: collecting it at Go's 100 % costs up to a tenth of the machine. GOGC
// and GOMEMLIMIT overrule it.
const gcPercent = 400

// start builds the gateway and opens its doors. Nothing stays open if it fails.
func (b blueprint) start(ctx context.Context) (*life, error) {
	built, err := b.assemble()
	if err != nil {
		return nil, errors.Join(err, b.stores.close(), b.kept.close())
	}
	running, err := open(ctx, b.config, built, b.log)
	if err != nil {
		return nil, errors.Join(err, closeAll(built.closers))
	}
	return running, nil
}

// open takes all addresses, or none, and then announces the events: a start that
// fails on a taken address has changed nothing.
func open(ctx context.Context, config Config, built *assembly, log *slog.Logger) (*life, error) {
	l := &life{loops: built.loops, closers: built.closers, reloads: built.reloads, draining: built.draining, times: config.Shutdown, log: log}
	for _, one := range []struct {
		name     string
		listener Listener
		server   *http.Server
	}{
		{"gateway", config.Listeners.Gateway, built.visitors},
		{"api", config.Listeners.API, insideServer(built.organizers)},
		{"ops", config.Listeners.Ops, insideServer(built.operators)},
	} {
		d, err := l.openDoor(config, one.name, one.listener, one.server)
		if err != nil {
			return nil, errors.Join(err, l.closeDoors())
		}
		l.doors = append(l.doors, d)
	}
	l.doors[0].listener = withinDescriptors(l.doors[0].listener)
	if err := built.announce(ctx); err != nil {
		return nil, errors.Join(err, l.closeDoors())
	}
	return l, nil
}

// closeDoors is for a start that fails: nobody has come in yet.
func (l *life) closeDoors() error {
	var errs []error
	for _, opened := range l.doors {
		errs = append(errs, opened.listener.Close())
	}
	return errors.Join(errs...)
}

func (l *life) openDoor(config Config, name string, listener Listener, server *http.Server) (*door, error) {
	if !listener.TLS.on() {
		return openDoor(name, listener.Address, nil, server, l.log)
	}
	cert, err := openCertificate(config.beside(listener.TLS.Cert), config.beside(listener.TLS.Key))
	if err != nil {
		return nil, err
	}
	l.loops = append(l.loops, func(ctx context.Context) { cert.follow(ctx, l.log) })
	l.reloads = append(l.reloads, func() { cert.reload(l.log) })
	return openDoor(name, listener.Address, cert, server, l.log)
}
