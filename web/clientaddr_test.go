package web

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func mustTrust(t testing.TB, networks ...string) trustedProxies {
	t.Helper()
	var trusted trustedProxies
	for _, network := range networks {
		p, err := netip.ParsePrefix(network)
		if err != nil {
			t.Fatal(err)
		}
		trusted = append(trusted, p)
	}
	return trusted
}

func TestLocate(t *testing.T) {
	balancers := []string{"10.0.0.0/8", "2001:db8:ba::/48"}
	for _, tt := range []struct {
		why       string
		trusted   []string
		peer      string
		forwarded []string
		addr      string
		chain     string
		unlimited bool
	}{
		{"no proxy at all", nil, "203.0.113.7:4000", nil, "203.0.113.7", "203.0.113.7", false},
		{"A26 a stranger's word is not taken", nil, "203.0.113.7:4000", []string{"198.51.100.1"}, "203.0.113.7", "203.0.113.7", false},
		{"nor when proxies are trusted and this is none", balancers, "203.0.113.7:4000", []string{"198.51.100.1"}, "203.0.113.7", "203.0.113.7", false},
		{"a trusted proxy's word is", balancers, "10.0.0.1:4000", []string{"203.0.113.7"}, "203.0.113.7", "203.0.113.7, 10.0.0.1", false},
		{"what the visitor invented stands left and is dropped", balancers, "10.0.0.1:4000", []string{"1.1.1.1, 203.0.113.7"}, "203.0.113.7", "203.0.113.7, 10.0.0.1", false},
		{"two proxies", balancers, "10.0.0.1:4000", []string{"1.1.1.1, 203.0.113.7, 10.0.0.2"}, "203.0.113.7", "203.0.113.7, 10.0.0.2, 10.0.0.1", false},
		{"two lines are one list", balancers, "10.0.0.1:4000", []string{"1.1.1.1, 203.0.113.7", "10.0.0.2"}, "203.0.113.7", "203.0.113.7, 10.0.0.2, 10.0.0.1", false},
		{"a trusted address invented by the visitor gains nothing", balancers, "10.0.0.1:4000", []string{"10.0.0.9, 203.0.113.7"}, "203.0.113.7", "203.0.113.7, 10.0.0.1", false},
		{"proxies all the way: the farthest", balancers, "10.0.0.1:4000", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3", "10.0.0.3, 10.0.0.2, 10.0.0.1", false},
		{"a trusted proxy without a word", balancers, "10.0.0.1:4000", nil, "10.0.0.1", "10.0.0.1", false},
		{"a chain without end: the peer", balancers, "10.0.0.1:4000", []string{strings.Repeat("10.0.0.2,", maxHops) + "10.0.0.2"}, "10.0.0.1", "10.0.0.1", false},
		{"garbage: the peer", balancers, "10.0.0.1:4000", []string{"unknown"}, "10.0.0.1", "10.0.0.1", false},
		{"an empty entry: the peer", balancers, "10.0.0.1:4000", []string{"203.0.113.7, "}, "10.0.0.1", "10.0.0.1", false},
		{"with a port", balancers, "10.0.0.1:4000", []string{"203.0.113.7:5555"}, "203.0.113.7", "203.0.113.7, 10.0.0.1", false},
		{"IPv6 with a port", balancers, "10.0.0.1:4000", []string{"[2001:db8::7]:5555"}, "2001:db8::7", "2001:db8::7, 10.0.0.1", false},
		{"IPv6 in brackets", balancers, "10.0.0.1:4000", []string{"[2001:db8::7]"}, "2001:db8::7", "2001:db8::7, 10.0.0.1", false},
		{"IPv4 inside IPv6 is IPv4", balancers, "[::ffff:10.0.0.1]:4000", []string{"::ffff:203.0.113.7"}, "203.0.113.7", "203.0.113.7, 10.0.0.1", false},
		{"a zone means nothing here", balancers, "10.0.0.1:4000", []string{"fe80::1%eth0"}, "10.0.0.1", "10.0.0.1", false},
		{"a decimal address is none", balancers, "10.0.0.1:4000", []string{"3405803783"}, "10.0.0.1", "10.0.0.1", false},
		{"a balancer that nobody named is not one visitor", nil, "10.0.0.1:4000", []string{"203.0.113.7"}, "10.0.0.1", "10.0.0.1", true},
		{"on the same machine too", nil, "127.0.0.1:4000", []string{"203.0.113.7"}, "127.0.0.1", "127.0.0.1", true},
		{"a private visitor without it is", nil, "10.0.0.1:4000", nil, "10.0.0.1", "10.0.0.1", false},
		{"once proxies are named, others are visitors", balancers, "192.168.0.1:4000", []string{"203.0.113.7"}, "192.168.0.1", "192.168.0.1", false},
	} {
		r := &http.Request{RemoteAddr: tt.peer, Header: http.Header{
			// None of these is ever believed.
			"X-Real-Ip": {"9.9.9.9"}, "Forwarded": {"for=9.9.9.9"}, "Cf-Connecting-Ip": {"9.9.9.9"}, "True-Client-Ip": {"9.9.9.9"},
		}}
		if tt.forwarded != nil {
			r.Header["X-Forwarded-For"] = tt.forwarded
		}
		got := mustTrust(t, tt.trusted...).locate(r)
		if got.Addr.String() != tt.addr || got.Chain != tt.chain || got.Unlimited != tt.unlimited {
			t.Errorf("%s: locate = %v, chain %q, unlimited %v; want %s, %q, %v",
				tt.why, got.Addr, got.Chain, got.Unlimited, tt.addr, tt.chain, tt.unlimited)
		}
	}
}

func TestLocateWithoutAnAddress(t *testing.T) {
	got := trustedProxies(nil).locate(&http.Request{RemoteAddr: "@", Header: http.Header{}})
	if got != (visitorAddr{}) {
		t.Errorf("locate of a unix socket = %+v; want the zero value", got)
	}
}

func TestProto(t *testing.T) {
	for _, tt := range []struct {
		why     string
		trusted bool
		tls     bool
		said    []string
		want    string
	}{
		{"plain", false, false, nil, "http"},
		{"TLS here", false, true, nil, "https"},
		{"A28 a stranger's word is not taken", false, false, []string{"https"}, "http"},
		{"a trusted proxy's word is", true, false, []string{"https"}, "https"},
		{"it may also say that TLS ends behind it", true, true, []string{"HTTP"}, "http"},
		{"the nearest proxy's entry counts", true, false, []string{"https, http"}, "http"},
		{"garbage", true, true, []string{"gopher"}, "https"},
	} {
		r := &http.Request{Header: http.Header{"X-Forwarded-Proto": tt.said}}
		if tt.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if got := (visitorAddr{Trusted: tt.trusted}).proto(r); got != tt.want {
			t.Errorf("%s: proto = %q; want %q", tt.why, got, tt.want)
		}
	}
}

// Whatever stands in X-Forwarded-For left of what the trusted proxy wrote, the
// visitor is who the proxy says.
func FuzzForwardedFor(f *testing.F) {
	for _, seed := range []string{"", "1.1.1.1", "1.1.1.1, 10.0.0.2", "unknown", "::ffff:10.0.0.1", "[::1]:80", ",,,", "fe80::1%eth0"} {
		f.Add(seed)
	}
	trusted := mustTrust(f, "10.0.0.0/8")
	f.Fuzz(func(t *testing.T, invented string) {
		r := &http.Request{RemoteAddr: "10.0.0.1:1", Header: http.Header{"X-Forwarded-For": {invented + ", 203.0.113.7"}}}
		got := trusted.locate(r)
		if got.Addr.String() != "203.0.113.7" || got.Chain != "203.0.113.7, 10.0.0.1" || got.Unlimited {
			t.Fatalf("%q in front made it %+v", invented, got)
		}
		r.Header.Set("X-Forwarded-For", invented)
		got = trusted.locate(r)
		if !got.Addr.IsValid() || got.Addr.Is4In6() || got.Addr.Zone() != "" || strings.ContainsAny(got.Chain, "\r\n") {
			t.Fatalf("locate(%q) = %+v", invented, got)
		}
	})
}
