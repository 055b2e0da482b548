package upstream

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestStreamsArriveAsTheyAreSent(t *testing.T) {
	for _, contentType := range []string{"text/event-stream", "text/plain"} {
		next := make(chan struct{})
		shop := newShop(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			for i := range 3 {
				fmt.Fprintf(w, "data: %d\n", i)
				_ = http.NewResponseController(w).Flush()
				select {
				case <-next:
				case <-r.Context().Done():
					return
				}
			}
		})
		gateway := newGateway(t, newPool(t, Config{Instances: []string{shop.URL}}), Exchange{})
		answer, err := gateway.Client().Get(gateway.URL)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(answer.Body)
		for i := range 3 {
			// The shop sends the next line only once this one was read.
			if !lines.Scan() || lines.Text() != fmt.Sprintf("data: %d", i) {
				t.Errorf("%s: line %d = %q, %v", contentType, i, lines.Text(), lines.Err())
			}
			next <- struct{}{}
		}
		answer.Body.Close()
	}
}

func TestABrokenAnswerDoesNotLookWhole(t *testing.T) {
	address := rawShop(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
	gateway := newGateway(t, newPool(t, Config{Instances: []string{"http://" + address}}), Exchange{})
	answer, err := gateway.Client().Get(gateway.URL)
	if err != nil {
		return // cut before the headers left: just as clear
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err == nil {
		t.Errorf("the visitor reads %q as a whole answer", body)
	}
}

// staleShop answers the first request of a connection and closes the
// connection on the next one, as a server does whose idle timeout has just run
// out. It counts what it read.
func staleShop(t *testing.T) (address string, got func() string) {
	var mu sync.Mutex
	var methods []string
	var stale atomic.Bool
	stale.Store(true)
	address = serveConns(t, func(conn net.Conn) {
		reader := bufio.NewReader(conn)
		for n := 1; ; n++ {
			r, err := http.ReadRequest(reader)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			mu.Lock()
			methods = append(methods, r.Method)
			mu.Unlock()
			if n > 1 && stale.Swap(false) {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	return address, func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(methods, " ")
	}
}

func TestAStaleConnection(t *testing.T) {
	for _, tt := range []struct {
		why    string
		method string
		body   string
		status int
		seen   string
	}{
		{"a GET is sent again", http.MethodGet, "", 200, "GET GET GET"},
		{"an order is not: it may have been taken", http.MethodPost, "seat=A1", 502, "GET POST"},
		{"not even without a body", http.MethodPost, "", 502, "GET POST"},
	} {
		address, seen := staleShop(t)
		p := newPool(t, Config{Instances: []string{"http://" + address}, Limits: Limits{IdleTimeout: time.Minute}})
		gateway := newGateway(t, p, Exchange{})
		if answer, _ := ask(t, request(t, http.MethodGet, gateway.URL, nil), gateway); answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: first request: %d", tt.why, answer.StatusCode)
		}
		var body io.Reader
		if tt.body != "" {
			body = strings.NewReader(tt.body)
		}
		answer, _ := ask(t, request(t, tt.method, gateway.URL, body), gateway)
		if answer.StatusCode != tt.status || seen() != tt.seen {
			t.Errorf("%s: %d, the shop read %q; want %d, %q", tt.why, answer.StatusCode, seen(), tt.status, tt.seen)
		}
		p.Close()
	}
}

// echoShop speaks enough WebSocket: it agrees to the upgrade and sends back
// every byte.
func echoShop(t *testing.T) *httptest.Server {
	return newShop(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			fmt.Fprintf(w, "no upgrade: %q %q", r.Header.Get("Connection"), r.Header.Get("Http2-Settings"))
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + r.Header.Get("Upgrade") + "\r\n\r\n")
		_ = rw.Flush()
		_, _ = io.Copy(conn, rw)
	})
}

const upgradeRequest = "GET /live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// dialUpgrade opens a WebSocket through the gateway.
func dialUpgrade(t *testing.T, gateway *httptest.Server) (net.Conn, *bufio.Reader, *http.Response) {
	t.Helper()
	conn, err := net.Dial("tcp", gateway.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, upgradeRequest); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	answer, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	return conn, reader, answer
}

func TestWebSocketsPassAndAreToldWhenTheGatewayGoes(t *testing.T) {
	shop := echoShop(t)
	p := newPool(t, Config{Instances: []string{shop.URL}})
	gateway := newGateway(t, p, Exchange{})

	conn, reader, answer := dialUpgrade(t, gateway)
	if answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("status = %d; want 101", answer.StatusCode)
	}
	if _, err := io.WriteString(conn, "ping"); err != nil {
		t.Fatal(err)
	}
	echo := make([]byte, 4)
	if _, err := io.ReadFull(reader, echo); err != nil || string(echo) != "ping" {
		t.Fatalf("echo = %q, %v; want ping", echo, err)
	}
	if got := [2]int{p.Sockets(), p.InFlight()}; got != [2]int{1, 0} {
		t.Errorf("sockets, requests in flight = %v; want 1 and 0", got)
	}

	p.Close()
	rest, err := io.ReadAll(reader)
	if !bytes.Equal(rest, goingAway) || err != nil {
		t.Errorf("the visitor reads %x, %v; want %x and the end", rest, err, goingAway)
	}
	eventually(t, "no sockets are left", func() bool { return p.Sockets() == 0 })
	if _, _, answer := dialUpgrade(t, gateway); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a new one while closing: %d; want 503", answer.StatusCode)
	}
	p.Close() // once more is no harm
}

