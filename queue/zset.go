package queue

import (
	"bytes"
	"math"

	"github.com/google/btree"
)

// zset is an ordered set as Redis has it: visitors by score, equal scores by
// the visitor's bytes.
type zset struct {
	tree   *btree.BTreeG[member]
	scores map[Visitor]int64
}

type member struct {
	score   int64
	visitor Visitor
}

func newZSet() *zset {
	return &zset{
		tree: btree.NewG(32, func(a, b member) bool {
			if a.score != b.score {
				return a.score < b.score
			}
			return bytes.Compare(a.visitor[:], b.visitor[:]) < 0
		}),
		scores: map[Visitor]int64{},
	}
}

func (z *zset) len() int64 { return int64(len(z.scores)) }

func (z *zset) score(v Visitor) (int64, bool) {
	score, ok := z.scores[v]
	return score, ok
}

func (z *zset) add(v Visitor, score int64) {
	old, ok := z.scores[v]
	if ok && old == score {
		return
	}
	if ok {
		z.tree.Delete(member{old, v})
	}
	z.scores[v] = score
	z.tree.ReplaceOrInsert(member{score, v})
}

func (z *zset) remove(v Visitor) bool {
	score, ok := z.scores[v]
	if ok {
		delete(z.scores, v)
		z.tree.Delete(member{score, v})
	}
	return ok
}

// between lists who has from <= score <= to, at most limit of them, in order.
func (z *zset) between(from, to, limit int64) []member {
	var found []member
	z.tree.AscendGreaterOrEqual(member{score: from}, func(m member) bool {
		if m.score > to || int64(len(found)) >= limit {
			return false
		}
		found = append(found, m)
		return true
	})
	return found
}

// popMin takes out the first n.
func (z *zset) popMin(n int64) []member {
	first := z.between(math.MinInt64, math.MaxInt64, n)
	for _, m := range first {
		z.remove(m.visitor)
	}
	return first
}
