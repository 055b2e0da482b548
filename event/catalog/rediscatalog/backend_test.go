package rediscatalog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/event/catalog/catalogtest"
	"github.com/bilten/rushgate/event/catalog/rediscatalog"
	"github.com/bilten/rushgate/internal/redistest"
)

func TestBackend(t *testing.T) {
	client := redistest.Client(t)
	catalogtest.Run(t, func(t *testing.T) catalog.Backend {
		if err := client.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		return rediscatalog.New(client)
	})
}

// One node that holds all slots refuses what a Cluster of many would refuse.
func TestBackendInCluster(t *testing.T) {
	node := redistest.Client(t, "--cluster-enabled", "yes")
	if err := node.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		info, err := node.ClusterInfo(t.Context()).Result()
		if err == nil && strings.Contains(info, "cluster_state:ok") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("ClusterInfo() = %s, %v; want cluster_state:ok", info, err)
		}
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{node.Options().Addr}})
	t.Cleanup(func() { _ = client.Close() })
	catalogtest.Run(t, func(t *testing.T) catalog.Backend {
		if err := node.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		return rediscatalog.New(client)
	})
}

// No room's keys can be among those of the catalog: an event id has no underscore.
func TestAllKeysShareOneTag(t *testing.T) {
	client := redistest.Client(t)
	fill(t, client)
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 2 {
		t.Fatalf("Keys() = %v, %v; want documents and one log", keys, err)
	}
	for _, key := range keys {
		if !strings.HasPrefix(key, "rg:{_catalog}:") {
			t.Errorf("key %q is outside of rg:{_catalog}:", key)
		}
	}
}

// The sale hour is when memory is full and a room has to be paused.
func TestWritesWhenMemoryIsFull(t *testing.T) {
	client := redistest.Client(t)
	fill(t, client)
	if err := client.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.Set(t.Context(), "x", "y", 0).Err(); err == nil || !strings.Contains(err.Error(), "OOM") {
		t.Fatalf("Set() = %v; want the server out of memory", err)
	}
	w := hamlet(catalog.Step, catalog.Document{Owner: catalog.API, Body: []byte(`{}`)})
	if err := rediscatalog.New(client).Write(t.Context(), w); err != nil {
		t.Errorf("Write() out of memory = %v; want nil", err)
	}
}

func TestLogOfDeletedEventExpires(t *testing.T) {
	client := redistest.Client(t)
	fill(t, client)
	w := hamlet(catalog.Step, catalog.Document{Deleted: true})
	if err := rediscatalog.New(client).Write(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	left, err := client.PTTL(t.Context(), "rg:{_catalog}:log:globe:hamlet").Result()
	if err != nil || left <= 0 || left > catalog.LogKept {
		t.Errorf("PTTL(log) = %v, %v; want up to %v", left, err, catalog.LogKept)
	}
}

func TestErrorsAreNotTakenForEmptiness(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	b := rediscatalog.New(client)
	if _, _, err := b.Load(t.Context()); err == nil {
		t.Error("Load() without a server = nil; want an error")
	}
	if _, err := b.Revision(t.Context()); err == nil {
		t.Error("Revision() without a server = nil; want an error")
	}
}

func fill(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	w := hamlet(0, catalog.Document{Owner: catalog.API, Body: []byte(`{}`)})
	if err := rediscatalog.New(client).Write(t.Context(), w); err != nil {
		t.Fatal(err)
	}
}

// hamlet is a write of one document at a revision.
func hamlet(revision int64, d catalog.Document) catalog.Write {
	d.Organization, d.Version = "globe", revision+catalog.Step
	entry := catalog.Entry{Changed: []byte(`{}`), Undo: []byte(`null`)}
	return catalog.Write{Revision: revision, Next: d.Version, Changes: []catalog.Change{{ID: "hamlet", Document: d, Entry: entry}}}
}
