package k8s

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/bilten/rushgate/prescale/fault"
	"github.com/bilten/rushgate/prescale/rush"
)

// apiServer is an API server with one autoscaler, one Deployment, a ConfigMap
// and some endpoints. It refuses what a real one refuses: changes to a version
// that is gone.
type apiServer struct {
	t *testing.T

	mu        sync.Mutex
	hpa       autoscalingv2.HorizontalPodAutoscaler
	scale     autoscalingv1.Scale
	notes     corev1.ConfigMap
	slices    []discoveryv1.EndpointSlice
	version   int
	faults    []func(http.ResponseWriter, *http.Request) bool // each for one request; true: it has answered
	meanwhile func(*apiServer)                                // once, before the next change of an object
	before    string                                          // whose path ends so; empty: of any
	paused    []time.Duration
}

func newAPIServer(t *testing.T) *apiServer {
	three := int32(3)
	s := &apiServer{t: t}
	s.hpa = autoscalingv2.HorizontalPodAutoscaler{
		TypeMeta: metav1.TypeMeta{APIVersion: "autoscaling/v2", Kind: "HorizontalPodAutoscaler"},
		Spec:     autoscalingv2.HorizontalPodAutoscalerSpec{MinReplicas: &three, MaxReplicas: 50},
		Status:   autoscalingv2.HorizontalPodAutoscalerStatus{CurrentReplicas: 4},
	}
	s.scale = autoscalingv1.Scale{
		TypeMeta: metav1.TypeMeta{APIVersion: "autoscaling/v1", Kind: "Scale"},
		Spec:     autoscalingv1.ScaleSpec{Replicas: 3}, Status: autoscalingv1.ScaleStatus{Replicas: 3},
	}
	s.notes = corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}}
	s.bump()
	return s
}

// bump gives these objects a new version, without any all of them.
func (s *apiServer) bump(changed ...metav1.Object) {
	s.version++
	if changed == nil {
		changed = []metav1.Object{&s.hpa, &s.scale, &s.notes}
	}
	for _, object := range changed {
		object.SetResourceVersion(fmt.Sprint(s.version))
	}
}

// versioned is one of the server's three objects.
type versioned interface {
	runtime.Object
	metav1.Object
}

func (s *apiServer) open(c Config) *Target {
	s.t.Helper()
	server := httptest.NewServer(s)
	s.t.Cleanup(server.Close)
	client, err := connect(&rest.Config{Host: server.URL, QPS: -1})
	if err != nil {
		s.t.Fatal(err)
	}
	c.Namespace, c.Chance = "shop", func() float64 { return 1 }
	c.Pause = func(d time.Duration) <-chan time.Time {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.paused = append(s.paused, d)
		return time.After(0)
	}
	target, err := New(client, c)
	if err != nil {
		s.t.Fatal(err)
	}
	return target
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	if len(s.faults) > 0 {
		fault := s.faults[0]
		s.faults = s.faults[1:]
		if fault(w, r) {
			return
		}
	}
	if change := s.meanwhile; change != nil && r.Method != http.MethodGet && strings.HasSuffix(r.URL.Path, s.before) {
		s.meanwhile = nil
		change(s)
		s.bump()
	}
	var object versioned
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/horizontalpodautoscalers/web"):
		object = &s.hpa
	case strings.HasSuffix(path, "/deployments/web/scale"):
		object = &s.scale
	case strings.HasSuffix(path, "/configmaps/"+Notes):
		object = &s.notes
	case strings.HasSuffix(path, "/endpointslices") && r.URL.Query().Get("labelSelector") == "kubernetes.io/service-name=web":
		answer(w, 200, &discoveryv1.EndpointSliceList{TypeMeta: metav1.TypeMeta{APIVersion: "discovery.k8s.io/v1", Kind: "EndpointSliceList"}, Items: s.slices})
		return
	default:
		status(w, http.StatusNotFound, metav1.StatusReasonNotFound, 0)
		return
	}
	if r.Method != http.MethodGet && !s.write(w, object, body) {
		return
	}
	answer(w, 200, object)
}

