package web

import (
	"bufio"
	"errors"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
)

// A33: every way of writing one path that servers read as another.
func TestCanonicalPath(t *testing.T) {
	for _, tt := range []struct {
		why  string
		path string // as it stands in the request line
		want string
		err  error
	}{
		{"a plain path stands for itself", "/events/42/buy", "/events/42/buy", nil},
		{"the root", "/", "/", nil},
		{"a final slash is a name of its own", "/buy/", "/buy/", nil},
		{"case counts: another name", "/BUY", "/BUY", nil},
		{"a dot inside or before a name is harmless", "/.well-known/a.b", "/.well-known/a.b", nil},
		{"the absolute form without a path is the root", "http://shop.example", "/", nil},
		{"the absolute form with a path", "http://shop.example/buy", "/buy", nil},
		{"an escaped letter is the letter", "/%62uy", "/buy", nil},
		{"an escaped tilde is the tilde", "/%7Eann", "/~ann", nil},
		{"sub-delimiters have one spelling", "/a%2Cb%2Bc%3D%40", "/a,b+c=@", nil},
		{"a space stays escaped", "/a%20b", "/a%20b", nil},
		{"UTF-8 stays escaped, in upper case", "/caf%c3%a9", "/caf%C3%A9", nil},
		{"bare UTF-8 is escaped", "/café", "/caf%C3%A9", nil},
		{"what browsers leave bare is escaped", "/a|b[1]", "/a%7Cb%5B1%5D", nil},
		{"a percent sign", "/100%25", "/100%25", nil},
		{"a percent sign before letters that are no escape", "/5%25off", "/5%25off", nil},

		{"an encoded slash splits on some servers", "/x%2fbuy", "", faultDelimiter},
		{"an encoded slash at the end", "/buy%2F", "", faultDelimiter},
		{"an encoded backslash is a slash on some servers", "/x%5cbuy", "", faultDelimiter},
		{"an encoded dot hides a dot segment", "/x/%2e%2e/buy", "", faultDelimiter},
		{"half of it too", "/x/.%2E/buy", "", faultDelimiter},
		{"an encoded semicolon hides a path parameter", "/buy%3bx", "", faultDelimiter},
		{"an encoded question mark ends the path of a rewriting server", "/buy%3fx", "", faultDelimiter},
		{"likewise when nothing else is escaped", "/%3F", "", faultDelimiter},
		{"an encoded hash", "/buy%23x", "", faultDelimiter},
		{"double encoding of a dot", "/x/%252e%252e/buy", "", faultDoubleEncoded},
		{"double encoding of a letter", "/%2562uy", "", faultDoubleEncoded},
		{"double encoding of a slash", "/x%252fbuy", "", faultDoubleEncoded},
		{"threefold encoding", "/%25252e", "", faultDoubleEncoded},
		{"double encoding in pieces", "/%25%36%32uy", "", faultDoubleEncoded},
		{"a backslash", `/x\buy`, "", faultDelimiter},
		{"a path parameter", "/buy;x=1", "", faultDelimiter},
		{"a path parameter inside", "/a;b/buy", "", faultDelimiter},
		{"a hash never leaves a browser", "/buy#x", "", faultDelimiter},
		{"two slashes in front", "//buy", "", faultEmptySegment},
		{"two slashes inside", "/x//buy", "", faultEmptySegment},
		{"two slashes at the end", "/buy//", "", faultEmptySegment},
		{"a dot segment", "/./buy", "", faultSegmentEnd},
		{"a double dot segment", "/x/../buy", "", faultSegmentEnd},
		{"a double dot at the end", "/x/..", "", faultSegmentEnd},
		{"three dots are two on some servers", "/.../buy", "", faultSegmentEnd},
		{"Windows drops a final dot", "/buy.", "", faultSegmentEnd},
		{"Windows drops a final space", "/buy%20", "", faultSegmentEnd},
		{"also before a slash", "/buy%20/x", "", faultSegmentEnd},
		{"NUL", "/buy%00", "", faultControl},
		{"a line end", "/buy%0d%0ax", "", faultControl},
		{"DEL", "/buy%7f", "", faultControl},
		{"a C1 control", "/buy%c2%85", "", faultControl},
		{"an overlong slash", "/x%c0%afbuy", "", faultUTF8},
		{"an overlong dot", "/x/%c0%ae%c0%ae/buy", "", faultUTF8},
		{"Latin-1", "/caf%e9", "", faultUTF8},
		{"a surrogate", "/%ed%a0%80", "", faultUTF8},
		{"a fullwidth slash is one to servers that normalize", "/x%EF%BC%8F%EF%BC%8Fbuy", "", faultEmptySegment},
		{"a fullwidth dot segment", "/x/%EF%BC%8E%EF%BC%8E/buy", "", faultSegmentEnd},
		{"an ellipsis is three dots", "/%E2%80%A6/buy", "", faultSegmentEnd},
		{"a fullwidth semicolon", "/buy%EF%BC%9Bx", "", faultDelimiter},
		{"a fullwidth escape", "/%EF%BC%852e/buy", "", faultDoubleEncoded},
		{"the asterisk form", "*", "", faultScheme},
		{"a path beyond 4 kB", "/" + strings.Repeat("a", maxPath), "", faultPathLength},
	} {
		u, err := url.ParseRequestURI(tt.path)
		if err != nil {
			t.Fatalf("%s: ParseRequestURI(%q): %v", tt.why, tt.path, err)
		}
		got, err := canonicalPath(u)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: canonicalPath(%q) = %q, %v; want %q, %v", tt.why, tt.path, got, err, tt.want, tt.err)
		}
	}
}

