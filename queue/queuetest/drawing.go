package queuetest

import (
	"testing"
	"time"

	"github.com/bilten/rushgate/queue"
)

// toStart is how long before its start a drawRoom is made.
const toStart = time.Minute

// drawRoom has visitors 1..n in the draw at orders 1000, 2000, ...
func drawRoom(t *testing.T, h Harness, n int, change func(*queue.Policy)) (*Room, []queue.Answer) {
	r := &Room{Harness: h, t: t, name: "hamlet", Policy: Generous()}
	r.Policy.Gates.Calls, r.Policy.Gates.Direct = false, false
	now := r.Tick().At
	r.memory.Window = ms(window)
	r.Run(3*time.Second, time.Second, nil)
	r.Change(func(p *queue.Policy) {
		p.Gates.Calls, p.Draw, p.OpensAt, p.Cap = true, true, now+ms(toStart), 2
		if change != nil {
			change(p)
		}
	})
	places := make([]queue.Answer, n)
	for i := range places {
		places[i] = r.Draw(i+1, int64(i+1)*1000)
	}
	return r, places
}

// Draw joins with the order that the draw gives.
func (r *Room) Draw(n int, order int64) queue.Answer {
	r.t.Helper()
	return r.Apply(queue.Join, queue.Visit{Visitor: Visitor(n), Line: "general", Order: order})
}

// redraw shows the pass of a place in the draw of an earlier life.
func (r *Room) redraw(n int, order int64, generation uint64) queue.Answer {
	r.t.Helper()
	return r.Restore(n, queue.Answer{Order: order, Generation: generation})
}

// numbers of visitors 1..n, 0 for who has been called.
func (r *Room) numbers(n int) (numbers [8]int64) {
	r.t.Helper()
	for i := range n {
		numbers[i] = r.Join(i + 1).Number
	}
	return numbers
}