// write is a merge patch or an update: both carry the version that was read.
func (s *apiServer) write(w http.ResponseWriter, object versioned, body []byte) bool {
	var sent struct {
		Metadata struct {
			ResourceVersion string             `json:"resourceVersion"`
			Annotations     map[string]*string `json:"annotations"`
		} `json:"metadata"`
		Data map[string]string `json:"data"`
		Spec struct {
			MinReplicas *int32 `json:"minReplicas"`
			Replicas    *int32 `json:"replicas"`
		} `json:"spec"`
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		s.t.Errorf("body %s: %v", body, err)
	}
	if sent.Metadata.ResourceVersion != object.GetResourceVersion() {
		status(w, http.StatusConflict, metav1.StatusReasonConflict, 0)
		return false
	}
	s.bump(object)
	switch object {
	case &s.hpa:
		s.hpa.Spec.MinReplicas = sent.Spec.MinReplicas
		if s.hpa.Annotations == nil {
			s.hpa.Annotations = map[string]string{}
		}
		for name, value := range sent.Metadata.Annotations {
			delete(s.hpa.Annotations, name)
			if value != nil {
				s.hpa.Annotations[name] = *value
			}
		}
	case &s.scale:
		s.scale.Spec.Replicas = *sent.Spec.Replicas
	case &s.notes:
		if s.notes.Data == nil {
			s.notes.Data = map[string]string{}
		}
		for name, value := range sent.Data {
			s.notes.Data[name] = value
		}
	}
	return true
}

func answer(w http.ResponseWriter, code int, object runtime.Object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(object)
}

func status(w http.ResponseWriter, code int, reason metav1.StatusReason, retryAfter int32) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(retryAfter))
	}
	answer(w, code, &metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: int32(code), Reason: reason, Message: "says the API server", //nolint:gosec // an HTTP status
		Details: &metav1.StatusDetails{RetryAfterSeconds: retryAfter},
	})
}

func refuses(code int, reason metav1.StatusReason, retryAfter int32) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool { status(w, code, reason, retryAfter); return true }
}

func breaks(w http.ResponseWriter, _ *http.Request) bool {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
	return true
}

func order(instances int, version int64) rush.Order {
	return rush.Order{Target: "web", Instances: instances, Version: version, Event: "hamlet", Until: time.Date(2027, 3, 1, 13, 0, 0, 0, time.UTC)}
}

func TestAnAutoscalerIsRaisedAndGivenBack(t *testing.T) {
	t.Parallel()
	s := newAPIServer(t)
	target := s.open(Config{HPA: "web"})
	if err := target.Scale(t.Context(), order(13, 7)); err != nil {
		t.Fatal(err)
	}
	notes := s.hpa.Annotations
	if *s.hpa.Spec.MinReplicas != 13 || notes[annotationOwner] != Manager || notes[annotationPrevious] != "3" || notes[annotationUntil] != "2027-03-01T13:00:00Z" || notes[annotationEvent] != "hamlet" {
		t.Errorf("raised: minReplicas %d, %v; want 13 with owner, previous value and expiry", *s.hpa.Spec.MinReplicas, notes)
	}
	before := s.version
	if err := target.Scale(t.Context(), order(13, 7)); err != nil || s.version != before {
		t.Errorf("the same order again = %v, and changed something: %t; want nothing", err, s.version != before)
	}
	if err := target.Release(t.Context(), rush.Order{Version: 9}); err != nil {
		t.Fatal(err)
	}
	if err := target.Scale(t.Context(), order(13, 7)); err != nil { // late, from a gateway that slept
		t.Fatal(err)
	}
	if *s.hpa.Spec.MinReplicas != 3 || len(s.hpa.Annotations) != 1 || s.hpa.Annotations[annotationVersion] != "9" {
		t.Errorf("given back: minReplicas %d, %v; want 3, and nothing but the version", *s.hpa.Spec.MinReplicas, s.hpa.Annotations)
	}
}

