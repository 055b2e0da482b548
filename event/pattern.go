package event

import (
	"fmt"
	"strings"
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

func badSegment(s string) string {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '?' || c == '#':
			return "want a path alone, without ? or #"
		case c == '%':
			if i+2 >= len(s) || !upperHex(s[i+1]) || !upperHex(s[i+2]) {
				return "want % followed by two digits of 0-9 and A-F"
			}
			decoded := unhex(s[i+1])<<4 | unhex(s[i+2])
			if pathByte(decoded) {
				return fmt.Sprintf("write %q as it is, without %%", decoded)
			}
			if decoded < ' ' || decoded == 0x7f || strings.IndexByte(`/\\;%`, decoded) >= 0 {
				return fmt.Sprintf("%q cannot be in a path, not even with %%", decoded)
			}
			i += 2
		case !pathByte(c):
			return fmt.Sprintf("%q cannot be in a path as it is: write it with %%, as in %%20 or %%C3%%A9", c)
		}
	}
	return ""
}

// pathByte says which bytes a canonical path holds unescaped: those of RFC 3986
// without ";", which starts a parameter.
func pathByte(c byte) bool {
	return 'a' <= lower(c) && lower(c) <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~!$&'()+,=:@", c) >= 0
}

func upperHex(c byte) bool { return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' }

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c - 'A' + 10
}
