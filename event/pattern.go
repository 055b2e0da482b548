package event

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxPatternSegments = 32

// badPattern says why a path pattern can't be used; "" means it can. A pattern
// is written in the form that requests have after they were made canonical:
// anything else would never match, and so protect nothing.
func badPattern(path string) string {
	if !strings.HasPrefix(path, "/") {
		return `want a path that starts with "/"`
	}
	if path == "/" {
		return ""
	}
	segments := strings.Split(path[1:], "/")
	if len(segments) > maxPatternSegments {
		return fmt.Sprintf("has too many segments: want at most %d", maxPatternSegments)
	}
	for i, segment := range segments {
		last := i == len(segments)-1
		switch {
		case segment == "" && last:
			return `leave out the final "/": it makes no difference to what is matched`
		case segment == "":
			return `want one "/" between segments`
		case segment == "." || segment == "..":
			return "want no . or .. segments"
		case segment == "**" && !last:
			return "** can only stand at the end"
		case segment == "*" || segment == "**":
		case strings.Contains(segment, "*"):
			return "* stands for a whole segment"
		case len(segment) > maxName:
			return fmt.Sprintf("has a segment of %d bytes: want at most %d", len(segment), maxName)
		default:
			if reason := badSegment(segment); reason != "" {
				return reason
			}
		}
	}
	return ""
}

// badSegment compares a written segment with its one canonical spelling.
func badSegment(s string) string {
	decoded, err := url.PathUnescape(s)
	switch {
	case err != nil:
		return "want % followed by two digits of 0-9 and A-F"
	case !utf8.ValidString(decoded):
		return "is not UTF-8 text"
	case strings.ContainsFunc(decoded, unicode.IsControl), strings.ContainsAny(decoded, `/\;?#`):
		return `holds a control character or one of / \ ; ? #: requests with it are refused`
	case strings.HasSuffix(decoded, "."), strings.HasSuffix(decoded, " "):
		return "has a segment that ends in a dot or a space: requests with it are refused"
	}
	if canonical := escapeSegment(decoded); canonical != s {
		return "want " + canonical + ", the spelling that requests are brought to"
	}
	return ""
}

// escapeSegment writes with % whatever RFC 3986 does not let stand for itself.
func escapeSegment(decoded string) string {
	var b strings.Builder
	for i := range len(decoded) {
		if c := decoded[i]; pathByte(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// pathByte leaves out ";", which starts a parameter, and "*", a pattern's own.
func pathByte(c byte) bool {
	return 'a' <= lower(c) && lower(c) <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~!$&'()+,=:@", c) >= 0
}
