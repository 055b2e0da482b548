package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
)

// problems gathers what is wrong with one file, each with field, value and
// reason.
type problems struct {
	file string
	errs []error
}

func (p *problems) add(field string, value any, reason string) {
	if s, ok := value.(string); ok {
		if s == "" {
			p.errs = append(p.errs, fmt.Errorf("%s: %s: %s", p.file, field, reason))
			return
		}
		value = fmt.Sprintf("%q", s)
	}
	p.errs = append(p.errs, fmt.Errorf("%s: %s: %v: %s", p.file, field, value, reason))
}

func (p *problems) hostPorts(field string, addresses []string) {
	for i, address := range addresses {
		if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
			p.add(fmt.Sprintf("%s[%d]", field, i), address, "must be host:port")
		}
	}
}

func (p *problems) networks(field string, networks []string) {
	for i, network := range networks {
		if _, err := netip.ParsePrefix(network); err != nil {
			p.add(fmt.Sprintf("%s[%d]", field, i), network, "must be a network such as 10.0.0.0/8")
		}
	}
}

// prefixes are networks that have been validated.
func prefixes(networks []string) []netip.Prefix {
	all := make([]netip.Prefix, 0, len(networks))
	for _, network := range networks {
		all = append(all, netip.MustParsePrefix(network))
	}
	return all
}

// validate needs the file system (keys, certificates) and nothing else.
func (c Config) validate() error {
	p := &problems{file: c.file}
	c.validateListeners(p)
	c.validateRedis(p)
	if c.Keys != "" {
		p.readable("keys", c.beside(c.Keys))
	} else if !c.Redis.embedded() {
		p.add("keys", "", "is needed with Redis: every gateway must sign with the same keys; 'rushgate keys new' makes the file")
	}
	c.validateDataDir(p)
	if c.Issuer == "" || len(c.Issuer) > 100 {
		p.add("issuer", c.Issuer, "must have 1 to 100 characters")
	}
	if !prefix.MatchString(c.Prefix) {
		p.add("prefix", c.Prefix, "must be one path segment of a-z, 0-9, - and _, such as /_rushgate")
	}
	p.networks("trusted_proxies", c.TrustedProxies)
	c.validatePools(p)
	c.validateOrganizations(p)
	c.validateServices(p)
	c.validateScaling(p)
	c.validateAPIKeys(p)
	c.validateIdentity(p)
	c.validateLimits(p)
	if err := new(slog.Level).UnmarshalText([]byte(c.Log.Level)); err != nil {
		p.add("log.level", c.Log.Level, "must be debug, info, warn or error")
	}
	if c.Log.Format != "json" && c.Log.Format != "text" {
		p.add("log.format", c.Log.Format, "must be json or text")
	}
	if c.Shutdown.DrainDelay < 0 || c.Shutdown.Timeout <= 0 {
		p.add("shutdown", fmt.Sprintf("%s, %s", c.Shutdown.DrainDelay, c.Shutdown.Timeout), "drain_delay must not be negative, timeout must be above 0")
	}
	return errors.Join(p.errs...)
}

var prefix = regexp.MustCompile(`^/[a-z0-9_-]{1,40}$`)

// inFile puts the file's name before every line of a joined error.
func inFile(file string, err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var each []error
		for _, one := range joined.Unwrap() {
			each = append(each, inFile(file, one))
		}
		return errors.Join(each...)
	}
	return fmt.Errorf("%s: %w", file, err)
}

func plainPathError(err error) string {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err.Error()
	}
	return err.Error()
}

// redacted hides a password in a URL that is about to be printed.
func redacted(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(unreadable)"
	}
	return u.Redacted()
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
