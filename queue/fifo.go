package queue

// fifo is a line: visitors by order. Orders only grow, so the line is a list
// that is added to at the end and taken from at the front. Who leaves in
// between stays in the list until the front comes by: orders says who is here.
type fifo struct {
	list   []member
	orders map[Visitor]int64
}

func newFIFO() *fifo { return &fifo{orders: map[Visitor]int64{}} }

func (f *fifo) len() int64 { return int64(len(f.orders)) }

func (f *fifo) order(v Visitor) (int64, bool) {
	order, ok := f.orders[v]
	return order, ok
}

// add puts v, who is not in the line, at its end: no order so far is higher.
func (f *fifo) add(v Visitor, order int64) {
	f.orders[v] = order
	f.list = append(f.list, member{order, v})
}

func (f *fifo) remove(v Visitor) { delete(f.orders, v) }

// pop takes out the first n.
func (f *fifo) pop(n int64) []member {
	first := make([]member, 0, min(n, f.len()))
	i := 0
	for ; i < len(f.list) && int64(len(first)) < n; i++ {
		m := f.list[i]
		if order, here := f.orders[m.visitor]; here && order == m.score {
			delete(f.orders, m.visitor)
			first = append(first, m)
		}
	}
	f.list = f.list[i:]
	return first
}
