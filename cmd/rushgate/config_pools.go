package main

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Pool is a named set of upstream instances: where requests go.
type Pool struct {
	Instances    []string `yaml:"instances" help:"Base addresses of the instances, such as http://10.0.0.7:3000; scheme, host and port only."`
	PreserveHost *bool    `yaml:"preserve_host" help:"Send the visitor's Host upstream (default true), or the instance's own."`
	CA           string   `yaml:"ca" help:"PEM file of the authority that signed https instances' certificates; empty: the system's."`
	ServerName   string   `yaml:"server_name" help:"Name that https instances' certificates carry, where it is not the host in their address."`

	AnswerTimeout time.Duration `yaml:"answer_timeout" help:"From a request's last byte to the answer's headers; 0 means 1m0s."`
	MaxInFlight   int           `yaml:"max_in_flight" help:"Requests to the pool at one time, more are answered 503; 0 means 4096."`
}

// preserveHost is true unless the file says otherwise: shops behind a gateway
// mostly build their links from the visitor's Host.
func (p Pool) preserveHost() bool { return p.PreserveHost == nil || *p.PreserveHost }

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
		if len(pool.Instances) == 0 {
			p.add(field+".instances", "", "needs at least one instance")
		}
		if pool.CA != "" {
			p.readable(field+".ca", c.beside(pool.CA))
		}
		if pool.AnswerTimeout < 0 {
			p.add(field+".answer_timeout", pool.AnswerTimeout, "must not be negative")
		}
		if pool.MaxInFlight < 0 {
			p.add(field+".max_in_flight", pool.MaxInFlight, "must not be negative")
		}
		seen := map[string]bool{}
		for i, instance := range pool.Instances {
			at := fmt.Sprintf("%s.instances[%d]", field, i)
			if reason := instanceProblem(instance); reason != "" {
				p.add(at, redacted(instance), reason)
			}
			if seen[strings.ToLower(instance)] {
				p.add(at, instance, "stands there twice")
			}
			seen[strings.ToLower(instance)] = true
		}
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
