package queue

import "slices"

// fifo is a line: visitors by order, and by the visitor's bytes where the order
// is the same. Orders grow, so the line is a list that is added to at the end
// and taken from at the front; only after a loss people come back to places in
// between, and the list is sorted before somebody is called. Who leaves stays
// in the list for a while: orders says who is here.
type fifo struct {
	list     []member
	orders   map[Visitor]int64
	unsorted bool
}

func newFIFO() *fifo { return &fifo{orders: map[Visitor]int64{}} }

func (f *fifo) len() int64 { return int64(len(f.orders)) }

func (f *fifo) order(v Visitor) (int64, bool) {
	order, ok := f.orders[v]
	return order, ok
}

// add puts v, who is not in the line, at its place.
func (f *fifo) add(v Visitor, order int64) {
	m := member{order, v}
	f.unsorted = f.unsorted || len(f.list) > 0 && m.compare(f.list[len(f.list)-1]) < 0
	f.orders[v] = order
	f.list = append(f.list, m)
}

// remove forgets v, and drops those who are gone when they are most of the list.
func (f *fifo) remove(v Visitor) {
	delete(f.orders, v)
	if len(f.list) > 2*len(f.orders)+64 {
		f.list = slices.DeleteFunc(f.list, func(m member) bool { return !f.here(m) })
	}
}

// here is false for a place that was given up, also by who stands elsewhere now.
func (f *fifo) here(m member) bool {
	order, ok := f.orders[m.visitor]
	return ok && order == m.score
}

// sort makes the list what it says it is.
func (f *fifo) sort() {
	if f.unsorted {
		slices.SortFunc(f.list, member.compare)
		f.unsorted = false
	}
}

// upTo lists who stands at this order or before, most of them or all.
func (f *fifo) upTo(order, most int64) (found []member) {
	f.sort()
	for _, m := range f.list {
		if m.score > order || int64(len(found)) == most {
			break
		}
		if f.here(m) {
			found = append(found, m)
		}
	}
	return found
}

// pop takes out the first n.
func (f *fifo) pop(n int64) []member {
	if n > 0 {
		f.sort()
	}
	first := make([]member, 0, min(n, f.len()))
	i := 0
	for ; i < len(f.list) && int64(len(first)) < n; i++ {
		if m := f.list[i]; f.here(m) {
			delete(f.orders, m.visitor)
			first = append(first, m)
		}
	}
	f.list = f.list[i:]
	return first
}