// A29 and A34: hosts and methods that servers disagree about.
func TestCanonicalTarget(t *testing.T) {
	for _, tt := range []struct {
		why     string
		request string // request line and Host
		want    target
		err     error
	}{
		{"host in lower case, without its port", "GET /buy HTTP/1.1\nHost: Shop.Example:8443", target{"shop.example", "shop.example:8443", "/buy"}, nil},
		{"the absolute form overrules Host", "GET http://a.example/buy HTTP/1.1\nHost: b.example", target{"a.example", "a.example", "/buy"}, nil},
		{"an IPv6 address", "GET / HTTP/1.1\nHost: [::1]:80", target{"[::1]", "[::1]:80", "/"}, nil},
		{"a method that is younger than this code", "QUERY /buy HTTP/1.1\nHost: a", target{"a", "a", "/buy"}, nil},
		{"semicolons in the query are the shop's business", "GET /buy?a;b HTTP/1.1\nHost: a", target{"a", "a", "/buy"}, nil},

		{"TRACE echoes our headers", "TRACE / HTTP/1.1\nHost: a", target{}, faultMethod},
		{"CONNECT is a tunnel", "CONNECT a:443 HTTP/1.1\nHost: a", target{}, faultMethod},
		{"servers disagree about lower case", "get / HTTP/1.1\nHost: a", target{}, faultMethodName},
		{"no host", "GET / HTTP/1.1\nHost:", target{}, faultHost},
		{"a host with a final dot has other cookies", "GET / HTTP/1.1\nHost: a.example.", target{}, faultHost},
		{"an empty label", "GET / HTTP/1.1\nHost: a..example", target{}, faultHost},
		{"a host with a path in it", "GET / HTTP/1.1\nHost: a.example/x", target{}, faultHost},
		{"a host with a user in it", "GET / HTTP/1.1\nHost: x@a.example", target{}, faultHost},
		{"two hosts in one", "GET / HTTP/1.1\nHost: a.example, b.example", target{}, faultHost},
		{"a Kelvin sign that would be a k", "GET http://%E2%84%AA.example/ HTTP/1.1\nHost: k.example", target{}, faultHost},
		{"a port that is none", "GET / HTTP/1.1\nHost: a:b", target{}, faultHost},
		{"an empty port", "GET / HTTP/1.1\nHost: a:", target{}, faultHost},
		{"an IPv6 address without an end", "GET / HTTP/1.1\nHost: [::1", target{}, faultHost},
		{"another scheme", "GET ftp://a/ HTTP/1.1\nHost: a", target{}, faultScheme},
		{"user and password", "GET http://u:p@a/ HTTP/1.1\nHost: a", target{}, faultScheme},
		{"a hash in the query", "GET /buy?a#b HTTP/1.1\nHost: a", target{}, faultDelimiter},
		{"a thousand and one parameters", "GET /?" + strings.Repeat("a&", 1000) + " HTTP/1.1\nHost: a", target{}, faultParameters},
	} {
		wire := strings.ReplaceAll(tt.request, "\n", "\r\n") + "\r\n\r\n"
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire)))
		if err != nil {
			t.Fatalf("%s: %v", tt.why, err)
		}
		got, err := canonicalTarget(r)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: canonicalTarget = %+v, %v; want %+v, %v", tt.why, got, err, tt.want, tt.err)
		}
	}
}

