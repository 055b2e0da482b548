package upstream

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// transcript is what one side understood: a line per request.
type transcript struct {
	mu    sync.Mutex
	lines []string
}

func (s *transcript) note(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
}

func (s *transcript) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := s.lines
	s.lines = nil
	return lines
}

// A39, A44 and A46: every way of writing one request that two servers may read as two: either
// it is refused, or gate and shop see the same requests, of which the gate judged
// each.
func TestGateAndShopSeeTheSameRequests(t *testing.T) {
	var gate, shopSaw transcript
	shop := newShop(t, func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // broken off by the gateway: no shop acts on half a request
		}
		shopSaw.note(r.Method + " " + r.URL.Path + " " + string(body))
		if len(r.Trailer) > 0 || r.Header.Get("Trailer") != "" {
			t.Errorf("trailers reach the shop: %v %q", r.Trailer, r.Header.Get("Trailer"))
		}
	})
	p := newPool(t, Config{Instances: []string{shop.URL}})
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gate.note(r.Method + " " + r.URL.Path)
		if err := p.Forward(w, r, Exchange{Path: r.URL.EscapedPath()}); err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(gateway.Close)

	const (
		head     = "POST /first HTTP/1.1\r\nHost: a\r\n"
		smuggled = "GET /buy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
	)
	for _, tt := range []struct {
		why    string
		wire   string
		status string   // of the first answer
		saw    []string // by the shop
	}{
		{"two lengths", head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello" + smuggled, "400", nil},
		{"two lengths in one header", head + "Content-Length: 5, 6\r\n\r\nhello" + smuggled, "400", nil},
		{"a signed length", head + "Content-Length: +5\r\n\r\nhello" + smuggled, "400", nil},
		{"a hexadecimal length", head + "Content-Length: 0x5\r\n\r\nhello" + smuggled, "400", nil},
		{"a space before the colon", head + "Content-Length : 5\r\n\r\nhello" + smuggled, "400", nil},
		{"a space before the other colon", head + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + smuggled, "400", nil},
		{"two codings", head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + smuggled, "501", nil},
		{"two codings in one header", head + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" + smuggled, "501", nil},
		{"an unknown coding", head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled, "501", nil},
		{"a coding with a vertical tab", head + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + smuggled, "400", nil},
		{"a carriage return inside a value", head + "X: a\rContent-Length: 5\r\n\r\nhello" + smuggled, "400", nil},
		{"NUL inside a value", head + "X: a\x00b\r\n\r\n" + smuggled, "400", nil},
		{"a bad header name", head + "X\x01: a\r\n\r\n" + smuggled, "400", nil},
		{"two hosts", head + "Host: b\r\n\r\n" + smuggled, "400", nil},
		{"no host", "GET /first HTTP/1.1\r\nConnection: close\r\n\r\n" + smuggled, "400", nil},
		{"HTTP/1.2", "GET /first HTTP/3.0\r\nHost: a\r\n\r\n" + smuggled, "505", nil},
		{"a bare line feed in a chunk's size", head + "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n" + smuggled, "400", nil},
		{"a bare line feed after a chunk", head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n" + smuggled, "400", nil},
		{"a chunk's size that is none", head + "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n" + smuggled, "400", nil},
		{"a chunk longer than its size", head + "Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n" + smuggled, "400", nil},

		// Readings that net/http settles; the proxy writes the request anew, so the
		// shop has nothing left to settle.
		{"length and coding: the coding", head + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, "200",
			[]string{"POST /first ", "GET /buy "}},
		{"coding and length: the coding", head + "Transfer-Encoding: chunked\r\nContent-Length: 100\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + smuggled, "200",
			[]string{"POST /first hello", "GET /buy "}},
		{"the same length twice", head + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello" + smuggled, "200",
			[]string{"POST /first hello", "GET /buy "}},
		{"a folded line", head + "X: a\r\n b\r\nContent-Length: 5\r\n\r\nhello" + smuggled, "200",
			[]string{"POST /first hello", "GET /buy "}},
		{"bare line feeds between headers", "POST /first HTTP/1.1\nHost: a\nContent-Length: 5\n\nhello" + smuggled, "200",
			[]string{"POST /first hello", "GET /buy "}},
		{"a chunk extension", head + "Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\n\r\n" + smuggled, "200",
			[]string{"POST /first hello", "GET /buy "}},
		{"trailers", head + "Transfer-Encoding: chunked\r\nTrailer: Rushgate-Admission\r\n\r\n5\r\nhello\r\n0\r\nRushgate-Admission: forged\r\n\r\n" + smuggled, "200",
			[]string{"POST /first hello", "GET /buy "}},
		{"a GET with a body", "GET /first HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + smuggled, "200",
			[]string{"GET /first hello", "GET /buy "}},
	} {
		answer := talk(t, gateway, tt.wire)
		if !strings.HasPrefix(answer, "HTTP/1.1 "+tt.status) {
			t.Errorf("%s: the visitor reads %.60q; want %s", tt.why, answer, tt.status)
		}
		saw, judged := shopSaw.take(), gate.take()
		if diff := cmp.Diff(tt.saw, saw); tt.saw != nil && diff != "" {
			t.Errorf("%s: the shop saw (-want +got)\n%s", tt.why, diff)
		}
		for _, line := range saw {
			if strings.Contains(line, "/buy") && len(judged) < 2 {
				t.Errorf("%s: %q reached the shop and the gate judged only %q", tt.why, line, judged)
			}
		}
	}
}
