package web

import (
	"net/url"
	"strings"
)

// maxReturn bounds a return URL, which travels in forms and cookies.
const maxReturn = 2 << 10 // bytes

// safeReturn judges where a visitor wants to be sent after waiting, and returns
// that place in its canonical spelling. Only a path with an optional query on
// the same host passes: it begins with a single "/", has nothing but printable
// ASCII in it (a browser escapes the rest itself, and drops tabs and line ends,
// which turns "/\t/evil.example" into another host) and its path is one that the
// gateway would take as a request.
//
// Paths at or below reserved, the gateway's own routes without a final slash,
// are refused: a visitor sent there would go round in circles.
func safeReturn(wanted, reserved string) (string, bool) {
	if len(wanted) > maxReturn || !strings.HasPrefix(wanted, "/") {
		return "", false
	}
	for i := range len(wanted) {
		if c := wanted[i]; c <= ' ' || c > '~' || c == '\\' || c == '#' {
			return "", false
		}
	}
	u, err := url.ParseRequestURI(wanted)
	if err != nil || u.Host != "" || u.User != nil || u.Scheme != "" {
		return "", false
	}
	path, err := canonicalPath(u)
	if err != nil || path == reserved || strings.HasPrefix(path, reserved+"/") {
		return "", false
	}
	if checkQuery(u.RawQuery) != nil {
		return "", false
	}
	if u.RawQuery == "" {
		return path, true
	}
	return path + "?" + u.RawQuery, true
}