var drawing = []promise{
	{"the drawn who came back before a gateway told that they had been called are called first", func(t *testing.T, h Harness) {
		r, places := drawRoom(t, h, 4, func(p *queue.Policy) { p.Cap = 1 })
		r.Run(toStart+time.Second, time.Second, nil)
		first := places[0].Generation
		r.Tick()
		other := r.memory // of a gateway that saw one more tick, in which 2 and 3 were called
		other.Seq++
		other.Lines = []queue.RememberedLine{{Name: "general", Issued: 4, Serving: 3, CalledOrder: 3000 + 1}}
		r.lose()
		r.Tick()
		for n := 1; n <= 4; n++ {
			r.redraw(n, int64(n)*1000, first)
		}
		r.Want(r.Join(3), queue.Waiting, "the third, as far as the first gateway knows")
		Equal(t, "ahead of the line", r.TickFrom(&other).Late, 3)
		for n := 1; n <= 3; n++ {
			r.Want(r.Claim(n, int64(n)*1000+1), queue.Late, "one who had been called")
		}
		r.Want(r.Join(4), queue.Waiting, "the fourth")
	}},
	{"before the start nobody has a number; at the start all have dense ones, by the draw's order", func(t *testing.T, h Harness) {
		r, places := drawRoom(t, h, 6, nil)
		Equal(t, "number before", places[5].Number, 0)
		Equal(t, "called before", r.Tick().Called, 0)
		s := r.Run(toStart, time.Second, nil)
		Equal(t, "closed", s.Drawn, true)
		Equal(t, "called", s.Called, 2)
		Equal(t, "numbers", r.numbers(6), [8]int64{0, 0, 3, 4, 5, 6})
		Equal(t, "who joins now", r.Join(50).Number, 7)
	}},
	{"of two equal orders the later join takes the next", func(t *testing.T, h Harness) {
		r, _ := drawRoom(t, h, 3, func(p *queue.Policy) { p.Cap = 1 })
		r.Draw(4, 2000)
		r.Run(toStart, time.Second, nil)
		Equal(t, "numbers", r.numbers(4), [8]int64{0, 2, 4, 3})
	}},
	{"who leaves is skipped and keeps nobody from a turn", func(t *testing.T, h Harness) {
		r, _ := drawRoom(t, h, 5, func(p *queue.Policy) { p.Cap = 1 })
		r.Run(toStart, time.Second, nil)
		two := r.Join(2)
		r.Apply(queue.Leave, queue.Visit{Visitor: Visitor(2), Line: "general", Order: two.Order})
		Equal(t, "waiting", r.Tick().Waiting(), 3)
		r.Change(func(p *queue.Policy) { p.Cap = 2 })
		r.Run(time.Second, tick, nil)
		r.Want(r.Join(3), queue.Called, "the third")
		r.Want(r.Join(4), queue.Waiting, "the fourth")
	}},
	{"a public value turns the circle, and the first one that is told stays", func(t *testing.T, h Harness) {
		r, _ := drawRoom(t, h, 6, func(p *queue.Policy) { p.Offset, p.Cap = 4500, 1 })
		r.Run(toStart, time.Second, nil)
		want := [8]int64{3, 4, 5, 6, 0, 2}
		Equal(t, "numbers", r.numbers(6), want)
		s := r.Change(func(p *queue.Policy) { p.Offset = 1500 })
		Equal(t, "offset", s.Offset, 4500)
		Equal(t, "numbers after another value", r.numbers(6), want)
	}},
	{"with a public value that is not known yet nobody is called or numbered", func(t *testing.T, h Harness) {
		r, _ := drawRoom(t, h, 4, func(p *queue.Policy) { p.Offset = -1 })
		s := r.Run(toStart+10*time.Second, time.Second, nil)
		Equal(t, "closed", s.Drawn, true)
		Equal(t, "settled", s.Settled, false)
		Equal(t, "called", s.Called, 0)
		Equal(t, "number", r.Join(1).Number, 0)
		Equal(t, "who joins now", r.Join(50).Number, 5)
		r.Change(func(p *queue.Policy) { p.Offset = 2500 })
		r.Run(time.Second, tick, nil)
		r.Want(r.Join(3), queue.Called, "the first from the offset")
	}},
	{"the list does not change once the draw is closed", func(t *testing.T, h Harness) {
		r, _ := drawRoom(t, h, 5, nil)
		r.Run(toStart, time.Second, nil)
		a := r.Draw(6, 10)
		Equal(t, "who joins after the start with an order", a.Number, 6)
		three := r.Join(3)
		r.Apply(queue.Leave, queue.Visit{Visitor: Visitor(3), Line: "general", Order: three.Order})
		r.Tick()
		list, err := r.Store.Drawn(t.Context(), r.name, "general", 0, 100)
		Equal(t, "error", err, nil)
		Equal(t, "listed", len(list), 5)
	}},
	{"who leaves a closed draw before its public value is known stays in the list, and is skipped", func(t *testing.T, h Harness) {
		r, _ := drawRoom(t, h, 5, func(p *queue.Policy) { p.Offset, p.Cap = -1, 1 })
		r.Run(toStart, time.Second, nil)
		r.Want(r.Apply(queue.Leave, queue.Visit{Visitor: Visitor(2), Line: "general"}), queue.None, "who leaves")
		r.Want(r.Apply(queue.Leave, queue.Visit{Visitor: Visitor(4), Line: "general"}), queue.None, "another one")
		Equal(t, "waiting", r.Tick().Waiting(), 3)
		Equal(t, "the second, who comes again, is the last", r.Join(2).Number, 6)
		r.Change(func(p *queue.Policy) { p.Offset = 2500 })
		s := r.Run(time.Second, tick, nil)
		Equal(t, "listed", s.Lines[0].Drawn, 5)
		Equal(t, "waiting behind the first from the offset", s.Waiting(), 3)
		Equal(t, "numbers of the first three", r.numbers(3), [8]int64{4, 6, 0})
		Equal(t, "number of the fifth", r.Join(5).Number, 3)
		r.Change(func(p *queue.Policy) { p.Cap = 4 })
		r.Run(time.Second, tick, nil)
		for _, n := range []int{3, 5, 1, 2} {
			r.Want(r.Join(n), queue.Called, "everybody who has not left")
		}
	}},
	{"a line that is let go leaves the list of its draw to those who check it", func(t *testing.T, h Harness) {
		for _, offset := range []int64{-1, 2500} {
			r, _ := drawRoom(t, h, 5, func(p *queue.Policy) { p.Offset = offset })
			r.Run(toStart, time.Second, nil)
			s := r.Change(func(p *queue.Policy) { p.Gates.Release = true })
			Equal(t, "listed", s.Lines[0].Drawn, 5)
			Equal(t, "waiting", s.Waiting(), 0)
			Equal(t, "serving", s.Lines[0].Serving, 5)
			r.Change(func(p *queue.Policy) { p.Gates.Release, p.Gates.Calls, p.Offset = false, false, 2500 })
			Equal(t, "the number of who was let go and comes again", r.Join(1).Number, 6)
			Equal(t, "drop", r.Store.Drop(t.Context(), r.name), nil)
		}
	}},
	{"a loss before the start keeps the draw as it was", func(t *testing.T, h Harness) {
		r, places := drawRoom(t, h, 5, nil)
		r.Tick()
		r.lose()
		s := r.Tick()
		Equal(t, "the draw's root", s.Roots[0], queue.Root(places[0].Generation))
		for n := 5; n >= 1; n-- {
			r.Want(r.redraw(n, int64(n)*1000, places[0].Generation), queue.Waiting, "back")
		}
		r.Run(toStart+window, time.Second, nil)
		Equal(t, "numbers", r.numbers(5), [8]int64{0, 0, 3, 4, 5})
	}},
	{"a draw whose start comes while places come back closes after them", func(t *testing.T, h Harness) {
		r, places := drawRoom(t, h, 5, nil)
		r.Run(toStart-10*time.Second, time.Second, nil)
		r.lose()
		r.Tick()
		s := r.Run(20*time.Second, time.Second, nil)
		Equal(t, "closed at the start", s.Drawn, false)
		r.Join(50)
		for n := 5; n >= 1; n-- {
			r.redraw(n, int64(n)*1000, places[0].Generation)
		}
		s = r.Run(window, time.Second, nil)
		Equal(t, "closed", s.Drawn, true)
		Equal(t, "numbers", r.numbers(5), [8]int64{0, 0, 3, 4, 5})
		Equal(t, "who came meanwhile", r.Join(50).Number, 6)
	}},
	{"a loss after the start gives everybody the order of the draw back, the called ahead", func(t *testing.T, h Harness) {
		r, places := drawRoom(t, h, 6, func(p *queue.Policy) { p.Offset = 4500 })
		r.Run(toStart, time.Second, nil) // 5 and 6 are called
		r.lose()
		s := r.Tick()
		Equal(t, "offset", s.Offset, 4500)
		for _, n := range []int{3, 6, 1, 5, 2, 4} {
			want := queue.Waiting
			if n >= 5 {
				want = queue.Late
			}
			r.Want(r.redraw(n, int64(n)*1000, places[0].Generation), want, "back")
		}
		r.Run(window+2*time.Second, time.Second, nil)
		r.Want(r.Join(5), queue.Called, "called before")
		r.Want(r.Join(6), queue.Called, "called before")
		r.Want(r.Join(1), queue.Waiting, "next")
	}},
	{"a clock that leaps over the start and back does not open the sale", func(t *testing.T, h Harness) {
		r, _ := drawRoom(t, h, 4, nil)
		r.Advance(time.Hour)
		Equal(t, "closed", r.Tick().Drawn, false)
		r.Advance(-time.Hour)
		s := r.Tick()
		Equal(t, "closed", s.Drawn, false)
		Equal(t, "called", s.Called, 0)
		Equal(t, "who joins now stands in the draw", r.Draw(9, 10).Number, 0)
		Equal(t, "drawn", r.Tick().Lines[0].Drawn, 5)
	}},
}
