package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/internal/redistest"
	"github.com/bilten/rushgate/web/ops"
)

// installation is the operator's file of a test, with two gateways on one Redis.
const installation = `
listeners: {gateway: {address: "127.0.0.1:0"}, api: {address: "127.0.0.1:0"}, ops: {address: "127.0.0.1:0"}}
redis: {url: "redis://REDIS/0"}
keys: keys.yaml
pools: {shop: {instances: ["SHOP"]}}
organizations: {acme: {hosts: ["127.0.0.1"], upstreams: [{path: "/**", pool: shop}]}}
api_keys: [{name: box-office, organization: acme, sha256: HASH}]
events: [spring.yaml]
shutdown: {drain_delay: 0s, timeout: 2s}
`

const springEvent = `
id: spring
organization: acme
name: Spring
routes: [{host: 127.0.0.1, path: "/spring/**"}]
room: {total_active_users: 10, new_users_per_minute: 600}
`

// startGateway runs a gateway of the file until the test ends.
func startGateway(t *testing.T, file string) *life {
	t.Helper()
	running, _ := launch(t, file, overrides{})
	return running
}

// launch runs a gateway until it is stopped or the test ends.
func launch(t *testing.T, file string, over overrides) (running *life, stop func()) {
	t.Helper()
	config, err := loadConfig(file, over)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	plan, err := draw(t.Context(), config, log)
	if err != nil {
		t.Fatal(err)
	}
	running, err = plan.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	signals, done := make(chan os.Signal, 1), make(chan error, 1)
	go func() { done <- running.run(context.WithoutCancel(t.Context()), signals) }()
	stop = sync.OnceFunc(func() {
		signals <- syscall.SIGTERM
		if err := <-done; err != nil {
			t.Errorf("gateway ended with %v; want a clean end", err)
		}
	})
	t.Cleanup(stop)
	return running, stop
}

// install writes the files of an installation with a Redis and a shop of its own.
func install(t *testing.T) (file, key string) {
	t.Helper()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "shop") }))
	t.Cleanup(shop.Close)
	dir := t.TempDir()
	key, hash := newAPIKey()
	file = filepath.Join(dir, "rushgate.yaml")
	settings := strings.NewReplacer("REDIS", redistest.Start(t, "--appendonly", "yes"), "SHOP", shop.URL, "HASH", hash).Replace(installation)
	for path, text := range map[string]string{file: settings, filepath.Join(dir, "spring.yaml"): springEvent} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code := run(t.Context(), []string{"keys", "new", filepath.Join(dir, "keys.yaml")}, os.Getenv, io.Discard, os.Stderr); code != 0 {
		t.Fatalf("keys new = %d; want 0", code)
	}
	return file, key
}

func TestAChangeReachesEveryGatewayWithinASecond(t *testing.T) {
	t.Parallel()
	file, key := install(t)
	here, there := startGateway(t, file), startGateway(t, file)
	for _, gateway := range []*life{here, there} {
		eventually(t, "a gateway is ready", func() bool { return status(t, gateway.doors[2].url()+"/readyz") == http.StatusOK })
	}
	if got := status(t, there.doors[0].url()+"/elsewhere"); got != http.StatusOK {
		t.Errorf("a path of no event = %d; want the shop's 200", got)
	}

	stance := func() string {
		api, err := dialOrganizer(t.Context(), there.doors[1].url(), key, "")
		if err != nil {
			t.Fatal(err)
		}
		var live liveRoom
		if _, err := api.do(t.Context(), http.MethodGet, "spring/live", nil, &live); err != nil || live.InForce < live.Version {
			return "not in force"
		}
		return live.Stance.Reason
	}
	eventually(t, "the room is open there", func() bool { return stance() == "open" })
	// The best of a few: a busy machine may be late, a gateway that is told
	// nothing always is.
	fastest := time.Hour
	for _, turn := range []struct{ action, stance string }{{"pause", "paused"}, {"unpause", "open"}, {"pause", "paused"}} {
		code := run(t.Context(), []string{"room", "spring", turn.action, "--api", here.doors[1].url(), "--key", key}, os.Getenv, io.Discard, os.Stderr)
		if code != 0 {
			t.Fatalf("room spring %s = %d; want 0", turn.action, code)
		}
		answered := time.Now()
		eventually(t, "the other gateway is "+turn.stance, func() bool { return stance() == turn.stance })
		fastest = min(fastest, time.Since(answered))
	}
	if fastest > time.Second {
		t.Errorf("the other gateway followed after %s at best; want within a second", fastest)
	}
}

