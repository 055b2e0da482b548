package web

import (
	"net/netip"
	"testing"
	"time"
)

func newTestLimiter(t *testing.T, limit joinLimit) *joinLimiter {
	t.Helper()
	l, err := newJoinLimiter(limit)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestJoinLimiter(t *testing.T) {
	l := newTestLimiter(t, joinLimit{PerSecond: 2, Burst: 3, Addresses: 10})
	start := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	one, other := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("203.0.113.8")
	for _, tt := range []struct {
		why   string
		key   netip.Addr
		at    time.Duration
		ok    bool
		retry time.Duration
	}{
		{"first of the burst", one, 0, true, 0},
		{"second of the burst", one, 0, true, 0},
		{"last of the burst", one, 0, true, 0},
		{"the burst is spent", one, 0, false, 500 * time.Millisecond},
		{"asking again costs nothing", one, 0, false, 500 * time.Millisecond},
		{"another address has its own", other, 0, true, 0},
		{"half the way", one, 250 * time.Millisecond, false, 250 * time.Millisecond},
		{"the time that was named", one, 500 * time.Millisecond, true, 0},
		{"and spent again", one, 500 * time.Millisecond, false, 500 * time.Millisecond},
	} {
		ok, retry := l.allow(tt.key, start.Add(tt.at))
		if ok != tt.ok || retry != tt.retry {
			t.Errorf("%s: allow(%v, +%v) = %v, %v; want %v, %v", tt.why, tt.key, tt.at, ok, retry, tt.ok, tt.retry)
		}
	}
}

// A60: a table that attackers fill.
func TestAFloodOfAddressesStaysBounded(t *testing.T) {
	const remembered = 1000
	l := newTestLimiter(t, joinLimit{PerSecond: 1, Burst: 1, Addresses: remembered})
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	addr := netip.MustParseAddr("10.0.0.0")
	for range 50 * remembered {
		addr = addr.Next()
		if ok, _ := l.allow(addr, now); !ok {
			t.Fatalf("a new address (%v) was refused", addr)
		}
	}
	l.buckets.CleanUp()
	if n := l.buckets.EstimatedSize(); n > remembered {
		t.Errorf("%d addresses are remembered; want at most %d", n, remembered)
	}
}

func TestJoinLimiterWithoutAnAddress(t *testing.T) {
	l := newTestLimiter(t, defaultJoinLimit)
	if ok, _ := l.allow(netip.Addr{}, time.Time{}.Add(time.Hour)); !ok {
		t.Error("a connection without an address was refused its first join")
	}
}
