package loadtest

import (
	"errors"
	"testing"

	"github.com/bilten/rushgate/invariant"
)

func TestReach(t *testing.T) {
	for _, test := range []struct {
		name    string
		gateway string
		vouched []string
		want    string // scheme and address
		far     bool
	}{
		{"an address of this machine", "127.0.0.1:8080", nil, "http 127.0.0.1:8080", false},
		{"this machine by name", "http://localhost:8080/", nil, "http 127.0.0.1:8080", false},
		{"a name that is always this machine", "http://tickets.localhost:8080", nil, "http 127.0.0.1:8080", false},
		{"IPv6", "http://[::1]:8080", nil, "http [::1]:8080", false},
		{"the port that a scheme has", "http://127.0.0.1", nil, "http 127.0.0.1:80", false},
		{"somebody else's machine", "https://tickets.example", nil, "", true},
		{"a host that was vouched for", "https://Tickets.example", []string{"tickets.example"}, "https tickets.example:443", false},
		{"a neighbour of the one that was vouched for", "https://evil-tickets.example", []string{"tickets.example"}, "", true},
		{"every address of the network", "0.0.0.0:80", nil, "", true},
		{"an address of the network", "192.0.2.1:80", nil, "", true},
		{"another's IPv6 address", "[2001:db8::1]:80", nil, "", true},
		{"no port", "127.0.0.1", nil, "", false},
		{"no host", ":80", nil, "", false},
		{"another protocol", "ftp://127.0.0.1", nil, "", false},
		{"a name in front", "http://localhost@tickets.example", nil, "", false},
		{"a path", "http://localhost:8080/buy", nil, "", false},
	} {
		e, err := reach(test.gateway, test.vouched)
		if got := e.scheme() + " " + e.address; (err == nil) != (test.want != "") || err == nil && got != test.want || errors.Is(err, ErrFar) != test.far {
			t.Errorf("%s: reach(%s) = %s, %v; want %q, far %v", test.name, test.gateway, got, err, test.want, test.far)
		}
	}
}

func TestTheCrowdComesToThisMachineOnly(t *testing.T) {
	target := Target{Gateways: []string{"127.0.0.1:1", "192.0.2.1:80"}, Host: "tickets.example", Path: "/buy", Event: gateRoom}
	_, err := small().Visit(t.Context(), target, &invariant.History{}, func(Progress) {})
	if !errors.Is(err, ErrFar) {
		t.Errorf("Visit(192.0.2.1) = %v; want %v", err, ErrFar)
	}
}
