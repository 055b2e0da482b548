package queue

import (
	"math"
	"sort"
	"strconv"
)

// room is the state of one room and the rules in Go. It has no clock and no
// lock: every operation is told the time, Memory brings the lock.
type room struct {
	generation uint64
	clock
	policy Policy
	pace   pace
	lines  []*line

	called *zset // turn: deadline (< Base); at the door: Base + stamp
	late   *zset // stamp
	lapsed *zset // when the grace is over; kept while called again, so grace runs once
	stamp  int64 // orders those at the door and those who came late

	admissions
}

type clock struct {
	seq  int64 // ticks so far
	wall int64 // the store's clock at the last operation
	now  int64 // the room's own time: never falls
	open bool  // wall has reached OpensAt
}

// admissions are the sessions of a room.
type admissions struct {
	active   *zset // session's end
	sessions map[Visitor]session
	admitted int64 // sessions given so far; numbers them
	ended    []endedSession
	endedSeq int64
}

// pace is what the buckets hold, in Token units.
type pace struct {
	call     int64 // may be negative: who comes after Patience pays then
	claim    int64
	refunded int64 // turns with a deadline up to this one gave their call token back
}

type line struct {
	Line
	issued      int64
	calledOrder int64
	current     int64 // of share
	waiting     *fifo
}

type session struct {
	number    int64
	start     int64
	probation bool
}

type endedSession struct {
	seq, at, number int64
}

func newRoom(generation uint64, wall int64) *room {
	return &room{
		generation: generation,
		clock:      clock{wall: wall, now: wall},
		called:     newZSet(), late: newZSet(), lapsed: newZSet(),
		admissions: admissions{active: newZSet(), sessions: map[Visitor]session{}},
	}
}

// move brings the room to the store's clock, unix ms, before anything else is
// done: tokens that a bucket has no room for are gone when they come, not when
// somebody looks.
func (r *room) move(wall int64) {
	before := r.now
	r.now = advance(r.now, r.wall, wall)
	r.wall = wall
	r.pace.call = r.policy.Rate.refill(r.pace.call, r.now-before)
	r.pace.claim = r.policy.Rate.refill(r.pace.claim, r.now-before)
	r.open = wall >= r.policy.OpensAt
}

// tick is the room's heartbeat: policy, what expired, who comes in, who is called.
func (r *room) tick(p Policy) {
	r.install(p)
	r.open = r.wall >= r.policy.OpensAt

	r.expire()
	if r.policy.Gates.Release {
		r.release()
	}
	r.drain()
	if r.open && r.policy.Gates.Calls && r.policy.Rate > 0 {
		r.call()
	}
	r.pace.call = min(r.pace.call, r.policy.Rate.Burst())
	r.seq++
}

// install takes a newer policy as a whole. A lower rate empties the buckets to
// its burst at once: what was saved up at the old rate may not be spent at the new.
func (r *room) install(p Policy) {
	if p.Version <= r.policy.Version {
		return
	}
	if p.Times.Turn != r.policy.Times.Turn {
		r.pace.refunded = r.now + p.Times.Turn - min(Patience, p.Times.Turn)
	}
	if r.policy.Version == 0 {
		r.pace.call, r.pace.claim = p.Rate.Burst(), p.Rate.Burst()
	}
	r.policy = p
	r.pace.call = min(r.pace.call, p.Rate.Burst())
	r.pace.claim = min(r.pace.claim, p.Rate.Burst())
	for _, l := range p.Lines {
		if have := r.line(l.Name); have != nil {
			have.Weight = l.Weight
		} else if len(r.lines) < MaxLines {
			r.lines = append(r.lines, &line{Line: l, waiting: newFIFO()})
		}
	}
}

func (r *room) line(name string) *line {
	for _, l := range r.lines {
		if l.Name == name {
			return l
		}
	}
	return nil
}

func (r *room) expire() {
	for _, m := range r.active.between(math.MinInt64, r.now, math.MaxInt64) {
		r.active.remove(m.visitor)
		delete(r.sessions, m.visitor)
	}

	times := r.policy.Times
	if due := r.now + times.Turn - min(Patience, times.Turn); due > r.pace.refunded {
		r.pace.call += Token * int64(len(r.called.between(r.pace.refunded+1, due, math.MaxInt64)))
		r.pace.refunded = due
	}
	if r.policy.Gates.Claims { // while nobody can claim, no turn runs out
		for _, m := range r.called.between(math.MinInt64, r.now, math.MaxInt64) {
			r.called.remove(m.visitor)
			if _, again := r.lapsed.score(m.visitor); !again {
				r.lapsed.add(m.visitor, r.now+times.Grace)
			}
		}
	}
	for _, m := range r.lapsed.between(math.MinInt64, r.now, math.MaxInt64) {
		_, called := r.called.score(m.visitor)
		_, late := r.late.score(m.visitor)
		if !called && !late {
			r.lapsed.remove(m.visitor)
		}
	}

	recent := 0 // they are in the order in which they ended
	for recent < len(r.ended) && r.ended[recent].at < r.now-times.SessionMax {
		recent++
	}
	r.ended = r.ended[recent:]
}

