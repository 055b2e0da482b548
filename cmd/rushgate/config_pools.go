package main

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/bilten/rushgate/web/upstream"
)

// Pool is a named set of upstream instances: where requests go.
type Pool struct {
	PoolSources  `yaml:",inline"`
	PoolWire     `yaml:",inline"`
	PoolCapacity `yaml:",inline"`
	Balance      Balance  `yaml:"balance"`
	Check        Check    `yaml:"check"`
	Ejection     Ejection `yaml:"ejection"`
	Operator     string   `yaml:"operator_sha256" help:"Hex SHA-256 of the key that may see the pool's instances and drain them by API; no organizer's key may. Empty: nobody."`
}

// PoolSources say where instances are found; several may be named.
type PoolSources struct {
	Instances    []string     `yaml:"instances" help:"Base addresses of the instances, such as http://10.0.0.7:3000; scheme, host and port only."`
	DNS          DNS          `yaml:"dns"`
	Kubernetes   Kubernetes   `yaml:"kubernetes"`
	Registration Registration `yaml:"registration"`
}

// DNS finds instances by SRV records.
type DNS struct {
	Name     string        `yaml:"name" help:"Name of SRV records that name instances, such as _http._tcp.shop.internal; those of the lowest priority count, with their weights. While it cannot be resolved, what was known stays. Empty: none."`
	Scheme   string        `yaml:"scheme" help:"http or https; empty means http."`
	Interval time.Duration `yaml:"interval" help:"Between two look-ups; 0 means 10s."`
	Resolver string        `yaml:"resolver" help:"host:port of the name server; empty: the system's."`
}

// Kubernetes finds instances by the EndpointSlices of a service.
type Kubernetes struct {
	Service    string `yaml:"service" help:"Service whose ready endpoints are instances, by its EndpointSlices; needs the right to list and watch these. Empty: none."`
	Namespace  string `yaml:"namespace" help:"Namespace of the service."`
	Port       string `yaml:"port" help:"Name or number of its port; may be empty if it has only one."`
	Scheme     string `yaml:"scheme" help:"http or https; empty means http."`
	Kubeconfig string `yaml:"kubeconfig" help:"File to find the cluster by; empty: the one that the gateway runs in, by its service account."`
}

// Registration lets instances name themselves.
type Registration struct {
	SHA256   string        `yaml:"sha256" help:"Hex SHA-256 of the key with which instances register themselves: POST /v1/pools/NAME/instances/ID, repeated three times within ttl. Empty: none may."`
	Networks []string      `yaml:"networks" help:"Networks (CIDR) in which a registered instance may be; it is given by IP address. Name no more than the shop's own: whoever has the key could make the gateway ask anything there."`
	TTL      time.Duration `yaml:"ttl" help:"How long a registration lasts without being repeated; 0 means 30s."`
}

// PoolWire is how instances are talked to.
type PoolWire struct {
	PreserveHost *bool  `yaml:"preserve_host" help:"Send the visitor's Host upstream (default true), or the instance's own."`
	CA           string `yaml:"ca" help:"PEM file of the authority that signed https instances' certificates; empty: the system's."`
	ServerName   string `yaml:"server_name" help:"Name that https instances' certificates carry, where it is not the host in their address."`

	AnswerTimeout time.Duration `yaml:"answer_timeout" help:"From a request's last byte to the answer's headers; 0 means 1m0s."`
	MaxInFlight   int           `yaml:"max_in_flight" help:"Requests to the pool at one time, more are answered 503; 0 means 4096."`
}

// PoolCapacity is what an instance is good for, and how events share it.
type PoolCapacity struct {
	SessionsPerInstance  *int           `yaml:"sessions_per_instance" help:"Visitors inside at one time that an instance of weight 1 serves, as a load test of yours has shown (default 1000). 0: not limited by instances."`
	PerMinutePerInstance int            `yaml:"per_minute_per_instance" help:"New visitors a minute that an instance of weight 1 can take; 0: not limited by instances."`
	Weights              map[string]int `yaml:"weights" help:"An event's share of the pool when several want more than there is, by event id; 1 to 1000, and 1 where none is given."`
	TargetP95            time.Duration  `yaml:"target_p95" help:"Answer time, up to the headers, that 95 % should keep to; above it the rate is cut. 0: three times what the pool shows in quiet times, 1s to 5s."`
}

// Balance is which instance gets a request.
type Balance struct {
	Algorithm string        `yaml:"algorithm" help:"round-robin, least-connections (of two at random the one with less under way for its weight) or weighted; empty means round-robin."`
	SlowStart time.Duration `yaml:"slow_start" help:"How long an instance that is new, or well again, takes to its full share; 0 means 30s, a negative time none."`
	Drain     time.Duration `yaml:"drain" help:"How long old requests may take to end on an instance that gets no new ones; 0 means 5m0s."`
	Panic     float64       `yaml:"panic" help:"With a smaller share of instances ready all are used: the checks are likelier wrong than the instances; 0 means 0.25."`
	Retries   float64       `yaml:"retries" help:"Requests that may be sent to a second instance when the first fails, as a share of all. Only such as have not left the gateway, or may be repeated; 0 means 0.1."`
}

