package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Shops that serve something to be guarded at /buy and below. Each reads paths in
// its own way; "lenient" ones ignore what they can.
const (
	nginxShop = `daemon off; pid DIR/pid; error_log stderr crit; events {}
http { access_log off; client_body_temp_path DIR/b; proxy_temp_path DIR/p; fastcgi_temp_path DIR/f; uwsgi_temp_path DIR/u; scgi_temp_path DIR/s;
	server { listen ADDRESS; location ~ ^/buy(/|$) { return 200 "GUARDED"; } location / { return 200 "open"; } }
	server { listen LENIENT; location ~* ^/+buy([^a-z]|$) { return 200 "GUARDED"; } location / { return 200 "open"; } } }`
	nodeShop = `const http = require("http");
const strict = u => decodeURIComponent(new URL(u, "http://shop.example").pathname);
const lenient = u => require("path").posix.normalize(strict(u).normalize("NFKD").replace(/[\u0300-\u036f\u200b\u00ad]/g, "").replace(/\\/g, "/")).toLowerCase();
const serve = (port, read) => http.createServer((req, res) => {
	let path = "?"; try { path = read(req.url); } catch { res.statusCode = 400; }
	res.end(/^\/buy(\/|;|\.|$)/.test(path) ? "GUARDED" : "open");
}).listen(port, "127.0.0.1");
serve(process.argv[1], strict); serve(process.argv[2], lenient);`
)

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startShops runs every server that is installed and returns where they are.
func (h *house) startShops(t *testing.T) map[string]string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/buy", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "GUARDED") })
	mux.HandleFunc("/buy/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "GUARDED") })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "open") })
	golang := httptest.NewServer(mux)
	t.Cleanup(golang.Close)
	shops := map[string]string{"Go's ServeMux": golang.Listener.Addr().String()}
	strict, lenient := freeAddress(t), freeAddress(t)
	file := filepath.Join(t.TempDir(), "nginx.conf")
	config := strings.NewReplacer("DIR", filepath.Dir(file), "ADDRESS", strict, "LENIENT", lenient).Replace(nginxShop)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if h.startShop(t, "nginx", strict, "-c", file) {
		shops["nginx"], shops["nginx, whatever the case"] = strict, lenient
	}
	strict, lenient = freeAddress(t), freeAddress(t)
	_, one, _ := net.SplitHostPort(strict)
	_, two, _ := net.SplitHostPort(lenient)
	if h.startShop(t, "node", lenient, "-e", nodeShop, one, two) {
		shops["Node"], shops["Node, normalizing"] = strict, lenient
	}
	return shops
}

func (h *house) startShop(t *testing.T, program, address string, args ...string) bool {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Logf("%s is not installed", program)
		return false
	}
	ctx, stop := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, path, args...)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = command.Wait() })
	h.until(program+" answers", func() bool {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		conn.Close()
		return true
	})
	return true
}

// raw sends a request line as it is and returns the body of the answer.
func raw(t *testing.T, address, path string) string {
	t.Helper()
	conn := dial(t, address)
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: tickets.example\r\nConnection: close\r\n\r\n", path)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return ""
	}
	body, _ := io.ReadAll(answer.Body)
	return string(body)
}

// Nothing that the gateway takes for unprotected may be the guarded page to a
// server behind it. Spellings are put together from what is known to confuse.
func TestNoServerReadsAnOpenPathAsAGuardedOne(t *testing.T) {
	t.Parallel()
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	starts := []string{"/", "//", "/./", "/x/../", "/x/%2e%2e/", "/%2e/", "/%2f", `/\`, "/%5c", "/x/..;/", "/;x/", "/%20/", "/%09/", "/%00/", "/x%2f..%2f", "/%252e%252e/", "/%E2%80%8B", "/x/%EF%BC%8E%EF%BC%8E/", "/x%EF%BC%8F..%EF%BC%8F", "http://tickets.example/", "http://tickets.example//", "/%C2%A0"}
	names := []string{"buy", "BUY", "bUy", "%62uy", "b%75%79", "%42UY", "%2562uy", "b%C3%BAy", "bu%CC%81y", "%EF%BD%82uy", "b%EF%BD%95y", "%EF%BC%A2UY", "b%E2%80%8Buy", "b%C2%ADuy", "bu%79", "%u0062uy", "buy%E2%80%8B", "b%uy"}
	ends := []string{"", "/", "//", ".", "%2e", "%20", "%00", ";x", "%3bx", "%3fx", "%23", "#x", "?", "%2f", "%5c", "/.", "/x/..", "/..;/", "%09", "%0a", "%c0%af", "/x", "%EF%BC%8Fx", "%EF%BC%9Bx", "%E2%80%A6"}
	shops := h.startShops(t)
	tried, passed := 0, 0
	try := func(path string) {
		tried++
		before := len(h.shop.requests())
		raw(t, h.url, path)
		for _, seen := range h.shop.requests()[before:] {
			passed++
			for name, address := range shops {
				if raw(t, address, seen.RequestURI) == "GUARDED" {
					t.Errorf("A33 %s went to the shop as %s, which is the guarded page to %s", path, seen.RequestURI, name)
				}
			}
		}
	}
	for _, name := range names {
		for _, start := range starts {
			try(start + name)
		}
		for _, end := range ends {
			try("/" + name + end)
		}
	}
	pick := mathrand.New(mathrand.NewPCG(1, 2))
	any := func(of []string) string { return of[pick.IntN(len(of))] }
	for range 1000 {
		try(any(starts) + any(names) + any(ends))
	}
	if passed == 0 {
		t.Errorf("none of %d spellings went through; want some that are other pages", tried)
	}
	for _, open := range []string{"/", "/buyer", "/caf%C3%A9"} { // and the shops can tell
		try(open)
	}
	for name, address := range shops {
		if raw(t, address, "/buy/x") != "GUARDED" || raw(t, address, "/other") != "open" {
			t.Errorf("%s does not guard /buy", name)
		}
	}
	t.Logf("%d spellings, %d of them forwarded, read by %d servers", tried, passed, len(shops))
}