// release lets the line go: whoever has a number has been called by it.
func (r *room) release() {
	for _, l := range r.lines {
		if l.issued > 0 {
			l.calledOrder = Base + l.issued
		}
		l.waiting = newFIFO()
	}
	r.called, r.late, r.lapsed = newZSet(), newZSet(), newZSet()
}

// drain lets those at the door in, first come first served, as the claim
// bucket allows. Each holds a slot already.
func (r *room) drain() {
	if !r.policy.Gates.Claims {
		return
	}
	for _, m := range r.called.between(Base, math.MaxInt64, r.pace.claim/Token) {
		r.pace.claim -= Token
		r.admit(m.visitor, r.policy.Times.Probation, true)
	}
}

// call offers turns: late returns first, then the lines by weight.
func (r *room) call() {
	n := max(0, min(r.free(), r.pace.call/Token, MaxCalls))
	for _, m := range r.late.popMin(n) {
		r.offer(m.visitor)
		n--
	}
	waiting, weights, current := make([]int64, len(r.lines)), make([]int64, len(r.lines)), make([]int64, len(r.lines))
	for i, l := range r.lines {
		waiting[i], weights[i], current[i] = l.waiting.len(), l.Weight, l.current
	}
	take := share(n, waiting, weights, current)
	for i, l := range r.lines {
		l.current = current[i]
		for _, m := range l.waiting.pop(take[i]) {
			r.offer(m.visitor)
			l.calledOrder = m.score
		}
	}
}

func (r *room) offer(v Visitor) {
	r.called.add(v, r.now+r.policy.Times.Turn)
	r.pace.call -= Token
}

// free is how many slots nobody holds; negative after the cap was lowered.
func (r *room) free() int64 {
	return r.policy.Cap - r.active.len() - r.called.len()
}

// admit gives v a session; the caller has paid.
func (r *room) admit(v Visitor, length int64, probation bool) {
	r.admitted++
	r.called.remove(v)
	r.late.remove(v)
	r.lapsed.remove(v)
	r.active.add(v, r.now+length)
	r.sessions[v] = session{number: r.admitted, start: r.now, probation: probation}
}

// where says what v is to the room. Order of the questions: a lapsed visitor
// who was called again is still in lapsed.
func (r *room) where(v Visitor) Answer {
	a := Answer{Generation: r.generation}
	if end, ok := r.active.score(v); ok {
		s := r.sessions[v]
		a.State, a.Ends, a.Session, a.Probation = Active, r.toWall(end), s.number, s.probation
		return a
	}
	if score, ok := r.called.score(v); ok {
		if score < Base {
			a.State, a.Ends = Called, r.toWall(score)
		} else {
			a.State, a.Ahead = AtDoor, int64(len(r.called.between(Base, score-1, math.MaxInt64)))
		}
		return a
	}
	if _, ok := r.late.score(v); ok {
		a.State = Late
		return a
	}
	if _, ok := r.lapsed.score(v); ok {
		a.State = Lapsed
		return a
	}
	for _, l := range r.lines {
		if order, ok := l.waiting.order(v); ok {
			a.State, a.Line, a.Order, a.Number = Waiting, l.Name, order, order-Base
			return a
		}
	}
	return a
}

func (r *room) toWall(t int64) int64 { return r.wall + t - r.now }

func (r *room) snapshot(cursor string) Snapshot {
	s := Snapshot{
		Generation: r.generation, Seq: r.seq, Version: r.policy.Version, At: r.wall,
		Called: r.called.len(), AtDoor: int64(len(r.called.between(Base, math.MaxInt64, math.MaxInt64))),
		Late: r.late.len(), Lapsed: r.lapsed.len(), Active: r.active.len(), Admitted: r.admitted,
		Cursor: cursor,
	}
	for _, l := range r.lines {
		s.Lines = append(s.Lines, LineView{
			Name: l.Name, Issued: l.issued, Serving: max(0, l.calledOrder-Base),
			CalledOrder: l.calledOrder, Waiting: l.waiting.len(),
		})
	}
	seen, _ := strconv.ParseInt(cursor, 10, 64) // "" is the beginning
	unseen := sort.Search(len(r.ended), func(i int) bool { return r.ended[i].seq > seen })
	for _, e := range r.ended[unseen:] {
		if len(s.Ended) == EndedPage {
			s.More = true
			break
		}
		s.Ended = append(s.Ended, e.number)
		s.Cursor = strconv.FormatInt(e.seq, 10)
	}
	return s
}
