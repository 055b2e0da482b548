package web

import (
	"net/url"
	"strings"
	"testing"
)

// A24: every way off this host, and into the gateway's own routes.
func TestSafeReturn(t *testing.T) {
	for _, tt := range []struct {
		why    string
		wanted string
		want   string // empty: refused
	}{
		{"a path", "/events/42/buy", "/events/42/buy"},
		{"a path and a query", "/buy?seat=A1&n=2", "/buy?seat=A1&n=2"},
		{"escapes are made canonical", "/%62uy?x=%2f", "/buy?x=%2f"},
		{"a URL in the query is the shop's business", "/buy?next=https://shop.example/", "/buy?next=https://shop.example/"},
		{"an at sign in the path names no host", "/@ann", "/@ann"},

		{"nothing", "", ""},
		{"another host", "https://evil.example/", ""},
		{"another host, same scheme", "//evil.example/", ""},
		{"a backslash is a slash to browsers", `/\evil.example`, ""},
		{"two of them", `\\evil.example`, ""},
		{"browsers drop tabs", "/\t/evil.example", ""},
		{"an encoded tab decodes on some servers", "/%09/evil.example", ""},
		{"browsers drop line ends", "/\n/evil.example", ""},
		{"a split header", "/buy\r\nSet-Cookie: a=b", ""},
		{"an encoded split", "/buy%0d%0aSet-Cookie:%20a=b", ""},
		{"a scheme without slashes", "https:evil.example", ""},
		{"javascript:", "javascript:alert(1)", ""},
		{"data:", "data:text/html,x", ""},
		{"a user name", "//shop.example@evil.example/", ""},
		{"a relative path", "buy", ""},
		{"a relative path upwards", "../buy", ""},
		{"dot segments lead to the second slash", "/..//evil.example", ""},
		{"an encoded slash behind the first", "/%2fevil.example", ""},
		{"an encoded backslash behind the first", "/%5cevil.example", ""},
		{"three slashes", "///evil.example", ""},
		{"a fullwidth slash", "/／evil.example", ""},
		{"an ideographic full stop", "//evil。example", ""},
		{"a leading space, which browsers trim", " /buy", ""},
		{"a fragment", "/buy#x", ""},
		{"over-long", "/" + strings.Repeat("a", maxReturn), ""},
		{"the gateway's own routes", "/_rushgate/evt/join", ""},
		{"their root", "/_rushgate/", ""},
		{"their root without a slash", "/_rushgate", ""},
		{"their root in disguise", "/%5Frushgate/evt/leave", ""},
		{"a bad escape", "/buy%zz", ""},
	} {
		got, ok := safeReturn(tt.wanted, "/_rushgate")
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: safeReturn(%q) = %q, %v; want %q", tt.why, tt.wanted, got, ok, tt.want)
		}
	}
}

// FuzzReturnURL reads what passed the way browsers do: they trim spaces and
// controls, drop tabs and line ends, and take a backslash for a slash.
func FuzzReturnURL(f *testing.F) {
	for _, seed := range []string{"/buy?x=1", "//evil.example", `/\evil.example`, "/\t/evil.example", "https:evil.example", "/..//evil", "/%2f/x", "/_rushgate/x"} {
		f.Add(seed)
	}
	base := &url.URL{Scheme: "https", Host: "shop.example", Path: "/events/42"}
	f.Fuzz(func(t *testing.T, wanted string) {
		got, ok := safeReturn(wanted, "/_rushgate")
		if !ok {
			return
		}
		for _, location := range []string{wanted, got} {
			seen := strings.Trim(location, " \x00\t\n\r\f\v")
			seen = strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(seen)
			u, err := url.Parse(seen)
			if err != nil {
				t.Fatalf("safeReturn(%q) lets %q through, which is no URL: %v", wanted, location, err)
			}
			there := base.ResolveReference(u)
			if there.Host != base.Host || there.Scheme != base.Scheme || there.User != nil || strings.HasPrefix(there.Path, "//") || strings.HasPrefix(there.Path, "/_rushgate/") {
				t.Fatalf("safeReturn(%q) leads to %q", wanted, there)
			}
		}
		if again, ok := safeReturn(got, "/_rushgate"); !ok || again != got {
			t.Fatalf("safeReturn(%q) = %q, %v; want itself", got, again, ok)
		}
	})
}
