package web

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func newTestLimiter(t *testing.T, limits JoinLimits) *joinLimiter {
	t.Helper()
	made := 0
	l, err := newJoinLimiter(limits, func() string { made++; return fmt.Sprint("R", made) })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

var limitStart = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

func TestJoinLimiter(t *testing.T) {
	l := newTestLimiter(t, JoinLimits{Address: JoinRate{PerSecond: 2, Burst: 3}, Tracked: 10})
	const one, other = "203.0.113.7", "203.0.113.8"
	for _, tt := range []struct {
		why   string
		from  string
		n     int
		at    time.Duration
		ok    bool
		retry time.Duration
	}{
		{"first of the burst", one, 1, 0, true, 0},
		{"second of the burst", one, 1, 0, true, 0},
		{"last of the burst, written as IPv6", "::ffff:" + one, 1, 0, true, 0},
		{"the burst is spent", one, 1, 0, false, 500 * time.Millisecond},
		{"asking again costs nothing", one, 1, 0, false, 500 * time.Millisecond},
		{"another address has its own", other, 1, 0, true, 0},
		{"half the way", one, 1, 250 * time.Millisecond, false, 250 * time.Millisecond},
		{"the time that was named", one, 1, 500 * time.Millisecond, true, 0},
		{"and spent again", one, 1, 500 * time.Millisecond, false, 500 * time.Millisecond},
		{"two at once need two", one, 2, time.Second, false, 500 * time.Millisecond},
		{"and get them", one, 2, 1500 * time.Millisecond, true, 0},
		{"more than the burst is the burst", one, 50, 3 * time.Second, true, 0},
	} {
		refused, ok := l.allow(netip.MustParseAddr(tt.from), tt.n, limitStart.Add(tt.at))
		if ok != tt.ok || refused.after != tt.retry {
			t.Errorf("%s: allow(%s, %d, +%v) = %v, %t; want %v, %t", tt.why, tt.from, tt.n, tt.at, refused.after, ok, tt.retry, tt.ok)
		}
	}
}

// A59: whoever has many addresses has them in few networks.
func TestJoinLimiterCountsNetworks(t *testing.T) {
	rates := JoinLimits{Address: JoinRate{1, 2}, Site: JoinRate{1, 4}, Network: JoinRate{1, 6}, Tracked: 100}
	for _, tt := range []struct {
		say   string
		from  func(i int) string
		in    int // of twenty
		level string
	}{
		{"one address", func(int) string { return "203.0.113.7" }, 2, "address"},
		{"addresses of one IPv4 network", func(i int) string { return fmt.Sprintf("203.0.113.%d", i) }, 20, ""},
		{"addresses of one /64", func(i int) string { return fmt.Sprintf("2a00::%d", i+1) }, 2, "address"},
		{"/64s of one /56", func(i int) string { return fmt.Sprintf("2a00:0:0:%x::1", i) }, 4, "ipv6_56"},
		{"/56s of one /48", func(i int) string { return fmt.Sprintf("2a00:0:0:%x00::1", i) }, 6, "ipv6_48"},
		{"/48s", func(i int) string { return fmt.Sprintf("2a00:0:%x::1", i) }, 20, ""},
	} {
		l := newTestLimiter(t, rates)
		in, level := 0, ""
		for i := range 20 {
			refused, ok := l.allow(netip.MustParseAddr(tt.from(i)), 1, limitStart)
			if ok {
				in++
			} else {
				level = refused.level
			}
		}
		if in != tt.in || level != tt.level {
			t.Errorf("%s: %d of 20 join, the rest refused by %q; want %d, %q", tt.say, in, level, tt.in, tt.level)
		}
	}
}

func TestARefusalSpendsNothingElsewhere(t *testing.T) {
	l := newTestLimiter(t, JoinLimits{Address: JoinRate{1, 1}, Site: JoinRate{1, 3}, Tracked: 10})
	busy := netip.MustParseAddr("2a00::1")
	for range 10 {
		l.allow(busy, 1, limitStart)
	}
	for _, neighbour := range []string{"2a00:0:0:1::1", "2a00:0:0:2::1"} {
		if _, ok := l.allow(netip.MustParseAddr(neighbour), 1, limitStart); !ok {
			t.Errorf("%s is refused for its neighbour's refused joins", neighbour)
		}
	}
}

func TestRefusalsOfANetworkShareAReference(t *testing.T) {
	l := newTestLimiter(t, JoinLimits{Address: JoinRate{0.001, 1}, Tracked: 10})
	one, other := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("203.0.113.8")
	l.allow(one, 1, limitStart)
	l.allow(other, 1, limitStart)
	for _, tt := range []struct {
		say       string
		from      netip.Addr
		at        time.Duration
		reference string
		first     bool
	}{
		{"the first refusal is to be logged", one, 0, "R1", true},
		{"the next ones are the same matter", one, time.Second, "R1", false},
		{"another network's are another", other, time.Second, "R2", true},
		{"after a minute it is told again", one, appealEvery, "R3", true},
	} {
		got, _ := l.allow(tt.from, 1, limitStart.Add(tt.at))
		if got.reference != tt.reference || got.first != tt.first {
			t.Errorf("%s: reference %s, first %t; want %s, %t", tt.say, got.reference, got.first, tt.reference, tt.first)
		}
	}
}

// A60: the tables of a flood.
func TestAFloodOfAddressesStaysBounded(t *testing.T) {
	const remembered = 1000
	l := newTestLimiter(t, JoinLimits{Address: JoinRate{1, 1}, Tracked: remembered})
	for _, from := range []string{"10.0.0.0", "2a00::"} {
		addr := netip.MustParseAddr(from)
		for range 50 * remembered {
			if addr = addr.Next(); addr.Is6() {
				bytes := addr.As16()
				bytes[5]++
				bytes[4] += bytes[15] // another /48 each time
				addr = netip.AddrFrom16(bytes)
			}
			l.allow(addr, 1, limitStart)
		}
	}
	for _, level := range l.levels {
		level.buckets.CleanUp()
		if n := level.buckets.EstimatedSize(); n > remembered {
			t.Errorf("%s: %d networks are remembered; want at most %d", level.name, n, remembered)
		}
	}
}

func TestJoinLimiterWithoutAnAddress(t *testing.T) {
	l := newTestLimiter(t, JoinLimits{})
	if _, ok := l.allow(netip.Addr{}, 1, time.Time{}.Add(time.Hour)); !ok {
		t.Error("a connection without an address was refused its first join")
	}
}
