package loadtest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// endpoint is one gateway as a socket needs it.
type endpoint struct {
	address string // host:port
	name    string // for TLS; empty without it
	from    *net.TCPAddr
	through func(ctx context.Context, address string) (net.Conn, error) // nil: TCP
}

// ErrFar refuses a gateway outside this machine that nobody vouched for.
var ErrFar = errors.New("not on this machine, and nobody vouched for it: a crowd is a flood to whoever did not ask for it")

// reach reads host:port or a URL. A host outside this machine must be among the
// vouched; a name below .localhost is this machine (RFC 6761).
func reach(gateway string, vouched []string) (endpoint, error) {
	host, port, secure, err := split(gateway)
	if err != nil {
		return endpoint{}, err
	}
	e := endpoint{address: net.JoinHostPort(host, port)}
	if secure {
		e.name = host
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		e.address = net.JoinHostPort("127.0.0.1", port)
		return e, nil
	}
	if ip, err := netip.ParseAddr(host); (err != nil || !ip.IsLoopback()) && !slices.Contains(vouched, host) {
		return endpoint{}, fmt.Errorf("gateway %q: %w", gateway, ErrFar)
	}
	return e, nil
}

// split takes a gateway apart. A bare host:port speaks plain HTTP.
func split(gateway string) (host, port string, secure bool, err error) {
	if !strings.Contains(gateway, "://") {
		host, port, err = net.SplitHostPort(gateway)
		if err == nil && host == "" {
			err = errors.New("no host")
		}
		if err != nil {
			return "", "", false, fmt.Errorf("gateway %q: %w", gateway, err)
		}
		return host, port, false, nil
	}
	u, err := url.Parse(gateway)
	switch {
	case err != nil:
		return "", "", false, fmt.Errorf("gateway %q: %w", gateway, err)
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.User != nil, strings.Trim(u.Path, "/") != "", u.RawQuery != "":
		return "", "", false, fmt.Errorf("gateway %q: must be http:// or https:// and a host, no more", gateway)
	}
	port = u.Port()
	secure = u.Scheme == "https"
	switch {
	case port == "" && secure:
		port = "443"
	case port == "":
		port = "80"
	}
	return strings.ToLower(u.Hostname()), port, secure, nil
}

// Local says whether a gateway is this machine.
func Local(gateway string) bool {
	_, err := reach(gateway, nil)
	return err == nil
}

// HostOf is a gateway's host, as somebody would vouch for it.
func HostOf(gateway string) (string, error) {
	host, _, _, err := split(gateway)
	return host, err
}

func (e endpoint) scheme() string {
	if e.name != "" {
		return "https"
	}
	return "http"
}

// source is the i-th address of this machine, for a gateway on 127.0.0.0/8.
func (e endpoint) source(i int) (*net.TCPAddr, error) {
	host, _, _ := net.SplitHostPort(e.address)
	if ip, err := netip.ParseAddr(host); err != nil || !ip.Is4() || !ip.IsLoopback() || i > 250 {
		return nil, fmt.Errorf("gateway %q: several source addresses, 250 at most, are for gateways on 127.0.0.1", e.address)
	}
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(i+1))}, nil
}

func (e endpoint) dial(ctx context.Context) (net.Conn, error) {
	if e.through != nil {
		return e.through(ctx, e.address)
	}
	dialer := &net.Dialer{Timeout: patience}
	if e.from != nil {
		dialer.LocalAddr = e.from
	}
	if e.name == "" {
		return dialer.DialContext(ctx, "tcp", e.address)
	}
	// A gateway's HTTP/2 would need another client: this one speaks 1.1.
	secure := tls.Dialer{NetDialer: dialer, Config: &tls.Config{ServerName: e.name, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12}}
	return secure.DialContext(ctx, "tcp", e.address)
}
