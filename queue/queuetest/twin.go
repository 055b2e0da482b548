package queuetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/bilten/rushgate/queue"
)

// Twins drives two stores with the same random operations and demands the same
// answers, who went in included. open returns both, empty, on one clock.
func Twins(t *testing.T, open func() (a, b Harness)) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := open()
		p := &pair{rt: rt, a: a, b: b, policy: Generous()}
		p.policy.Version = 0
		p.change(rt)
		p.tick(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"tick":     p.tick,
			"time":     p.time,
			"change":   p.change,
			"allow":    p.allow,
			"join":     p.join,
			"claim":    p.claim,
			"touch":    p.touch,
			"leave":    p.leave,
			"complete": p.complete,
			"restore":  p.restore,
			"lose":     p.lose,
		})
	})
}

// pair remembers what the visitors would: their last places and sessions, also
// those that are long gone, so that old requests arrive late as they do.
type pair struct {
	rt       *rapid.T
	a, b     Harness
	policy   queue.Policy
	older    []queue.Policy
	budget   queue.Budget
	budgets  []queue.Budget // of slower gateways
	memory   queue.Remembered
	earlier  []queue.Remembered // what slower gateways remember
	cursors  [2]string
	places   []queue.Visit // Claim's, Leave's and Restore's
	sessions []queue.Visit // Touch's and Complete's
	last     queue.Snapshot
	books    books
}

var visitors = rapid.IntRange(1, 40)

// drawOrders are few, so that some are taken, and on both sides of an offset.
var drawOrders = []int64{0, 1, 2, 3, 4, 5, 1 << 40, queue.Base - 3, queue.Base - 2, queue.Base - 1}

func (p *pair) tick(rt *rapid.T) {
	policy := p.policy
	if len(p.older) > 0 && rapid.IntRange(0, 4).Draw(rt, "stale gateway") == 0 {
		policy = rapid.SampledFrom(p.older).Draw(rt, "older policy")
	}
	budget := p.budget
	if len(p.budgets) > 0 && rapid.IntRange(0, 4).Draw(rt, "slow gateway") == 0 {
		budget = rapid.SampledFrom(p.budgets).Draw(rt, "older budget")
	}
	m := p.memory
	if len(p.earlier) > 0 && rapid.IntRange(0, 4).Draw(rt, "stale memory") == 0 {
		m = rapid.SampledFrom(p.earlier).Draw(rt, "older memory")
	}
	if rapid.IntRange(0, 9).Draw(rt, "parked") == 0 {
		m.Parked = max(1, p.last.At-rapid.Int64Range(0, 5000).Draw(rt, "since"))
	}
	if m.Generation == p.last.Generation && rapid.IntRange(0, 19).Draw(rt, "fallen back") == 0 {
		p.pass(1) // a life is told by its moment
		m = later(m, p.last.Seq, rapid.Int64Range(0, 6).Draw(rt, "called since"))
	}
	m.Window = rapid.SampledFrom([]int64{0, 0, 3000, 20_000}).Draw(rt, "window")
	mA, mB := m, m
	if m.Generation != 0 {
		mA.Cursor, mB.Cursor = p.cursors[0], p.cursors[1]
	}
	a, errA := p.a.Store.Tick(context.Background(), "twins", policy, budget, mA)
	b, errB := p.b.Store.Tick(context.Background(), "twins", policy, budget, mB)
	if errA != nil || errB != nil {
		rt.Fatalf("Tick = %v, %v", errA, errB)
	}
	p.cursors = [2]string{a.Cursor, b.Cursor} // each store's own
	if diff := cmp.Diff(a, b, cmpopts.IgnoreFields(queue.Snapshot{}, "Cursor"), cmpopts.EquateEmpty()); diff != "" {
		rt.Fatalf("snapshots differ (-a +b):\n%s", diff)
	}
	p.compareDraws(rt, a)
	p.hold(rt, a)
	p.books.told(m)
	p.books.close(rt, a, p.inForce(a))
	p.last = a
	p.earlier = append(p.earlier, p.memory)
	p.memory = p.memory.After(a)
}

// later is m as it would be after so many more calls in each line, by a tick that
// the store knows nothing of: it is an older copy of the room that a gateway has seen.
func later(m queue.Remembered, seq, calls int64) queue.Remembered {
	m.Seq = seq + 1
	m.Lines = slices.Clone(m.Lines)
	for i := range m.Lines {
		l := &m.Lines[i]
		l.CalledOrder = max(l.CalledOrder, queue.Base) + calls
		l.Serving += calls
		l.Issued = max(l.Issued, l.Serving, l.CalledOrder-queue.Base)
	}
	return m
}

