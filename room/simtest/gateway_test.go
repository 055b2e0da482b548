package simtest

import (
	"cmp"
	"context"
	"encoding/binary"
	"hash/fnv"
	"sync/atomic"
	"time"

	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
)

// gateway is one process: a keeper with its loops, and what package web makes of
// a request. That is mirrored here, without HTTP and without signatures: openPass
// and openAdmission (web/visit.go), comeBack and renew (web/comeback.go), the gate
// (web/protected.go), admit and seat (web/admit.go).
type gateway struct {
	name   string
	keeper *room.Keeper
	now    func() time.Time
	stop   func()
	budget atomic.Pointer[room.Budget] // that it has heard of last
}

// pass is a visitor's cookie of a place.
type pass struct {
	room.Held
	Visitor queue.Visitor
}

// admission is a visitor's cookie of a session.
type admission struct {
	queue.SessionID
	Visitor   queue.Visitor
	Line      string
	Number    int64
	IssuedAt  int64
	Ends      int64 // unix ms by the store's clock
	Probation bool
}

// cookies are what a browser holds. Nobody changes what a pointer points to.
type cookies struct {
	visitor   queue.Visitor
	pass      *pass
	admission *admission
}

// heard is what a visitor is told in answer to a request.
type heard struct {
	op     queue.Op
	asked  bool         // the store: then answer and err are its word
	answer queue.Answer // of the last question
	err    error
	place  room.Place // by the gateway's memory
	mode   room.Mode
	in     bool // let through to the shop
	silent bool // nothing could be told
}

// visit is one request. jar is what the visitor has afterwards, if the answer arrives.
type visit struct {
	g     *gateway
	room  *room.Room
	view  *room.View
	at    time.Time
	jar   cookies
	used  bool
	worth worth
	heard
}

// worth is what an admission is worth: web's standing.
type worth int

const (
	nothing worth = iota
	live
	fading
	spent
)

const (
	afterlife = 15 * time.Minute
	aheadMost = 5 * time.Second
)

func (g *gateway) visit(jar cookies) *visit {
	v := &visit{g: g, at: g.now(), jar: jar}
	rm, ok := g.keeper.Room(eventID)
	if !ok || rm.View().Snapshot.Generation == 0 {
		v.silent = true // not ready: no balancer sends anybody here
		return v
	}
	v.room, v.view = rm, rm.View().At(v.at)
	v.openAdmission()
	if p := jar.pass; p != nil && v.worth != live {
		v.comeBack()
	}
	v.mode, _ = v.view.ModeAt(v.at)
	v.place = v.view.Place(v.held(), v.at)
	return v
}

func (v *visit) openAdmission() {
	a, now := v.jar.admission, v.view.StoreTime(v.at)
	if a == nil || a.IssuedAt > now+aheadMost.Milliseconds() || now-a.Ends > afterlife.Milliseconds() {
		return
	}
	v.used = v.jar.pass != nil && v.jar.pass.ledTo(a)
	knobs, left, mode := v.view.Event.Room, a.Ends-now, v.modeNow()
	switch {
	case v.room.EndedSession(a.SessionID):
	case left <= 0:
		v.worth = spent
	case !v.view.Knows(a.Generation):
		v.worth = live
	case mode == room.Restore && a.Generation != v.view.Snapshot.Generation, a.Probation,
		!knobs.NoSessionRenewal && left < time.Duration(knobs.SessionDuration).Milliseconds()/2:
		v.worth = fading
	default:
		v.worth = live
	}
}

// ledTo is web's.
func (p *pass) ledTo(a *admission) bool {
	if p.Line == "" || a.Line != p.Line || a.Number != p.Number || queue.Root(a.Generation) != queue.Root(p.Generation) {
		return false
	}
	return p.Number > 0 || p.Order > 0 && p.JoinedAt <= a.IssuedAt
}

func (v *visit) modeNow() room.Mode {
	mode, _ := v.view.ModeAt(v.at)
	return mode
}

func (v *visit) hold() bool { return v.modeNow() == room.Hold }

func (v *visit) held() room.Held {
	if v.jar.pass == nil || v.used {
		return room.Held{}
	}
	return v.jar.pass.Held
}

func (v *visit) visitor() queue.Visitor {
	if v.jar.pass != nil {
		return v.jar.pass.Visitor
	}
	return v.jar.visitor
}

func (v *visit) ask(op queue.Op, what queue.Visit) (queue.Answer, error) {
	what.Visitor = v.visitor()
	if op == queue.Touch {
		what.Visitor = v.jar.admission.Visitor
	}
	v.op, v.asked = op, true
	v.answer, v.err = v.room.Do(context.Background(), op, what)
	return v.answer, v.err
}

