package draw

import (
	"crypto/sha256"
	"slices"
)

// The first byte keeps a leaf's hash from ever being a node's.
const (
	leafMark = 0
	nodeMark = 1
)

// Root is the Merkle root over entries as a set: their order doesn't matter, so
// it can be published before the draw and compared after it. An entry that
// stands twice counts twice.
//
// It is the Merkle Tree Hash of RFC 6962, section 2.1 (the same in RFC 9162),
// over the entries sorted bytewise. The entries themselves are left as they are.
func Root(entries []Entry) Digest {
	sorted := slices.Clone(entries)
	slices.SortFunc(sorted, Entry.compare)
	var t tree
	for _, e := range sorted {
		t.add(e)
	}
	return t.root()
}

// tree holds the roots of the perfect trees that the leaves so far make up, the
// largest first: as many as the count has bits set, so a million entries need 20.
type tree struct {
	count int
	roots []Digest
}

func (t *tree) add(e Entry) {
	var leaf [1 + len(e)]byte
	leaf[0] = leafMark
	copy(leaf[1:], e[:])
	node := Digest(sha256.Sum256(leaf[:]))
	for full := t.count; full&1 == 1; full >>= 1 { // every trailing 1 is a tree of the same size to its left
		last := len(t.roots) - 1
		node = join(t.roots[last], node)
		t.roots = t.roots[:last]
	}
	t.roots = append(t.roots, node)
	t.count++
}

func (t *tree) root() Digest {
	if t.count == 0 {
		return sha256.Sum256(nil)
	}
	last := len(t.roots) - 1
	node := t.roots[last]
	for _, left := range slices.Backward(t.roots[:last]) {
		node = join(left, node)
	}
	return node
}

func join(left, right Digest) Digest {
	var both [1 + 2*sha256.Size]byte
	both[0] = nodeMark
	copy(both[1:], left[:])
	copy(both[1+sha256.Size:], right[:])
	return sha256.Sum256(both[:])
}
