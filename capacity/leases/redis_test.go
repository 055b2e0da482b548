package leases_test

import (
	"testing"
	"time"

	"github.com/bilten/rushgate/accord/redisaccord"
	"github.com/bilten/rushgate/internal/redistest"
)

// eventually ticks the lab in real time until it holds.
func (l *lab) eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	began := time.Now()
	for !holds() {
		if time.Since(began) > 15*time.Second {
			t.Fatalf("%s: not within 15 s", what)
		}
		<-time.After(step / 5)
		l.tick(time.Now())
	}
	t.Logf("%s: after %v", what, time.Since(began).Round(time.Millisecond))
}

func TestGatewaysOnOneRedis(t *testing.T) {
	client := redistest.Client(t)
	l := newLab(t, ratedAt100, healthy())
	l.store = redisaccord.New(client)
	a, b := l.open("a", 600, 6000), l.open("b", 600, 6000)
	l.start(t, "g1", "g22")
	defer l.killAll()
	both := func(perMinute int64) func() bool {
		return func() bool {
			if sum := a.perMinute() + b.perMinute(); sum > 600 {
				t.Fatalf("a %v, b %v: %d per minute; want at most 600", a, b, sum)
			}
			return a.perMinute() == perMinute && b.perMinute() == perMinute
		}
	}
	l.eventually(t, "a start", both(300))
	l.change(func(s *shop) { s.ready = 4 })
	l.eventually(t, "four of six", both(200))
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	l.change(func(s *shop) { s.ready = 2 })
	l.eventually(t, "everything lost, and two of six", both(100))
	l.change(func(s *shop) { s.ready = 6 })
	l.eventually(t, "all are back", both(300))
}
