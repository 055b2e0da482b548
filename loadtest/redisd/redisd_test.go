package redisd

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestAServerComesBackWithItsFileOrWithout(t *testing.T) {
	n, err := Start(t.Context(), t.TempDir(), "redis", EverySecond...)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Stop()
	address := n.Address
	for _, test := range []struct {
		name   string
		forget bool
		want   int64
	}{{"with its file", false, 1}, {"without", true, 0}} {
		if err := n.Client.Set(t.Context(), "place", "1", 0).Err(); err != nil {
			t.Fatal(err)
		}
		n.Kill()
		if test.forget {
			if err := n.Forget(); err != nil {
				t.Fatal(err)
			}
		}
		if err := n.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := n.Client.Exists(t.Context(), "place").Val(); got != test.want || n.Address != address {
			t.Errorf("started again %s: %d keys at %s; want %d at %s", test.name, got, n.Address, test.want, address)
		}
	}
}

func TestALinkFallsIllAndHeals(t *testing.T) {
	n, err := Start(t.Context(), t.TempDir(), "redis", NoDisk...)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Stop()
	link, err := NewLink(n.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	client := redis.NewClient(&redis.Options{Addr: link.Address, MaxRetries: -1, ReadTimeout: 300 * time.Millisecond})
	defer func() { _ = client.Close() }()
	for _, test := range []struct {
		name string
		ill  func() error
	}{
		{"answers later than the client waits", func() error { return link.Slow(2000) }},
		{"passes nothing and closes nothing", link.Silence},
		{"cuts every connection", link.Reset},
	} {
		if err := client.Ping(t.Context()).Err(); err != nil {
			t.Fatalf("a healthy link: %v", err)
		}
		if err := test.ill(); err != nil {
			t.Fatal(err)
		}
		if err := client.Ping(t.Context()).Err(); err == nil {
			t.Errorf("ping over a link that %s = nil; want an error", test.name)
		}
		link.Heal(t.Context())
		err := await(t.Context(), "healed", func() (bool, error) { err := client.Ping(t.Context()).Err(); return err == nil, err })
		if err != nil {
			t.Errorf("after a link that %s had healed: %v", test.name, err)
		}
	}
}

func TestSentinelsReplaceAKilledPrimary(t *testing.T) {
	t.Parallel()
	s, err := StartSentinel(t.Context(), t.TempDir(), time.Second, NoDisk...)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: Master, SentinelAddrs: s.Addresses})
	defer func() { _ = client.Close() }()
	set(t, client, "before")
	s.Primary.Kill()
	if err := s.AwaitFailover(t.Context()); err != nil {
		t.Fatal(err)
	}
	set(t, client, "after")
	if n := s.Replica.Client.Exists(t.Context(), "before", "after").Val(); n != 2 {
		t.Errorf("the replica has %d of two keys; want both", n)
	}
}

func TestASlotMovesAndAReplicaTakesOver(t *testing.T) {
	t.Parallel()
	c, err := StartCluster(t.Context(), t.TempDir(), NoDisk...)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: c.Addresses(), ClusterStateReloadInterval: time.Second})
	defer func() { _ = client.Close() }()
	for _, key := range []string{"{event}:a", "{event}:b"} {
		set(t, client, key)
	}
	from, _, err := c.Owner(t.Context(), "{event}:a")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.MoveSlot(t.Context(), "{event}:a", time.Millisecond); err != nil {
		t.Fatal(err)
	}
	to, _, err := c.Owner(t.Context(), "{event}:a")
	if err != nil || to == from {
		t.Fatalf("Owner = %v, %v; want another than before", to, err)
	}
	if n := client.Exists(t.Context(), "{event}:a", "{event}:b").Val(); n != 2 {
		t.Errorf("%d of two keys have moved; want both", n)
	}
	to.Kill()
	if err := c.AwaitFailover(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	set(t, client, "{event}:c")
}

// set writes a key, as soon as somebody takes it.
func set(t *testing.T, client redis.UniversalClient, key string) {
	t.Helper()
	err := await(t.Context(), "set "+key, func() (bool, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := client.Set(ctx, key, "1", 0).Err()
		return err == nil, err
	})
	if err != nil {
		t.Fatal(err)
	}
}
