package web

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// target is what a request asks for, in the one spelling that is both matched
// against routes and forwarded. The query is not part of it: no route looks at
// it, and it goes upstream byte for byte.
type target struct {
	Host      string // lower case, without port
	Authority string // Host and the port as the visitor wrote it
	Path      string // escaped; see canonicalPath
}

// targetFault names why a request was refused before anything else looked at it.
// A gateway that guesses what such a request means guesses differently from the
// shop one day, and the difference is a way around the line.
type targetFault string

const (
	faultMethod        targetFault = "method_refused"      // TRACE, CONNECT
	faultMethodName    targetFault = "malformed_method"    // "get"
	faultHost          targetFault = "malformed_host"      // no host name, or not one in ASCII
	faultScheme        targetFault = "malformed_target"    // "ftp://…", user:password@, "*"
	faultParameters    targetFault = "too_many_params"     // more than maxQueryParams
	faultPathLength    targetFault = "path_too_long"       // more than maxPath
	faultEmptySegment  targetFault = "empty_segment"       // "//buy"
	faultSegmentEnd    targetFault = "dot_segment"         // "/./", "/../", "/buy.", "/buy%20"
	faultDoubleEncoded targetFault = "double_encoding"     // %252e, %2562uy
	faultDelimiter     targetFault = "ambiguous_delimiter" // %2f %5c %2e %3b %3f %23; a backslash, ";" or "#"
	faultControl       targetFault = "control_character"   // NUL, DEL, C0 and C1
	faultUTF8          targetFault = "malformed_encoding"  // not UTF-8, overlong UTF-8, "%zz"
)

const (
	maxPath        = 4 << 10 // bytes, escaped
	maxQueryParams = 1000
	maxHostname    = 253 // RFC 1035
)

// Error is fit for visitors: it says nothing about the gateway.
func (f targetFault) Error() string { return "refused request: " + string(f) }

// Status is the HTTP status that tells a visitor about the fault.
func (f targetFault) Status() int {
	switch f {
	case faultMethod:
		return http.StatusMethodNotAllowed
	case faultPathLength:
		return http.StatusRequestURITooLong
	default:
		return http.StatusBadRequest
	}
}

// canonicalTarget judges method, host, path and query of a request as net/http
// parsed it. Errors are a targetFault.
func canonicalTarget(r *http.Request) (target, error) {
	if err := checkMethod(r.Method); err != nil {
		return target{}, err
	}
	u := r.URL
	if u.User != nil || u.Opaque != "" || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		return target{}, faultScheme
	}
	host, authority, err := canonicalHost(r.Host)
	if err != nil {
		return target{}, err
	}
	path, err := canonicalPath(u)
	if err != nil {
		return target{}, err
	}
	if err := checkQuery(u.RawQuery); err != nil {
		return target{}, err
	}
	return target{Host: host, Authority: authority, Path: path}, nil
}

// checkMethod lets every method through that servers agree on: the gate treats
// them alike, so new ones (QUERY) and old ones (PROPFIND) need no list. TRACE
// would echo our headers to the visitor and CONNECT would be a tunnel. Servers
// disagree about "get". X-HTTP-Method-Override means nothing here.
func checkMethod(method string) error {
	if method == http.MethodTrace || method == http.MethodConnect || method == "TRACK" {
		return faultMethod
	}
	for i := range len(method) {
		if c := method[i]; (c < 'A' || c > 'Z') && c != '-' {
			return faultMethodName
		}
	}
	if method == "" {
		return faultMethodName
	}
	return nil
}

// checkQuery bounds the number of parameters, counting both separators that
// servers know. The URL parser has already refused control characters. A "#"
// never leaves a browser.
func checkQuery(query string) error {
	if strings.IndexByte(query, '#') >= 0 {
		return faultDelimiter
	}
	if len(query) >= maxQueryParams && strings.Count(query, "&")+strings.Count(query, ";") >= maxQueryParams {
		return faultParameters
	}
	return nil
}

// canonicalHost returns the host for matching and, with its port, for the shop.
func canonicalHost(hostport string) (host, authority string, err error) {
	for i := range len(hostport) {
		if hostport[i] >= utf8.RuneSelf { // before ToLower, which makes a "k" of the Kelvin sign
			return "", "", faultHost
		}
	}
	authority = strings.ToLower(hostport) // no copy when it is in lower case already
	host, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.HasSuffix(authority, "]") {
		host, port = authority[:i], authority[i+1:]
		if port == "" || len(port) > 5 || strings.Trim(port, "0123456789") != "" {
			return "", "", faultHost
		}
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		if addr, err := netip.ParseAddr(inner); !ok || err != nil || !addr.Is6() || addr.Zone() != "" {
			return "", "", faultHost
		}
		return host, authority, nil
	}
	if !hostname(host) {
		return "", "", faultHost
	}
	return host, authority, nil
}