func TestADeploymentIsScaledByItsSubresource(t *testing.T) {
	t.Parallel()
	s := newAPIServer(t)
	target := s.open(Config{Deployment: "web"})
	if err := target.Scale(t.Context(), order(13, 7)); err != nil || s.scale.Spec.Replicas != 13 {
		t.Fatalf("Scale = %v, replicas %d; want 13", err, s.scale.Spec.Replicas)
	}
	if got := s.notes.Data["deployment.web"]; !strings.Contains(got, `"previous":3`) || strings.Contains(got, "pending") {
		t.Errorf("note = %s; want the 3 of before, and nothing pending", got)
	}
	s.scale.Spec.Replicas = 20 // by hand
	s.bump()
	if err := target.Release(t.Context(), rush.Order{Version: 9}); err != nil || s.scale.Spec.Replicas != 20 {
		t.Errorf("Release = %v, replicas %d; want the 20 that somebody set", err, s.scale.Spec.Replicas)
	}
}

func TestAnAPIServerInItsWorstHour(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says   string
		faults []func(http.ResponseWriter, *http.Request) bool
		pauses int
		err    string // in the operator's log
		words  string // for organizers
	}{
		{"it conflicts twice", []func(http.ResponseWriter, *http.Request) bool{refuses(409, metav1.StatusReasonConflict, 0), refuses(409, metav1.StatusReasonConflict, 0)}, 2, "", ""},
		{"it is busy", []func(http.ResponseWriter, *http.Request) bool{refuses(429, metav1.StatusReasonTooManyRequests, 0)}, 1, "", ""},
		{"it is busy and says until when", []func(http.ResponseWriter, *http.Request) bool{refuses(429, metav1.StatusReasonTooManyRequests, 1)}, 0, "", ""}, // client-go waits itself
		{"it breaks off, and is unavailable", []func(http.ResponseWriter, *http.Request) bool{breaks, refuses(503, metav1.StatusReasonServiceUnavailable, 0)}, 1, "", ""},
		{"it times out", []func(http.ResponseWriter, *http.Request) bool{refuses(504, metav1.StatusReasonTimeout, 0)}, 1, "", ""},
		{"it forbids", []func(http.ResponseWriter, *http.Request) bool{refuses(403, metav1.StatusReasonForbidden, 0)}, 0, "says the API server", "answered 403"},
		{"there is no such thing", []func(http.ResponseWriter, *http.Request) bool{refuses(404, metav1.StatusReasonNotFound, 0)}, 0, "read autoscaler shop/web", "answered 404"},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := newAPIServer(t)
			s.faults = row.faults
			err := s.open(Config{HPA: "web"}).Scale(t.Context(), order(13, 7))
			if row.err == "" && (err != nil || *s.hpa.Spec.MinReplicas != 13) || row.err != "" && (err == nil || !strings.Contains(err.Error(), row.err)) {
				t.Errorf("Scale = %v, minReplicas %d; want 13, or %q", err, *s.hpa.Spec.MinReplicas, row.err)
			}
			if err != nil && fault.Words(err) != row.words {
				t.Errorf("Words = %q; want %q", fault.Words(err), row.words)
			}
			if len(s.paused) < row.pauses {
				t.Errorf("paused %v; want %d times", s.paused, row.pauses)
			}
			for i, pause := range s.paused {
				if most := firstWait << i; pause < most/2 || pause > most {
					t.Errorf("pause %d = %s; want %s to %s", i, pause, most/2, most)
				}
			}
		})
	}
}

func TestSomebodyWhoIsQuickerIsNotOverwritten(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		kind   Config
		before string
	}{{Config{HPA: "web"}, ""}, {Config{Deployment: "web"}, "/" + Notes}, {Config{Deployment: "web"}, "/scale"}} {
		s := newAPIServer(t)
		kind := row.kind
		target := s.open(kind)
		s.before = row.before
		s.meanwhile = func(s *apiServer) { // between our read and our change
			twenty := int32(20)
			s.hpa.Spec.MinReplicas, s.scale.Spec.Replicas = &twenty, twenty
		}
		if err := target.Scale(t.Context(), order(13, 7)); err != nil {
			t.Fatal(err)
		}
		got := s.scale.Spec.Replicas
		if kind.HPA != "" {
			got = *s.hpa.Spec.MinReplicas
		}
		if got != 20 {
			t.Errorf("%+v: %d; want the 20 that somebody set meanwhile", kind, got)
		}
	}
}

