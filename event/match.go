package event

import (
	"errors"
	"fmt"
	"strings"
)

// Routes finds the event and route of a request among all events of an
// installation. It is built once per change of the catalog; every request reads
// it, without allocating and from any number of goroutines.
//
// A segment of a path that is written out is more specific than "*", and "*"
// more than "**"; the first segment that differs decides. Letter case makes no
// difference, nor do accents and other spellings of a letter (see fold), a final
// "/" of the path or a final "." of the host: an upstream that is less strict
// than Rushgate must not open a way around the gate.
type Routes struct {
	hosts   map[string]*node
	all     []*target
	longest int // path of all, in segments
}

// node is what is known after some segments of a path.
type node struct {
	written map[string]*node // in lower case
	any     *node            // "*"
	here    *target          // the path ends here
	deep    *target          // "**": here or anywhere below
}

type target struct {
	event string
	route Route
	odd   bool // its path has letters beyond ASCII
}

// NewRoutes refuses routes that two events claim equally, and names both.
// The events must be valid.
func NewRoutes(events []Event) (*Routes, error) {
	r := &Routes{hosts: map[string]*node{}}
	var clashes []error
	for _, e := range events {
		for _, route := range e.Routes {
			if holder := r.add(e.ID, route); holder != nil {
				clashes = append(clashes, fmt.Errorf("event %s: route %s%s: event %s has it already, as %s%s",
					e.ID, route.Host, route.Path, holder.event, holder.route.Host, holder.route.Path))
			}
		}
	}
	if clashes != nil {
		return nil, errors.Join(clashes...)
	}
	return r, nil
}

// add returns who holds the same route already.
func (r *Routes) add(event string, route Route) (holder *target) {
	at := child(&r.hosts, strings.ToLower(route.Host))
	slot := &at.here
	for segment := range strings.SplitSeq(route.Path, "/") {
		switch segment {
		case "":
			continue
		case "**":
			slot = &at.deep
			continue
		case "*":
			if at.any == nil {
				at.any = &node{}
			}
			at = at.any
		default:
			at = child(&at.written, strings.ToLower(fold(segment)))
		}
		slot = &at.here
	}
	if *slot != nil {
		return *slot
	}
	*slot = &target{event, route, beyondASCII(route.Path)}
	r.all, r.longest = append(r.all, *slot), max(r.longest, strings.Count(route.Path, "/"))
	return nil
}

func child(of *map[string]*node, name string) *node {
	if *of == nil {
		*of = map[string]*node{}
	}
	next := (*of)[name]
	if next == nil {
		next = &node{}
		(*of)[name] = next
	}
	return next
}

// Lookup returns the most specific route for a host without its port and a
// canonical path, without its query.
func (r *Routes) Lookup(host, path string) (eventID string, route Route, ok bool) {
	root := find(r.hosts, strings.TrimSuffix(host, "."))
	if root == nil {
		return "", Route{}, false
	}
	plain := fold(path)
	t := root.find(plain)
	if t == nil {
		return "", Route{}, false
	}
	route = t.route
	if (t.odd || plain != path) && !spells(path, route.Path) {
		route.Action = Protect // who is lenient may protect too much, never open
	}
	return t.event, route, true
}

// spells reports whether path matches pattern letter by letter, case apart.
func spells(path, pattern string) bool {
	path, pattern = strings.TrimLeft(path, "/"), strings.TrimLeft(pattern, "/")
	for pattern != "" && pattern != "**" {
		var segment, wanted string
		segment, path, _ = strings.Cut(path, "/")
		wanted, pattern, _ = strings.Cut(pattern, "/")
		if wanted != "*" && !strings.EqualFold(segment, wanted) {
			return false
		}
	}
	return true
}

// find visits each node at most once, so a lookup costs at most one pass over
// the patterns of one host.
func (n *node) find(path string) *target {
	path = strings.TrimLeft(path, "/")
	if path == "" {
		if n.here != nil {
			return n.here
		}
		return n.deep
	}
	segment, rest, _ := strings.Cut(path, "/")
	if next := find(n.written, segment); next != nil {
		if t := next.find(rest); t != nil {
			return t
		}
	}
	if n.any != nil {
		if t := n.any.find(rest); t != nil {
			return t
		}
	}
	return n.deep
}

// maxName is the longest host, and the longest written segment of a pattern.
const maxName = 255

// find looks name up in lower case.
func find(in map[string]*node, name string) *node {
	if len(name) > maxName {
		return nil
	}
	var folded [maxName]byte
	for i := range len(name) {
		folded[i] = lower(name[i])
	}
	return in[string(folded[:len(name)])]
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// Match is Lookup among the routes of e alone. It builds them anew: for tests
// and tools, not for requests.
func (e Event) Match(host, path string) (Route, bool) {
	routes := Routes{hosts: map[string]*node{}}
	for _, route := range e.Routes {
		routes.add(e.ID, route)
	}
	_, route, ok := routes.Lookup(host, path)
	return route, ok
}

// key is equal for routes that match the same requests at the same rank.
func (r Route) key() string { return strings.ToLower(r.Host + fold(r.Path)) }
