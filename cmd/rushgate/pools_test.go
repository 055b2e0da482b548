package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

func sumOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// call is one request to a gateway's API with a pool's key.
func call(t *testing.T, method, url, key, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// What one gateway is told of an instance holds at the other one, and its
// visitors go where they are served.
func TestAnInstanceThatRegistersAtOneGatewayServesAtBothAndIsDrainedAtBoth(t *testing.T) {
	t.Parallel()
	file, _ := install(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	settings := strings.Replace(string(text), `"]}}`, `"], operator_sha256: `+sumOf("operator")+`, registration: {sha256: `+sumOf("instance")+`, networks: [127.0.0.0/8]}, balance: {slow_start: -1s}}}`, 1)
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	here, there := startGateway(t, file), startGateway(t, file)
	for _, gateway := range []*life{here, there} {
		eventually(t, "a gateway is ready", func() bool { return status(t, gateway.doors[2].url()+"/readyz") == http.StatusOK })
	}

	var served atomic.Int64
	fresh := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/health" {
			served.Add(1)
		}
	}))
	t.Cleanup(fresh.Close)
	const instance = "/v1/pools/shop/instances/fresh"
	if code, answer := call(t, http.MethodPost, here.doors[1].url()+instance, "instance", `{"address":"`+fresh.URL+`"}`); code != http.StatusOK {
		t.Fatalf("register: %d %s", code, answer)
	}
	state := func(gateway *life) string {
		code, answer := call(t, http.MethodGet, gateway.doors[1].url()+"/v1/pools/shop", "operator", "")
		var table struct {
			Instances []struct{ ID, State string }
		}
		if err := json.Unmarshal([]byte(answer), &table); err != nil || code != http.StatusOK {
			t.Fatalf("table: %d %s", code, answer)
		}
		for _, in := range table.Instances {
			if in.ID == "fresh" {
				return in.State
			}
		}
		return "unknown"
	}
	for name, gateway := range map[string]*life{"here": here, "there": there} {
		eventually(t, "it is ready "+name, func() bool { return state(gateway) == "ready" })
	}
	visits := func() {
		for range 6 {
			if got := status(t, there.doors[0].url()+"/elsewhere"); got != http.StatusOK {
				t.Errorf("a visitor at the other gateway = %d; want 200", got)
			}
		}
	}
	visits()
	if served.Load() == 0 {
		t.Error("it served nobody at the other gateway; want every second visitor")
	}

	if code, answer := call(t, http.MethodPost, here.doors[1].url()+instance+"/drain", "operator", ""); code != http.StatusOK {
		t.Fatalf("drain: %d %s", code, answer)
	}
	eventually(t, "it is drained there", func() bool { return state(there) == "drained" })
	before := served.Load()
	visits()
	if served.Load() != before {
		t.Error("it served somebody at the other gateway after its drain")
	}
}