// comeBack is web's, and so is the order of its questions.
func (v *visit) comeBack() {
	p := v.jar.pass
	if v.used || v.hold() {
		return
	}
	if p.Generation != 0 && !v.view.Knows(p.Generation) {
		if !v.room.Meet(context.Background(), p.Generation, p.Line, p.Number, p.JoinedAt) {
			return
		}
		v.view = v.room.View().At(v.at)
	}
	earlier := p.Generation != v.view.Snapshot.Generation
	inDraw := v.view.Event.Draws(time.UnixMilli(p.JoinedAt))
	what := queue.Visit{Line: p.Line, Order: v.drawOrder(p.JoinedAt)}
	op, ask := queue.Join, earlier || v.view.Numbers(v.held())
	switch {
	case p.Generation == 0:
		what.Since, ask = p.JoinedAt, true
	case p.Order > 0 || inDraw:
		op, what.Generation = queue.Restore, p.Generation
		if what.Order == 0 || p.Order >= queue.Base {
			what.Order = p.Order
		}
		ask = earlier || p.Order == 0 && v.view.Numbers(v.held())
	default:
		what.Since = p.JoinedAt
	}
	if !ask {
		return
	}
	if a, err := v.ask(op, what); err == nil {
		v.renew(a)
	}
}

func (v *visit) renew(a queue.Answer) {
	p := *v.jar.pass
	if a.State == queue.Active {
		v.admit(a, p.Visitor)
		return
	}
	p.Generation = a.Generation
	if a.State == queue.Waiting && a.Order > 0 {
		if p.Number == 0 || p.Order != a.Order {
			p.Number = a.Number
		}
		p.Line, p.Order, p.JoinedAt = a.Line, a.Order, v.joinedAt(a.Order, p.JoinedAt)
		v.room.Numbered(a.Line, a.Generation, p.Number)
	}
	if p.Order == 0 && (a.State == queue.Called || a.State == queue.AtDoor || a.State == queue.Late || a.State == queue.Lapsed) {
		p.Line, p.Order, p.JoinedAt = v.reached() // numbered and called since it asked last
	}
	v.jar.pass = &p
}

func (v *visit) joinedAt(order, at int64) int64 {
	if 0 < order && order < queue.Base && !v.view.Event.Draws(time.UnixMilli(at)) {
		return v.view.Event.Room.PrequeueStartTime.UnixMilli()
	}
	return at
}

// drawOrder is what the draw gives to the visitor: any function of room and visitor.
func (v *visit) drawOrder(joinedAt int64) int64 {
	roots := v.view.Snapshot.Roots
	if !v.view.Event.Draws(time.UnixMilli(joinedAt)) || len(roots) == 0 {
		return 0
	}
	sum := fnv.New64a()
	who := v.visitor()
	_, _ = sum.Write(binary.BigEndian.AppendUint32(who[:], roots[0]))
	return int64(sum.Sum64()%uint64(queue.Base-1)) + 1
}

func (v *visit) admit(a queue.Answer, visitor queue.Visitor) {
	adm := admission{
		SessionID: queue.SessionID{Generation: a.Generation, Number: a.Session}, Visitor: visitor,
		IssuedAt: v.view.StoreTime(v.at), Ends: a.Ends, Probation: a.Probation,
	}
	if old := v.jar.admission; v.worth != nothing && old.Visitor == visitor {
		adm.Line, adm.Number = old.Line, old.Number
	}
	session := room.Session{SessionID: adm.SessionID, Visitor: visitor, Ends: a.Ends}
	if p := v.jar.pass; p != nil && p.Visitor == visitor && v.view.Knows(p.Generation) {
		adm.Line, adm.Number = p.Line, p.Number
		session.Line, session.Order = p.Line, p.Order
	}
	v.room.Gave(session)
	v.jar.admission, v.worth, v.in = &adm, live, true
}

// join is web's POST join.
func (v *visit) join() {
	if v.silent || v.worth == live || v.worth == fading {
		return
	}
	if v.hold() {
		if v.place.State == room.None {
			v.room.Parked()
			v.jar.pass = &pass{Visitor: v.visitor(), Held: room.Held{Line: line, JoinedAt: v.view.StoreTime(v.at)}}
			v.used = false
			v.place = v.view.Place(v.held(), v.at)
		}
		return
	}
	a, err := v.ask(queue.Join, queue.Visit{Line: line, Order: v.drawOrder(v.view.StoreTime(v.at))})
	switch {
	case err != nil || a.State == queue.None:
	case a.State == queue.Active:
		v.admit(a, v.visitor())
	default:
		v.seat(a)
	}
}