func TestTargetFaultStatus(t *testing.T) {
	for fault, want := range map[targetFault]int{faultMethod: 405, faultPathLength: 414, faultHost: 400, faultDoubleEncoded: 400} {
		if got := fault.Status(); got != want {
			t.Errorf("%q.Status() = %d; want %d", fault, got, want)
		}
	}
}

func TestPlainPathsCostNoAllocation(t *testing.T) {
	u := &url.URL{Path: "/events/42/buy"}
	if n := testing.AllocsPerRun(100, func() { _, _ = canonicalPath(u) }); n != 0 {
		t.Errorf("canonicalPath(%q) makes %v allocations; want none", u.Path, n)
	}
}

// A canonical path must be canonical, and a server must decode it to what was
// matched: net/http is asked on every input, Node once below.
func FuzzCanonicalPath(f *testing.F) {
	for _, seed := range []string{"/", "/buy", "/%62uy", "/a%2Cb", "/caf%c3%a9", "//x", "/%252e", "/100%25", "/a b", "/\\x", "/x;y", "/%c0%af", "http://h", "/a|b", "/%25%36%32"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := url.ParseRequestURI(raw)
		if err != nil {
			return
		}
		canonical, err := canonicalPath(u)
		if err != nil {
			if canonical != "" {
				t.Fatalf("canonicalPath(%q) = %q beside the error %v", raw, canonical, err)
			}
			return
		}
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + canonical + " HTTP/1.1\r\nHost: a\r\n\r\n")))
		if err != nil {
			t.Fatalf("net/http refuses %q, canonical of %q: %v", canonical, raw, err)
		}
		if want := u.Path; r.URL.Path != want && want != "" {
			t.Fatalf("a server reads %q as %q; %q was matched", canonical, r.URL.Path, want)
		}
		again, err := canonicalPath(r.URL)
		if err != nil || again != canonical {
			t.Fatalf("canonicalPath(%q) = %q, %v; want itself", canonical, again, err)
		}
		cleaned, err := url.PathUnescape(canonical)
		if err != nil || strings.Contains(cleaned, "//") || strings.Contains(cleaned, "/../") || strings.ContainsAny(cleaned, "\\;?#\x00") {
			t.Fatalf("canonicalPath(%q) = %q lets an ambiguity through", raw, canonical)
		}
	})
}

func TestNodeReadsWhatWasMatched(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	var paths, want []string
	for _, raw := range []string{"/buy", "/%62uy", "/caf%c3%a9", "/a%2Cb%2Bc", "/100%25", "/a|b[1]^{x}", "/a%20b/c", "/~ann/@me:1"} {
		u, err := url.ParseRequestURI(raw)
		if err != nil {
			t.Fatal(err)
		}
		canonical, err := canonicalPath(u)
		if err != nil {
			t.Fatalf("canonicalPath(%q): %v", raw, err)
		}
		paths, want = append(paths, canonical), append(want, canonical+" "+u.Path)
	}
	const script = `for (const p of process.argv.slice(1)) {
	const seen = new URL(p, "http://shop.example").pathname;
	console.log(seen + " " + decodeURIComponent(seen)); }`
	out, err := exec.Command(node, append([]string{"-e", script}, paths...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(out)); got != strings.Join(want, "\n") {
		t.Errorf("Node reads\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func BenchmarkCanonicalPath(b *testing.B) {
	for name, raw := range map[string]string{"plain": "/events/42/buy", "escaped": "/events/caf%c3%a9/%62uy"} {
		u, err := url.ParseRequestURI(raw)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := canonicalPath(u); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