// compareDraws demands the same list of both.
func (p *pair) compareDraws(rt *rapid.T, s queue.Snapshot) {
	for _, line := range s.Lines {
		a, errA := p.a.Store.Drawn(context.Background(), "twins", line.Name, 1, 5)
		b, errB := p.b.Store.Drawn(context.Background(), "twins", line.Name, 1, 5)
		for i := range a {
			clear(a[i][14:]) // stores keep that much of an id
		}
		for i := range b {
			clear(b[i][14:])
		}
		if diff := cmp.Diff(a, b, cmpopts.EquateEmpty()); diff != "" || errA != nil || errB != nil {
			rt.Fatalf("draws of %s differ (-a +b), %v, %v:\n%s", line.Name, errA, errB, diff)
		}
	}
}

// lose empties both stores; the next tick tells them what the gateways remember,
// or does not.
func (p *pair) lose(rt *rapid.T) {
	if rapid.IntRange(0, 3).Draw(rt, "really") > 0 {
		return
	}
	for _, h := range []Harness{p.a, p.b} {
		if err := h.Store.Drop(context.Background(), "twins"); err != nil {
			rt.Fatal(err)
		}
	}
	p.pass(1)
	if rapid.Bool().Draw(rt, "memory is lost, too") {
		p.memory = queue.Remembered{}
	}
	p.tick(rt)
}

// pass lets so many ms go by.
func (p *pair) pass(ms int64) {
	for _, h := range []Harness{p.a, p.b} {
		h.Advance(time.Duration(ms) * time.Millisecond)
	}
	p.books.wait(ms)
}

// inForce is the policy that a room acts on, within its budget.
func (p *pair) inForce(s queue.Snapshot) queue.Policy {
	for _, policy := range append(p.older, p.policy) {
		if policy.Version == s.Version {
			policy.Rate, policy.Cap = s.Budget.Limits(policy.Rate, policy.Cap)
			return policy
		}
	}
	p.rt.Fatalf("version %d is in force, which nobody brought", s.Version)
	return queue.Policy{}
}

// hold checks what must be true of any two snapshots in a row.
func (p *pair) hold(rt *rapid.T, s queue.Snapshot) {
	// A lowered cap or an adopted admission may stand above the cap, but then nobody is called.
	if over := s.Called + s.Active - p.inForce(s).Cap; over > 0 && s.Version == p.policy.Version {
		for i, line := range s.Lines {
			if s.Generation == p.last.Generation && i < len(p.last.Lines) && line.CalledOrder > p.last.Lines[i].CalledOrder && !p.policy.Gates.Release {
				rt.Fatalf("called %d over the cap", over)
			}
		}
	}
	if s.Generation != p.last.Generation || s.Seq <= p.last.Seq { // another life
		return
	}
	for i, line := range p.last.Lines {
		if s.Lines[i].CalledOrder < line.CalledOrder || s.Lines[i].Issued < line.Issued {
			rt.Fatalf("line %s went back from %+v to %+v", line.Name, line, s.Lines[i])
		}
	}
}

func (p *pair) time(rt *rapid.T) {
	d := time.Duration(rapid.OneOf(
		rapid.Int64Range(0, 2_000), rapid.Int64Range(0, 20_000), rapid.Int64Range(-3_600_000, 3_600_000),
	).Draw(rt, "ms")) * time.Millisecond
	p.tick(rt) // so that the books are closed at every moment
	p.a.Advance(d)
	p.b.Advance(d)
	p.books.wait(d.Milliseconds())
}

func (p *pair) change(rt *rapid.T) {
	if p.policy.Version > 0 {
		p.older = append(p.older, p.policy)
	}
	rarely := rapid.SampledFrom([]bool{true, true, true, true, false})
	p.policy.Version++
	p.policy.Rate = queue.Rate(rapid.SampledFrom([]int64{0, 1_000, 59_000, 61_538, 600_000, 6_000_000}).Draw(rt, "rate"))
	p.policy.Cap = rapid.SampledFrom([]int64{0, 1, 3, 10, 1000}).Draw(rt, "cap")
	p.policy.Gates = queue.Gates{
		Calls: rarely.Draw(rt, "calls"), Claims: rarely.Draw(rt, "claims"), Direct: rarely.Draw(rt, "direct"),
		Renew: rarely.Draw(rt, "renew"), Release: rapid.IntRange(0, 9).Draw(rt, "release") == 0,
	}
	p.policy.OpensAt = 0
	if !rarely.Draw(rt, "open") {
		p.policy.OpensAt = p.last.At + 5_000
	}
	p.policy.Draw = rapid.Bool().Draw(rt, "draw")
	p.policy.Offset = rapid.SampledFrom([]int64{0, -1, 3, queue.Base - 2}).Draw(rt, "offset")
	lengths := rapid.SampledFrom([]int64{1_000, 15_000, 60_000})
	p.policy.Times = queue.Times{
		Turn: lengths.Draw(rt, "turn"), Grace: lengths.Draw(rt, "grace"), Session: lengths.Draw(rt, "session"),
		SessionMax: 60_000 + lengths.Draw(rt, "session max"), Probation: lengths.Draw(rt, "probation"),
	}
	p.policy.Lines = nil
	for _, name := range []string{"general", "presale", "007"} {
		if name == "general" || rarely.Draw(rt, name) {
			p.policy.Lines = append(p.policy.Lines, queue.Line{Name: name, Weight: rapid.Int64Range(1, 5).Draw(rt, "weight")})
		}
	}
}

