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

// F40: what is stored of one event cannot be read. The others go on, and this one
// is what it was, also after a restart; its owner can mend it.
func TestAPoisonedDocumentHarmsNobodyElse(t *testing.T) {
	client := redistest.Client(t)
	open := func() *catalog.Catalog {
		c, err := catalog.New(rediscatalog.New(client), map[string][]string{"globe": {"globe.example"}}, nil, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	definition := func(id string) []byte {
		return []byte(`{"id":"` + id + `","organization":"globe","routes":[{"host":"globe.example","path":"/` + id + `"}],"room":{"total_active_users":1,"new_users_per_minute":1}}`)
	}
	c, by := open(), catalog.Author{Name: "box office"}
	for _, id := range []string{"hamlet", "lear"} {
		if _, err := c.Put(t.Context(), "globe", id, definition(id), catalog.NewVersion, by); err != nil {
			t.Fatal(err)
		}
	}
	for _, poison := range []string{`{"owner":`, `[]`, `{"owner":"api","organization":"globe","version":9000000000000,"body":{"id":"hamlet","newer":true}}`} {
		revision, err := c.Revision(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := client.HSet(t.Context(), "rg:{_catalog}:docs", "hamlet", poison, "_revision", revision+catalog.Step).Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Patch(t.Context(), "globe", "lear", []byte(`{"room":{"paused":true}}`), catalog.AnyVersion, by); err != nil {
			t.Errorf("%s: Patch(lear) = %v; want the other event to go on", poison, err)
		}
		restarted := open()
		restarted.Recall(c.Held())
		for say, one := range map[string]*catalog.Catalog{"running": c, "restarted": restarted} {
			view, err := one.All(t.Context())
			if err != nil || len(view.Records) != 2 || len(view.Problems) != 1 || view.Problems[0].Event != "hamlet" {
				t.Errorf("%s, %s: All() = %+v, %v; want both events, and hamlet's problem", say, poison, view, err)
			}
		}
	}
	if _, err := c.Put(t.Context(), "globe", "hamlet", definition("hamlet"), catalog.AnyVersion, by); err != nil {
		t.Errorf("Put(hamlet) = %v; want its owner to mend it", err)
	}
	if view, err := c.All(t.Context()); err != nil || len(view.Problems) != 0 || len(view.Records) != 2 {
		t.Errorf("mended: All() = %+v, %v; want both events and no problem", view, err)
	}
}
