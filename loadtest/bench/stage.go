//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/loadtest/process"
)

const (
	organization = "acme"
	host         = "tickets.localhost"
	eventID      = "bench"   // whom HTTP visitors come to
	millionID    = "million" // whose line is long

	statusPath = "/_rushgate/" + eventID + "/status"
	joinPath   = "/_rushgate/" + eventID + "/join"
	claimPath  = "/_rushgate/" + eventID + "/claim"
	shopPath   = "/" + eventID + "/seats"

	rushgateProgram = "github.com/bilten/rushgate/cmd/rushgate"
	baselineProgram = "github.com/bilten/rushgate/loadtest/baseline"

	shopBytes = "400"

	everybody     = 3_000_000 // per minute: faster than anybody can claim
	releasePerMin = 60_000    // per minute, from the million
)

// operatorsFile keeps address limits out of the way: all visitors of a bench
// come from one address.
const operatorsFile = `redis:
  url: redis://%s/0
keys: keys.yaml
pools:
  shop:
    instances: ["http://%s"]
    sessions_per_instance: 0
organizations:
  acme:
    hosts: [tickets.localhost]
    upstreams:
      - {path: /**, pool: shop}
events: [event-*.yaml]
limits:
  join_per_address: {per_second: 1000000, burst: 1000000}
log:
  level: warn
shutdown:
  drain_delay: 0s
  timeout: 3s
%s`

// eventFile begins with everybody waiting, and nobody's turn or session ends
// before the bench does.
const eventFile = `id: %[1]s
organization: acme
routes:
  - {host: tickets.localhost, path: /%[1]s/**}
room:
  new_users_per_minute: %[2]d
  total_active_users: 10000000
  turn_ttl: 1h
  session_duration: 2h
  session_max: 4h
  queue_all: true
`

// server is a process that answers at an address.
type server struct {
	*process.Process
	address string
}

// stage is every process that takes part.
type stage struct {
	dir      string
	baseline string // the program
	rushgate string // the program
	redis    *redisServer
	gateway  server
	api      string // of the organizer
	apiKey   string
	keys     *admission.Keys // the gateway's: the bench makes visitor cookies as its page does
	shop     server
	undo     []func()
}

// tearDown ends everything that was begun, last one first.
func (s *stage) tearDown() {
	for i := len(s.undo) - 1; i >= 0; i-- {
		s.undo[i]()
	}
	s.undo = nil
}

func (s *stage) later(f func()) { s.undo = append(s.undo, f) }

// setUp builds the programs and starts Redis, the shop and the gateway.
// binary is a rushgate that was built already, or empty.
func setUp(ctx context.Context, binary string, out io.Writer) (_ *stage, err error) {
	s := &stage{rushgate: binary}
	defer func() {
		if err != nil {
			s.tearDown()
		}
	}()
	if s.dir, err = os.MkdirTemp("", "bench"); err != nil {
		return nil, err
	}
	s.later(func() { _ = os.RemoveAll(s.dir) })
	if err := s.build(ctx, out); err != nil {
		return nil, err
	}
	if s.redis, err = s.startRedis(ctx, "redis-gateway"); err != nil {
		return nil, err
	}
	if s.shop, err = s.startBaseline(ctx, "shop", "-bytes", shopBytes); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	return s, s.startGateway(ctx)
}

func (s *stage) build(ctx context.Context, out io.Writer) error {
	s.baseline = filepath.Join(s.dir, "baseline")
	programs := map[string]string{s.baseline: baselineProgram}
	if s.rushgate == "" {
		s.rushgate = filepath.Join(s.dir, "rushgate")
		programs[s.rushgate] = rushgateProgram
	}
	_, _ = fmt.Fprintln(out, "building")
	for binary, program := range programs {
		if _, err := process.Output(ctx, "go", "build", "-o", binary, program); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) startRedis(ctx context.Context, name string) (*redisServer, error) {
	r, err := startRedis(ctx, s.dir, name)
	if err == nil {
		s.later(r.stop)
	}
	return r, err
}

func (s *stage) startBaseline(ctx context.Context, name string, flags ...string) (server, error) {
	address, err := process.FreeAddress()
	if err != nil {
		return server{}, err
	}
	p, err := process.Start(s.dir, name, s.baseline, append(append([]string{"-addr", address}, flags...), name)...)
	if err != nil {
		return server{}, err
	}
	s.later(p.Stop)
	return server{p, address}, p.Await(ctx, process.Accepts(address))
}

var keyLine = regexp.MustCompile(`(?m)^key: (\S+)\n\s*((?s:api_keys:.*))`)

// prepare writes keys, event and operator's file, with the program's own
// commands where there are any, and has the program check them.
func (s *stage) prepare(ctx context.Context) error {
	keysFile := filepath.Join(s.dir, "keys.yaml")
	if _, err := process.Output(ctx, s.rushgate, "keys", "new", keysFile); err != nil {
		return err
	}
	text, err := os.ReadFile(keysFile)
	if err != nil {
		return err
	}
	secrets, err := admission.ParseKeyFile(text)
	if err != nil {
		return err
	}
	if s.keys, err = admission.NewKeys("rushgate", secrets); err != nil {
		return err
	}
	printed, err := process.Output(ctx, s.rushgate, "apikey", "create", "--organization", organization)
	if err != nil {
		return err
	}
	match := keyLine.FindStringSubmatch(printed)
	if match == nil {
		return fmt.Errorf("rushgate apikey create prints no key and its lines:\n%s", printed)
	}
	s.apiKey = match[1]
	for id, rate := range map[string]int{eventID: everybody, millionID: releasePerMin} {
		text := fmt.Sprintf(eventFile, id, rate)
		if err := os.WriteFile(filepath.Join(s.dir, "event-"+id+".yaml"), []byte(text), 0o600); err != nil {
			return err
		}
	}
	config := fmt.Sprintf(operatorsFile, s.redis.address, s.shop.address, match[2])
	if err := os.WriteFile(s.config(), []byte(config), 0o600); err != nil {
		return err
	}
	_, err = process.Output(ctx, s.rushgate, "check", s.config())
	return err
}

func (s *stage) config() string { return filepath.Join(s.dir, "rushgate.yaml") }

func (s *stage) startGateway(ctx context.Context) error {
	var addresses [3]string // visitors, organizers, operators
	for i := range addresses {
		var err error
		if addresses[i], err = process.FreeAddress(); err != nil {
			return err
		}
	}
	p, err := process.Start(s.dir, "gateway", s.rushgate, "serve", "--config", s.config(),
		"--gateway", addresses[0], "--api", addresses[1], "--ops", addresses[2])
	if err != nil {
		return err
	}
	s.later(p.Stop)
	s.gateway, s.api = server{p, addresses[0]}, addresses[1]
	for _, id := range []string{eventID, millionID} {
		if err := p.Await(ctx, process.Succeeds(ctx, "http://"+addresses[0]+"/_rushgate/"+id+"/now", host)); err != nil {
			return err
		}
	}
	return p.Await(ctx, process.Succeeds(ctx, "http://"+addresses[2]+"/readyz", addresses[2]))
}

// unqueue lets an event's line be called.
func (s *stage) unqueue(ctx context.Context, id string) error {
	_, err := process.Output(ctx, s.rushgate, "room", id, "unqueue", "--api", "http://"+s.api, "--key", s.apiKey)
	return err
}

func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}
