package queue

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
	if r.straightIn() {
		r.pace.call -= Token
		r.pace.claim -= Token
		r.admit(v.Visitor, r.policy.Times.Probation, true)
		return r.where(v.Visitor)
	}
	if v.Line == "" {
		return Answer{Generation: r.generation, State: Full}
	}
	l := r.line(v.Line)
	if l == nil {
		return Answer{Generation: r.generation}
	}
	l.issued++
	l.waiting.add(v.Visitor, Base+l.issued)
	return Answer{Generation: r.generation, State: Waiting, Line: l.Name, Order: Base + l.issued, Number: l.issued}
}

// straightIn: nobody may be overtaken, and both buckets and a slot must allow it.
func (r *room) straightIn() bool {
	if !r.open || !r.policy.Gates.Direct || r.policy.Gates.Release {
		return false
	}
	for _, l := range r.lines {
		if l.waiting.len() > 0 {
			return false
		}
	}
	return r.late.len() == 0 && len(r.called.between(Base, 1<<62, 1)) == 0 &&
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
	return Answer{Generation: r.generation, State: Active, Ends: r.toWall(end), Session: s.number}
}

func (r *room) touch(v Visit) Answer {
	here := r.where(v.Visitor)
	switch {
	case here.State == Active && (here.Session == v.Session || v.Adopt > 0):
		return r.settle(v.Visitor, r.sessions[v.Visitor])
	case here.State != Active && v.Adopt > 0:
		// Let in while the room was off: it has the slot already, whatever the cap.
		for _, l := range r.lines {
			l.waiting.remove(v.Visitor)
		}
		r.admit(v.Visitor, min(v.Adopt, r.policy.Times.Session), false)
		return r.where(v.Visitor)
	}
	return Answer{Generation: r.generation}
}

func (r *room) leave(v Visit) Answer {
	if l := r.line(v.Line); l != nil {
		if order, ok := l.waiting.order(v.Visitor); ok && order == v.Order {
			l.waiting.remove(v.Visitor)
		}
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
	if s, ok := r.sessions[v.Visitor]; ok && s.number == v.Session {
		r.active.remove(v.Visitor)
		delete(r.sessions, v.Visitor)
		r.endedSeq++
		r.ended = append(r.ended, endedSession{seq: r.endedSeq, at: r.now, number: s.number})
		return Answer{Generation: r.generation}
	}
	return r.where(v.Visitor)
}
