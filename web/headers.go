package web

import (
	"net/http"
	"strings"

	"github.com/bilten/rushgate/stock"
)

// cleanRequest removes from the headers that go upstream whatever a visitor must
// not be able to say: our own headers and cookies, who they claim to be, and
// which other path they would like the shop to serve. It works on a copy from
// which hop-by-hop headers are gone already ("Connection: Rushgate-Admission"
// has had its effect), so what the gateway adds afterwards stays.
//
// A trusted proxy may say who the visitor is (X-Real-IP and its like): the shop
// behind it has always read that.
func cleanRequest(h http.Header, fromTrustedProxy bool) {
	for name := range h {
		switch judgeHeader(name) {
		case headerOurs, headerReroutes:
			delete(h, name)
		case headerIdentifies:
			if !fromTrustedProxy {
				delete(h, name)
			}
		}
	}
	cutOurCookies(h)
}

// headerKind is what a request header means to the gate.
type headerKind int

const (
	headerPlain      headerKind = iota // the shop's business, Authorization among them
	headerOurs                         // Rushgate-…
	headerReroutes                     // makes some servers serve another path or host
	headerIdentifies                   // makes some servers believe another client address
)

// heededHeaders are written without separators: CGI, WSGI and PHP read
// X-Original-URL, X_Original_URL and X.Original.URL as one header.
var heededHeaders = map[string]headerKind{
	"xoriginalurl":      headerReroutes,
	"xoriginaluri":      headerReroutes,
	"xoriginalhost":     headerReroutes,
	"xrewriteurl":       headerReroutes,
	"xhost":             headerReroutes,
	"xoriginalpath":     headerReroutes,
	"xhttphostoverride": headerReroutes,
	"proxy":             headerReroutes, // CGI makes HTTP_PROXY of it (CVE-2016-5385)

	"xrealip":               headerIdentifies,
	"xclientip":             headerIdentifies,
	"clientip":              headerIdentifies,
	"xclusterclientip":      headerIdentifies,
	"xremoteip":             headerIdentifies,
	"xremoteaddr":           headerIdentifies,
	"xoriginalforwardedfor": headerIdentifies,
	"xenvoyexternaladdress": headerIdentifies,
	"xazureclientip":        headerIdentifies,
	"trueclientip":          headerIdentifies,
	"cfconnectingip":        headerIdentifies,
	"cfconnectingipv6":      headerIdentifies,
	"fastlyclientip":        headerIdentifies,
	"flyclientip":           headerIdentifies,
}

// judgeHeader sees through every spelling: case and separators don't count.
func judgeHeader(name string) headerKind {
	const longest = 24 // more than any prefix and entry has
	var letters [longest]byte
	n := 0
	for i := 0; i < len(name) && n < longest; i++ {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			letters[n] = c
			n++
		}
	}
	plain := letters[:n]
	switch {
	case n == 0, strings.IndexByte("rxftcp", letters[0]) < 0:
		return headerPlain // most headers, by their first letter
	case startsWith(plain, "rushgate"), startsWith(plain, "xrushgate"):
		return headerOurs
	case startsWith(plain, "forwarded"), startsWith(plain, "xforwarded"):
		return headerReroutes // the gateway sets its own
	}
	return heededHeaders[string(plain)]
}

func startsWith(s []byte, prefix string) bool {
	return len(s) >= len(prefix) && string(s[:len(prefix)]) == prefix
}

// ourCookie reports whether a cookie is the gateway's. Cookie names are
// case-sensitive, and so is this.
func ourCookie(name string) bool {
	name = strings.TrimPrefix(name, "__Host-")
	name = strings.TrimPrefix(name, "__Secure-")
	return strings.HasPrefix(name, "rg_")
}

// cutOurCookies takes our cookies out of the Cookie header. The shop's own stay
// byte for byte, odd ones included: some shops sign them.
func cutOurCookies(h http.Header) {
	lines := h["Cookie"]
	kept := lines[:0]
	for _, line := range lines {
		if strings.Contains(line, "rg_") {
			if line = cutCookieLine(line); line == "" {
				continue
			}
		}
		kept = append(kept, line)
	}
	if len(kept) == 0 {
		delete(h, "Cookie")
		return
	}
	h["Cookie"] = kept
}