// A Deployment's version moves with its status, and while it scales that is every
// second.
func TestAScaleThatMovesMeanwhileIsScaledAllTheSame(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says   string
		orders []rush.Order // the last one meets a version that is gone; none there: it is given back
		value  int32
		after  int32 // when all is given back
	}{
		{"raised", []rush.Order{order(13, 7)}, 13, 3},
		{"raised again", []rush.Order{order(13, 7), order(21, 8)}, 21, 3},
		{"lowered", []rush.Order{order(21, 7), order(8, 8)}, 8, 3},
		{"given back", []rush.Order{order(13, 7), {Version: 8}}, 3, 3},
	} {
		s := newAPIServer(t)
		target := s.open(Config{Deployment: "web"})
		for i, o := range row.orders {
			if s.before = "/scale"; i == len(row.orders)-1 {
				s.meanwhile = func(*apiServer) {}
			}
			do := target.Scale
			if o.Instances == 0 {
				do = target.Release
			}
			if err := do(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
		if s.scale.Spec.Replicas != row.value || len(s.paused) == 0 {
			t.Errorf("%s: replicas = %d after %d conflicts; want %d after one", row.says, s.scale.Spec.Replicas, len(s.paused), row.value)
		}
		if err := target.Release(t.Context(), rush.Order{Version: 9}); err != nil || s.scale.Spec.Replicas != row.after {
			t.Errorf("%s, then Release = %v, replicas %d; want the %d of before", row.says, err, s.scale.Spec.Replicas, row.after)
		}
	}
}

func TestReadyAreWhoseEndpointsAreReady(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	pod := func(name, address string, ready, terminating *bool) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{Addresses: []string{address}, Conditions: discoveryv1.EndpointConditions{Ready: ready, Terminating: terminating}, TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: name}}
	}
	s := newAPIServer(t)
	s.slices = []discoveryv1.EndpointSlice{
		{Endpoints: []discoveryv1.Endpoint{pod("a", "10.0.0.1", &yes, nil), pod("b", "10.0.0.2", &no, nil), pod("c", "10.0.0.3", nil, &no), pod("d", "10.0.0.4", &yes, &yes)}},
		{Endpoints: []discoveryv1.Endpoint{pod("a", "fd00::1", &yes, nil)}}, // the same one by IPv6
	}
	target := s.open(Config{HPA: "web", Service: "web"})
	if got, err := target.Ready(t.Context(), order(13, 7)); err != nil || got.Ready != 2 || got.Detail != "" {
		t.Errorf("Ready = %+v, %v; want a and c", got, err)
	}
	if got, err := target.Ready(t.Context(), order(60, 7)); err != nil || got.Detail != "maxReplicas 50 is below the 60 that are needed" {
		t.Errorf("Ready beyond the autoscaler = %+v, %v; want to hear why", got, err)
	}
	if got, err := s.open(Config{HPA: "web"}).Ready(t.Context(), order(13, 7)); err != nil || got.Ready != 4 || got.Detail == "" {
		t.Errorf("Ready without a service = %+v, %v; want the 4 that were started, and a word on that", got, err)
	}
}

func TestNotesNeedTheirConfigMap(t *testing.T) {
	t.Parallel()
	s := newAPIServer(t)
	s.faults = []func(http.ResponseWriter, *http.Request) bool{
		func(http.ResponseWriter, *http.Request) bool { return false },
		refuses(404, metav1.StatusReasonNotFound, 0),
	}
	if err := s.open(Config{Deployment: "web"}).Scale(t.Context(), order(13, 7)); err == nil || !strings.Contains(err.Error(), "deploy/k8s/rbac.yaml") || s.scale.Spec.Replicas != 3 {
		t.Errorf("Scale = %v, replicas %d; want to hear where the ConfigMap comes from, and no change", err, s.scale.Spec.Replicas)
	}
}
