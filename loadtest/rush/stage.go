package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/loadtest"
)

const (
	gateways = 2
	host     = "tickets.localhost"
	path     = "/buy"
	eventID  = "rush"
	program  = "github.com/bilten/rushgate/cmd/rushgate"
)

// stage is everything that a crowd comes to.
type stage struct {
	target loadtest.Target
	live   string // the event's numbers at one gateway's organizer API
	key    string // for it
	undo   []func()
}

// tearDown ends everything that setUp began, last one first.
func (s *stage) tearDown() {
	for i := len(s.undo) - 1; i >= 0; i-- {
		s.undo[i]()
	}
	s.undo = nil
}

func (s *stage) later(f func()) { s.undo = append(s.undo, f) }

// setUp starts Redis, the shop and the gateways. The shop writes into h.
func setUp(ctx context.Context, r room, h *invariant.History, out io.Writer) (_ *stage, err error) {
	s := &stage{target: loadtest.Target{Host: host, Path: path, Event: eventID}}
	defer func() {
		if err != nil {
			s.tearDown()
		}
	}()
	dir, err := os.MkdirTemp("", "rush")
	if err != nil {
		return nil, err
	}
	s.later(func() { _ = os.RemoveAll(dir) })

	_, _ = fmt.Fprintln(out, "building rushgate")
	binary := filepath.Join(dir, "rushgate")
	if _, err := output(ctx, "go", "build", "-o", binary, program); err != nil {
		return nil, err
	}
	redis, err := s.startRedis(ctx, dir)
	if err != nil {
		return nil, err
	}
	shop, err := s.startShop(h)
	if err != nil {
		return nil, err
	}
	files, err := prepare(ctx, dir, binary, r, redis, shop)
	if err != nil {
		return nil, err
	}
	s.key = files.key
	for i := range gateways {
		if err := s.startGateway(ctx, dir, binary, files, i); err != nil {
			return nil, err
		}
	}
	_, _ = fmt.Fprintf(out, "redis-server at %s, shop at %s, gateways at %s\n", redis, shop, strings.Join(s.target.Gateways, " and "))
	return s, nil
}

func (s *stage) startRedis(ctx context.Context, dir string) (address string, err error) {
	if address, err = freeAddress(); err != nil {
		return "", err
	}
	_, port, _ := net.SplitHostPort(address)
	server, err := start(dir, "redis", "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", dir)
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("redis-server is not installed: 'make deps' installs it")
	}
	if err != nil {
		return "", err
	}
	s.later(server.stop)
	return address, server.await(ctx, accepts(address))
}

func (s *stage) startShop(h *invariant.History) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: loadtest.NewOrigin(h, path), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	s.later(func() { _ = server.Close() })
	return listener.Addr().String(), nil
}

func (s *stage) startGateway(ctx context.Context, dir, binary string, files files, i int) error {
	var addresses [3]string // visitors, organizers, operators
	for k := range addresses {
		var err error
		if addresses[k], err = freeAddress(); err != nil {
			return err
		}
	}
	g, err := start(dir, fmt.Sprintf("gateway-%d", i+1), binary, "serve", "--config", files.config,
		"--gateway", addresses[0], "--api", addresses[1], "--ops", addresses[2])
	if err != nil {
		return err
	}
	s.later(g.stop)
	s.target.Gateways = append(s.target.Gateways, addresses[0])
	s.live = "http://" + addresses[1] + "/v1/organizations/" + organization + "/events/" + eventID + "/live"
	if err := g.await(ctx, succeeds(ctx, "http://"+addresses[0]+"/_rushgate/"+eventID+"/now", host)); err != nil {
		return err
	}
	return g.await(ctx, succeeds(ctx, "http://"+addresses[2]+"/readyz", addresses[2]))
}

// output runs a program to its end and returns what it printed.
func output(ctx context.Context, program string, args ...string) (string, error) {
	text, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", filepath.Base(program), strings.Join(args, " "), err, text)
	}
	return string(text), nil
}
