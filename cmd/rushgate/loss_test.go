package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/event/catalog"
)

// autumn is an event that the API makes. Nobody may come in, so that whoever
// sees the shop behind it came through a hole.
const autumn = `{"id": "autumn", "organization": "acme", "routes": [{"host": "127.0.0.1", "path": "/autumn/**"}],
	"room": {"total_active_users": 10, "new_users_per_minute": 600, "paused": true}}`

// server is a redis-server that a test may kill and start again, empty.
type server struct {
	*testing.T
	addr string
	up   *exec.Cmd
}

func reserveServer(t *testing.T) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{T: t, addr: l.Addr().String()}
	_ = l.Close()
	t.Cleanup(s.kill)
	return s
}

func (s *server) start(args ...string) {
	s.Helper()
	_, port, _ := net.SplitHostPort(s.addr)
	args = append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", s.TempDir()}, args...)
	s.up = exec.Command("redis-server", args...)
	if err := s.up.Start(); err != nil {
		s.Fatal(err)
	}
	client := s.client()
	eventually(s.T, "redis-server answers", func() bool { return client.Ping(s.Context()).Err() == nil })
}

// kill is SIGKILL: nothing is saved.
func (s *server) kill() {
	if s.up == nil {
		return
	}
	_ = s.up.Process.Kill()
	_ = s.up.Wait()
	s.up = nil
}

func (s *server) client() *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: s.addr, MaxRetries: -1})
	s.Cleanup(func() { _ = client.Close() })
	return client
}

// installOn is install with a Redis of the test's own, of which no line is kept.
func installOn(t *testing.T, s *server) (file, key string) {
	t.Helper()
	file, key = install(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "redis:") {
			lines[i] = ""
			if s != nil {
				lines[i] = `redis: {url: "redis://` + s.addr + `/0"}`
			}
		}
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, key
}

func dataDir(t *testing.T) overrides { return overrides{DataDir: filepath.Join(t.TempDir(), "data")} }

// makeAutumn makes the event and pauses spring, and returns when the gateways hold both.
func makeAutumn(t *testing.T, key string, gateways ...*life) {
	t.Helper()
	api, err := dialOrganizer(t.Context(), gateways[0].doors[1].url(), key, "")
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.TrimSuffix(api.events, "/"), strings.NewReader(autumn))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		t.Fatalf("POST autumn = %d %s; want 201", response.StatusCode, body)
	}
	if code := run(t.Context(), []string{"room", "spring", "pause", "--api", gateways[0].doors[1].url(), "--key", key}, os.Getenv, io.Discard, os.Stderr); code != 0 {
		t.Fatalf("room spring pause = %d; want 0", code)
	}
	for _, gateway := range gateways {
		eventually(t, "both events are protected", func() bool { return protects(t, gateway, "/autumn/buy") && protects(t, gateway, "/spring/buy") })
	}
}

// protects says that a newcomer does not get the shop.
func protects(t *testing.T, gateway *life, path string) bool {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, gateway.doors[0].url()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/html")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body) != "shop"
}

// guard knocks at both events of every gateway until it is told to stop, and
// fails the test if the shop ever answers.
func guard(t *testing.T, gateways ...*life) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var knocking sync.WaitGroup
	for _, gateway := range gateways {
		knocking.Go(func() {
			for ctx.Err() == nil {
				for _, path := range []string{"/autumn/buy", "/spring/buy"} {
					if !protects(t, gateway, path) {
						t.Errorf("%s is open: a newcomer got the shop", path)
						return
					}
				}
			}
		})
	}
	stop = sync.OnceFunc(func() { cancel(); knocking.Wait() })
	t.Cleanup(stop)
	return stop
}

// hasEvents says that Redis holds both events, as they were.
func (s *server) hasEvents(client *redis.Client) bool {
	stored, err := client.HGetAll(s.Context(), "rg:{_catalog}:docs").Result()
	return err == nil && strings.Contains(stored["autumn"], `"paused":true`) && strings.Contains(stored["spring"], `"paused":true`)
}

// F01 to F04: whatever way Redis loses all, no shop opens and all events return.
func TestEventsComeBackWhenRedisHasLostThem(t *testing.T) {
	t.Parallel()
	redisServer := reserveServer(t)
	redisServer.start()
	client := redisServer.client()
	file, key := installOn(t, redisServer)
	here, _ := launch(t, file, dataDir(t))
	there, _ := launch(t, file, dataDir(t))
	makeAutumn(t, key, here, there)
	stop := guard(t, here, there)
	for _, loss := range []struct {
		says   string
		happen func()
	}{
		{"everything is flushed", func() { client.FlushAll(t.Context()) }},
		{"the catalog's key alone is gone", func() { client.Del(t.Context(), "rg:{_catalog}:docs") }},
		{"the server is killed and comes back empty", func() { redisServer.kill(); redisServer.start() }},
	} {
		loss.happen()
		eventually(t, loss.says+": Redis has both events again", func() bool { return redisServer.hasEvents(client) })
	}
	for _, gateway := range []*life{here, there} {
		eventually(t, "the gateways answer for the room", func() bool {
			api, err := dialOrganizer(t.Context(), gateway.doors[1].url(), key, "")
			if err != nil {
				t.Fatal(err)
			}
			var live liveRoom
			_, err = api.do(t.Context(), http.MethodGet, "autumn/live", nil, &live)
			return err == nil && live.Stance.Reason == "paused" && live.InForce >= live.Version
		})
	}
	stop()
}