// Check is how instances are asked whether they are well.
type Check struct {
	Off      bool          `yaml:"off" help:"true: instances are not asked, and taken as well until visitors' requests fail."`
	Path     string        `yaml:"path" help:"What instances are asked; a 2xx or 3xx means well. Empty means /health, and any answer below 500: it is a guess."`
	Host     string        `yaml:"host" help:"Host header of the check; empty: the instance's own address."`
	Interval time.Duration `yaml:"interval" help:"Between two checks of an instance that is well; 0 means 30s."`
	Retry    time.Duration `yaml:"retry" help:"Between two checks of one that is not, or has just failed one; 0 means 2s."`
	Timeout  time.Duration `yaml:"timeout" help:"Of one check; 0 means 5s."`
	Bad      int           `yaml:"bad" help:"Failed checks in a row that make an instance unhealthy; 0 means 3."`
	Good     int           `yaml:"good" help:"Good checks in a row that make an unhealthy instance ready; 0 means 2."`
	WarmUp   int           `yaml:"warm_up" help:"Checks that a new instance answers, one after the other, before it gets visitors; 0 means 3."`
}

// Ejection is when visitors' own requests tell that an instance is ill.
type Ejection struct {
	InARow   int           `yaml:"in_a_row" help:"Failures in a row (5xx, timeouts, broken connections) that eject an instance; 0 means 5, a negative number never."`
	Share    float64       `yaml:"share" help:"Share of failures in ten seconds that ejects it; 0 means 0.4."`
	Requests int           `yaml:"requests" help:"With fewer requests in ten seconds the share tells nothing; 0 means 20."`
	Time     time.Duration `yaml:"time" help:"How long the first ejection lasts; each further one in a row lasts longer by as much; 0 means 10s."`
	Longest  time.Duration `yaml:"longest" help:"How long one lasts at most; 0 means 5m0s."`
	Most     float64       `yaml:"most" help:"Share of instances that may be ejected at one time; 0 means 0.5."`
}

const defaultSessionsPerInstance = 1000

// sessions is what an instance of weight 1 serves at one time; 0: not limited.
func (c PoolCapacity) sessions() int {
	if c.SessionsPerInstance == nil {
		return defaultSessionsPerInstance
	}
	return *c.SessionsPerInstance
}

// preserveHost is true unless the file says otherwise: shops behind a gateway
// mostly build their links from the visitor's Host.
func (w PoolWire) preserveHost() bool { return w.PreserveHost == nil || *w.PreserveHost }

// name is what pools and organizations may be called; it appears in metrics,
// keys and URLs.
var name = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

const nameRule = "must be 1 to 40 of a-z, 0-9 and -"

func (c Config) validatePools(p *problems) {
	for _, id := range sortedKeys(c.Pools) {
		pool, field := c.Pools[id], "pools."+id
		if !name.MatchString(id) {
			p.add(field, id, nameRule)
		}
		c.validateSources(p, field, pool.PoolSources)
		if pool.CA != "" {
			p.readable(field+".ca", c.beside(pool.CA))
		}
		if pool.AnswerTimeout < 0 {
			p.add(field+".answer_timeout", pool.AnswerTimeout, "must not be negative")
		}
		if pool.MaxInFlight < 0 {
			p.add(field+".max_in_flight", pool.MaxInFlight, "must not be negative")
		}
		pool.PoolCapacity.validate(p, field)
		pool.Balance.validate(p, field+".balance")
		pool.Check.validate(p, field+".check")
		pool.Ejection.validate(p, field+".ejection")
		p.hash(field+".operator_sha256", pool.Operator)
	}
}

func (c Config) validateSources(p *problems, field string, s PoolSources) {
	if len(s.Instances) == 0 && s.DNS.Name == "" && s.Kubernetes.Service == "" && s.Registration.SHA256 == "" {
		p.add(field+".instances", "", "needs at least one instance, or dns, kubernetes or registration to find some")
	}
	seen := map[string]bool{}
	for i, instance := range s.Instances {
		at := fmt.Sprintf("%s.instances[%d]", field, i)
		if reason := instanceProblem(instance); reason != "" {
			p.add(at, redacted(instance), reason)
		}
		if seen[strings.ToLower(instance)] {
			p.add(at, instance, "stands there twice")
		}
		seen[strings.ToLower(instance)] = true
	}
	s.DNS.validate(p, field+".dns")
	s.Registration.validate(p, field+".registration")
	k := s.Kubernetes
	if k.Service == "" && k != (Kubernetes{}) {
		p.add(field+".kubernetes.service", "", "is missing")
	}
	if k.Service != "" && k.Namespace == "" {
		p.add(field+".kubernetes.namespace", "", "is missing")
	}
	p.scheme(field+".kubernetes.scheme", k.Scheme)
	if k.Kubeconfig != "" {
		p.readable(field+".kubernetes.kubeconfig", c.beside(k.Kubeconfig))
	}
}

