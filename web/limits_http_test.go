package web

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// F35: what is too large never reaches a handler.
func TestHardenedServerRefusesOversizedHeaders(t *testing.T) {
	var reached atomic.Bool
	addr := serveHardened(t, func(http.ResponseWriter, *http.Request) { reached.Store(true) })
	for why, header := range map[string]string{
		"one header of 1 MB":  "X-Big: " + strings.Repeat("a", 1<<20),
		"10,000 headers":      strings.TrimSuffix(strings.Repeat("X-A: b\r\n", 10_000), "\r\n"),
		"a request line":      "X-A: b",
		"a cookie beyond all": "Cookie: " + strings.Repeat("a=b; ", 20_000),
	} {
		line := "/"
		if why == "a request line" {
			line += strings.Repeat("a", 1<<20)
		}
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n", line, header) }()
		answer, err := bufio.NewReader(conn).ReadString('\n')
		conn.Close()
		// The server may close while it is still being sent to; then the answer is
		// lost on the way, and the request is refused all the same.
		if err == nil && !strings.Contains(answer, "431") {
			t.Errorf("%s: %q; want 431", why, strings.TrimSpace(answer))
		}
	}
	if reached.Load() {
		t.Error("an oversized request reached the handler")
	}
}

func TestReadOwnBody(t *testing.T) {
	for _, tt := range []struct {
		why  string
		body io.Reader
		want string
		err  error
	}{
		{"none", nil, "", nil},
		{"a small one", strings.NewReader(`{"line":"general"}`), `{"line":"general"}`, nil},
		{"just within", strings.NewReader(strings.Repeat("a", maxOwnBody)), strings.Repeat("a", maxOwnBody), nil},
		{"one byte too many", strings.NewReader(strings.Repeat("a", maxOwnBody+1)), "", errBodyTooLarge},
		{"too many of unknown length", io.MultiReader(strings.NewReader(strings.Repeat("a", maxOwnBody+1))), "", errBodyTooLarge},
		{"one that breaks off", io.MultiReader(strings.NewReader("a"), brokenReader{}), "", errBodyUnread},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", tt.body)
		got, err := readOwnBody(httptest.NewRecorder(), r, time.Now())
		if string(got) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: readOwnBody = %d bytes, %v; want %d bytes, %v", tt.why, len(got), err, len(tt.want), tt.err)
		}
	}
}

func TestASlowBodyIsGivenUp(t *testing.T) {
	result := make(chan error, 1)
	addr := serveHardened(t, func(w http.ResponseWriter, r *http.Request) {
		// As if the body had begun nearly ownBodyTimeout ago.
		_, err := readOwnBody(w, r, time.Now().Add(20*time.Millisecond-ownBodyTimeout))
		result <- err
	})
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\na"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-result:
		if !errors.Is(err, errBodyUnread) {
			t.Errorf("readOwnBody = %v; want %v", err, errBodyUnread)
		}
	case <-time.After(5 * time.Second):
		t.Error("readOwnBody waits for the rest of the body")
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func serveHardened(t *testing.T, handler http.HandlerFunc) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := harden(&http.Server{Handler: handler})
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}
