// Package stage sets up what a crowd comes to, on this machine: a redis-server,
// a shop, and gateways in front of it that serve one event.
package stage

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

	"github.com/bilten/rushgate/loadtest/process"
)

// Where the event is. Every stage has the same, because nobody else sees it.
const (
	Host    = "tickets.localhost" // in the address bar
	Path    = "/buy"              // protected, with everything below it
	EventID = "rush"
)

const program = "github.com/bilten/rushgate/cmd/rushgate"

// Room is the part of the event that a load test may vary.
type Room struct {
	PerMinute int64 // 0 calls nobody
	Cap       int64
	Turn      time.Duration // how long a called visitor may take
	Session   time.Duration
}

// Burst is how many may come in at once: a second's worth and one more, and what
// comes due until the next tick.
func (r Room) Burst() int64 { return 1 + r.PerMinute/60 + r.PerMinute*Tick.Milliseconds()/60_000 }

// Tick is the longest time between two ticks of a room with two gateways.
const Tick = 300 * time.Millisecond

// Stage is what stands. All addresses are host:port.
type Stage struct {
	Redis    string
	Shop     string
	Gateways []string
	Live     string // URL of the event's numbers at one gateway's organizer API
	Key      string // for it
	undo     []func()
}

// SetUp starts Redis, the shop and so many gateways. It says on out what it
// does. Whoever has got a stage tears it down.
func SetUp(ctx context.Context, gateways int, room Room, shop http.Handler, out io.Writer) (_ *Stage, err error) {
	s := &Stage{}
	defer func() {
		if err != nil {
			s.TearDown()
		}
	}()
	dir, err := os.MkdirTemp("", "stage")
	if err != nil {
		return nil, err
	}
	s.later(func() { _ = os.RemoveAll(dir) })

	_, _ = fmt.Fprintln(out, "building rushgate")
	binary := filepath.Join(dir, "rushgate")
	if _, err := process.Output(ctx, "go", "build", "-o", binary, program); err != nil {
		return nil, err
	}
	if err := s.startRedis(ctx, dir); err != nil {
		return nil, err
	}
	if err := s.startShop(shop); err != nil {
		return nil, err
	}
	config, err := s.prepare(ctx, dir, binary, room)
	if err != nil {
		return nil, err
	}
	for i := range gateways {
		if err := s.startGateway(ctx, dir, binary, config, i+1); err != nil {
			return nil, err
		}
	}
	_, _ = fmt.Fprintf(out, "redis-server at %s, shop at %s, gateways at %s\n", s.Redis, s.Shop, strings.Join(s.Gateways, " and "))
	return s, nil
}

// TearDown ends everything that SetUp began, last one first.
func (s *Stage) TearDown() {
	for i := len(s.undo) - 1; i >= 0; i-- {
		s.undo[i]()
	}
	s.undo = nil
}

func (s *Stage) later(f func()) { s.undo = append(s.undo, f) }

func (s *Stage) startRedis(ctx context.Context, dir string) (err error) {
	if s.Redis, err = process.FreeAddress(); err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(s.Redis)
	server, err := process.Start(dir, "redis", "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", dir)
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("redis-server is not installed: 'make deps' installs it")
	}
	if err != nil {
		return err
	}
	s.later(server.Stop)
	return server.Await(ctx, process.Accepts(s.Redis))
}

func (s *Stage) startShop(shop http.Handler) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: shop, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	s.later(func() { _ = server.Close() })
	s.Shop = listener.Addr().String()
	return nil
}

func (s *Stage) startGateway(ctx context.Context, dir, binary, config string, number int) error {
	var addresses [3]string // visitors, organizers, operators
	for i := range addresses {
		var err error
		if addresses[i], err = process.FreeAddress(); err != nil {
			return err
		}
	}
	g, err := process.Start(dir, fmt.Sprintf("gateway-%d", number), binary, "serve", "--config", config,
		"--gateway", addresses[0], "--api", addresses[1], "--ops", addresses[2])
	if err != nil {
		return err
	}
	s.later(g.Stop)
	s.Gateways = append(s.Gateways, addresses[0])
	s.Live = "http://" + addresses[1] + "/v1/organizations/" + organization + "/events/" + EventID + "/live"
	if err := g.Await(ctx, process.Succeeds(ctx, "http://"+addresses[0]+"/_rushgate/"+EventID+"/now", Host)); err != nil {
		return err
	}
	return g.Await(ctx, process.Succeeds(ctx, "http://"+addresses[2]+"/readyz", addresses[2]))
}
