package event

import (
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold brings a canonical path to what the most lenient server takes it for.
// Letter case is left to the caller. Everything else needs a character beyond
// ASCII: to Java, Go and Python, when they ignore case, the Kelvin sign is a "k"
// and the long s an "s"; a server that normalizes reads a fullwidth "b" as "b";
// MySQL by its default collation finds "café" and a name with an invisible
// character in it where it was asked for "cafe". All that this can do wrong is to
// protect a path too many.
//
// A path without such a character is returned as it is, without an allocation.
func fold(path string) string {
	if !beyondASCII(path) {
		return path
	}
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return path
	}
	plain := strings.Map(foldRune, norm.NFKD.String(decoded))
	segments := strings.Split(plain, "/")
	for i, segment := range segments {
		segments[i] = escapeSegment(segment)
	}
	return strings.Join(segments, "/")
}

// beyondASCII looks for escapes from %80 on; canonical paths are ASCII themselves.
func beyondASCII(path string) bool {
	for i := range len(path) - 1 {
		if path[i] == '%' && path[i+1] >= '8' {
			return true
		}
	}
	return false
}

// foldRune takes away what marks a letter, and what is not seen, and returns the
// first of the letters that differ in case alone.
func foldRune(r rune) rune {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return -1
	case r == 'ı': // folds to itself, but its capital is I
		return 'I'
	}
	first := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		first = min(first, next)
	}
	return first
}
