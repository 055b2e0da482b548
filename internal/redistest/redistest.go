// Package redistest starts real redis-server processes for tests.
package redistest

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Start runs an empty redis-server on a free loopback port until the test ends
// and returns its address. Extra arguments are redis-server's own, as in
// "--appendonly", "yes". It fails the test when redis-server is not installed.
func Start(t testing.TB, args ...string) string {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal("redis-server is needed: 'make deps' or 'apt-get install redis-server' installs it")
	}
	addr := freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	dir := t.TempDir()
	server := exec.Command(binary, append([]string{
		"--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", dir,
		"--logfile", filepath.Join(dir, "redis.log"), "--daemonize", "no",
	}, args...)...)
	if err := server.Start(); err != nil {
		t.Fatalf("start redis-server: %v", err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	awaitPing(t, addr)
	return addr
}

// Client starts a server as Start does and returns a client of it, closed when
// the test ends.
func Client(t testing.TB, args ...string) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: Start(t, args...), MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func freeAddr(t testing.TB) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func awaitPing(t testing.TB, addr string) {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		err := client.Ping(ctx).Err()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(fmt.Errorf("redis-server at %s did not answer: %w", addr, err))
		case <-time.After(5 * time.Millisecond):
		}
	}
}
