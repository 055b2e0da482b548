package webhook

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"

	"github.com/bilten/rushgate/prescale/fault"
)

// newClient follows no redirect, uses no proxy, and speaks http only into the
// networks that the operator calls theirs. It looks at the address that is
// dialled, after DNS.
func newClient(address string, plain []netip.Prefix) *http.Client {
	dialer := &net.Dialer{Timeout: callTimeout}
	if !strings.HasPrefix(strings.ToLower(address), "https://") {
		dialer.Control = func(_, address string, _ syscall.RawConn) error { return mayBePlain(address, plain) }
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: callTimeout, ForceAttemptHTTP2: true,
			DisableKeepAlives:  true, // some calls a day
			DisableCompression: true, MaxResponseHeaderBytes: 16 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return fault.Open(errors.New("it redirects: a signed call goes to the address in the file or nowhere"))
		},
	}
}

func mayBePlain(address string, plain []netip.Prefix) error {
	dialled, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %q: not an address", address)
	}
	a := dialled.Addr().Unmap().WithZone("")
	if a.IsLoopback() {
		return nil
	}
	for _, network := range plain {
		if network.Contains(a) {
			return nil
		}
	}
	return fault.New("may not be called by plain http", fmt.Errorf("%s: http leaves the machine readable by anybody: use https, or name the network in plain_http_networks", a))
}
