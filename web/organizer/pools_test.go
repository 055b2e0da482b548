package organizer_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/web/organizer"
	"github.com/bilten/rushgate/web/upstream"
	"github.com/bilten/rushgate/web/upstream/roster"
)

const (
	operatorKey = "rgk_operator"
	instanceKey = "rgk_instance"

	pool = "/v1/pools/shop"
)

// openFleet is a pool with one fixed instance, in which others may register.
func openFleet(t *testing.T, now func() time.Time) organizer.Fleet {
	t.Helper()
	instances := roster.New(roster.Config{
		Store: accord.NewMemory(now), Pool: "shop", Now: now, Log: slog.New(slog.DiscardHandler),
		Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	})
	p, err := upstream.New(upstream.Config{Name: "shop", Instances: []string{"http://10.0.0.1:3000"}, Sources: []upstream.Source{instances}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Run(ctx)
	}()
	t.Cleanup(func() { stop(); <-done; p.Close() })
	return organizer.Fleet{
		Pool: p, Roster: instances, HeartbeatSeconds: 10,
		Operator: sha256.Sum256([]byte(operatorKey)), Registration: sha256.Sum256([]byte(instanceKey)),
	}
}

// row of the table, once it is as it should be.
func (h *house) row(t *testing.T, id string, holds func(upstream.Instance) bool) {
	t.Helper()
	var last *httptest.ResponseRecorder
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		last = h.ask(t, operatorKey, http.MethodGet, pool, "")
		var table struct{ Instances []upstream.Instance }
		if err := json.Unmarshal(last.Body.Bytes(), &table); err != nil {
			t.Fatal(err)
		}
		for _, in := range table.Instances {
			if in.ID == id && holds(in) {
				return
			}
		}
	}
	t.Fatalf("not within 10 s: %s in %s", id, last.Body)
}

func TestAnInstanceRegistersIsDrainedAndSaysFarewell(t *testing.T) {
	h := open(t)
	h.row(t, "10.0.0.1:3000", func(in upstream.Instance) bool { return in.State == upstream.Ready })

	answer := h.ask(t, instanceKey, http.MethodPost, pool+"/instances/seven", `{"address":"http://10.0.0.7:3000","weight":2}`)
	if answer.Code != http.StatusOK || answer.Body.String() != `{"heartbeat_s":10,"id":"seven"}`+"\n" {
		t.Fatalf("register: %d %s", answer.Code, answer.Body)
	}
	h.row(t, "seven", func(in upstream.Instance) bool {
		return in.State == upstream.Ready && in.Weight == 2 && in.Host == "10.0.0.7" && in.Port == "3000" && !in.Heartbeat.IsZero()
	})

	for range 2 { // twice is as good as once
		if answer := h.ask(t, operatorKey, http.MethodPost, pool+"/instances/seven/drain", "", "Rushgate-Reason: update"); answer.Code != http.StatusOK {
			t.Fatalf("drain: %d %s", answer.Code, answer.Body)
		}
	}
	h.row(t, "seven", func(in upstream.Instance) bool {
		return in.State == upstream.Drained && in.Cause == upstream.ByOperator
	})
	if answer := h.ask(t, operatorKey, http.MethodDelete, pool+"/instances/seven/drain", ""); answer.Code != http.StatusOK {
		t.Fatalf("undrain: %d %s", answer.Code, answer.Body)
	}
	h.row(t, "seven", func(in upstream.Instance) bool { return in.State == upstream.Ready })

	if answer := h.ask(t, operatorKey, http.MethodPost, pool+"/instances/10.0.0.1:3000/drain", ""); answer.Code != http.StatusOK {
		t.Fatalf("drain of one from the file: %d %s", answer.Code, answer.Body)
	}
	h.row(t, "10.0.0.1:3000", func(in upstream.Instance) bool { return in.State == upstream.Drained })

	if answer := h.ask(t, instanceKey, http.MethodDelete, pool+"/instances/seven", ""); answer.Code != http.StatusNoContent {
		t.Fatalf("farewell: %d %s", answer.Code, answer.Body)
	}
}

func TestPoolsAreTheOperators(t *testing.T) {
	h := open(t)
	const register = `{"address":"http://10.0.0.7:3000"}`
	for _, tt := range []struct {
		says, key, method, path, body string
		status                        int
		code                          string
	}{
		{"no key", "", http.MethodGet, pool, "", 401, "unauthorized"},
		{"an organizer's key", acmeKey, http.MethodGet, pool, "", 401, "unauthorized"},
		{"an organizer's key drains nothing", acmeKey, http.MethodPost, pool + "/instances/10.0.0.1:3000/drain", "", 401, "unauthorized"},
		{"an instance's key sees nothing", instanceKey, http.MethodGet, pool, "", 401, "unauthorized"},
		{"and drains nobody", instanceKey, http.MethodPost, pool + "/instances/10.0.0.1:3000/drain", "", 401, "unauthorized"},
		{"the operator's registers nobody", operatorKey, http.MethodPost, pool + "/instances/a", register, 401, "unauthorized"},
		{"the operator's is no organizer's", operatorKey, http.MethodGet, events, "", 401, "unauthorized"},
		{"a pool that does not exist looks like a wrong key", operatorKey, http.MethodGet, "/v1/pools/other", "", 401, "unauthorized"},
		{"an address outside the networks", instanceKey, http.MethodPost, pool + "/instances/a", `{"address":"http://169.254.169.254:80"}`, 422, "invalid_instance"},
		{"a name", instanceKey, http.MethodPost, pool + "/instances/a", `{"address":"http://shop.internal:80"}`, 422, "invalid_instance"},
		{"an unknown field", instanceKey, http.MethodPost, pool + "/instances/a", `{"address":"http://10.0.0.7:80","path":"/"}`, 400, "invalid_json"},
		{"no body", instanceKey, http.MethodPost, pool + "/instances/a", "", 415, "unsupported_media_type"},
		{"an id that is none", instanceKey, http.MethodDelete, pool + "/instances/%20", "", 422, "invalid_instance"},
		{"a drain of nobody", operatorKey, http.MethodPost, pool + "/instances/nobody/drain", "", 404, "no_such_instance"},
		{"a reason that forges a line", operatorKey, http.MethodGet, pool, "", 400, "invalid_reason"},
	} {
		var headers []string
		if tt.code == "invalid_reason" {
			headers = append(headers, "Rushgate-Reason: a\tb")
		}
		answer := h.ask(t, tt.key, tt.method, tt.path, tt.body, headers...)
		t.Run(tt.says, func(t *testing.T) { want(t, answer, tt.status, tt.code) })
	}
}