func TestAnEditedEventFileComesIntoForceWithTheNextGateway(t *testing.T) {
	t.Parallel()
	file, key := install(t)
	old := startGateway(t, file)
	eventually(t, "a gateway is ready", func() bool { return status(t, old.doors[2].url()+"/readyz") == http.StatusOK })
	if got := findings(t, old); slices.Contains(got, "event_file_differs") {
		t.Errorf("a gateway alone finds %v; want nothing about its file", got)
	}

	edited := strings.Replace(springEvent, "new_users_per_minute: 600", "new_users_per_minute: 60", 1)
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "spring.yaml"), []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	restarted := startGateway(t, file)
	eventually(t, "the older gateway says that its file differs", func() bool { return slices.Contains(findings(t, old), "event_file_differs") })
	if got := findings(t, restarted); slices.Contains(got, "event_file_differs") {
		t.Errorf("the restarted gateway finds %v; want nothing about its file", got)
	}
	eventually(t, "the room has the new rate at the restarted gateway", func() bool {
		api, err := dialOrganizer(t.Context(), restarted.doors[1].url(), key, "")
		if err != nil {
			t.Fatal(err)
		}
		var live liveRoom
		_, err = api.do(t.Context(), http.MethodGet, "spring/live", nil, &live)
		return err == nil && live.Controls.Rate == 60
	})
}

func TestAStartWithoutAStoreFails(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	declared, err := event.Parse([]byte(springEvent))
	if err != nil {
		t.Fatal(err)
	}
	silent := &silentBackend{Backend: catalog.NewMemory(), asked: cancel}
	events, err := catalog.New(silent, map[string][]string{"acme": {"127.0.0.1"}}, []event.Event{declared}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := announce(ctx, events); !errors.Is(err, catalog.ErrNoBackend) {
		t.Errorf("announce with a silent store = %v; want %v", err, catalog.ErrNoBackend)
	}
	silent.awake.Store(true)
	if err := announce(t.Context(), events); err != nil {
		t.Errorf("announce once it answers = %v; want nil", err)
	}
}

// silentBackend does not answer until it is awake.
type silentBackend struct {
	catalog.Backend
	awake atomic.Bool
	asked func()
}

func (b *silentBackend) Load(ctx context.Context) (map[string]catalog.Document, int64, error) {
	if b.awake.Load() {
		return b.Backend.Load(ctx)
	}
	b.asked()
	return nil, 0, errors.New("i/o timeout")
}

func TestCatalogFindings(t *testing.T) {
	t.Parallel()
	view := catalog.View{
		Records:  []catalog.Record{{Event: event.Event{ID: "spring"}, Stale: true}, {Event: event.Event{ID: "autumn"}}},
		Problems: []catalog.Problem{{Event: "winter", Err: errors.New("event winter: stored definition does not fit")}},
	}
	got := catalogFindings(view)
	want := []ops.Finding{
		{Name: "event_file_differs", Severity: ops.Warning, Detail: "event spring: this gateway's file differs from the one last announced"},
		{Name: "event_not_in_force", Severity: ops.Warning, Detail: "event winter: stored definition does not fit"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("catalogFindings = %v; want %v", got, want)
	}
	if got := catalogFindings(catalog.View{}); got != nil {
		t.Errorf("catalogFindings of nothing wrong = %v; want none", got)
	}
}

// findings are the names of what a gateway's /readyz names.
func findings(t *testing.T, gateway *life) []string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, gateway.doors[2].url()+"/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct{ Findings []ops.Finding }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, finding := range answer.Findings {
		names = append(names, finding.Name)
	}
	return names
}

func TestTheDemoIsAWholeInstallation(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	done := make(chan int, 1)
	go func() {
		anyPort := "127.0.0.1:0"
		code := run(ctx, []string{"demo", "--gateway", anyPort, "--api", anyPort, "--ops", anyPort, "--json"}, func(string) string { return "" }, writer, os.Stderr)
		_ = writer.Close() // also when it failed before it printed anything
		done <- code
	}()
	var where addresses
	if err := json.NewDecoder(reader).Decode(&where); err != nil {
		t.Fatalf("what the demo prints: %v", err)
	}
	if got := status(t, where.Shop); got != http.StatusOK {
		t.Errorf("the shop's first page = %d; want 200", got)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, where.Buy, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/html")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.Header.Get("Rushgate-State") == "" {
		t.Errorf("a newcomer = %d %v; want the waiting page: there is a line", response.StatusCode, response.Header)
	}
	cancel()
	if code := <-done; code != 0 {
		t.Errorf("demo = %d; want 0", code)
	}
}

func status(t *testing.T, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}
