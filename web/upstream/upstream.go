// Package upstream carries admitted requests to the shop behind the gateway
// and the shop's answers back: a [Pool] of instances, one connection pool for
// all of them, and nothing of the waiting room.
//
// The caller decides what a request may be; a Pool forwards exactly the path it
// is given. Addresses come from the operator's own file, never from a visitor
// or an organizer, so a Pool may reach private networks.
//
// The proxying itself is net/http/httputil's: it knows about upgrades, trailers,
// informational answers and hop-by-hop headers what took the world years to
// learn. This package adds the choice of an instance, bounds, typed failures and
// a register of upgraded connections.
package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Config describes a pool. Zero values mean the defaults below.
type Config struct {
	Name      string   // names the pool in errors
	Instances []string // "http://10.0.0.7:8080" or "https://…": scheme, host and port, no path

	// PreserveHost sends the host that the visitor asked for. Without it an
	// instance sees its own address as Host, and the visitor's in X-Forwarded-Host.
	PreserveHost bool

	TLS TLS

	ConnectTimeout time.Duration // TCP and TLS, each
	AnswerTimeout  time.Duration // from the request's last byte to the answer's headers
	// IdleTimeout must stay below the instances' own, or a request now and then
	// meets a connection that the instance has just closed.
	IdleTimeout time.Duration

	MaxInFlight int // requests at one time; more are refused as Busy
	MaxSockets  int // upgraded connections at one time; they live long, so they count apart
}

// TLS is how https instances are verified.
type TLS struct {
	CA         []byte // PEM; empty: the system's roots
	ServerName string // empty: the instance's host
	SkipVerify bool   // accepts any certificate: for development
}

const (
	DefaultConnectTimeout = 5 * time.Second
	DefaultAnswerTimeout  = 60 * time.Second
	// DefaultIdleTimeout is below the 5 s of Node and Apache, the shortest of the
	// common servers. A busy connection never gets that old.
	DefaultIdleTimeout = 4 * time.Second
	DefaultMaxInFlight = 4096
	DefaultMaxSockets  = 10_000

	// maxAnswerHeader bounds what an instance may send before its body.
	maxAnswerHeader = 256 << 10
)

// Pool forwards requests to its instances in turn. It is safe for concurrent use.
type Pool struct {
	name         string
	preserveHost bool
	targets      *targets
	inFlight     slots
	socketSlots  slots
	sockets      sockets
}

// New makes a pool, or names everything that is wrong with its configuration.
func New(c Config) (*Pool, error) {
	c = c.withDefaults()
	instances, err := parseInstances(c.Instances)
	tlsConfig, tlsErr := c.TLS.config()
	if err := errors.Join(c.checkBounds(), err, tlsErr); err != nil {
		return nil, fmt.Errorf("pool %q: %w", c.Name, err)
	}
	transport := &http.Transport{
		// No Proxy: HTTP_PROXY in the environment is meant for other traffic.
		DialContext:           (&net.Dialer{Timeout: c.ConnectTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       tlsConfig,
		TLSHandshakeTimeout:   c.ConnectTimeout,
		ResponseHeaderTimeout: c.AnswerTimeout,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       c.IdleTimeout,
		// The default of 2 makes a busy proxy dial for nearly every request.
		MaxIdleConnsPerHost:    c.MaxInFlight,
		MaxResponseHeaderBytes: maxAnswerHeader,
		// The visitor and the instance settle the encoding between them.
		DisableCompression: true,
	}
	p := &Pool{
		name:         c.Name,
		preserveHost: c.PreserveHost,
		targets:      &targets{instances: instances, transport: transport},
	}
	p.inFlight.limit = int64(c.MaxInFlight)
	p.socketSlots.limit = int64(c.MaxSockets)
	return p, nil
}

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		value   *time.Duration
		initial time.Duration
	}{
		{&c.ConnectTimeout, DefaultConnectTimeout},
		{&c.AnswerTimeout, DefaultAnswerTimeout},
		{&c.IdleTimeout, DefaultIdleTimeout},
	} {
		if *d.value == 0 {
			*d.value = d.initial
		}
	}
	if c.MaxInFlight == 0 {
		c.MaxInFlight = DefaultMaxInFlight
	}
	if c.MaxSockets == 0 {
		c.MaxSockets = DefaultMaxSockets
	}
	return c
}

func (c Config) checkBounds() error {
	var errs []error
	if c.Name == "" {
		errs = append(errs, errors.New("name: must not be empty"))
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"connect_timeout", c.ConnectTimeout},
		{"answer_timeout", c.AnswerTimeout},
		{"idle_timeout", c.IdleTimeout},
	} {
		if d.value < 0 {
			errs = append(errs, fmt.Errorf("%s: %v: must not be negative", d.name, d.value))
		}
	}
	if c.MaxInFlight < 0 {
		errs = append(errs, fmt.Errorf("max_in_flight: %d: must not be negative", c.MaxInFlight))
	}
	if c.MaxSockets < 0 {
		errs = append(errs, fmt.Errorf("max_sockets: %d: must not be negative", c.MaxSockets))
	}
	return errors.Join(errs...)
}

func parseInstances(addresses []string) ([]*url.URL, error) {
	if len(addresses) == 0 {
		return nil, errors.New("instances: at least one is needed")
	}
	var errs []error
	seen := make(map[string]bool, len(addresses))
	instances := make([]*url.URL, 0, len(addresses))
	for i, address := range addresses {
		u, err := parseInstance(address)
		if err == nil && seen[u.String()] {
			err = errors.New("is listed twice")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("instances[%d]: %q: %w", i, printable(address), err))
			continue
		}
		seen[u.String()] = true
		instances = append(instances, u)
	}
	return instances, errors.Join(errs...)
}

func parseInstance(address string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(address, "/"))
	switch {
	case err != nil:
		return nil, errors.New("is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("must begin with http:// or https://")
	case u.Hostname() == "":
		return nil, errors.New("names no host")
	case u.User != nil:
		return nil, errors.New("must not carry a user name or password")
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("must end after the host and port: the path that was matched is the path that is forwarded")
	}
	return u, nil
}

// printable leaves out what stands before an "@": a password does not belong
// into an error.
func printable(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}

func (t TLS) config() (*tls.Config, error) {
	c := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         t.ServerName,
		InsecureSkipVerify: t.SkipVerify, //nolint:gosec // the operator's explicit choice
	}
	if len(t.CA) == 0 {
		return c, nil
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(t.CA) {
		return nil, errors.New("tls.ca: holds no PEM certificate")
	}
	return c, nil
}

// slots bounds how many hold one at a time.
type slots struct {
	limit int64
	taken atomic.Int64
}

func (s *slots) take() bool {
	if s.taken.Add(1) > s.limit {
		s.taken.Add(-1)
		return false
	}
	return true
}

func (s *slots) release() { s.taken.Add(-1) }

// InFlight is the number of requests under way, upgraded ones left out.
func (p *Pool) InFlight() int { return int(p.inFlight.taken.Load()) }

// Sockets is the number of upgraded connections, such as WebSockets.
func (p *Pool) Sockets() int { return p.sockets.count() }

// Close ends all upgraded connections (WebSockets are told 1001, going away),
// refuses new ones and lets go of idle connections. Requests under way end by
// themselves. http.Server.Shutdown knows nothing of upgraded connections, so
// call Close once the visitors had their time to drain.
func (p *Pool) Close() {
	p.sockets.closeAll()
	p.targets.transport.CloseIdleConnections()
}

// silent keeps the reverse proxy from writing to the process-wide logger;
// failures reach the caller as an [Error].
var silent = log.New(io.Discard, "", 0)
