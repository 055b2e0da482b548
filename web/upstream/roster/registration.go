package roster

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Registration is what an instance says of itself.
type Registration struct {
	Address string `json:"address"` // "http://10.0.0.7:3000": an address, not a name, and a port
	Weight  int    `json:"weight"`  // 0 means 1
}

// Invalid says which part of a request is wrong and why.
type Invalid struct {
	Field, Value, Reason string
}

func (i *Invalid) Error() string {
	if i.Value == "" {
		return i.Field + ": " + i.Reason
	}
	return fmt.Sprintf("%s: %q: %s", i.Field, i.Value, i.Reason)
}

var registeredID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

const (
	idRule = "must be 1 to 64 letters, digits, dots, dashes and underscores, the first one a letter or digit"
	// maxWeight is far above any difference between machines.
	maxWeight = 1000
)

// check says why an instance may not register. It must be given by address: a
// name could mean another machine tomorrow, one that nobody may reach through
// the gateway.
func (x Registration) check(id string, networks []netip.Prefix) error {
	if !registeredID.MatchString(id) {
		return &Invalid{"id", id, idRule}
	}
	if x.Weight < 0 || x.Weight > maxWeight {
		return &Invalid{"weight", fmt.Sprint(x.Weight), fmt.Sprintf("must be between 0, which means 1, and %d", maxWeight)}
	}
	u, err := url.Parse(x.Address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil ||
		u.Path != "" || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(x.Address, "?#") {
		return &Invalid{"address", "", "must be scheme, IP address and port and no more, such as http://10.0.0.7:3000"} // what was sent may hold a password
	}
	where, err := netip.ParseAddrPort(u.Host)
	if err != nil || where.Port() == 0 || where.Addr().Zone() != "" {
		return &Invalid{"address", x.Address, "must have an IP address and a port, not a name"}
	}
	address := where.Addr().Unmap()
	if address.IsUnspecified() || address.IsMulticast() {
		return &Invalid{"address", x.Address, "is not the address of one machine"}
	}
	if !slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(address) }) {
		return &Invalid{"address", x.Address, "is in none of the networks in which this pool's instances may be"}
	}
	return nil
}
