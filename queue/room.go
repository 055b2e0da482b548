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
	allowance
	pace  pace
	lines []*line

	called *zset // turn: deadline (< Base); at the door: Base + stamp
	late   *zset // stamp
	lapsed *zset // when the grace is over; kept while called again, so grace runs once
	stamp  int64 // orders those at the door and those who came late

	admissions
	arrivals
	recovery

	begun  int64 // unix ms
	drawn  bool  // the draw is closed
	offset int64 // of the draw; -1: not known yet
}

type clock struct {
	seq   int64 // ticks so far
	wall  int64 // the store's clock at the last operation
	now   int64 // the room's own time, by which turns, graces and sessions end: never falls
	stood int64 // ms for which now has stood still, since everything behind the room was down
	open  bool  // wall has reached OpensAt
	leapt int64 // until then the clock is not believed about the start, in the running time
}

// running is the room's time as it would be had now never stood still. The
// windows of a restore, of gathering and of a leap go by it: whatever the shop
// does, places come back, numbers are given and a draw closes.
func (c clock) running() int64 { return c.now + c.stood }

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
	serving     int64
	calledOrder int64
	current     int64 // of share
	drawn       *circle
	waiting     *fifo
	past
}

type session struct {
	number     int64
	generation uint64 // of the life that gave it
	start      int64
	probation  bool
}

type endedSession struct {
	seq, at int64
	SessionID
}

func newRoom(generation uint64, wall int64) *room {
	return &room{
		generation: generation,
		clock:      clock{wall: wall, now: wall},
		called:     newZSet(), late: newZSet(), lapsed: newZSet(),
		admissions: admissions{active: newZSet(), sessions: map[Visitor]session{}},
		arrivals:   arrivals{arrived: newZSet()},
		recovery:   recovery{roots: []uint32{Root(generation)}, marked: wall, over: newZSet()},
		allowance:  allowance{budget: unlimited(0), told: wall},
		begun:      wall, offset: -1,
	}
}

// move brings the room to the store's clock, unix ms, before anything else is
// done: tokens that a bucket has no room for are gone when they come, not when
// somebody looks.
func (r *room) move(wall int64) {
	ms := step(r.wall, wall)
	if r.budget.Down {
		r.stood += ms
	} else {
		r.now += ms
	}
	if wall-r.wall > MaxStep || r.wall-wall > MaxStep {
		r.leapt = r.running() + MaxStep
	}
	r.wall = wall
	r.pace.call = r.rate().refill(r.pace.call, ms)
	r.pace.claim = r.rate().refill(r.pace.claim, ms)
	r.opens()
}

// opens looks whether the sale has started. A clock that has just leapt is not
// believed about that until it has gone on for a while.
func (r *room) opens() {
	late := r.wall >= r.policy.OpensAt
	r.open = late && (r.open || r.policy.OpensAt == 0 || r.running() >= r.leapt)
}

// tick is the room's heartbeat: policy and budget, what expired, who comes in,
// who is called.
func (r *room) tick(p Policy, b Budget) {
	r.install(p)
	r.take(b)
	r.opens()

	r.closeDraw()
	r.expire()
	r.age()
	if r.policy.Gates.Release {
		r.release()
	}
	r.number()
	r.drain()
	if r.calls() {
		r.call()
	}
	r.pace.call = min(r.pace.call, r.rate().Burst())
	r.seq++
}

// calls says that somebody may be called at all.
func (r *room) calls() bool {
	return r.open && r.policy.Gates.Calls && r.rate() > 0 && r.running() >= r.restoring && (r.settled() || !r.draws())
}

// install takes a newer policy as a whole. A lower rate empties the buckets to
// its burst at once, in take: what was saved up at the old rate may not be spent at
// the new.
func (r *room) install(p Policy) {
	if p.Version <= r.policy.Version {
		return
	}
	if p.Times.Turn != r.policy.Times.Turn {
		r.pace.refunded = r.now + p.Times.Turn - min(Patience, p.Times.Turn)
	}
	if r.policy.Version == 0 && r.lost == 0 { // else whoever was here before may have spent it
		r.pace.call, r.pace.claim = p.Rate.Burst(), p.Rate.Burst()
	}
	r.policy = p
	for _, l := range p.Lines {
		if have := r.lineFor(l.Name); have != nil {
			have.Weight = l.Weight
		}
	}
}