func cutCookieLine(line string) string {
	var kept strings.Builder
	for rest, more := line, true; more; {
		var pair string
		pair, rest, more = strings.Cut(rest, ";")
		name, _, _ := strings.Cut(pair, "=")
		if ourCookie(strings.Trim(name, " \t")) {
			continue
		}
		if kept.Len() > 0 {
			kept.WriteByte(';')
		} else {
			pair = strings.TrimLeft(pair, " \t")
		}
		kept.WriteString(pair)
	}
	return kept.String()
}

// originCommand is what a shop may tell the gateway about a visitor's session.
type originCommand string

const (
	originNone     originCommand = ""
	originExtend   originCommand = "extend"   // the session goes on for a full duration
	originComplete originCommand = "complete" // bought; the slot is free
	originRevoke   originCommand = "revoke"   // thrown out; the slot is free
)

// originWord is all that a shop says to the gateway in one answer.
type originWord struct {
	Command originCommand
	// Inventory is what it says of its stock, as it came; see stock.Parse.
	Inventory []string
}

// hearOrigin reads the shop's word and cleans the headers that go on to the
// visitor: everything addressed to us, and cookies by our names, which the shop
// has no business to set. Of several commands the one that ends most counts;
// unknown ones are none.
func hearOrigin(h http.Header) originWord {
	var word originWord
	for name, values := range h {
		switch {
		case name == "Rushgate-Command", name == "Cf-Waiting-Room-Command":
			for _, value := range values {
				command := parseCommand(value)
				if name != "Rushgate-Command" && command != originRevoke {
					continue // the other market's header knows revoke alone
				}
				if severity(command) > severity(word.Command) {
					word.Command = command
				}
			}
			delete(h, name)
		case name == stock.Header:
			word.Inventory = values
			delete(h, name)
		case judgeHeader(name) == headerOurs:
			delete(h, name)
		}
	}
	dropOurSetCookies(h)
	return word
}

func parseCommand(value string) originCommand {
	switch c := originCommand(strings.ToLower(strings.TrimSpace(value))); c {
	case originExtend, originComplete, originRevoke:
		return c
	default:
		return originNone
	}
}

func severity(c originCommand) int {
	switch c {
	case originExtend:
		return 1
	case originComplete:
		return 2
	case originRevoke:
		return 3
	default:
		return 0
	}
}

// dropOurSetCookies also drops nameless cookies that a browser would send back
// under one of our names ("=rg_visitor=x").
func dropOurSetCookies(h http.Header) {
	lines := h["Set-Cookie"]
	if len(lines) == 0 {
		return
	}
	kept := lines[:0]
	for _, line := range lines {
		name, _, _ := strings.Cut(strings.TrimLeft(line, " \t="), "=")
		if !ourCookie(strings.TrimSpace(name)) {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		delete(h, "Set-Cookie")
		return
	}
	h["Set-Cookie"] = kept
}

// cdnCacheHeaders overrule Cache-Control on shared caches.
var cdnCacheHeaders = []string{
	"Cdn-Cache-Control", "Cloudflare-Cdn-Cache-Control", "Surrogate-Control", "Edge-Control", "X-Accel-Expires",
}

// makePrivate keeps the answer to an admitted visitor out of shared caches,
// where people without an admission would be served from it. Browsers may go on
// caching as the shop says.
func makePrivate(h http.Header) {
	for _, name := range cdnCacheHeaders {
		delete(h, name)
	}
	lines := h["Cache-Control"]
	if len(lines) == 1 && (lines[0] == "no-store" || lines[0] == "private") {
		return
	}
	kept := make([]string, 0, 4)
	private := true
	for _, line := range lines {
		for directive := range cacheDirectives(line) {
			name, _, _ := strings.Cut(directive, "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "", "public", "s-maxage", "proxy-revalidate":
			case "private": // private="field" would cover that field alone
			case "no-store":
				private = false
				kept = append(kept, directive)
			default:
				kept = append(kept, directive)
			}
		}
	}
	if private {
		kept = append(kept, "private")
	}
	h["Cache-Control"] = []string{strings.Join(kept, ", ")}
}

// cacheDirectives splits at commas that are outside of quotes.
func cacheDirectives(line string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start, quoted := 0, false
		for i := 0; i < len(line); i++ {
			switch c := line[i]; {
			case c == '\\' && quoted:
				i++
			case c == '"':
				quoted = !quoted
			case c == ',' && !quoted:
				if !yield(strings.TrimSpace(line[start:i])) {
					return
				}
				start = i + 1
			}
		}
		yield(strings.TrimSpace(line[start:]))
	}
}
