package web

import (
	"cmp"
	"fmt"
	"math"
	"time"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
)

// cookieLife is how long a browser keeps pass and visitor cookie. A pass is
// worth nothing once its event is over; this only tidies up.
const cookieLife = 7 * 24 * time.Hour

// admit gives the admission of the session that the store has told of somebody:
// who holds a pass and an admission of different visitors was asked about as one
// of them.
func (v *visit) admit(a queue.Answer, visitor queue.Visitor, prices map[string]int64) error {
	adm := admission.Admission{
		Event: v.event().ID, Organization: v.event().Organization,
		Visitor: visitor, Generation: a.Generation, Session: a.Session,
		IssuedAt: v.storeTime(), Ends: a.Ends, Probation: a.Probation, Prices: prices,
	}
	if old := v.who.admission; v.who.standing != noAdmission && old.Visitor == visitor {
		adm.Line, adm.Number = old.Line, old.Number
	}
	session := room.Session{SessionID: sessionOf(adm), Visitor: visitor, Ends: a.Ends}
	if p := v.who.pass; v.who.hasPass && p.Visitor == visitor && v.view.Knows(p.Generation) {
		adm.Line, adm.Number = p.Line, p.Number
		session.Line, session.Order = p.Line, p.Order
	}
	v.room.Gave(session)
	return v.hand(adm)
}

// admitOpen gives an admission that asks the store nothing: the room is off. It
// becomes a session when the room is on again, and is void once the sale starts.
// An address gets no more of them than it may join: the rest go in without.
func (v *visit) admitOpen() error {
	if _, ok := v.spendJoins(1); !ok {
		return nil
	}
	now := v.storeTime()
	ends := now + time.Duration(v.event().Room.SessionDuration).Milliseconds()
	if start := v.event().Room.EventStartTime; !start.IsZero() && now < start.UnixMilli() {
		ends = min(ends, start.UnixMilli())
	}
	return v.hand(admission.Admission{
		Event: v.event().ID, Organization: v.event().Organization,
		Visitor: v.visitor(), IssuedAt: now, Ends: ends, Open: true, Prices: v.openPrices(),
	})
}

// standstillMost is how much longer a browser keeps an admission than it can mean
// anything by itself: the shop may be down meanwhile, and its session stand still.
const standstillMost = time.Hour

func (v *visit) hand(a admission.Admission) error {
	left := time.Duration(a.Ends-v.storeTime()) * time.Millisecond
	if left < time.Second {
		return nil // it would have ended before it arrived
	}
	token, err := v.g.keys().Sign(a)
	if err != nil {
		return fmt.Errorf("sign an admission: %w", err)
	}
	v.who.admission, v.who.token, v.who.standing = a, token, live
	v.leave.admission = token
	v.leave.cookie = v.jar().make(admissionCookie, token, left+v.afterlife()+standstillMost)
	return nil
}

// seat gives the visitor the pass of a place.
func (v *visit) seat(a queue.Answer, line string) {
	held := room.Held{Generation: a.Generation, Line: a.Line, Order: a.Order, Number: a.Number, JoinedAt: v.joinedAt(a.Order, v.storeTime())}
	v.room.Numbered(a.Line, a.Generation, a.Number)
	if a.State != queue.Waiting {
		held.Line, held.Order, held.JoinedAt = v.reached(line)
	}
	had := v.held()
	if a.State == queue.Waiting && a.Order == 0 && had.JoinedAt > 0 {
		held.JoinedAt = had.JoinedAt // whether the draw has a place for the holder goes by it
	}
	if v.who.hasPass && had.Generation == held.Generation && had.Line == held.Line && had.Order == held.Order {
		return
	}
	if had.Order > 0 && v.view.Knows(had.Generation) && (had.Generation != a.Generation || a.State == queue.Waiting && a.Order == 0) {
		return // the store has lost that place, and gets it back with the next request
	}
	if v.who.hasPass && !v.who.used && a.State != queue.Waiting && v.who.pass.Generation == a.Generation {
		return // the pass in hand knows more
	}
	wait := v.view.Place(held, v.now).Wait
	v.carry(admission.Pass{
		Event: v.event().ID, Generation: held.Generation, Line: held.Line, Visitor: v.visitor(),
		Order: held.Order, Number: held.Number, JoinedAt: held.JoinedAt,
		PromiseP50: seconds16(wait.P50), PromiseP90: seconds16(wait.P90), PriceVersion: v.boundTo(had, held),
	})
}

// reached is the place of somebody who has been called, or is on the way there,
// and whose pass is lost: one that has been reached. The store knows the rest.
func (v *visit) reached(line string) (name string, order, joinedAt int64) {
	for _, l := range v.view.Snapshot.Lines {
		if l.Serving > 0 {
			name, order = l.Name, l.CalledOrder
		}
		if l.Name == line && l.Serving > 0 {
			break // the line that was asked for, if it can be
		}
	}
	name = cmp.Or(name, line)
	if order == 0 {
		order = queue.Base
	}
	return name, order, v.joinedAt(order, v.storeTime())
}

// carry gives the visitor a pass.
func (v *visit) carry(p admission.Pass) {
	v.who.pass, v.who.hasPass, v.who.used = p, true, false
	v.leave.pass = v.g.keys().SealPass(p)
	v.leave.cookie = v.jar().make(passCookie, v.leave.pass, cookieLife)
}

func seconds16(d time.Duration) uint16 {
	return uint16(min(math.MaxUint16, max(0, int64(d/time.Second))))
}
