package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bilten/rushgate/capacity"
	"github.com/bilten/rushgate/web/upstream"
)

// An organizer who declares an event where no pool serves must not keep gateways from
// starting, nor the other events' visitors from their shop.
func TestAnEventOnNoPoolKeepsNoGatewayFromStarting(t *testing.T) {
	t.Parallel()
	file, _ := install(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	settings := strings.NewReplacer(`path: "/**", pool`, `path: "/spring/**", pool`, "[spring.yaml]", "[spring.yaml, autumn.yaml]").Replace(string(text))
	autumn := filepath.Join(filepath.Dir(file), "autumn.yaml")
	for path, text := range map[string]string{file: settings, autumn: strings.NewReplacer("spring", "autumn", "Spring", "Autumn").Replace(springEvent)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	gateway := startGateway(t, file)
	eventually(t, "the gateway is ready", func() bool { return status(t, gateway.doors[2].url()+"/readyz") == http.StatusOK })
	if got := status(t, gateway.doors[0].url()+"/spring/buy"); got != http.StatusOK {
		t.Errorf("the event that is served = %d; want its shop's 200", got)
	}
	if got := status(t, gateway.doors[0].url()+"/autumn/buy"); got != http.StatusNotFound {
		t.Errorf("the event on no pool = %d; want 404 for who is let in at once, and no line", got)
	}
}

// A database that locks up answers nobody, so for a minute nothing ends: neither well
// nor badly.
func TestAShopThatHangsIsSlowBeforeItsFirstTimeout(t *testing.T) {
	t.Parallel()
	const visitors = 30
	var came atomic.Int64
	hangs := make(chan struct{})
	shop := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		came.Add(1)
		<-hangs
	}))
	t.Cleanup(shop.Close)
	t.Cleanup(func() { close(hangs) })
	var ahead atomic.Int64
	pool, err := upstream.New(upstream.Config{Name: "shop", Instances: []string{shop.URL}, House: upstream.House{
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	}})
	if err != nil {
		t.Fatal(err)
	}
	for range visitors {
		go func() {
			_ = pool.Forward(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), upstream.Exchange{Path: "/"})
		}()
	}
	eventually(t, "all have come to the shop", func() bool { return came.Load() == visitors })
	ahead.Store(int64(8 * time.Second))
	w := world{pools: pools{byName: map[string]*upstream.Pool{"shop": pool}}}
	state, _ := capacity.Decide(capacity.State{}, map[string]capacity.Policy{"shop": {Sessions: 1000}},
		map[string]capacity.Report{"here": {Pools: w.Measure()}}, time.Now().UnixMilli())
	if is := state.Pools["shop"]; is.Condition != capacity.Slow || is.Health.Factor == capacity.Full {
		t.Errorf("after eight seconds without an answer: %s, factor %d; want it slow, and cut", is.Condition, is.Health.Factor)
	}
}

// Where an event's visitors go on their way decides what has to carry them.
func TestAPoolBelowAnEventsRouteCounts(t *testing.T) {
	t.Parallel()
	file, key := install(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	settings := strings.NewReplacer(`{path: "/**", pool`, `{path: "/spring/pay/**", pool: till}, {path: "/**", pool`,
		"pools: {", `pools: {till: {instances: ["http://127.0.0.1:9"], check: {off: true}}, `).Replace(string(text))
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	gateway := startGateway(t, file)
	api, err := dialOrganizer(t.Context(), gateway.doors[1].url(), key, "")
	if err != nil {
		t.Fatal(err)
	}
	var is capacity.EventStatus
	eventually(t, "the event lies on both pools", func() bool {
		_, err := api.do(t.Context(), http.MethodGet, "spring/capacity", nil, &is)
		return err == nil && len(is.Pools) == 2 && is.Pools[0].Name == "shop" && is.Pools[1].Name == "till"
	})
}

// What keeps a gateway from starting is said by check, too.
func TestCheckNamesPathsThatTwoPoolsClaim(t *testing.T) {
	t.Parallel()
	file, _ := install(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkFile(file); err != nil {
		t.Fatalf("checkFile before = %v; want nil", err)
	}
	settings := strings.NewReplacer(`{path: "/**", pool`, `{host: 127.0.0.1, path: "/**", pool: till}, {path: "/**", pool`,
		"pools: {", `pools: {till: {instances: ["http://127.0.0.1:9"]}, `).Replace(string(text))
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := checkFile(file); err == nil || !strings.Contains(err.Error(), "till") {
		t.Errorf("checkFile = %v; want both pools by name", err)
	}
}
