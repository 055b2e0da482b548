package queue

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/google/btree"
)

// zset is an ordered set as Redis has it: visitors by score, equal scores by
// the visitor's bytes. Scores are mostly times, which many visitors share, so
// the order is kept among scores, and among those of one score when asked for.
type zset struct {
	scores map[Visitor]int64
	groups *btree.BTreeG[*group]
	last   *group // that was added to
	key    group  // to look with; a key of its own for every look would be an allocation
}

// group is who was given one score. Who has lost it stays listed, until nobody
// of the group has it.
type group struct {
	score  int64
	have   int
	listed []Visitor
}

type member struct {
	score   int64
	visitor Visitor
}

func newZSet() *zset {
	return &zset{
		scores: map[Visitor]int64{},
		groups: btree.NewG(8, func(a, b *group) bool { return a.score < b.score }),
		last:   &group{},
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
		z.lose(old)
	}
	z.scores[v] = score
	if z.last.score != score || z.last.have == 0 {
		z.last = z.group(score)
	}
	z.last.have++
	z.last.listed = append(z.last.listed, v)
}

// group finds the group of a score, or makes it.
func (z *zset) group(score int64) *group {
	z.key.score = score
	g, ok := z.groups.Get(&z.key)
	if !ok {
		g = &group{score: score}
		z.groups.ReplaceOrInsert(g)
	}
	return g
}

func (z *zset) remove(v Visitor) bool {
	score, ok := z.scores[v]
	if ok {
		delete(z.scores, v)
		z.lose(score)
	}
	return ok
}

// lose takes one from a group.
func (z *zset) lose(score int64) {
	g := z.group(score)
	if g.have--; g.have == 0 {
		z.groups.Delete(g)
	}
}

// between lists who has from <= score <= to, at most limit of them, in order.
func (z *zset) between(from, to, limit int64) []member {
	var found []member
	z.key.score = from
	z.groups.AscendGreaterOrEqual(&z.key, func(g *group) bool {
		if g.score > to || int64(len(found)) >= limit {
			return false
		}
		first := len(found)
		for _, v := range g.listed {
			if score, ok := z.scores[v]; ok && score == g.score {
				found = append(found, member{score, v})
			}
		}
		slices.SortFunc(found[first:], member.compare)
		found = found[:first+len(slices.Compact(found[first:]))] // who lost the score and got it again is listed twice
		return true
	})
	return found[:min(int64(len(found)), max(0, limit))]
}

// count is how many have from <= score <= to.
func (z *zset) count(from, to int64) (n int64) {
	z.key.score = from
	z.groups.AscendGreaterOrEqual(&z.key, func(g *group) bool {
		if g.score <= to {
			n += int64(g.have)
		}
		return g.score <= to
	})
	return n
}

func (m member) compare(o member) int {
	return cmp.Or(cmp.Compare(m.score, o.score), bytes.Compare(m.visitor[:], o.visitor[:]))
}

// popMin takes out the first n.
func (z *zset) popMin(n int64) []member {
	first := z.between(math.MinInt64, math.MaxInt64, n)
	for _, m := range first {
		z.remove(m.visitor)
	}
	return first
}
