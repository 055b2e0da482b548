package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Config describes a pool. Zero values mean the defaults below.
type Config struct {
	Name      string   // names the pool in errors
	Instances []string // "http://10.0.0.7:8080" or "https://…": scheme, host and port, no path
	Sources   []Source // of more instances, followed by Run

	// PreserveHost sends the host that the visitor asked for. Without it an
	// instance sees its own address as Host, and the visitor's in X-Forwarded-Host.
	PreserveHost bool

	TLS     TLS
	Limits  Limits
	Balance Balance
	Check   Check
	House   House
}

// House is what the process around a pool lends it. Zero values do without.
type House struct {
	Now     func() time.Time      // nil: time.Now
	Random  func() float64        // [0, 1), spreads checks; nil: they are not spread
	Log     *slog.Logger          // nil: nothing is logged
	Metrics prometheus.Registerer // nil: nothing is counted
}

// Limits bound what one exchange and all of them together may take.
type Limits struct {
	ConnectTimeout time.Duration // TCP and TLS, each
	AnswerTimeout  time.Duration // from the request's last byte to the answer's headers
	// IdleTimeout must stay below the instances' own, or a request now and then
	// meets a connection that the instance has just closed.
	IdleTimeout time.Duration

	MaxInFlight int // requests at one time; more are refused as Busy
	MaxSockets  int // upgraded connections at one time; they live long, so they count apart
}

// Balance says which of the instances gets a request, and which one none.
type Balance struct {
	Algorithm Algorithm     // empty: RoundRobin
	SlowStart time.Duration // how long a new instance takes to its full share; negative: none
	Drain     time.Duration // how long old requests may take to end on an instance that gets no new ones
	// Panic is the share of instances that must be ready, of those that have been:
	// with fewer the checks are likelier wrong than the instances, and all are used.
	Panic    float64
	Retries  float64 // requests that may be sent again, as a share of all
	Ejection Ejection
}

// Check is how an instance is asked whether it is well.
type Check struct {
	Path     string        // "/health"; empty: instances are taken as well
	Lenient  bool          // any answer below 500 is good: the path is a guess, and the shop may have no such page
	Host     string        // Host of the check; empty: the instance's own
	Interval time.Duration // between checks of an instance that is ready
	Retry    time.Duration // between checks of one that is not, or has just failed one
	Timeout  time.Duration // of one check, all of it
	Bad      int           // checks in a row that make an instance unhealthy
	Good     int           // checks in a row that make an unhealthy one ready
	WarmUp   int           // requests that a new instance answers before it counts as ready
}

// Ejection is when visitors' own requests tell that an instance is ill.
type Ejection struct {
	InARow   int           // failures in a row; negative: never
	Share    float64       // failures among the requests of the last seconds
	Requests int           // fewer than these in the last seconds tell nothing by their share
	Time     time.Duration // of the first ejection; each further one in a row is longer by as much
	Longest  time.Duration
	Most     float64 // instances ejected at one time, as a share of all
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

	DefaultSlowStart = 30 * time.Second
	DefaultDrain     = 300 * time.Second
	DefaultPanic     = 0.25
	DefaultRetries   = 0.1

	DefaultCheckInterval = 30 * time.Second
	DefaultCheckRetry    = 2 * time.Second
	DefaultCheckTimeout  = 5 * time.Second
	DefaultBad           = 3
	DefaultGood          = 2
	DefaultWarmUp        = 3

	DefaultFailuresInARow  = 5
	DefaultFailureShare    = 0.4
	DefaultFailureRequests = 20
	DefaultEjectionTime    = 10 * time.Second
	DefaultLongestEjection = 300 * time.Second
	DefaultMostEjected     = 0.5

	// maxAnswerHeader bounds what an instance may send before its body.
	maxAnswerHeader = 256 << 10
)

func initial[T comparable](value *T, usual T) {
	var none T
	if *value == none {
		*value = usual
	}
}

