package slices_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	client "k8s.io/client-go/kubernetes/typed/discovery/v1"
	"k8s.io/client-go/rest"

	"github.com/bilten/rushgate/web/upstream"
	"github.com/bilten/rushgate/web/upstream/slices"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// endpoint is "10.0.0.1", or "10.0.0.1 not ready"; the pod is called after it.
func endpoint(what string) discovery.Endpoint {
	address, condition, _ := strings.Cut(what, " ")
	ready := condition == ""
	return discovery.Endpoint{
		Addresses: []string{address}, Conditions: discovery.EndpointConditions{Ready: &ready},
		TargetRef: &core.ObjectReference{Kind: "Pod", Name: "shop-" + address},
	}
}

func slice(name, version string, family discovery.AddressType, endpoints ...string) *discovery.EndpointSlice {
	http, metrics := int32(8080), int32(9090)
	httpName, metricsName := "http", "metrics"
	s := &discovery.EndpointSlice{
		TypeMeta:    meta.TypeMeta{APIVersion: "discovery.k8s.io/v1", Kind: "EndpointSlice"},
		ObjectMeta:  meta.ObjectMeta{Name: name, Namespace: "sale", ResourceVersion: version, Labels: map[string]string{discovery.LabelServiceName: "shop"}},
		AddressType: family,
		Ports:       []discovery.EndpointPort{{Name: &metricsName, Port: &metrics}, {Name: &httpName, Port: &http}},
	}
	for _, e := range endpoints {
		s.Endpoints = append(s.Endpoints, endpoint(e))
	}
	return s
}

// follow runs the source until the test ends and returns what it has told last.
func follow(t *testing.T, s slices.Service) func() string {
	t.Helper()
	s.Namespace, s.Name, s.Scheme, s.Log = "sale", "shop", "http", slog.New(slog.DiscardHandler)
	if s.Port == "" {
		s.Port = "http"
	}
	var mu sync.Mutex
	last := "nothing"
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Watch(ctx, func(told upstream.Told) {
			mu.Lock()
			defer mu.Unlock()
			var all []string
			for _, in := range told.Instances {
				all = append(all, in.ID+"="+in.Address)
			}
			last = strings.Join(all, " ")
		})
	}()
	t.Cleanup(func() { stop(); <-done })
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return last
	}
}

func eventually(t *testing.T, got func() string, want string) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for got() != want {
		select {
		case <-deadline:
			t.Fatalf("told %q; want %q", got(), want)
		case <-ticker.C:
		}
	}
}

func TestReadyEndpointsAreInstances(t *testing.T) {
	const v4, v6 = discovery.AddressTypeIPv4, discovery.AddressTypeIPv6
	for _, tt := range []struct {
		says   string
		port   string
		slices []*discovery.EndpointSlice
		want   string
	}{
		{"those that are ready, of all slices", "http", []*discovery.EndpointSlice{slice("a", "1", v4, "10.0.0.2", "10.0.0.1"), slice("b", "1", v4, "10.0.0.3", "10.0.0.4 not ready")},
			"shop-10.0.0.1=http://10.0.0.1:8080 shop-10.0.0.2=http://10.0.0.2:8080 shop-10.0.0.3=http://10.0.0.3:8080"},
		{"the port by number", "9090", []*discovery.EndpointSlice{slice("a", "1", v4, "10.0.0.1")}, "shop-10.0.0.1=http://10.0.0.1:9090"},
		{"no such port", "grpc", []*discovery.EndpointSlice{slice("a", "1", v4, "10.0.0.1")}, ""},
		{"one that moves between slices is one", "http", []*discovery.EndpointSlice{slice("a", "1", v4, "10.0.0.1"), slice("b", "1", v4, "10.0.0.1")}, "shop-10.0.0.1=http://10.0.0.1:8080"},
		{"both families are the same pods", "http", []*discovery.EndpointSlice{slice("a", "1", v6, "fd00::1"), slice("b", "1", v4, "10.0.0.1")}, "shop-10.0.0.1=http://10.0.0.1:8080"},
		{"IPv6 alone", "http", []*discovery.EndpointSlice{slice("a", "1", v6, "fd00::1")}, "shop-fd00::1=http://[fd00::1]:8080"},
		{"nobody", "http", nil, ""},
	} {
		cluster := fake.NewClientset()
		for _, s := range tt.slices {
			if err := cluster.Tracker().Add(s); err != nil {
				t.Fatal(err)
			}
		}
		t.Run(tt.says, func(t *testing.T) {
			eventually(t, follow(t, slices.Service{Client: withoutWatchLists{cluster.DiscoveryV1()}, Port: tt.port}), tt.want)
		})
	}
}

