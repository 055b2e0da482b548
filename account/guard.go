package account

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

const (
	fetchTimeout = 5 * time.Second // of a key set, from the first packet to the last
	maxSetBytes  = 64 << 10
	maxRedirects = 3
)

// special are networks that net/netip does not know as private, and in which
// nobody's public key set is: shared, benchmark, documentation and reserved
// ranges, and those that hide an IPv4 address in an IPv6 one.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/32"),
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"),
}

// Guard says where a connection may go that an organizer's address leads to:
// anywhere public, and into the networks that the operator allows. It looks at
// the address that is dialled, after DNS and after each redirect, so no name can
// mean one thing when it is checked and another when it is used.
type Guard []netip.Prefix

// check says why an address may not be dialled.
func (g Guard) check(a netip.Addr) error {
	a = a.Unmap().WithZone("")
	for _, network := range g {
		if network.Contains(a) {
			return nil
		}
	}
	public := a.IsGlobalUnicast() && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast()
	for _, network := range special {
		public = public && !network.Contains(a)
	}
	if !public {
		return fmt.Errorf("%s is no public address: the operator's identity.allow_networks may name its network", a)
	}
	return nil
}

func (g Guard) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %q: not an address", address)
	}
	return g.check(ap.Addr())
}

// client fetches by https alone, never through a proxy: that would dial for us.
func (g Guard) client(roots *tls.Config) *http.Client {
	dialer := &net.Dialer{Timeout: fetchTimeout, Control: g.control}
	return &http.Client{
		Timeout: fetchTimeout,
		Transport: &http.Transport{
			Proxy: nil, DialContext: dialer.DialContext, TLSClientConfig: roots, TLSHandshakeTimeout: fetchTimeout,
			DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 16 << 10, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			switch {
			case len(via) > maxRedirects:
				return fmt.Errorf("more than %d redirects", maxRedirects)
			case r.URL.Scheme != "https":
				return errors.New("a redirect away from https")
			}
			return nil
		},
	}
}

// fetch returns what stands at an address, at most maxSetBytes of it.
func fetch(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", answer.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxSetBytes+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxSetBytes:
		return nil, fmt.Errorf("more than %d bytes", maxSetBytes)
	}
	return data, nil
}
