package queue

import (
	"encoding/binary"
	"slices"
)

// recovery is what a room knows of its earlier lives. Their places and sessions
// come back one by one, as their holders show them.
type recovery struct {
	roots     []uint32
	restoring int64 // nobody is called before, in the running time; 0: nothing was lost yet
	lost      int64 // when, in the running time
	expected  int64 // until then a session of an earlier life may run that nobody has shown, in the running time
	unseen    int64 // sessions that went on before the loss and that the store knows nothing of
	seen      int64 // how many of those came back
	kept      int64 // sessions that the store still knew of
	marked    int64 // when past.mark was taken
	aging     int64 // the longest turn and grace that any policy has given
	over      *zset // sessions of earlier lives that have ended, and visitors whose open admissions have -> when, so that nothing makes them again
}

// past is what a line remembers of places that were called.
type past struct {
	mark   int64
	lapsed int64 // turns up to this order have gone for good, whatever a pass says
	// spent are places that buy nothing any more although a pass of theirs may still
	// be shown: visitor -> order of the last such place.
	spent *zset
}

// knows says whether what this generation gave counts in this room.
func (r *room) knows(generation uint64) bool { return slices.Contains(r.roots, Root(generation)) }

// outstanding is how many slots are kept for those not seen since the loss.
func (r *room) outstanding() int64 {
	if r.running() >= r.expected {
		return 0
	}
	return max(0, r.unseen-r.seen)
}

// recover compares the room with what a gateway remembers of it. A room that
// knows less has lost something: it begins a new life, in which nobody is called
// until those who were there have come back. p is the policy about to be
// installed, if it is newer.
func (r *room) recover(p Policy, m Remembered, random func() uint64) {
	if r.believes(m) {
		if !r.knows(m.Generation) || r.behind(m) {
			r.lose(p, m, random())
		}
		r.merge(m)
	}
	r.gather(m)
}

// believes says whether what a gateway remembers can have been this room.
func (r *room) believes(m Remembered) bool {
	return m.Generation != 0 && (r.knows(m.Generation) || Forgotten(m.At, r.begun))
}

// behind says that the store has told a gateway more than it knows. Numbers of
// another life are not compared, but ticks are counted through all of them.
func (r *room) behind(m Remembered) bool {
	if m.Generation != r.generation {
		return m.Seq > r.seq
	}
	if m.Seq > r.seq || m.Admitted > r.admitted || m.Drawn && !r.drawn {
		return true
	}
	return slices.ContainsFunc(m.Lines, func(known RememberedLine) bool {
		l := r.line(known.Name)
		return l == nil || known.Issued > l.issued || known.CalledOrder > l.calledOrder || known.LapsedOrder > l.lapsed
	})
}

// lose begins the time in which places come back. No session of before lasts
// longer than one session from now unless its holder shows it.
func (r *room) lose(p Policy, m Remembered, random uint64) {
	r.adopt(m)
	r.generation = reborn(r.roots[0], random)
	r.pace.call, r.pace.claim = 0, 0
	r.lost, r.expected = r.running(), r.running()+max(p.Times.Session, r.policy.Times.Session)
	r.restoring, r.gatherFrom = r.running(), max(0, min(m.At, r.wall)-backdated)
	r.unseen, r.seen, r.kept = 0, 0, r.active.len()
	r.budget.Version = 0 // whatever this tick brings is newer
}

// backdated is how far before a loss somebody may have come who has no number, in ms.
const backdated int64 = 60_000

// adopt takes over the roots that a gateway knows. The first root is the draw's:
// with another one the draw begins anew, from the passes of those who were in it.
func (r *room) adopt(m Remembered) {
	own, theirs := r.roots, append([]uint32{Root(m.Generation)}, m.Roots...)
	if len(m.Roots) > 0 {
		theirs = m.Roots
	}
	all := slices.Concat(own, theirs)
	switch {
	case r.knows(m.Generation):
	case r.untouched():
		all = theirs
	default:
		all = slices.Concat(theirs[:1], own, theirs)
	}
	before := r.roots[0]
	r.roots = nil
	for _, root := range all {
		if !slices.Contains(r.roots, root) && len(r.roots) < MaxRoots {
			r.roots = append(r.roots, root)
		}
	}
	if r.roots[0] != before && !r.drawn {
		for _, l := range r.lines {
			l.drawn = newCircle(r.offset)
		}
	}
}

// untouched says that nobody holds anything of this room yet.
func (r *room) untouched() bool {
	return r.admitted == 0 && !slices.ContainsFunc(r.lines, func(l *line) bool { return l.issued > 0 || l.drawn.len() > 0 })
}

// merge takes over what a gateway knows better. Slots count only while the room
// restores: who remembers some later has not been a part of it.
func (r *room) merge(m Remembered) {
	r.seq, r.admitted, r.drawn = max(r.seq, m.Seq), max(r.admitted, m.Admitted), r.drawn || m.Drawn
	if r.offset < 0 && m.Offset > 0 {
		r.turn(m.Offset - 1)
	}
	if r.lost > 0 && r.running() <= max(r.restoring, r.lost) {
		r.restoring = max(r.restoring, r.lost+m.Window)
		if r.wall-m.At < r.expected-r.lost { // else whoever was in then is not any more
			r.unseen = max(r.unseen, m.Held-r.kept)
		}
	}
	for _, known := range m.Lines {
		if l := r.lineFor(known.Name); l != nil {
			before := l.calledOrder
			l.issued = max(l.issued, known.Issued)
			l.serving = max(l.serving, known.Serving)
			l.calledOrder = max(l.calledOrder, known.CalledOrder)
			l.lapsed = max(l.lapsed, known.LapsedOrder)
			r.callBack(l, before)
		}
	}
}