// lineFor finds a line or makes it; nil when there are too many.
func (r *room) lineFor(name string) *line {
	if have := r.line(name); have != nil || len(r.lines) == MaxLines {
		return have
	}
	made := &line{Line: Line{Name: name, Weight: 1}, drawn: newCircle(r.offset), waiting: newFIFO(), past: past{spent: newZSet()}}
	r.lines = append(r.lines, made)
	return made
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
	if r.claims() { // while nobody can claim, no turn runs out
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

// release lets the line go: whoever has a number has been called by it. The list of
// a draw that is closed stays, for those who check it.
func (r *room) release() {
	for _, l := range r.lines {
		if l.issued > 0 {
			l.calledOrder, l.serving = Base+l.issued, l.issued
			l.lapsed = l.calledOrder
		}
		l.waiting = newFIFO()
		if !r.drawn {
			l.drawn = newCircle(r.offset)
		}
	}
	r.called, r.late, r.lapsed, r.arrived = newZSet(), newZSet(), newZSet(), newZSet()
}

// drain lets those at the door in, first come first served, as the claim
// bucket allows. Each holds a slot already.
func (r *room) drain() {
	if !r.claims() {
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
		waiting[i], weights[i], current[i] = l.waiting.len()+l.drawnWaiting(), l.Weight, l.current
	}
	take := share(n, waiting, weights, current)
	for i, l := range r.lines {
		l.current = current[i]
		drawn := l.callDrawn(take[i])
		for _, m := range drawn {
			r.offer(m.visitor)
		}
		for _, m := range l.waiting.pop(take[i] - int64(len(drawn))) {
			l.calledOrder = max(l.calledOrder, m.score)
			l.serving = max(l.serving, m.score-Base)
			r.offer(m.visitor)
		}
	}
}

func (r *room) offer(v Visitor) {
	r.called.add(v, r.now+r.policy.Times.Turn)
	r.pace.call -= Token
}

// free is how many slots nobody holds; negative after the cap was lowered.
func (r *room) free() int64 {
	return r.limit() - r.active.len() - r.called.len() - r.outstanding()
}

// admit gives v a session; the caller has paid.
func (r *room) admit(v Visitor, length int64, probation bool) {
	r.admitted++
	r.used(v)
	r.enter(v, length, session{number: r.admitted, generation: r.generation, start: r.now, probation: probation})
}

// enter makes v active.
func (r *room) enter(v Visitor, length int64, s session) {
	r.called.remove(v)
	r.late.remove(v)
	r.lapsed.remove(v)
	r.active.add(v, r.now+length)
	r.sessions[v] = s
}

// end notes a session that ended before its time, for all gateways.
func (r *room) end(id SessionID) {
	r.endedSeq++
	r.ended = append(r.ended, endedSession{r.endedSeq, r.now, id})
}

// where says what v is to the room. Order of the questions: a lapsed visitor
// who was called again is still in lapsed.
func (r *room) where(v Visitor) Answer {
	a := Answer{Generation: r.generation}
	if end, ok := r.active.score(v); ok {
		s := r.sessions[v]
		a.State, a.Ends, a.Session, a.Probation, a.Generation = Active, r.toWall(end), s.number, s.probation, s.generation
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
		if drawn, in := r.inDraw(v, l); in {
			return drawn
		}
	}
	if score, ok := r.arrived.score(v); ok {
		a.State, a.Line = Waiting, r.lines[score%MaxLines].Name
	}
	return a
}

func (r *room) toWall(t int64) int64 { return r.wall + t - r.now }

func (r *room) snapshot(known Remembered) Snapshot {
	s := Snapshot{
		Generation: r.generation, Roots: r.roots, Begun: r.begun, Seq: r.seq, Version: r.policy.Version, Budget: r.budget, Stood: r.stood, At: r.wall,
		Drawn: r.drawn, Settled: r.settled(), Offset: r.offset,
		Census: Census{
			Arrived: r.arrived.len(), Called: r.called.len(), AtDoor: r.called.count(Base, math.MaxInt64),
			Late: r.late.len(), Lapsed: r.lapsed.len(), Active: r.active.len(), Admitted: r.admitted, Unseen: r.outstanding(),
		},
	}
	if r.running() < r.restoring {
		s.Restoring = r.wall + r.restoring - r.running()
	}
	if r.gathering() {
		s.Gathering = r.wall + max(r.settleTill, r.gatherTill, r.restoring) - r.running()
	}
	for _, l := range r.lines {
		s.Lines = append(s.Lines, LineView{
			Name: l.Name, Issued: l.issued, Serving: l.serving, CalledOrder: l.calledOrder, LapsedOrder: l.lapsed,
			Waiting: l.waiting.len() + l.drawnWaiting(), Drawn: l.drawn.len(),
		})
	}
	r.page(&s, known)
	return s
}

// page adds the ended sessions that a gateway has not seen. A cursor of another
// life says nothing here.
func (r *room) page(s *Snapshot, known Remembered) {
	if known.Generation == 0 || known.Generation == r.generation {
		s.Cursor = known.Cursor
	}
	seen, _ := strconv.ParseInt(s.Cursor, 10, 64) // "" is the beginning
	unseen := sort.Search(len(r.ended), func(i int) bool { return r.ended[i].seq > seen })
	for _, e := range r.ended[unseen:] {
		if len(s.Ended) == EndedPage {
			s.More = true
			break
		}
		s.Ended = append(s.Ended, e.SessionID)
		s.Cursor = strconv.FormatInt(e.seq, 10)
	}
}
