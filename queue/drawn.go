package queue

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// circle is who stands in the draw of one line, by the order that the draw gives,
// 1 to Base-1. Nobody is taken out once the draw is closed: a cursor moves along
// it. An offset says where on the circle the line begins.
type circle struct {
	orders map[Visitor]int64
	taken  map[int64]Visitor
	offset int64
	list   []member // from the offset on; made when somebody looks
}

func newCircle(offset int64) *circle {
	return &circle{orders: map[Visitor]int64{}, taken: map[int64]Visitor{}, offset: max(0, offset)}
}

func (c *circle) len() int64 { return int64(len(c.orders)) }

// place is v's order on the circle, counted from the offset: 1 to Base.
func (c *circle) place(v Visitor) (int64, bool) {
	order, in := c.orders[v]
	return c.turned(order), in
}

func (c *circle) turned(order int64) int64 { return (order-c.offset)&(Base-1) + 1 }

// add puts v at order, or at the next one that is free.
func (c *circle) add(v Visitor, order int64) {
	for {
		if _, taken := c.taken[order]; !taken {
			break
		}
		order = order%(Base-1) + 1
	}
	c.orders[v], c.taken[order], c.list = order, v, nil
}

func (c *circle) remove(v Visitor) {
	if order, in := c.orders[v]; in {
		delete(c.orders, v)
		delete(c.taken, order)
		c.list = nil
	}
}

func (c *circle) begin(offset int64) {
	if c.offset != offset {
		c.offset, c.list = offset, nil
	}
}

// rank is how many places come before or at this one.
func (c *circle) rank(place int64) int64 {
	return int64(sort.Search(len(c.places()), func(i int) bool { return c.list[i].score > place }))
}

func (c *circle) places() []member {
	if c.list == nil && len(c.orders) > 0 {
		c.list = make([]member, 0, len(c.orders))
		for v, order := range c.orders {
			c.list = append(c.list, member{c.turned(order), v})
		}
		slices.SortFunc(c.list, func(a, b member) int { return cmp.Compare(a.score, b.score) })
	}
	return c.list
}

// raw lists who stands in the draw from the from-th on, by raw order.
func (c *circle) raw(from, most int64) []Visitor {
	all := slices.Clone(c.places())
	slices.SortFunc(all, func(a, b member) int { return cmp.Compare(c.orders[a.visitor], c.orders[b.visitor]) })
	all = all[min(from, int64(len(all))):]
	found := make([]Visitor, 0, min(most, int64(len(all))))
	for _, m := range all[:min(most, int64(len(all)))] {
		found = append(found, m.visitor)
	}
	return found
}

// drawing says whether v, who joins now, is in the draw.
func (r *room) drawing(v Visit) bool {
	early := !r.open || v.Since > 0 && v.Since < r.policy.OpensAt && r.gathering()
	return r.policy.Draw && !r.drawn && early && 0 < v.Order && v.Order < Base
}

// settled says that the order of the drawn is known: the draw is closed and, if
// a public value turns it, so is that.
func (r *room) settled() bool { return r.drawn && r.offset >= 0 }

// draws says that there is a draw, or was when somebody joined.
func (r *room) draws() bool {
	return r.policy.Draw || slices.ContainsFunc(r.lines, func(l *line) bool { return l.drawn.len() > 0 })
}

// closing says that the sale has started and the draw is not closed yet.
func (r *room) closing() bool { return r.open && !r.drawn && r.draws() }

// closeDraw ends the draw when the sale has started, but not before everybody
// who was in it could come back. Those who join from then on follow.
func (r *room) closeDraw() {
	if r.closing() && !r.gathering() {
		r.drawn = true
		for _, l := range r.lines {
			l.issued = max(l.issued, l.drawn.len())
		}
	}
	if r.drawn && r.offset < 0 && r.policy.Offset >= 0 {
		r.turn(r.policy.Offset)
	}
}

// turn sets where the circle of the drawn begins, for good. Places are known from
// then on, those of the drawn who have left as well.
func (r *room) turn(offset int64) {
	r.offset = offset
	for _, l := range r.lines {
		l.drawn.begin(offset)
		for _, left := range l.spent.between(Base, Base, math.MaxInt64) {
			if place, in := l.drawn.place(left.visitor); in {
				l.spent.add(left.visitor, place)
			}
		}
	}
}

// drawnWaiting is how many of the drawn are still to be called.
func (l *line) drawnWaiting() int64 {
	return max(0, l.drawn.len()-l.drawn.rank(l.calledOrder)-l.spent.count(l.calledOrder+1, Base))
}

// callDrawn calls the next of the drawn and skips those who have left.
func (l *line) callDrawn(n int64) (called []member) {
	if n <= 0 {
		return nil
	}
	for _, m := range l.drawn.places()[l.drawn.rank(l.calledOrder):] {
		if int64(len(called)) == n {
			break
		}
		l.calledOrder = m.score
		l.serving++
		if used, left := l.spent.score(m.visitor); !left || used < m.score {
			called = append(called, m)
		}
	}
	return called
}

// inDraw answers for somebody who stands in a draw and has not been called yet.
func (r *room) inDraw(v Visitor, l *line) (Answer, bool) {
	place, in := l.drawn.place(v)
	a := Answer{Generation: r.generation, State: Waiting, Line: l.Name}
	if !r.drawn {
		return a, in
	}
	if !r.settled() {
		place = Base // at the latest
	}
	used, left := l.spent.score(v)
	if !in || place <= l.calledOrder || left && used >= place {
		return a, false
	}
	if !r.settled() {
		return a, true
	}
	a.Order = place
	a.Number = l.serving + l.drawn.rank(place) - l.drawn.rank(l.calledOrder)
	return a, true
}
