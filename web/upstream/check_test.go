package upstream

import (
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestAProbeNamesWhatIsWrong(t *testing.T) {
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	hanging := func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for _, tt := range []struct {
		says    string
		address string
		want    Cause
	}{
		{"well", newShop(t, status(200)).URL, ""},
		{"well, without words", newShop(t, status(204)).URL, ""},
		{"a redirect is an answer, and not followed", newShop(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://198.51.100.1/", http.StatusFound)
		}).URL, ""},
		{"no such page", newShop(t, status(404)).URL, CheckStatus},
		{"ill", newShop(t, status(503)).URL, CheckStatus},
		{"hangs", newShop(t, hanging).URL, CheckTimeout},
		{"refuses", "http://" + deadAddress(t), CheckUnreachable},
		{"breaks off", "http://" + rawShop(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal"), CheckUnreachable},
		{"speaks something else", "http://" + rawShop(t, "220 smtp.example ESMTP\r\n"), CheckUnreachable},
	} {
		p := newPool(t, Config{Instances: []string{tt.address}, Check: Check{Path: "/health", Timeout: 200 * time.Millisecond}})
		if got := p.probe(t.Context(), p.roll.members[0]); got != tt.want {
			t.Errorf("%s: %q; want %q", tt.says, got, tt.want)
		}
	}
}

func TestAProbeAsksForThePageAndHostItWasTold(t *testing.T) {
	var path, host, agent string
	shop := newShop(t, func(_ http.ResponseWriter, r *http.Request) {
		path, host, agent = r.URL.String(), r.Host, r.UserAgent()
	})
	p := newPool(t, Config{Instances: []string{shop.URL}, Check: Check{Path: "/alive?deep=1", Host: "shop.example"}})
	if cause := p.probe(t.Context(), p.roll.members[0]); cause != "" {
		t.Fatal(cause)
	}
	if path != "/alive?deep=1" || host != "shop.example" || agent != "Rushgate-Check" {
		t.Errorf("asked for %s at %s as %s; want what was configured, and a name that logs can tell from visitors", path, host, agent)
	}
}

func TestMetersAreInOrder(t *testing.T) {
	registry := prometheus.NewRegistry()
	newPool(t, Config{Name: "shop", Instances: []string{"http://a", "http://b"}, House: House{Metrics: registry}})
	newPool(t, Config{Name: "tickets", Instances: []string{"http://a"}, House: House{Metrics: registry}})
	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	if n, err := testutil.GatherAndCount(registry, "rushgate_upstream_instances"); err != nil || n != 2*len(states) {
		t.Errorf("%d series of instances, %v; want one for each pool and state, however many instances come and go", n, err)
	}
}
