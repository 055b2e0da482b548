package queuetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bilten/rushgate/queue"
)

// Bench measures the steps of a store beside a short and a long line: what they
// cost must not grow faster than the logarithm of its length. A step is one call
// for a full batch of visitors.
func Bench(b *testing.B, harness func(testing.TB) Harness) {
	for _, waiting := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) {
			l := newBenchLine(b, harness(b), waiting)
			b.Run("join", func(b *testing.B) { l.measure(b, joins) })
			b.Run("tick", func(b *testing.B) { l.measure(b, calls) })
			b.Run("claim", func(b *testing.B) { l.measure(b, claims) })
		})
	}
}

// step is what happens to a batch, in this order.
type step int

const (
	calls step = iota
	claims
	completes
	joins
)

// benchLine is a line from whose head one batch after the other comes in, and
// goes, while as many join at its end.
type benchLine struct {
	*Room
	first, last int // of the visitors in line
}

func newBenchLine(b *testing.B, h Harness, waiting int) *benchLine {
	b.Helper()
	l := &benchLine{first: 1}
	l.Room = NewRoom(b, h, func(p *queue.Policy) {
		p.Gates.Direct = false
		p.Rate, p.Cap = queue.MaxRate, queue.MaxBatch // a tick calls a batch, no more
	})
	for l.last < waiting {
		l.do(b, joins)
	}
	return l
}

func (l *benchLine) measure(b *testing.B, timed step) {
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		for s := calls; s < timed; s++ {
			l.do(b, s)
		}
		b.StartTimer()
		l.do(b, timed)
		b.StopTimer()
		for s := timed + 1; s <= joins; s++ {
			l.do(b, s)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*queue.MaxBatch), "ns/visitor")
}

// do does a step for a batch: whoever stands first is called, claims and
// completes, and newcomers join.
func (l *benchLine) do(b *testing.B, s step) {
	if s == calls {
		l.Advance(250 * time.Millisecond)
		l.Tick()
		return
	}
	visits := make([]queue.Visit, queue.MaxBatch)
	for i := range visits {
		switch s {
		case claims, completes:
			visits[i] = queue.Visit{Visitor: Visitor(l.first + i), Line: "general", Order: queue.Base + int64(l.first+i), Session: int64(l.first + i), Generation: l.memory.Generation}
		case joins:
			visits[i] = queue.Visit{Visitor: Visitor(l.last + 1 + i), Line: "general"}
		}
	}
	ops := map[step]queue.Op{claims: queue.Claim, completes: queue.Complete, joins: queue.Join}
	want := map[step]queue.State{claims: queue.Active, completes: queue.None, joins: queue.Waiting}
	answers, err := l.Store.Apply(context.Background(), l.name, ops[s], visits)
	if err != nil || answers[0].State != want[s] {
		b.Fatalf("%s = %+v, %v; want state %d", ops[s], answers[:min(1, len(answers))], err, want[s])
	}
	switch s {
	case completes:
		l.first += queue.MaxBatch
	case joins:
		l.last += queue.MaxBatch
	}
}
