package upstream

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// newPool makes a pool over instances that ends with the test.
func newPool(t testing.TB, c Config) *Pool {
	t.Helper()
	if c.Name == "" {
		c.Name = "shop"
	}
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// newShop is an instance that ends with the test.
func newShop(t testing.TB, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	shop := httptest.NewServer(handler)
	t.Cleanup(shop.Close)
	return shop
}

// newGateway forwards every request to the pool and answers failures by name.
func newGateway(t testing.TB, p *Pool, x Exchange) *httptest.Server {
	t.Helper()
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := x
		if x.Path == "" {
			x.Path = r.URL.EscapedPath()
		}
		err := p.Forward(w, r, x)
		var failure *Error
		switch {
		case errors.As(err, &failure):
			http.Error(w, string(failure.Reason), failure.Status())
		case err != nil:
			http.Error(w, err.Error(), http.StatusTeapot)
		}
	}))
	t.Cleanup(gateway.Close)
	return gateway
}

// ask sends one request and reads its answer whole.
func ask(t testing.TB, r *http.Request, gateway *httptest.Server) (*http.Response, string) {
	t.Helper()
	answer, err := gateway.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

func request(t testing.TB, method, address string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A32: "Connection: Rushgate-Admission" has had its effect before ours is set.
func TestForwardSendsWhatWasMatched(t *testing.T) {
	type seen struct {
		Method, URI, Host, Body string
		Header                  http.Header
	}
	var got seen
	shop := newShop(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = seen{r.Method, r.RequestURI, r.Host, string(body), r.Header}
	})
	p := newPool(t, Config{Instances: []string{shop.URL}, PreserveHost: true})
	gateway := newGateway(t, p, Exchange{
		Path: "/caf%C3%A9/buy", Host: "shop.example:8443", Proto: "https", For: "203.0.113.7, 10.0.0.1",
		Request: func(h http.Header) {
			h.Del("Rushgate-Visitor")
			h.Set("Rushgate-Admission", "ours")
		},
	})

	r := request(t, http.MethodPost, gateway.URL+"/caf%c3%a9/%62uy?b=2&a=1;c&bad=%zz&&a", strings.NewReader("seat=A1"))
	r.Header = http.Header{
		"Authorization":      {"Bearer shop"},
		"If-None-Match":      {`"a"`},
		"Range":              {"bytes=0-1"},
		"Accept-Encoding":    {"br"},
		"User-Agent":         {"visitor"},
		"Connection":         {"Rushgate-Admission, X-Hop"},
		"X-Hop":              {"x"},
		"Rushgate-Admission": {"forged"},
		"Rushgate-Visitor":   {"forged"},
		"X-Forwarded-For":    {"6.6.6.6"},
		"X-Forwarded-Host":   {"evil.example"},
		"X-Forwarded-Proto":  {"gopher"},
		"Forwarded":          {"for=6.6.6.6"},
		"Te":                 {"gzip"},
		"Http2-Settings":     {"AAMAAABk"},
	}
	if answer, _ := ask(t, r, gateway); answer.StatusCode != http.StatusOK {
		t.Fatalf("status = %d; want 200", answer.StatusCode)
	}
	want := seen{
		Method: http.MethodPost, URI: "/caf%C3%A9/buy?b=2&a=1;c&bad=%zz&&a", Host: "shop.example:8443", Body: "seat=A1",
		Header: http.Header{
			"Authorization":      {"Bearer shop"},
			"If-None-Match":      {`"a"`},
			"Range":              {"bytes=0-1"},
			"Accept-Encoding":    {"br"},
			"User-Agent":         {"visitor"},
			"Content-Length":     {"7"},
			"Rushgate-Admission": {"ours"},
			"X-Forwarded-For":    {"203.0.113.7, 10.0.0.1"},
			"X-Forwarded-Host":   {"shop.example:8443"},
			"X-Forwarded-Proto":  {"https"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the shop sees (-want +got)\n%s", diff)
	}
}

func TestForwardNamesTheInstanceAsHost(t *testing.T) {
	var host string
	shop := newShop(t, func(_ http.ResponseWriter, r *http.Request) { host = r.Host })
	gateway := newGateway(t, newPool(t, Config{Instances: []string{shop.URL}}), Exchange{Host: "shop.example"})
	ask(t, request(t, http.MethodGet, gateway.URL+"/", nil), gateway)
	if want := strings.TrimPrefix(shop.URL, "http://"); host != want {
		t.Errorf("Host = %q; want %q", host, want)
	}
}

func TestForwardRefusesAPathThatIsNotCanonical(t *testing.T) {
	p := newPool(t, Config{Instances: []string{"http://127.0.0.1:1"}})
	for _, path := range []string{"", "buy", "/%zz"} {
		err := p.Forward(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), Exchange{Path: path})
		var failure *Error
		if !errors.As(err, &failure) || failure.Reason != BadRequest {
			t.Errorf("Forward(%q) = %v; want %s", path, err, BadRequest)
		}
	}
}

func TestAnswerMayBeChangedOrRefused(t *testing.T) {
	shop := newShop(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Rushgate-Command", "complete")
		_, _ = io.WriteString(w, "bought")
	})
	p := newPool(t, Config{Instances: []string{shop.URL}})
	gateway := newGateway(t, p, Exchange{Answer: func(answer *http.Response) error {
		if answer.Request.URL.Path == "/refuse" {
			return errors.New("refused by the caller")
		}
		answer.Header.Del("Rushgate-Command")
		answer.Header.Add("Set-Cookie", "a=b")
		return nil
	}})

	answer, body := ask(t, request(t, http.MethodGet, gateway.URL+"/buy", nil), gateway)
	if body != "bought" || answer.Header.Get("Rushgate-Command") != "" || answer.Header.Get("Set-Cookie") != "a=b" {
		t.Errorf("answer = %q, %v; want it changed", body, answer.Header)
	}
	answer, body = ask(t, request(t, http.MethodGet, gateway.URL+"/refuse", nil), gateway)
	if answer.StatusCode != http.StatusTeapot || body != "refused by the caller\n" {
		t.Errorf("answer = %d %q; want the caller's own error", answer.StatusCode, body)
	}
}

func TestInstancesTakeTurns(t *testing.T) {
	var mu sync.Mutex
	served := map[string]int{}
	var addresses []string
	for _, name := range []string{"a", "b", "c"} {
		shop := newShop(t, func(http.ResponseWriter, *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			served[name]++
		})
		addresses = append(addresses, shop.URL)
	}
	gateway := newGateway(t, newPool(t, Config{Instances: addresses}), Exchange{})
	for range 6 {
		ask(t, request(t, http.MethodGet, gateway.URL+"/", nil), gateway)
	}
	if diff := cmp.Diff(map[string]int{"a": 2, "b": 2, "c": 2}, served); diff != "" {
		t.Errorf("served (-want +got)\n%s", diff)
	}
}

func TestAnUnreachableInstanceIsPassedOver(t *testing.T) {
	var bodies []string
	shop := newShop(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
	})
	gateway := newGateway(t, newPool(t, Config{Instances: []string{"http://" + deadAddress(t), shop.URL}}), Exchange{})
	for range 4 { // a POST too: it has not left the gateway
		answer, _ := ask(t, request(t, http.MethodPost, gateway.URL+"/", strings.NewReader("order")), gateway)
		if answer.StatusCode != http.StatusOK {
			t.Errorf("status = %d; want 200 from the other instance", answer.StatusCode)
		}
	}
	if diff := cmp.Diff([]string{"order", "order", "order", "order"}, bodies); diff != "" {
		t.Errorf("the shop got (-want +got)\n%s", diff)
	}
}

