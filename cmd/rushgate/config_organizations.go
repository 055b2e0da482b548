package main

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/bilten/rushgate/prescale/rush"
	"github.com/bilten/rushgate/prescale/rush/crew"
)

// Organization is a tenant: the hosts it may put events on, and which pool
// serves them. Events name routes inside these hosts, never an address.
type Organization struct {
	Hosts     []string   `yaml:"hosts" help:"Hosts that this organization's events may name, in lower case and without a port. A host belongs to one organization."`
	Upstreams []Upstream `yaml:"upstreams"`
	// By name, which is what an event may know of it.
	IdentitySecrets map[string]string `yaml:"identity_secrets" help:"File with the secret that an event's identity.secret names, 32 to 1024 bytes; read again on SIGHUP. Other organizations' events do not find it."`
}

// Upstream sends what matches to a pool; the most specific match wins.
type Upstream struct {
	Host string `yaml:"host" help:"One of the organization's hosts; empty means all of them."`
	Path string `yaml:"path" help:"Path pattern, as in an event's routes: /shop/**. The most specific one wins."`
	Pool string `yaml:"pool" help:"Name of the pool that serves it."`
}

// APIKey is an organizer's key, hashed; 'rushgate apikey create' prints it
// once, with the lines for this file.
type APIKey struct {
	Name         string `yaml:"name" help:"Who changes are attributed to in the log."`
	Organization string `yaml:"organization" help:"The only organization that the key can see or change."`
	SHA256       string `yaml:"sha256" help:"Hex SHA-256 of the key, from 'rushgate apikey create'. The key itself is kept nowhere."`
}

func (c Config) validateOrganizations(p *problems) {
	owner := map[string]string{}
	for _, id := range sortedKeys(c.Organizations) {
		org, field := c.Organizations[id], "organizations."+id
		if !name.MatchString(id) {
			p.add(field, id, nameRule)
		}
		if len(org.Hosts) == 0 {
			p.add(field+".hosts", "", "needs at least one host")
		}
		for i, host := range org.Hosts {
			at := fmt.Sprintf("%s.hosts[%d]", field, i)
			switch {
			case host == "" || host != strings.ToLower(host) || strings.ContainsAny(host, ":/ *"):
				p.add(at, host, "must be a host name in lower case, without scheme, port or wildcard")
			case owner[host] != "":
				p.add(at, host, "belongs to organization "+owner[host]+" already")
			default:
				owner[host] = id
			}
		}
		c.validateUpstreams(p, field, org, owner, id)
	}
}

func (c Config) validateUpstreams(p *problems, field string, org Organization, owner map[string]string, id string) {
	if len(org.Upstreams) == 0 {
		p.add(field+".upstreams", "", "needs at least one, such as {path: /**, pool: shop}")
	}
	seen := map[string]bool{}
	for i, up := range org.Upstreams {
		at := fmt.Sprintf("%s.upstreams[%d]", field, i)
		if up.Host != "" && owner[up.Host] != id {
			p.add(at+".host", up.Host, "is not one of the organization's hosts")
		}
		if !strings.HasPrefix(up.Path, "/") || strings.ContainsAny(up.Path, "?#%; ") {
			p.add(at+".path", up.Path, "must be a plain path pattern that starts with /, such as /** or /shop/**")
		}
		if _, ok := c.Pools[up.Pool]; !ok {
			p.add(at+".pool", up.Pool, "is not among the pools")
		}
		key := up.Host + " " + up.Path
		if seen[key] {
			p.add(at, key, "stands there twice")
		}
		seen[key] = true
	}
}

func (c Config) validateAPIKeys(p *problems) {
	seen := map[string]bool{}
	for i, key := range c.APIKeys {
		at := fmt.Sprintf("api_keys[%d]", i)
		if !name.MatchString(key.Name) {
			p.add(at+".name", key.Name, nameRule)
		}
		if key.Name == crew.Author || key.Name == rush.Schedule {
			p.add(at+".name", key.Name, "is the name under which Rushgate itself makes changes")
		}
		if _, ok := c.Organizations[key.Organization]; !ok {
			p.add(at+".organization", key.Organization, "is not among the organizations")
		}
		if sum, err := hex.DecodeString(key.SHA256); err != nil || len(sum) != 32 {
			p.add(at+".sha256", "", "must be the 64 hex digits that 'rushgate apikey create' printed")
		}
		who := key.Organization + "/" + key.Name
		if seen[who] {
			p.add(at+".name", key.Name, "is used twice in organization "+key.Organization+": changes could not be told apart")
		}
		seen[who] = true
	}
}

// eventFiles expands the globs, in order and each file once.
func (c Config) eventFiles() ([]string, error) { return c.globbed("events", c.Events) }
