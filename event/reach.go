package event

import (
	"iter"
	"strings"
)

// Reaches yields the events of other that requests on e's routes lead to, those of
// the wanted ones among e's routes; an event may come more than once. A request
// leads to the most specific route of each, so a route counts with all the paths
// below it that no other route of e has.
func (e Event) Reaches(other *Routes, wanted func(Route) bool) iter.Seq[string] {
	return func(yield func(string) bool) {
		own, longest := Routes{hosts: map[string]*node{}}, other.longest
		for _, route := range e.Routes {
			own.add(e.ID, route)
		}
		longest = max(longest, own.longest)
		for _, mine := range e.Routes {
			for _, theirs := range other.all {
				if !wanted(mine) || !strings.EqualFold(mine.Host, theirs.route.Host) {
					continue
				}
				for path := range shared(mine.Path, theirs.route.Path, longest) {
					_, here, _ := own.Lookup(mine.Host, path)
					id, _, ok := other.Lookup(mine.Host, path)
					if ok && wanted(here) && !yield(id) {
						return
					}
				}
			}
		}
	}
}

// shared yields a path of each length, up to one more than longest, that both
// patterns match and as few others as possible: "*" is in no request's path as such,
// so no written segment is like it.
func shared(a, b string, longest int) iter.Seq[string] {
	return func(yield func(string) bool) {
		as, deepA := segments(a)
		bs, deepB := segments(b)
		if len(as) < len(bs) {
			as, bs, deepA, deepB = bs, as, deepB, deepA
		}
		if len(as) > len(bs) && !deepB {
			return
		}
		var path strings.Builder
		for i, segment := range as {
			if i < len(bs) && segment == "*" {
				segment = bs[i]
			} else if i < len(bs) && bs[i] != "*" && !strings.EqualFold(fold(segment), fold(bs[i])) {
				return
			}
			path.WriteString("/" + segment)
		}
		for n := len(as); yield(path.String()) && deepA && deepB && n <= longest; n++ {
			path.WriteString("/*")
		}
	}
}

// segments of a pattern; deep: it ends in "**", which is left out.
func segments(pattern string) (all []string, deep bool) {
	for segment := range strings.SplitSeq(pattern, "/") {
		switch segment {
		case "":
		case "**":
			deep = true
		default:
			all = append(all, segment)
		}
	}
	return all, deep
}
