package main

import (
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/internal/redistest"
)

func TestInspectRedis(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says    string
		server  []string
		refused string
		warned  string
	}{
		{"a server that keeps what it acknowledged", []string{"--appendonly", "yes"}, "", ""},
		{"a server that forgets on restart", nil, "", "append-only"},
		{"a server that would evict people from the line", []string{"--maxmemory-policy", "allkeys-lru"}, "allkeys-lru", ""},
		{"a server that evicts what carries a TTL", []string{"--appendonly", "yes", "--maxmemory-policy", "volatile-lru"}, "", "volatile-lru"},
	} {
		settings := defaults().Redis
		settings.URL = "redis://" + redistest.Start(t, row.server...) + "/0"
		client, err := connectRedis(settings)
		if err != nil {
			t.Fatal(err)
		}
		warnings, err := inspectRedis(t.Context(), client)
		_ = client.Close()
		if (err != nil) != (row.refused != "") || (err != nil && !strings.Contains(err.Error(), row.refused)) {
			t.Errorf("%s: refused with %v; want %q", row.says, err, row.refused)
		}
		if got := strings.Join(warnings, "\n"); (got != "") != (row.warned != "") || !strings.Contains(got, row.warned) {
			t.Errorf("%s: warned of %q; want %q", row.says, got, row.warned)
		}
	}
}

func TestConnectRedisNeverHangs(t *testing.T) {
	t.Parallel()
	settings := defaults().Redis
	settings.URL, settings.Timeout = "redis://127.0.0.1:1/0", 100*time.Millisecond
	client, err := connectRedis(settings)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if _, err := inspectRedis(t.Context(), client); err == nil || !strings.Contains(err.Error(), "reach redis") {
		t.Errorf("inspect of nothing = %v; want an error that says so", err)
	}
}
