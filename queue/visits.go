package queue

import "slices"

// apply does op for one visit.
func (r *room) apply(op Op, v Visit) Answer {
	switch op {
	case Join:
		return r.join(v)
	case Claim:
		return r.claim(v)
	case Touch:
		return r.touch(v)
	case Leave:
		return r.leave(v)
	case Complete:
		return r.complete(v)
	case Restore:
		return r.restore(v)
	}
	return Answer{Generation: r.generation}
}

func (r *room) join(v Visit) Answer {
	switch here := r.where(v.Visitor); here.State {
	case None:
	case Lapsed:
		return r.comeBack(v.Visitor)
	default:
		return here
	}
	l := r.line(v.Line)
	if l != nil && r.drawing(v) {
		l.drawn.add(v.Visitor, v.Order)
		return r.where(v.Visitor)
	}
	if r.straightIn() {
		r.pace.call -= Token
		r.pace.claim -= Token
		r.admit(v.Visitor, r.policy.Times.Probation, true)
		return r.where(v.Visitor)
	}
	if v.Line == "" {
		return Answer{Generation: r.generation, State: Full}
	}
	switch {
	case l == nil, r.policy.Draw && !r.drawn && !r.open: // nobody told this one's order
		return Answer{Generation: r.generation}
	case r.parks():
		return r.park(v, slices.Index(r.lines, l))
	}
	l.issued++
	l.waiting.add(v.Visitor, Base+l.issued)
	return Answer{Generation: r.generation, State: Waiting, Line: l.Name, Order: Base + l.issued, Number: l.issued}
}

// straightIn: nobody may be overtaken, and both buckets and a slot must allow it.
func (r *room) straightIn() bool {
	if !r.open || !r.policy.Gates.Direct || r.budget.Down || r.policy.Gates.Release || r.parks() {
		return false
	}
	for _, l := range r.lines {
		if l.waiting.len()+l.drawnWaiting() > 0 {
			return false
		}
	}
	return r.late.len() == 0 && r.called.count(Base, 1<<62) == 0 &&
		r.free() >= 1 && r.pace.call >= Token && r.pace.claim >= Token
}

// comeBack puts a visitor whose turn lapsed ahead of the line.
func (r *room) comeBack(v Visitor) Answer {
	r.stamp++
	r.late.add(v, r.stamp)
	return r.where(v)
}

func (r *room) claim(v Visit) Answer {
	switch here := r.where(v.Visitor); here.State {
	case None:
		if l := r.line(v.Line); l != nil && 0 < v.Order && v.Order <= l.calledOrder {
			here.State = Missed
		}
		return here
	case Lapsed:
		return r.comeBack(v.Visitor)
	case Called:
		if deadline, _ := r.called.score(v.Visitor); deadline <= r.pace.refunded {
			r.pace.call -= Token // the call was given up for unanswered; now it counts
		}
		r.stamp++
		r.called.add(v.Visitor, Base+r.stamp)
		r.drain()
	case AtDoor:
		r.drain()
	}
	if s, in := r.sessions[v.Visitor]; in {
		return r.settle(v.Visitor, s)
	}
	return r.where(v.Visitor)
}

// settle is what use does to v's session: its probation is over and, where the
// policy says so, it is extended.
func (r *room) settle(v Visitor, s session) Answer {
	times := r.policy.Times
	end, _ := r.active.score(v)
	if s.probation {
		end = max(end, s.start+times.Session)
		s.probation = false
		r.sessions[v] = s
	}
	if r.policy.Gates.Renew {
		end = max(end, min(r.now+times.Session, s.start+times.SessionMax))
	}
	r.active.add(v, end)
	return Answer{Generation: s.generation, State: Active, Ends: r.toWall(end), Session: s.number}
}

func (r *room) touch(v Visit) Answer {
	here := r.where(v.Visitor)
	open := v.Adopt > 0 && v.Generation == 0
	switch {
	case here.State == Active && (open || here.Session == v.Session && here.Generation == v.Generation):
		return r.settle(v.Visitor, r.sessions[v.Visitor])
	case here.State == Active || v.Adopt < 1:
	case open:
		return r.adoptOpen(v)
	case v.Generation != r.generation && r.knows(v.Generation):
		return r.readmit(v, here)
	}
	return Answer{Generation: r.generation}
}

// adoptOpen makes a session of an admission that was given while the room was
// off. It has its slot already, whatever the cap. It names no session, so whoever
// was ended after it was given would come back with it.
func (r *room) adoptOpen(v Visit) Answer {
	if at, ended := r.over.score(v.Visitor); ended && v.Since <= r.toWall(at) {
		return Answer{Generation: r.generation}
	}
	r.vacate(v.Visitor)
	r.admit(v.Visitor, min(v.Adopt, r.policy.Times.Session), false)
	return r.where(v.Visitor)
}

// vacate gives up every place that v stands at.
func (r *room) vacate(v Visitor) {
	for _, l := range r.lines {
		l.waiting.remove(v)
		r.leaveDraw(v, l)
	}
	r.arrived.remove(v)
}

// leaveDraw takes v out of a draw that is still open, or marks the place as one
// to skip: who is in a draw that is closed has been published. While nobody knows
// the places, the last stands for all; turn mends that.
func (r *room) leaveDraw(v Visitor, l *line) {
	place, in := l.drawn.place(v)
	if !r.settled() {
		place = Base
	}
	switch {
	case in && !r.drawn:
		l.drawn.remove(v)
	case in && place > l.calledOrder:
		l.spend(v, place)
	}
}

func (r *room) leave(v Visit) Answer {
	if l := r.line(v.Line); l != nil {
		if order, ok := l.waiting.order(v.Visitor); ok && order == v.Order {
			l.waiting.remove(v.Visitor)
		}
		if here, in := r.inDraw(v.Visitor, l); in && (v.Order == 0 || here.Order == v.Order) {
			r.leaveDraw(v.Visitor, l)
		}
	}
	if v.Order == 0 {
		r.arrived.remove(v.Visitor)
	}
	if score, ok := r.called.score(v.Visitor); ok {
		if score > r.pace.refunded {
			r.pace.call += Token
		}
		r.called.remove(v.Visitor)
	}
	r.late.remove(v.Visitor)
	r.lapsed.remove(v.Visitor)
	return r.where(v.Visitor)
}

func (r *room) complete(v Visit) Answer {
	if s, ok := r.sessions[v.Visitor]; ok && s.number == v.Session && s.generation == v.Generation {
		r.active.remove(v.Visitor)
		delete(r.sessions, v.Visitor)
		r.end(SessionID{s.generation, s.number})
		if v.Line == "" { // no place is known to have led there, so perhaps an open admission did
			r.over.add(v.Visitor, r.now)
		}
		return Answer{Generation: r.generation}
	}
	if v.Generation != r.generation && r.knows(v.Generation) {
		return r.finish(v)
	}
	return r.where(v.Visitor)
}