func (c Config) withDefaults() Config {
	initial(&c.Limits.ConnectTimeout, DefaultConnectTimeout)
	initial(&c.Limits.AnswerTimeout, DefaultAnswerTimeout)
	initial(&c.Limits.IdleTimeout, DefaultIdleTimeout)
	initial(&c.Limits.MaxInFlight, DefaultMaxInFlight)
	initial(&c.Limits.MaxSockets, DefaultMaxSockets)

	initial(&c.Balance.Algorithm, RoundRobin)
	initial(&c.Balance.SlowStart, DefaultSlowStart)
	initial(&c.Balance.Drain, DefaultDrain)
	initial(&c.Balance.Panic, DefaultPanic)
	initial(&c.Balance.Retries, DefaultRetries)

	initial(&c.Check.Interval, DefaultCheckInterval)
	initial(&c.Check.Retry, DefaultCheckRetry)
	initial(&c.Check.Timeout, DefaultCheckTimeout)
	initial(&c.Check.Bad, DefaultBad)
	initial(&c.Check.Good, DefaultGood)
	initial(&c.Check.WarmUp, DefaultWarmUp)

	e := &c.Balance.Ejection
	initial(&e.InARow, DefaultFailuresInARow)
	initial(&e.Share, DefaultFailureShare)
	initial(&e.Requests, DefaultFailureRequests)
	initial(&e.Time, DefaultEjectionTime)
	initial(&e.Longest, DefaultLongestEjection)
	initial(&e.Most, DefaultMostEjected)

	if c.House.Now == nil {
		c.House.Now = time.Now
	}
	if c.House.Random == nil {
		c.House.Random = func() float64 { return 0.5 }
	}
	initial(&c.House.Log, slog.New(slog.DiscardHandler))
	return c
}

// checkBounds is called on a Config with its defaults.
func (c Config) checkBounds() error {
	var errs []error
	wrong := func(field string, value any, reason string) {
		errs = append(errs, fmt.Errorf("%s: %v: %s", field, value, reason))
	}
	if c.Name == "" {
		errs = append(errs, errors.New("name: must not be empty"))
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"connect_timeout", c.Limits.ConnectTimeout},
		{"answer_timeout", c.Limits.AnswerTimeout},
		{"idle_timeout", c.Limits.IdleTimeout},
		{"drain", c.Balance.Drain},
		{"check.interval", c.Check.Interval},
		{"check.retry", c.Check.Retry},
		{"check.timeout", c.Check.Timeout},
		{"ejection.time", c.Balance.Ejection.Time},
		{"ejection.longest", c.Balance.Ejection.Longest},
	} {
		if d.value < 0 {
			wrong(d.name, d.value, "must not be negative")
		}
	}
	for _, n := range []struct {
		name  string
		value int
	}{
		{"max_in_flight", c.Limits.MaxInFlight},
		{"max_sockets", c.Limits.MaxSockets},
		{"check.bad", c.Check.Bad},
		{"check.good", c.Check.Good},
		{"check.warm_up", c.Check.WarmUp},
		{"ejection.requests", c.Balance.Ejection.Requests},
	} {
		if n.value < 0 {
			wrong(n.name, n.value, "must not be negative")
		}
	}
	for _, s := range []struct {
		name  string
		value float64
	}{
		{"panic", c.Balance.Panic},
		{"retries", c.Balance.Retries},
		{"ejection.share", c.Balance.Ejection.Share},
		{"ejection.most", c.Balance.Ejection.Most},
	} {
		if !(s.value >= 0 && s.value <= 1) { // also not a number
			wrong(s.name, s.value, "must be between 0 and 1")
		}
	}
	if !c.Balance.Algorithm.known() {
		wrong("algorithm", fmt.Sprintf("%q", c.Balance.Algorithm), "must be "+algorithms)
	}
	if c.Check.Path != "" && !strings.HasPrefix(c.Check.Path, "/") {
		wrong("check.path", fmt.Sprintf("%q", c.Check.Path), "must begin with /")
	}
	return errors.Join(errs...)
}

func (c Config) transport() (*http.Transport, error) {
	tlsConfig, err := c.TLS.config()
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		// No Proxy: HTTP_PROXY in the environment is meant for other traffic.
		DialContext:           dialer(c.Limits.ConnectTimeout),
		TLSClientConfig:       tlsConfig,
		TLSHandshakeTimeout:   c.Limits.ConnectTimeout,
		ResponseHeaderTimeout: c.Limits.AnswerTimeout,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       c.Limits.IdleTimeout,
		// The default of 2 makes a busy proxy dial for nearly every request.
		MaxIdleConnsPerHost:    c.Limits.MaxInFlight,
		MaxResponseHeaderBytes: maxAnswerHeader,
		// The visitor and the instance settle the encoding between them.
		DisableCompression: true,
	}, nil
}

func parseInstances(addresses []string) ([]Found, error) {
	var errs []error
	seen := make(map[string]bool, len(addresses))
	instances := make([]Found, 0, len(addresses))
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
		instances = append(instances, Found{Address: u.String()})
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
