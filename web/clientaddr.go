package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// trustedProxies are the networks whose X-Forwarded-For and X-Forwarded-Proto
// are believed: the operator's balancers. No other header says where a visitor
// is: X-Real-IP, Forwarded, CF-Connecting-IP and their like can be sent by
// anybody.
type trustedProxies []netip.Prefix

// maxHops bounds the walk along X-Forwarded-For; no path through real proxies is
// that long.
const maxHops = 32

// visitorAddr is where a request comes from, as far as that can be known.
type visitorAddr struct {
	Addr netip.Addr // IPv4 if it is one; invalid if the connection has none
	// Unlimited says that Addr must not be limited as one visitor: it is a
	// private address that forwards for others while no proxy is trusted. That is
	// nearly always a balancer that the operator forgot to name, and everybody
	// behind it would share one visitor's allowance.
	Unlimited bool
	// Trusted says that the connection comes from a trusted proxy.
	Trusted bool
	// Chain is the X-Forwarded-For for the shop: the visitor, then the proxies
	// passed. What stood left of the visitor was invented by the visitor.
	Chain string
}

func (t trustedProxies) trust(a netip.Addr) bool {
	for _, network := range t {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// locate finds the visitor behind a request: the rightmost address of the chain
// that is not a trusted proxy's. An entry that is no address, or more than maxHops
// of them, ends the walk, and the peer stands for the visitor.
func (t trustedProxies) locate(r *http.Request) visitorAddr {
	peer := parsePeer(r.RemoteAddr)
	v := visitorAddr{Addr: peer, Trusted: t.trust(peer)}
	if peer.IsValid() {
		v.Chain = peer.String()
	}
	forwarded := r.Header["X-Forwarded-For"]
	if !v.Trusted {
		v.Unlimited = len(t) == 0 && len(forwarded) > 0 && (peer.IsPrivate() || peer.IsLoopback() || peer.IsLinkLocalUnicast())
		return v
	}
	chain, hops := v.Chain, 0
	for entry := range entriesFromRight(forwarded) {
		hop := parseHop(entry)
		if hops++; !hop.IsValid() || hops > maxHops {
			return v
		}
		chain = hop.String() + ", " + chain
		if !t.trust(hop) {
			v.Addr, v.Chain = hop, chain
			return v
		}
	}
	// Proxies all the way: the request began at the farthest of them.
	if first, _, several := strings.Cut(chain, ","); several {
		v.Addr, v.Chain = parseHop(first), chain
	}
	return v
}

// proto is how the visitor speaks: "http" or "https". Behind a trusted proxy that
// proxy knows; the entry of the nearest one counts.
func (v visitorAddr) proto(r *http.Request) string {
	if v.Trusted {
		for entry := range entriesFromRight(r.Header["X-Forwarded-Proto"]) {
			if entry = strings.ToLower(entry); entry == "http" || entry == "https" {
				return entry
			}
			break
		}
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// entriesFromRight walks the entries of a list header from the last to the first,
// over all of its lines.
func entriesFromRight(lines []string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := len(lines) - 1; i >= 0; i-- {
			for line, more := lines[i], true; more; {
				entry := line
				cut := strings.LastIndexByte(line, ',')
				if more = cut >= 0; more {
					line, entry = line[:cut], line[cut+1:]
				}
				if !yield(strings.Trim(entry, " \t")) {
					return
				}
			}
		}
	}
}

func parsePeer(remote string) netip.Addr {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// parseHop reads one entry of X-Forwarded-For. Some balancers add the port, and
// then an IPv6 address wears brackets.
func parseHop(entry string) netip.Addr {
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(entry, "["), "]"))
	if err != nil {
		ap, err := netip.ParseAddrPort(entry)
		if err != nil {
			return netip.Addr{}
		}
		addr = ap.Addr()
	}
	if addr.Zone() != "" {
		return netip.Addr{} // means something on one machine only
	}
	return addr.Unmap()
}