// callBack puts those of a line ahead of it, in the order of then, who still wait in
// this room although they had been called: it is an older copy, or they came back
// before a gateway told of the last calls. It is what they would get, once they show
// their passes, if the room knew nothing of them. before is the order last called, as
// far as the room knew.
func (r *room) callBack(l *line, before int64) {
	if r.lost == 0 {
		return
	}
	for _, m := range l.waiting.upTo(l.calledOrder, MaxCalls) {
		l.waiting.remove(m.visitor)
		r.late.add(m.visitor, m.score-2*Base)
	}
	if !r.settled() {
		return
	}
	drawn := l.drawn.places()[l.drawn.rank(before):l.drawn.rank(l.calledOrder)]
	for _, m := range drawn[:min(len(drawn), MaxCalls)] {
		if used, left := l.spent.score(m.visitor); !left || used < m.score {
			r.late.add(m.visitor, m.score-2*Base)
		}
	}
}

// age forgets spent places that everybody would be refused anyway: the line has
// moved on since by a turn and its grace, twice over. While somebody who was
// called cannot come in, for whatever reason, nobody's turn is over.
func (r *room) age() {
	r.aging = max(r.aging, r.policy.Times.Turn+r.policy.Times.Grace)
	for _, m := range r.over.between(0, r.now-r.policy.Times.SessionMax, MaxCalls) {
		r.over.remove(m.visitor)
	}
	if !r.claims() || !r.policy.Gates.Calls || r.gathering() || r.late.len() > 0 || r.called.count(Base, 1<<62) > 0 {
		r.marked = r.now
	}
	if r.now-r.marked < r.aging {
		return
	}
	r.marked = r.now
	for _, l := range r.lines {
		l.lapsed, l.mark = max(l.lapsed, l.mark), l.calledOrder
		for _, m := range l.spent.between(0, l.lapsed, MaxCalls) {
			l.spent.remove(m.visitor)
		}
	}
}

// restore gives back the place of a pass. Somebody whose turn was on is called
// again, ahead of the line, in the order of then.
func (r *room) restore(v Visit) Answer {
	here := r.where(v.Visitor)
	_, arrived := r.arrived.score(v.Visitor)
	if here.State != None && !arrived || v.Order < 1 || v.Generation == r.generation || r.policy.Gates.Release || !r.knows(v.Generation) {
		return here
	}
	l := r.lineFor(v.Line)
	if l == nil || v.Order < Base && !r.policy.Draw {
		return here
	}
	r.arrived.remove(v.Visitor) // who came again meanwhile has the better place
	here.State, here.Line = None, ""
	place := v.Order
	if v.Order < Base {
		if place = l.drawn.turned(v.Order); !r.settled() {
			l.drawn.add(v.Visitor, v.Order)
			return r.where(v.Visitor)
		}
	}
	used, spent := l.spent.score(v.Visitor)
	switch {
	case spent && used >= place, place <= l.lapsed:
		here.State = Missed
		return here
	case place <= l.calledOrder:
		r.late.add(v.Visitor, place-2*Base) // before whoever has come late by now
	case v.Order < Base:
		l.drawn.add(v.Visitor, v.Order)
	default:
		l.waiting.add(v.Visitor, place)
		l.issued = max(l.issued, place-Base)
	}
	return r.where(v.Visitor)
}

// spend notes that a place of v's buys nothing any more.
func (l *line) spend(v Visitor, place int64) {
	if used, ok := l.spent.score(v); !ok || used < place {
		l.spent.add(v, place)
	}
}

// used notes, in a room that has lost something, that whatever place of v's was
// called by now has led to a session.
func (r *room) used(v Visitor) {
	if r.lost == 0 {
		return
	}
	for _, l := range r.lines {
		l.spend(v, l.calledOrder)
	}
}

// overKey names a session of an earlier life in a set of visitors.
func overKey(generation uint64, number int64) (key Visitor) {
	binary.BigEndian.PutUint64(key[:8], generation)
	binary.BigEndian.PutUint64(key[8:], uint64(number))
	return key
}

// readmit makes a session again that an earlier life gave. It has its slot,
// whatever the cap. Whoever has a place behind those called has queued again
// since, so the session is over.
func (r *room) readmit(v Visit, here Answer) Answer {
	l := r.line(here.Line)
	_, over := r.over.score(overKey(v.Generation, v.Session))
	if over || here.State == Waiting && here.Order > l.calledOrder {
		return Answer{Generation: r.generation}
	}
	r.vacate(v.Visitor)
	r.used(v.Visitor)
	r.enter(v.Visitor, min(v.Adopt, r.policy.Times.Session), session{number: v.Session, generation: v.Generation, start: r.now})
	r.seen++
	return r.where(v.Visitor)
}

// finish notes that a session of an earlier life has ended, and so has the place
// that led there: that again, too, because a store that knows of the end may have
// lost the place.
func (r *room) finish(v Visit) Answer {
	key := overKey(v.Generation, v.Session)
	if _, known := r.over.score(key); !known && v.Session > 0 {
		r.over.add(key, r.now)
		r.end(SessionID{v.Generation, v.Session})
	}
	if l := r.line(v.Line); l != nil && v.Order > 0 {
		l.spend(v.Visitor, v.Order)
		if order, in := l.waiting.order(v.Visitor); in && order <= v.Order {
			l.waiting.remove(v.Visitor)
		}
		if stamp, in := r.late.score(v.Visitor); in && stamp <= v.Order-2*Base {
			r.late.remove(v.Visitor)
		}
	}
	return r.where(v.Visitor)
}