func (d DNS) validate(p *problems, field string) {
	if d.Name == "" && d != (DNS{}) {
		p.add(field+".name", "", "is missing")
	}
	p.scheme(field+".scheme", d.Scheme)
	if d.Interval != 0 && d.Interval < time.Second {
		p.add(field+".interval", d.Interval, "must be at least 1s")
	}
	if d.Resolver != "" {
		p.hostPorts(field+".resolver", []string{d.Resolver})
	}
}

func (r Registration) validate(p *problems, field string) {
	p.hash(field+".sha256", r.SHA256)
	if r.SHA256 != "" && len(r.Networks) == 0 {
		p.add(field+".networks", "", "is missing: name the networks in which instances may be")
	}
	if r.SHA256 == "" && (len(r.Networks) > 0 || r.TTL != 0) {
		p.add(field+".sha256", "", "is missing: without a key nobody may register")
	}
	p.networks(field+".networks", r.Networks)
	if r.TTL != 0 && (r.TTL < 3*time.Second || r.TTL > time.Hour) {
		p.add(field+".ttl", r.TTL, "must be between 3s and 1h")
	}
}

func (c PoolCapacity) validate(p *problems, field string) {
	if c.sessions() < 0 || c.sessions() > unlimitedSessions {
		p.add(field+".sessions_per_instance", c.sessions(), "must be 0 to 1,000,000")
	}
	if c.PerMinutePerInstance < 0 || c.PerMinutePerInstance > unlimitedSessions {
		p.add(field+".per_minute_per_instance", c.PerMinutePerInstance, "must be 0 to 1,000,000")
	}
	if c.TargetP95 < 0 {
		p.add(field+".target_p95", c.TargetP95, "must not be negative")
	}
	for _, id := range sortedKeys(c.Weights) {
		if weight := c.Weights[id]; weight < 1 || weight > 1000 {
			p.add(field+".weights."+id, weight, "must be 1 to 1000")
		}
		if !name.MatchString(id) {
			p.add(field+".weights", id, "is no event's id: "+nameRule)
		}
	}
}

func (b Balance) validate(p *problems, field string) {
	switch upstream.Algorithm(b.Algorithm) {
	case "", upstream.RoundRobin, upstream.LeastConnections, upstream.Weighted:
	default:
		p.add(field+".algorithm", b.Algorithm, "must be round-robin, least-connections or weighted")
	}
	p.notNegative(field+".drain", b.Drain)
	p.share(field+".panic", b.Panic)
	p.share(field+".retries", b.Retries)
}

func (c Check) validate(p *problems, field string) {
	if c.Off && c != (Check{Off: true}) {
		p.add(field+".off", c.Off, "leaves no use for the other settings of the check")
	}
	if c.Path != "" && !strings.HasPrefix(c.Path, "/") {
		p.add(field+".path", c.Path, "must start with /")
	}
	p.notNegative(field+".interval", c.Interval)
	p.notNegative(field+".retry", c.Retry)
	p.notNegative(field+".timeout", c.Timeout)
	for _, n := range []struct {
		name  string
		value int
	}{{"bad", c.Bad}, {"good", c.Good}, {"warm_up", c.WarmUp}} {
		if n.value < 0 || n.value > 100 {
			p.add(field+"."+n.name, n.value, "must be between 0 and 100")
		}
	}
}

func (e Ejection) validate(p *problems, field string) {
	p.share(field+".share", e.Share)
	p.share(field+".most", e.Most)
	p.notNegative(field+".time", e.Time)
	p.notNegative(field+".longest", e.Longest)
	if e.Requests < 0 {
		p.add(field+".requests", e.Requests, "must not be negative")
	}
}

func (p *problems) scheme(field, scheme string) {
	if scheme != "" && scheme != "http" && scheme != "https" {
		p.add(field, scheme, "must be http or https")
	}
}

func (p *problems) hash(field, sum string) {
	if raw, err := hex.DecodeString(sum); sum != "" && (err != nil || len(raw) != 32) {
		p.add(field, "", "must be the 64 hex digits of the key's SHA-256") // what was written may be the key itself
	}
}

func (p *problems) share(field string, share float64) {
	if !(share >= 0 && share <= 1) { // also not a number
		p.add(field, share, "must be between 0 and 1")
	}
}

func (p *problems) notNegative(field string, d time.Duration) {
	if d < 0 {
		p.add(field, d, "must not be negative")
	}
}

func instanceProblem(instance string) string {
	u, err := url.Parse(instance)
	switch {
	case err != nil:
		return "is not a URL"
	case u.Scheme != "http" && u.Scheme != "https":
		return "must start with http:// or https://"
	case u.Hostname() == "":
		return "names no host"
	case u.User != nil:
		return "must not carry a user or password"
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return "must end after host and port: a gateway forwards the path it has checked, unchanged"
	}
	return ""
}