// reached is web's, of the one line.
func (v *visit) reached() (name string, order, joinedAt int64) {
	l, _ := v.view.Snapshot.Line(line)
	order = cmp.Or(l.CalledOrder, queue.Base)
	return line, order, v.joinedAt(order, v.view.StoreTime(v.at))
}

func (v *visit) seat(a queue.Answer) {
	held := room.Held{Generation: a.Generation, Line: a.Line, Order: a.Order, Number: a.Number, JoinedAt: v.joinedAt(a.Order, v.view.StoreTime(v.at))}
	v.room.Numbered(a.Line, a.Generation, a.Number)
	if a.State != queue.Waiting {
		held.Line, held.Order, held.JoinedAt = v.reached()
	}
	had := v.held()
	if a.State == queue.Waiting && a.Order == 0 && had.JoinedAt > 0 {
		held.JoinedAt = had.JoinedAt
	}
	if v.jar.pass != nil && had.Generation == held.Generation && had.Line == held.Line && had.Order == held.Order {
		return
	}
	if had.Order > 0 && v.view.Knows(had.Generation) && (had.Generation != a.Generation || a.State == queue.Waiting && a.Order == 0) {
		return
	}
	if v.jar.pass != nil && !v.used && a.State != queue.Waiting && had.Generation == a.Generation {
		return
	}
	v.jar.pass, v.used = &pass{Visitor: v.visitor(), Held: held}, false
}

// claim is web's POST claim.
func (v *visit) claim() {
	if v.silent || v.worth == live || v.worth == fading || v.jar.pass == nil || v.hold() {
		return
	}
	switch v.view.Place(v.held(), v.at).State {
	case room.Waiting, room.InDraw, room.Arrived:
		return
	}
	a, err := v.ask(queue.Claim, queue.Visit{Line: v.jar.pass.Line, Order: v.jar.pass.Order})
	switch {
	case err != nil:
	case a.State == queue.Active:
		v.admit(a, v.visitor())
	case (a.State == queue.None || a.State == queue.Missed) && a.Generation != v.jar.pass.Generation:
		v.asked = false // told to ask again
	}
}

// buy asks for a protected page: web's gate.
func (v *visit) buy() {
	switch {
	case v.silent:
		return
	case v.worth == live, v.worth == fading && v.hold():
		v.in = true
		return
	case v.worth == fading, v.worth == spent && !v.hold():
		if v.extend(); v.in {
			return
		}
		if v.err != nil {
			return
		}
		v.worth = nothing
		v.place = v.view.Place(v.held(), v.at)
	}
	s := v.view.Snapshot
	switch {
	case v.hold():
	case v.place.State == room.Turn && v.modeNow() == room.Normal:
		v.claim()
	case v.place.State == room.None && s.Waiting() == 0 && s.AtDoor == 0 && s.Active+s.Called < v.view.Limits.Cap && !v.view.Limits.Down():
		if a, err := v.ask(queue.Join, queue.Visit{}); err == nil && a.State == queue.Active {
			v.admit(a, v.visitor())
		}
	}
}

func (v *visit) extend() {
	a := v.jar.admission
	what := queue.Visit{Session: a.SessionID.Number, Generation: a.Generation, Adopt: max(0, a.Ends-v.view.StoreTime(v.at))}
	if v.used {
		what.Line, what.Order = v.jar.pass.Line, v.jar.pass.Order
	}
	answer, err := v.ask(queue.Touch, what)
	switch {
	case err != nil:
		v.in = v.worth != spent
	case answer.State == queue.Active && (a.Probation || answer.Ends-a.Ends > 1000):
		v.admit(answer, a.Visitor)
	case answer.State == queue.Active:
		v.in = true
	}
}

// leave gives up place and session, or the session alone when it is done with.
func (v *visit) leave() {
	if v.silent {
		return
	}
	if p := v.jar.pass; p != nil && p.Generation != 0 {
		if _, err := v.ask(queue.Leave, queue.Visit{Line: p.Line, Order: p.Order}); err != nil {
			return
		}
	}
	if v.worth == live || v.worth == fading {
		v.complete()
	}
	v.jar.pass = nil
}

func (v *visit) complete() {
	a := v.jar.admission
	v.op, v.asked = queue.Complete, true
	v.answer, v.err = v.room.Complete(context.Background(), a.Visitor, a.SessionID)
	v.jar.pass = nil
}