// allow measures another budget, or none from now on.
func (p *pair) allow(rt *rapid.T) {
	p.budgets = append(p.budgets, p.budget)
	version := p.budget.Version
	for _, b := range p.budgets {
		version = max(version, b.Version)
	}
	if p.budget = (queue.Budget{}); rapid.IntRange(0, 4).Draw(rt, "unknown") == 0 {
		return
	}
	p.budget = queue.Budget{
		Version: version + 1,
		Rate:    queue.Rate(rapid.SampledFrom([]int64{0, 1_000, 61_538, 600_000, int64(queue.MaxRate)}).Draw(rt, "budgeted rate")),
		Cap:     rapid.SampledFrom([]int64{0, 2, 5, queue.Base}).Draw(rt, "budgeted cap"),
		Down:    rapid.IntRange(0, 2).Draw(rt, "down") == 0,
	}
}

func (p *pair) join(rt *rapid.T) {
	p.both(rt, queue.Join, rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) queue.Visit {
		line := rapid.SampledFrom([]string{"general", "general", "presale", "007", "vip", ""}).Draw(rt, "line")
		return queue.Visit{
			Visitor: Visitor(visitors.Draw(rt, "visitor")), Line: line,
			Order: rapid.SampledFrom(drawOrders).Draw(rt, "order"),
			Since: max(0, p.last.At-rapid.Int64Range(-1000, 9000).Draw(rt, "since")),
		}
	}), 1, 12).Draw(rt, "visits"))
}

func (p *pair) claim(rt *rapid.T) { p.replay(rt, queue.Claim, p.places, false) }
func (p *pair) leave(rt *rapid.T) { p.replay(rt, queue.Leave, p.places, false) }

func (p *pair) touch(rt *rapid.T) {
	p.replay(rt, queue.Touch, p.sessions, rapid.IntRange(0, 4).Draw(rt, "adopt") == 0)
}

func (p *pair) complete(rt *rapid.T) { p.replay(rt, queue.Complete, p.sessions, false) }

// restore shows passes as they are, and some with the order that the draw gave.
func (p *pair) restore(rt *rapid.T) {
	known := p.places
	if len(known) > 0 && rapid.Bool().Draw(rt, "drawn") {
		v := rapid.SampledFrom(known).Draw(rt, "pass")
		v.Order = rapid.SampledFrom(drawOrders).Draw(rt, "order")
		known = append(slices.Clip(known), v)
	}
	p.replay(rt, queue.Restore, known, false)
}

// replay sends what visitors know, mostly from lately, in any order and number.
func (p *pair) replay(rt *rapid.T, op queue.Op, known []queue.Visit, adopt bool) {
	var visits []queue.Visit
	for range rapid.IntRange(1, 6).Draw(rt, "visits") {
		v := queue.Visit{Visitor: Visitor(visitors.Draw(rt, "visitor"))}
		if len(known) > 0 {
			newest := len(known) - 1
			v = known[newest-min(newest, rapid.IntRange(0, 60).Draw(rt, "ago"))]
		}
		if adopt {
			v.Adopt, v.Since = 30_000, max(0, p.last.At-rapid.Int64Range(-1000, 9000).Draw(rt, "since"))
			if rapid.Bool().Draw(rt, "open") {
				v.Generation = 0
			}
		}
		visits = append(visits, v)
	}
	p.both(rt, op, visits)
}

func (p *pair) both(rt *rapid.T, op queue.Op, visits []queue.Visit) {
	a, errA := p.a.Store.Apply(context.Background(), "twins", op, visits)
	b, errB := p.b.Store.Apply(context.Background(), "twins", op, visits)
	if err := errors.Join(errA, errB); err != nil {
		rt.Fatalf("%v = %v", op, err)
	}
	if diff := cmp.Diff(a, b); diff != "" {
		rt.Fatalf("answers to %v %v differ (-a +b):\n%s", op, visits, diff)
	}
	if op == queue.Touch {
		p.books.adopted(visits, a)
	}
	for i, answer := range a {
		switch answer.State {
		case queue.Waiting:
			p.places = append(p.places, queue.Visit{Visitor: visits[i].Visitor, Line: answer.Line, Order: answer.Order, Generation: answer.Generation})
		case queue.Active:
			p.sessions = append(p.sessions, queue.Visit{
				Visitor: visits[i].Visitor, Session: answer.Session, Generation: answer.Generation,
				Line: visits[i].Line, Order: visits[i].Order,
			})
		}
	}
}