// withoutWatchLists says of the typed fake what its clientset says of itself: it
// cannot begin a watch with a list.
type withoutWatchLists struct{ client.DiscoveryV1Interface }

func (withoutWatchLists) IsWatchListSemanticsUnSupported() bool { return true }

// apiServer speaks as much of the Kubernetes API as an informer needs, over
// HTTP, and has its bad hours.
type apiServer struct {
	mu      sync.Mutex
	slices  []discovery.EndpointSlice
	version int
	status  int           // of every answer; 0: as it should be
	changed chan struct{} // closed on every change
	asked   []string      // queries
}

func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	status, changed := a.status, a.changed
	a.asked = append(a.asked, r.URL.Path+"?"+r.URL.Query().Get("labelSelector"))
	list := discovery.EndpointSliceList{
		TypeMeta: meta.TypeMeta{APIVersion: "discovery.k8s.io/v1", Kind: "EndpointSliceList"},
		ListMeta: meta.ListMeta{ResourceVersion: fmt.Sprint(a.version)}, Items: a.slices,
	}
	a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case status == http.StatusGatewayTimeout: // never answers
		select {
		case <-changed:
			panic(http.ErrAbortHandler)
		case <-r.Context().Done():
		}
	case status != 0:
		a.refuse(w, status)
	case r.URL.Query().Get("sendInitialEvents") == "true": // an older cluster
		a.refuse(w, http.StatusUnprocessableEntity)
	case r.URL.Query().Get("watch") == "true":
		_ = http.NewResponseController(w).Flush()
		select {
		case <-changed: // the watch ends, and the client lists anew
		case <-r.Context().Done():
		}
	default:
		_ = json.NewEncoder(w).Encode(list)
	}
}

func (*apiServer) refuse(w http.ResponseWriter, status int) {
	reason := map[int]meta.StatusReason{422: meta.StatusReasonInvalid, 429: meta.StatusReasonTooManyRequests, 409: meta.StatusReasonConflict, 410: meta.StatusReasonExpired}[status]
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "0")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(meta.Status{
		TypeMeta: meta.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: meta.StatusFailure, Code: int32(status), Reason: reason,
	})
}

// becomes ends every watch; each one afterwards finds this.
func (a *apiServer) becomes(status int, slices ...discovery.EndpointSlice) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.version++
	a.status, a.slices = status, slices
	close(a.changed)
	a.changed = make(chan struct{})
}

func (a *apiServer) requests() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.asked)
}

func (a *apiServer) first() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked[0]
}

func TestAClusterIsFollowedThroughItsBadHours(t *testing.T) {
	const one, two = "shop-10.0.0.1=http://10.0.0.1:8080", "shop-10.0.0.2=http://10.0.0.2:8080"
	for _, status := range []int{http.StatusInternalServerError, http.StatusConflict, http.StatusTooManyRequests, http.StatusGone, http.StatusGatewayTimeout} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel() // each waits for the client's patience
			api := &apiServer{changed: make(chan struct{}), version: 1, slices: []discovery.EndpointSlice{*slice("a", "1", discovery.AddressTypeIPv4, "10.0.0.1")}}
			server := httptest.NewServer(api)
			t.Cleanup(server.Close)
			kube, err := client.NewForConfig(&rest.Config{Host: server.URL, QPS: -1})
			if err != nil {
				t.Fatal(err)
			}
			told := follow(t, slices.Service{Client: kube})
			eventually(t, told, one)
			api.becomes(status)
			before := api.requests()
			eventually(t, func() string { return fmt.Sprint(api.requests() > before) }, "true")
			if got := told(); got != one {
				t.Errorf("while the API answers %d: %q; want what was known", status, got)
			}
			api.becomes(0, *slice("a", "2", discovery.AddressTypeIPv4, "10.0.0.2", "10.0.0.1 not ready"))
			eventually(t, told, two)
			want := "/apis/discovery.k8s.io/v1/namespaces/sale/endpointslices?kubernetes.io/service-name=shop"
			if diff := cmp.Diff(want, api.first()); diff != "" {
				t.Errorf("asked for (-want +got)\n%s", diff)
			}
		})
	}
}