func TestASocketThatEndsByItselfIsForgotten(t *testing.T) {
	p := newPool(t, Config{Instances: []string{echoShop(t).URL}, Limits: Limits{MaxSockets: 1}})
	gateway := newGateway(t, p, Exchange{})
	conn, _, _ := dialUpgrade(t, gateway)
	if _, _, answer := dialUpgrade(t, gateway); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one more than MaxSockets: %d; want 503", answer.StatusCode)
	}
	conn.Close()
	eventually(t, "the socket is forgotten and its slot free", func() bool {
		return p.Sockets() == 0 && p.socketSlots.taken.Load() == 0
	})
}

func TestNoOtherUpgradePasses(t *testing.T) {
	gateway := newGateway(t, newPool(t, Config{Instances: []string{echoShop(t).URL}}), Exchange{})
	for _, protocol := range []string{"h2c", "h2c, websocket", "TLS/1.0", "websocket\r\nUpgrade: h2c"} {
		got := talk(t, gateway, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nHTTP2-Settings: AAMAAABk\r\nUpgrade: "+protocol+"\r\n\r\n")
		if !strings.Contains(got, `no upgrade: "" ""`) {
			t.Errorf("Upgrade: %s: %q; want it served without the upgrade", protocol, got)
		}
	}
}

func TestAWebSocketNeedsBothHeaders(t *testing.T) {
	for _, tt := range []struct {
		why    string
		header http.Header
		want   bool
	}{
		{"both", http.Header{"Connection": {"keep-alive, Upgrade"}, "Upgrade": {"WebSocket"}}, true},
		{"no Connection", http.Header{"Upgrade": {"websocket"}}, false},
		{"Connection says something else", http.Header{"Connection": {"keep-alive"}, "Upgrade": {"websocket"}}, false},
		{"no Upgrade", http.Header{"Connection": {"Upgrade"}}, false},
		{"two", http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket", "h2c"}}, false},
	} {
		if got := websocket(tt.header); got != tt.want {
			t.Errorf("%s: websocket(%v) = %v; want %v", tt.why, tt.header, got, tt.want)
		}
	}
}

// A41 and A46: a refusal does not spoil the connection to the shop.
func TestExpectContinuePasses(t *testing.T) {
	var body string
	shop := newShop(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refuse" {
			w.WriteHeader(http.StatusExpectationFailed)
			return
		}
		b, _ := io.ReadAll(r.Body)
		body = string(b)
	})
	gateway := newGateway(t, newPool(t, Config{Instances: []string{shop.URL}}), Exchange{})
	const head = " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
	if got := talk(t, gateway, "POST /buy"+head+"hello"); !strings.Contains(got, "200 OK") || body != "hello" {
		t.Errorf("answer %q, the shop read %q; want 200 and hello", got, body)
	}
	// A refusal, after which the body never comes, must not spoil the connection
	// to the shop for the next request.
	for range 3 {
		if got := talk(t, gateway, "POST /refuse"+head); !strings.HasPrefix(got, "HTTP/1.1 417") {
			t.Errorf("answer %q; want 417", got)
		}
		if got := talk(t, gateway, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 200") {
			t.Errorf("the request after it: %q; want 200", got)
		}
	}
}

// talk sends bytes as they are and reads until the gateway closes.
func talk(t testing.TB, gateway *httptest.Server, wire string) string {
	t.Helper()
	conn, err := net.Dial("tcp", gateway.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(conn, wire); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && len(answer) == 0 {
		t.Logf("read: %v", err)
	}
	return string(answer)
}
