package web

import (
	"bytes"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// Attacks on the gateway as a whole. The rows of what is smaller stand beside
// what they attack; docs/threats.md lists them all.

func TestNoCacheServesOneVisitorsAnswerToAnother(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true,"json_response_enabled":true,"total_active_users":5}}`)
	h.shop.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=600")
		w.Header().Set("Surrogate-Control", "max-age=600")
	})
	in := h.browser()
	in.call("join")
	h.change(`{"room":{"queue_all":false}}`)
	h.until("in", func() bool { return in.get("/buy").Header.Get("Rushgate-State") == "" })
	h.change(`{"room":{"queue_all":true}}`)
	for _, tt := range []struct {
		why, method, path string
		by                *fan
		public            bool // may be the same for everybody
	}{
		{"A47 the waiting page", "GET", "/buy", h.browser(), false},
		{"A47 the waiting page as a style sheet", "GET", "/buy/x.css", h.browser(), false},
		{"A47 its headers alone", "HEAD", "/buy/y.css", h.browser(), false},
		{"A47 a wait in JSON", "GET", "/buy", h.script(), false},
		{"A47 a wait as 429", "POST", "/buy", h.script(), false},
		{"A47 a preflight", "OPTIONS", "/buy", h.script(), false},
		{"A47 the guarded page", "GET", "/buy/x.css", in, false},
		{"A47 a place", "GET", "/_rushgate/hamlet/status", in, false},
		{"A47 a place as a style sheet", "GET", "/_rushgate/hamlet/status/x.css", in, false},
		{"A47 a place with a query", "GET", "/_rushgate/hamlet/status?x.css", in, false},
		{"A47 no place", "GET", "/_rushgate/hamlet/status", h.script(), false},
		{"A47 a join", "POST", "/_rushgate/hamlet/join", h.script(), false},
		{"A47 a claim", "POST", "/_rushgate/hamlet/claim", h.script(), false},
		{"A47 a leave", "POST", "/_rushgate/hamlet/leave", h.script(), false},
		{"A47 the way back", "GET", "/_rushgate/hamlet/joined", in, false},
		{"A47 an event that is not", "GET", "/_rushgate/macbeth/status", in, false},
		{"A47 an asset that is not", "GET", "/_rushgate/assets/status.css", in, false},
		{"A47 an asset that would be a place", "GET", "/_rushgate/assets/%2e%2e/hamlet/status", in, false},
		{"A47 a refused address", "GET", "//buy", in, false},
		{"A47 the public snapshot", "GET", "/_rushgate/hamlet/now", in, true},
		{"A47 the public keys", "GET", "/.well-known/jwks.json", in, true},
	} {
		r := tt.by.do(tt.method, tt.path, "")
		control := r.Header.Get("Cache-Control")
		switch {
		case tt.public && (!strings.HasPrefix(control, "public") || r.Header.Get("Set-Cookie") != ""):
			t.Errorf("%s: %s, Set-Cookie %q; want it public and without a cookie", tt.why, control, r.Header.Get("Set-Cookie"))
		case !tt.public && !strings.Contains(control, "no-store") && !strings.Contains(control, "private"):
			t.Errorf("%s: %d, Cache-Control %q; want it kept by nobody else", tt.why, r.StatusCode, control)
		}
		if s := r.Header.Get("Surrogate-Control"); s != "" {
			t.Errorf("%s: Surrogate-Control %q", tt.why, s)
		}
	}
	for _, range_ := range []string{"bytes=0-1", "bytes=0-0,5-6"} {
		r := h.browser().get("/buy", "Range", range_, "If-None-Match", "*", "If-Modified-Since", "Wed, 25 Nov 2037 00:00:00 GMT")
		equal(t, "A45 a piece of the waiting page is the page", r.StatusCode, 200)
		r = in.get("/buy", "Range", range_, "If-Range", `"x"`)
		seen := h.shop.requests()
		equal(t, "A45 a piece is the shop's to give", seen[len(seen)-1].Header.Get("Range"), range_)
		equal(t, "A45 and is private, too", strings.Contains(r.Header.Get("Cache-Control"), "private"), true)
	}
}

func TestWhatGoesWrongTellsVisitorsNothing(t *testing.T) {
	h := openHouse(t, "")
	var logged bytes.Buffer
	h.gateway.log = slog.New(slog.NewTextHandler(&logged, nil))
	in := h.browser()
	in.get("/buy").want(t, "in", 200)
	h.shop.answers(func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: nonsense\r\n\r\n")
			conn.Close()
		}
	})
	token := strings.TrimPrefix(cookies(in), "rg_adm_hamlet=")
	evil := "/buy/%1B%5B31m"
	for _, accept := range []string{"text/html", "application/json", "*/*"} {
		r := in.get("/buy/caf%C3%A9%E2%80%AE", "Accept", accept, "Sec-Fetch-Mode", "", "X-Secret", token)
		r.want(t, "A71 a broken shop", 502)
		for _, secret := range []string{"127.0.0.1", "nonsense", "goroutine", ".go:", "upstream/", "go1.", token} {
			if strings.Contains(r.body, secret) {
				t.Errorf("A71 the visitor reads %q in %s", secret, r.body)
			}
		}
		equal(t, "A71 Server", r.Header.Get("Server"), "")
		in.get(evil).want(t, "A66 an address that would colour a log", 400)
	}
	if text := logged.String(); !strings.Contains(text, "upstream_broken") || strings.Contains(text, token) || strings.ContainsAny(text, "\x1b\r\u202e") {
		t.Errorf("A66 the log has %q; want the cause, without the visitor's token or controls", text)
	}
}

func TestCookiesAreOursAlone(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	behindTLS := []string{"X-Forwarded-Proto", "https", "X-Forwarded-For", "203.0.113.7"}
	for why, r := range map[string]reply{
		"A17 the visitor's cookie": h.browser().get("/buy", behindTLS...),
		"A17 the pass":             h.script().do("POST", "/_rushgate/hamlet/join", "", behindTLS...),
	} {
		line := r.Header.Get("Set-Cookie")
		for _, want := range []string{"__Host-rg_", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax"} {
			if !strings.Contains(line, want) || strings.Contains(line, "Domain") {
				t.Errorf("%s: %s; want %s and no Domain", why, line, want)
			}
		}
	}
	// Where browsers hold a sibling domain off by the prefix, a name without it is not ours.
	f := h.script()
	f.call("join")
	pass := cookies(f)
	f.client.Jar = nil
	for _, planted := range []string{pass, "__Secure-" + pass, "__HOST-" + pass, "=__Host-" + pass, "\u2000__Host-" + pass} {
		if r := f.get("/_rushgate/hamlet/status", append(behindTLS, "Cookie", planted)...); r.StatusCode != 404 {
			t.Errorf("A18 the planted cookie %.30q is taken for ours: %d", planted, r.StatusCode)
		}
	}
	f.get("/_rushgate/hamlet/status", append(behindTLS, "Cookie", "__Host-rg_pass_hamlet=x; __Host-"+pass)...).want(t, "A18 the real one behind another", 200)
}

func TestPublicListenerHasNothingForOperators(t *testing.T) {
	h := openHouse(t, "")
	for _, path := range []string{"/metrics", "/debug/pprof/", "/health", "/readyz", "/v1/key", "/v1/organizations/globe/events", "/_rushgate/metrics", "/_rushgate/hamlet/live"} {
		before := len(h.shop.requests())
		r := h.script().get(path)
		ours := strings.HasPrefix(path, "/_rushgate/")
		if ours && r.StatusCode != 404 || !ours && (r.body != "the shop" || len(h.shop.requests()) != before+1) {
			t.Errorf("A67 %s answers %d %.60q; want the shop, or nothing", path, r.StatusCode, r.body)
		}
	}
}

// secure is the gateway behind TLS, as visitors with HTTP/2 meet it.
func (h *house) secure(t *testing.T) *httptest.Server {
	t.Helper()
	front := httptest.NewUnstartedServer(h.gateway)
	front.Config = h.gateway.Server()
	front.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // it reports every attack
	front.EnableHTTP2 = true
	front.StartTLS()
	t.Cleanup(front.Close)
	return front
}

func TestHTTP2IsBounded(t *testing.T) {
	t.Parallel()
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	front := h.secure(t)
	headers := func(pairs ...string) []byte {
		var block bytes.Buffer
		encoder := hpack.NewEncoder(&block)
		for i := 0; i < len(pairs); i += 2 {
			_ = encoder.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
		}
		return block.Bytes()
	}
	get := headers(":method", "GET", ":scheme", "https", ":authority", "tickets.example", ":path", "/_rushgate/hamlet/now")
	for _, tt := range []struct {
		why    string
		attack func(*http2.Framer) error
	}{
		{"A40 rapid reset", func(f *http2.Framer) error {
			for id := uint32(1); id < 40_001; id += 2 {
				if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: get, EndStream: true, EndHeaders: true}); err != nil {
					return err
				}
				if err := f.WriteRSTStream(id, http2.ErrCodeCancel); err != nil {
					return err
				}
			}
			return nil
		}},
		{"A40 CONTINUATION without end", func(f *http2.Framer) error {
			if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: get}); err != nil {
				return err
			}
			for range 10_000 {
				if err := f.WriteContinuation(1, false, headers("x", strings.Repeat("a", 4000))); err != nil {
					return err
				}
			}
			return nil
		}},
		{"A40 settings and pings without end", func(f *http2.Framer) error {
			for range 20_000 {
				if err := f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1}); err != nil {
					return err
				}
				if err := f.WritePing(false, [8]byte{}); err != nil {
					return err
				}
			}
			return nil
		}},
		{"A40 a bad setting", func(f *http2.Framer) error {
			return f.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1})
		}},
	} {
		conn, err := tls.Dial("tcp", front.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}) //nolint:gosec // our own server, a moment ago
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		_, _ = io.WriteString(conn, http2.ClientPreface)
		framer := http2.NewFramer(conn, conn)
		_ = framer.WriteSettings()
		_ = tt.attack(framer) // refused in the middle, or to its end: both are well
		begun := time.Now()
		r, err := front.Client().Get(front.URL + "/_rushgate/hamlet/now")
		if err != nil || time.Since(begun) > time.Second {
			t.Errorf("%s: everybody else waits %v, %v", tt.why, time.Since(begun), err)
		} else {
			r.Body.Close()
		}
		conn.Close()
	}
	equal(t, "what reached the shop", len(h.shop.requests()), 0)
}

func TestBareBytes(t *testing.T) {
	t.Parallel()
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	for _, tt := range []struct {
		why, wire, status string
	}{
		{"A29 two Hosts", "GET /buy HTTP/1.1\r\nHost: tickets.example\r\nHost: rose.example\r\n\r\n", "400"},
		{"A29 a host in the address and another beside it", "GET http://tickets.example/buy HTTP/1.1\r\nHost: rose.example\r\nConnection: close\r\n\r\n", "429"},
		{"A29 X-Forwarded-Host names a host without a room", "GET /buy HTTP/1.1\r\nHost: tickets.example\r\nX-Forwarded-Host: rose.example\r\nForwarded: host=rose.example\r\nConnection: close\r\n\r\n", "429"},
		{"A30 X-Original-URL names an open route", "GET /buy HTTP/1.1\r\nHost: tickets.example\r\nX-Original-URL: /buy/webhook\r\nX-Rewrite-URL: /buy/webhook\r\nConnection: close\r\n\r\n", "429"},
		{"A34 lower case", "get /buy HTTP/1.1\r\nHost: tickets.example\r\nConnection: close\r\n\r\n", "400"},
		{"A34 CONNECT", "CONNECT tickets.example:443 HTTP/1.1\r\nHost: tickets.example:443\r\nConnection: close\r\n\r\n", "405"},
		{"A34 TRACE", "TRACE /buy HTTP/1.1\r\nHost: tickets.example\r\nConnection: close\r\n\r\n", "405"},
		{"A34 a method that is younger than this code", "QUERY /buy HTTP/1.1\r\nHost: tickets.example\r\nConnection: close\r\n\r\n", "429"},
		{"A34 another method in a header", "POST /buy HTTP/1.1\r\nHost: tickets.example\r\nX-HTTP-Method-Override: OPTIONS\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "429"},
		{"A35 h2c upgrade", "GET /buy HTTP/1.1\r\nHost: tickets.example\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n", "429"},
		{"A35 HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"},
		{"A37 a health check's name", "GET /buy HTTP/1.1\r\nHost: tickets.example\r\nUser-Agent: kube-probe/1.32\r\nConnection: close\r\n\r\n", "429"},
		{"A38 an open path in the query", "GET /buy?/buy/webhook HTTP/1.1\r\nHost: tickets.example\r\nConnection: close\r\n\r\n", "429"},
		{"A39 length and coding", "POST /buy HTTP/1.1\r\nHost: tickets.example\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET /buy/webhook HTTP/1.1\r\n\r\n", "429"},
		{"A39 two lengths", "POST /buy HTTP/1.1\r\nHost: tickets.example\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400"},
		{"A41 a body that waits to be asked for is not asked for", "POST /buy HTTP/1.1\r\nHost: tickets.example\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n", "429"},
		{"A41 another expectation", "POST /buy HTTP/1.1\r\nHost: tickets.example\r\nExpect: everything\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "417"},
		{"A42 F35 10,001 parameters", "GET /?" + strings.Repeat("a&", 10_001) + " HTTP/1.1\r\nHost: tickets.example\r\nConnection: close\r\n\r\n", "400"},
		{"A42 with semicolons", "GET /?" + strings.Repeat("a;", 10_001) + " HTTP/1.1\r\nHost: tickets.example\r\nConnection: close\r\n\r\n", "400"},
		{"A44 trailers", "POST /buy HTTP/1.1\r\nHost: tickets.example\r\nTransfer-Encoding: chunked\r\nTrailer: Rushgate-Admission\r\nConnection: close\r\n\r\n0\r\nRushgate-Admission: x\r\n\r\n", "429"},
		{"F35 a body of 50 MB for a join", "POST /_rushgate/hamlet/join HTTP/1.1\r\nHost: tickets.example\r\nContent-Length: 52428800\r\n\r\n", "413"},
	} {
		conn := dial(t, h.url)
		_, _ = io.WriteString(conn, tt.wire)
		head := make([]byte, 12)
		if _, err := io.ReadFull(conn, head); err != nil || string(head[9:]) != tt.status {
			t.Errorf("%s: %q, %v; want %s", tt.why, head, err, tt.status)
		}
		conn.Close()
	}
	equal(t, "what reached the shop", len(h.shop.requests()), 0)
}