// hostname accepts letters, digits, "-" and "_" in labels; no empty label, so no
// final dot either: the same shop under a second name has other cookies.
func hostname(host string) bool {
	if host == "" || len(host) > maxHostname {
		return false
	}
	label := 0
	for i := range len(host) {
		switch c := host[i]; {
		case c == '.':
			if label == 0 {
				return false
			}
			label = 0
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
			label++
		default:
			return false
		}
	}
	return label > 0
}

// canonicalPath returns the one spelling of a path that is both matched and
// forwarded, or the targetFault that makes it ambiguous.
//
// Two paths that a server decodes to the same name have the same canonical
// spelling: unreserved characters and the sub-delimiters stand for themselves,
// everything else is %XX in upper case. Nothing is cleaned up: a path with an
// empty or a dot segment, an encoded delimiter, an escape that would decode
// twice or a path parameter is refused, because servers disagree about each.
// Apache, too, refuses %2F, and %3F where it rewrites (CVE-2024-38475).
func canonicalPath(u *url.URL) (string, error) {
	// RawPath is set only when the sender escaped otherwise than net/url would.
	if u.RawPath == "" && plainPath(u.Path) {
		return u.Path, nil
	}
	decoded := u.Path
	if decoded == "" && u.Host != "" {
		return "/", nil // absolute form: "GET http://shop.example HTTP/1.1"
	}
	if u.RawPath != "" {
		var err error
		if decoded, err = decodePath(u.RawPath); err != nil {
			return "", err
		}
	}
	if err := checkDecodedPath(decoded); err != nil {
		return "", err
	}
	// A server that normalizes Unicode reads a fullwidth slash as one.
	if err := checkDecodedPath(norm.NFKC.String(decoded)); err != nil {
		return "", err
	}
	escaped := escapePath(decoded)
	if len(escaped) > maxPath {
		return "", faultPathLength
	}
	return escaped, nil
}

// standsForItself holds the characters that appear unescaped in a canonical
// path: RFC 3986 pchar without ";", and "/".
var standsForItself = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@/") {
		set[c] = true
	}
	return set
}()

// plainPath recognizes most paths in one pass and without an allocation.
func plainPath(path string) bool {
	if path == "" || path[0] != '/' || len(path) > maxPath {
		return false
	}
	previous := byte(0)
	for i := range len(path) {
		c := path[i]
		if !standsForItself[c] || c == '/' && (previous == '/' || previous == '.') {
			return false
		}
		previous = c
	}
	return previous != '.'
}

// decodePath resolves escapes, once. It refuses those of characters that split a
// path: after decoding they could not be told from their plain selves.
func decodePath(raw string) (string, error) {
	decoded := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '%' {
			if i+2 >= len(raw) || !isHex(raw[i+1]) || !isHex(raw[i+2]) {
				return "", faultUTF8
			}
			c = unhex(raw[i+1])<<4 | unhex(raw[i+2])
			if strings.IndexByte(`/\.;?#`, c) >= 0 {
				return "", faultDelimiter
			}
			i += 2
		}
		decoded = append(decoded, c)
	}
	return string(decoded), nil
}

func checkDecodedPath(path string) error {
	if path == "" || path[0] != '/' {
		return faultScheme
	}
	if !utf8.ValidString(path) {
		return faultUTF8
	}
	previous := rune(0)
	for i, c := range path {
		switch {
		case unicode.IsControl(c):
			return faultControl
		case c == '\\', c == ';', c == '#', c == '?':
			return faultDelimiter
		case c == '%' && i+2 < len(path) && isHex(path[i+1]) && isHex(path[i+2]):
			return faultDoubleEncoded
		case c == '/' && previous == '/':
			return faultEmptySegment
		case c == '/' && (previous == '.' || previous == ' '):
			return faultSegmentEnd
		}
		previous = c
	}
	if previous == '.' || previous == ' ' {
		return faultSegmentEnd
	}
	return nil
}

func escapePath(decoded string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(decoded) + 2*strings.Count(decoded, " ") + 8)
	for i := range len(decoded) {
		if c := decoded[i]; standsForItself[c] {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	default:
		return c - '0'
	}
}
