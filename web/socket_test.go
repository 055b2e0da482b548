package web

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// socket opens a WebSocket to the shop with a browser's cookies.
func (h *house) socket(path, cookie string) (answer *http.Response, rest io.Reader, err error) {
	conn := dial(h.t, h.url)
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: tickets.example\r\nCookie: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, cookie)
	reader := bufio.NewReader(conn)
	answer, err = http.ReadResponse(reader, nil)
	return answer, reader, err
}

// accepts is a shop that takes every WebSocket and leaves it open.
func accepts(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") == "" {
		return
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	_, _ = io.Copy(io.Discard, rw)
}

func TestASocketLastsAsLongAsItsAdmission(t *testing.T) {
	t.Parallel()
	h := openHouse(t, "")
	h.shop.answers(accepts)
	if answer, _, err := h.socket("/buy/live", ""); err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("A35 the first visitor's socket: %v, %v", answer, err)
	}
	h.until("somebody is in", func() bool { return h.active() == 1 })
	if answer, _, err := h.socket("/buy/live", ""); err != nil || answer.StatusCode != http.StatusTooManyRequests {
		t.Fatalf("A35 a socket of somebody who must wait: %v, %v; want 429", answer, err)
	}

	h = openHouse(t, "")
	h.shop.answers(accepts)
	f := h.browser()
	f.get("/buy").want(t, "in", 200)
	f.get("/buy").want(t, "off probation", 200)
	answer, rest, err := h.socket("/buy/live", cookies(f))
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("A35 an admitted visitor's socket: %v, %v; want 101", answer, err)
	}
	paying, still, err := h.socket("/buy/pay", cookies(f))
	if err != nil || paying.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("A35 the same where they pay: %v, %v; want 101", paying, err)
	}
	f.call("leave")
	begun := time.Now()
	goodbye, err := io.ReadAll(rest)
	if string(goodbye) != "\x88\x02\x03\xf0" || err != nil || time.Since(begun) > 5*time.Second {
		t.Errorf("A35 after the session's end the socket says %x, %v after %v; want 1008 at once", goodbye, err, time.Since(begun))
	}
	silent := make(chan struct{})
	go func() { _, _ = io.ReadAll(still); close(silent) }()
	select {
	case <-silent:
		t.Error("A35 the payment was cut off; want it to have commit_grace")
	case <-time.After(1500 * time.Millisecond):
	}
}
