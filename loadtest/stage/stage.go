// Package stage sets up what a crowd comes to, on this machine: Redis, a shop,
// and gateways in front of it that serve one event.
package stage

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
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

// The other event of a stage with a bystander.
const (
	BystanderPath = "/calm"
	BystanderID   = "calm"
)

const program = "github.com/bilten/rushgate/cmd/rushgate"

// Room is the part of the event that a load test may vary.
type Room struct {
	PerMinute int64 // 0 calls nobody
	Cap       int64
	Turn      time.Duration // how long a called visitor may take
	Session   time.Duration
}

// Plan is what shall stand. Its zero value, with a shop, has no gateways.
type Plan struct {
	Gateways  int
	Room      Room
	Shop      http.Handler
	Pool      string   // lines of the pool in the operator's file, in place of Shop
	Kind      Kind     // of Redis
	Redis     []string // arguments of every redis-server; nil keeps nothing on disk
	Linked    bool     // a link that can fall ill between the gateways and a single Redis
	Bystander bool     // a second event beside the first, with the same room
	Program   string   // rushgate, built; empty builds it
}

// Stage is what stands. All addresses are host:port.
type Stage struct {
	Redis    string // as the gateways know it; empty under Sentinel and in a Cluster
	Shop     string
	Gateways []string
	Doors    []*Gateway // the same, to be ill-treated
	Store    Store
	API      string // organizer API of one gateway
	Live     string // URL of the event's numbers at one gateway's organizer API
	Key      string // for it
	dir      string
	undo     []func()
}

// SetUp starts Redis, the shop and so many gateways. It says on out what it
// does. Whoever has got a stage tears it down.
func SetUp(ctx context.Context, gateways int, room Room, shop http.Handler, out io.Writer) (*Stage, error) {
	return Plan{Gateways: gateways, Room: room, Shop: shop}.SetUp(ctx, out)
}

// SetUp starts what is planned. It says on out what it does. Whoever has got a
// stage tears it down.
func (p Plan) SetUp(ctx context.Context, out io.Writer) (_ *Stage, err error) {
	s := &Stage{}
	defer func() {
		if err != nil {
			s.TearDown()
		}
	}()
	if s.dir, err = os.MkdirTemp("", "stage"); err != nil {
		return nil, err
	}
	s.later(func() { _ = os.RemoveAll(s.dir) })
	if p.Program == "" {
		_, _ = fmt.Fprintln(out, "building rushgate")
		p.Program = filepath.Join(s.dir, "rushgate")
		if err := Build(ctx, p.Program); err != nil {
			return nil, err
		}
	}
	if err := s.startRedis(ctx, p); err != nil {
		return nil, err
	}
	if p.Pool == "" {
		if err := s.startShop(p.Shop); err != nil {
			return nil, err
		}
	}
	config, err := s.prepare(ctx, p)
	if err != nil {
		return nil, err
	}
	for i := range p.Gateways {
		if err := s.open(ctx, fmt.Sprintf("gateway-%d", i+1), p.Program, config); err != nil {
			return nil, err
		}
	}
	_, _ = fmt.Fprintf(out, "%s, shop at %s, gateways at %s\n", s.Store, cmp.Or(s.Shop, "its instances"), strings.Join(s.Gateways, " and "))
	return s, nil
}

// Build makes the program of the gateways.
func Build(ctx context.Context, to string) error {
	_, err := process.Output(ctx, "go", "build", "-o", to, program)
	return err
}

// TearDown ends everything that SetUp began, last one first.
func (s *Stage) TearDown() {
	for i := len(s.undo) - 1; i >= 0; i-- {
		s.undo[i]()
	}
	s.undo = nil
}

func (s *Stage) later(f func()) { s.undo = append(s.undo, f) }

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