func TestTLSInstances(t *testing.T) {
	shop := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	shop.Config.ErrorLog = silent // it reports each client that does not trust it
	shop.StartTLS()
	t.Cleanup(shop.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: shop.Certificate().Raw})
	for _, tt := range []struct {
		why    string
		tls    TLS
		status int
	}{
		{"by the operator's CA", TLS{CA: ca}, 200},
		{"by the name on the certificate", TLS{CA: ca, ServerName: "example.com"}, 200},
		{"unverified, when the operator says so", TLS{SkipVerify: true}, 200},
		{"an unknown CA", TLS{}, 502},
		{"another name", TLS{CA: ca, ServerName: "shop.internal"}, 502},
	} {
		gateway := newGateway(t, newPool(t, Config{Instances: []string{shop.URL}, TLS: tt.tls}), Exchange{})
		if answer, body := ask(t, request(t, http.MethodGet, gateway.URL, nil), gateway); answer.StatusCode != tt.status {
			t.Errorf("%s: %d %q; want %d", tt.why, answer.StatusCode, body, tt.status)
		}
	}
}

func deadAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// rawShop answers every connection with the same bytes and closes it.
func rawShop(t testing.TB, answer string) (address string) {
	t.Helper()
	return serveConns(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = io.WriteString(conn, answer)
	})
}

// serveConns runs handle on every connection until the test ends.
func serveConns(t testing.TB, handle func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
				handle(conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		running.Wait()
	})
	return l.Addr().String()
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 5 s: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func ExamplePool_Forward() {
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s for %s", r.URL.Path, r.Header.Get("X-Forwarded-For"))
	}))
	defer shop.Close()
	pool, err := New(Config{Name: "shop", Instances: []string{shop.URL}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()

	w := httptest.NewRecorder()
	r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/%62uy"}, Header: http.Header{}}
	if err := pool.Forward(w, r, Exchange{Path: "/buy", For: "203.0.113.7"}); err != nil {
		fmt.Println(err)
	}
	fmt.Println(w.Body)
	// Output: /buy for 203.0.113.7
}