func TestAGatewayStartsWithoutRedisFromItsDataDirectory(t *testing.T) {
	t.Parallel()
	redisServer := reserveServer(t)
	redisServer.start()
	file, key := installOn(t, redisServer)
	kept := dataDir(t)
	before, stopBefore := launch(t, file, kept)
	makeAutumn(t, key, before)
	stopBefore()
	redisServer.kill()

	config, err := loadConfig(file, overrides{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := draw(t.Context(), config, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "reach redis") {
		t.Errorf("a start with neither Redis nor a data directory = %v; want it to fail", err)
	}

	next, _ := launch(t, file, kept)
	eventually(t, "the gateway takes visitors", func() bool { return status(t, next.doors[2].url()+"/readyz") == http.StatusOK })
	stop := guard(t, next)
	if got := findings(t, next); !slices.Contains(got, "store_unreachable") {
		t.Errorf("/readyz finds %v; want store_unreachable named", got)
	}
	if got := status(t, next.doors[0].url()+"/elsewhere"); got != http.StatusOK {
		t.Errorf("a path of no event = %d; want the shop's 200", got)
	}
	redisServer.start()
	client := redisServer.client()
	eventually(t, "an empty Redis gets both events", func() bool { return redisServer.hasEvents(client) })
	eventually(t, "nothing is wrong any more", func() bool {
		got := findings(t, next)
		return !slices.Contains(got, "store_unreachable") && !slices.Contains(got, "rooms_loading")
	})
	stop()
}

func TestALateRedisThatWouldEvictPeopleIsRefused(t *testing.T) {
	t.Parallel()
	redisServer := reserveServer(t)
	settings := defaults().Redis
	settings.URL = "redis://" + redisServer.addr + "/0"
	late, err := openStores(t.Context(), settings, true, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = late.close() }()
	events, err := catalog.New(late.events, nil, nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	redisServer.start("--maxmemory-policy", "allkeys-lru")
	if late.late.arrive(t.Context(), events) || len(late.late.probe(t.Context())) != 1 || !late.late.awaited() {
		t.Errorf("a late Redis that evicts: findings %v; want it refused by name", late.late.probe(t.Context()))
	}
	if err := redisServer.client().ConfigSet(t.Context(), "maxmemory-policy", "noeviction").Err(); err != nil {
		t.Fatal(err)
	}
	if !late.late.arrive(t.Context(), events) || late.late.probe(t.Context()) != nil || late.late.awaited() {
		t.Errorf("once it is mended: findings %v; want it taken", late.late.probe(t.Context()))
	}
}

func TestALoneGatewayKeepsEventsAndControlsAcrossARestart(t *testing.T) {
	t.Parallel()
	file, key := installOn(t, nil)
	kept := dataDir(t)
	before, stop := launch(t, file, kept)
	makeAutumn(t, key, before)
	stop()
	next, _ := launch(t, file, kept)
	eventually(t, "ready again", func() bool { return status(t, next.doors[2].url()+"/readyz") == http.StatusOK })
	for _, path := range []string{"/autumn/buy", "/spring/buy"} {
		if !protects(t, next, path) {
			t.Errorf("%s is open after a restart; want both events paused as before", path)
		}
	}
}

func TestTwoGatewaysDoNotShareADataDirectory(t *testing.T) {
	t.Parallel()
	file, _ := installOn(t, nil)
	kept := dataDir(t)
	launch(t, file, kept)
	config, err := loadConfig(file, kept)
	if err != nil {
		t.Fatal(err)
	}
	want := file + ": data_dir: " + kept.DataDir + ": another process uses it"
	if _, err := draw(t.Context(), config, slog.New(slog.DiscardHandler)); err == nil || err.Error() != want {
		t.Errorf("a second gateway on one data directory = %v; want %s", err, want)
	}
	if err := os.WriteFile(kept.DataDir+"x", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadConfig(file, overrides{DataDir: kept.DataDir + "x"}); err == nil || !strings.Contains(err.Error(), "data_dir: ") || !strings.Contains(err.Error(), "is not a directory") {
		t.Errorf("a file for a data directory = %v; want it named", err)
	}
}
