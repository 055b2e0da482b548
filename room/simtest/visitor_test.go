package simtest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
)

// visitor is one browser, and somebody before it who acts by dice.
type visitor struct {
	cookies
	nature
	next     time.Time // acts again
	old      []cookies // kept by who cheats
	number   int64     // that was told last; 0: none
	quest    int64     // µs, since when this visitor wants a place
	open     int64     // µs, since when an answer is missing; 0: none is
	turn     bool      // was told that it has come
	told     map[string]bool
	ends     int64 // µs, until when the session was told to last
	turnEnds int64 // µs, until when the turn was told to last
	done     bool
	cheating bool // shows cookies that are over
	loose    bool // has a number that says little: it was counted among those who were back
}

// nature is what dice made of a visitor.
type nature struct {
	dice      *rand.Rand
	cheat     bool
	clumsy    float64 // of the answers this part never arrives
	tabs      float64
	leaves    float64
	absent    time.Duration // how long a turn is left lying once
	purchases int           // requests to the shop until it is enough
	again     int           // queues so often again
	forgets   bool          // walks away without completing
}

func newNature(dice *rand.Rand) nature {
	n := nature{dice: dice, cheat: dice.IntN(8) == 0, purchases: 1 + dice.IntN(4), forgets: dice.IntN(4) == 0}
	if dice.IntN(4) == 0 {
		n.clumsy = 0.3
	}
	if dice.IntN(4) == 0 {
		n.tabs = 0.3
	}
	if dice.IntN(8) == 0 {
		n.leaves = 0.05
	}
	if dice.IntN(6) == 0 {
		n.absent = time.Duration(dice.IntN(40)) * time.Second
	}
	if dice.IntN(4) == 0 {
		n.again = 1 + dice.IntN(2)
	}
	return n
}

// patient says that nothing but the room can keep this visitor from getting in.
func (n nature) patient() bool { return !n.cheat && n.leaves == 0 && n.absent == 0 }

// act is what a visitor does next.
func (v *visitor) act(r *rush) (name string, do func(*visit)) {
	nothingElse := func(*visit) {}
	switch chance := v.dice.Float64(); {
	case v.admission != nil && micros() < v.ends && v.purchases > 0:
		return "buy", (*visit).buy
	case v.admission != nil && micros() < v.ends && !v.forgets:
		return "complete", (*visit).done
	case v.pass == nil && chance < 0.3:
		return "buy", (*visit).buy
	case v.pass == nil:
		return "join", (*visit).join
	case chance < v.leaves:
		return "leave", (*visit).leave
	case v.turn && v.absent > 0:
		v.next, v.absent = v.next.Add(v.absent), 0
		return "", nil
	case v.turn && chance < 0.8:
		return "claim", (*visit).claim
	case chance < 0.3:
		return "buy", (*visit).buy
	case chance < 0.35:
		return "join", (*visit).join
	}
	return "poll", nothingElse
}

// done gives the session back when the shop says that the purchase is complete.
func (v *visit) done() {
	if !v.silent && (v.worth == live || v.worth == fading) {
		v.complete()
	}
}

// step is one action of a visitor.
func (r *rush) step(v *visitor) {
	v.next = v.next.Add(time.Duration(500+v.dice.IntN(2500)) * time.Millisecond)
	if v.admission != nil && v.purchases == 0 && v.forgets || v.admission != nil && micros() >= v.ends {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.part(v)
		return
	}
	name, do := v.act(r)
	jar := v.cookies
	if do == nil {
		return
	}
	v.cheating = false
	if v.cheat && len(v.old) > 0 && v.dice.IntN(4) == 0 {
		jar, name, v.cheating = v.old[v.dice.IntN(len(v.old))], "cheat: "+name, true
	}
	r.request(v, name, jar, do)
	if v.dice.Float64() < v.tabs {
		r.request(v, "second tab: "+name, jar, do)
	}
	if v.cheating { // whoever shows what is over may lose what is not
		r.history.Add(invariant.MayHaveLeft(invariant.At(micros()), v.visitor))
	}
	if v.cheat {
		v.old = append(v.old, v.cookies)
	}
}

// part is a visitor who has been in, and queues again or goes home.
func (r *rush) part(v *visitor) {
	v.quest, v.number, v.turn, v.loose = micros(), 0, false, false
	v.purchases = 1
	r.history.Add(invariant.MayHaveLeft(invariant.At(micros()), v.visitor)) // without a word, from a session that is over
	if v.again == 0 {
		v.done = true
		return
	}
	v.again--
	v.ends = 0
	if v.forgets { // a new place needs a browser that has forgotten the old one
		v.pass, v.admission = nil, nil
	}
}

func (r *rush) request(v *visitor, name string, jar cookies, do func(*visit)) {
	g := r.gateways[v.dice.IntN(len(r.gateways))]
	if g.stop == nil {
		return
	}
	sent := micros()
	if v.open == 0 {
		v.open = sent
	}
	q := g.visit(jar)
	if !q.silent {
		do(q)
		q.place = q.view.Place(q.held(), q.at)
	}
	lost := v.dice.Float64() < v.clumsy
	r.tell("%s %s at %s: %s", short(v.visitor), name, g.name, q.outcome(lost))
	if lost || q.silent || q.err != nil {
		if q.op == queue.Leave || q.op == queue.Complete { // nobody knows whether it was done
			r.history.Add(invariant.MayHaveLeft(invariant.Between(sent, micros()), v.visitor))
		}
		if q.op == queue.Claim && !v.cheating {
			r.history.Add(invariant.AtDoor(invariant.Between(sent, micros()), v.visitor))
		}
		if lost || q.silent {
			return
		}
	}
	r.mu.Lock() // a tick that a request waited for is recorded by the gateway's own goroutine
	defer r.mu.Unlock()
	if v.cheating {
		v.old = append(v.old, q.jar) // in another browser
	} else {
		v.keep(jar, q)
	}
	r.note(v, q, jar, sent, name)
}

// outcome is a line of the story.
func (v *visit) outcome(lost bool) string {
	s := fmt.Sprintf("%s %s", v.mode, v.place.State)
	if p := v.jar.pass; p != nil {
		s += fmt.Sprintf(" pass %x/%d no %d", uint32(p.Generation), p.Order, p.Number)
	}
	if v.asked {
		s += fmt.Sprintf(", %v -> %v session %d order %d", v.op, v.answer.State, v.answer.Session, v.answer.Order)
	}
	if v.err != nil {
		s += ", " + v.err.Error()
	}
	if v.in {
		s += ", in"
	}
	if v.silent {
		s += " not ready"
	}
	if lost {
		s += " (the answer is lost)"
	}
	return s
}

// keep takes the cookie of an answer: there is at most one.
func (v *visitor) keep(jar cookies, q *visit) {
	switch {
	case q.jar.admission != jar.admission:
		v.admission = q.jar.admission
	case q.jar.pass != jar.pass:
		v.pass = q.jar.pass
	}
}

// note writes down what the visitor was told.
func (r *rush) note(v *visitor, q *visit, jar cookies, sent int64, name string) {
	now, who := micros(), v.visitor
	when, waited := invariant.Between(sent, now), invariant.Between(v.open, now)
	if q.asked && q.err == nil { // all that is said without asking is from before
		v.open = 0
	}
	fresh := q.jar.pass != jar.pass && q.jar.pass != nil && q.answer.State == queue.Waiting
	if p := q.jar.pass; fresh && p.Number > 0 && !v.cheating {
		if p.Number != v.number {
			when.From = min(v.quest, sent)
		}
		v.number = p.Number
		v.loose = v.loose || r.recounted(q, jar.pass)
		if !v.loose {
			r.history.Add(invariant.Joined(when, who, p.Line, p.Number))
		}
		when.From = sent
	}
	v.turn = q.place.State == room.Turn && q.worth == nothing
	held := jar.pass != nil && jar.pass.Number > 0 && jar.pass.Number == v.number && !q.used && q.worth == nothing
	switch {
	case q.mode != room.Normal || q.worth != nothing || v.cheating || v.loose:
	case q.place.State == room.Waiting && q.place.Number > 0:
		r.history.Add(invariant.Saw(when, who, q.g.name, q.place.Number, q.place.Serving, q.place.Ahead))
	case r.jumped && r.killed: // a pass from a future that is gone is taken for another sale's
	case q.place.State == room.None && held && q.op != queue.Leave && q.op != queue.Complete:
		r.history.Add(invariant.Unknown(when, who))
	}
	if q.asked && q.err == nil {
		r.recordAnswer(v, q, when, waited, held)
	}
	adm := jar.admission
	switch {
	case q.op == queue.Complete || q.op == queue.Leave:
	case q.in:
		if q.jar.admission != nil {
			v.purchases = max(0, v.purchases-1)
			r.history.Add(invariant.Reached(when, q.jar.admission.Visitor, q.jar.admission.session()))
		}
	case q.worth == spent && q.mode == room.Hold: // the store alone knows that the session stood still
	case r.jumped && q.mode == room.Hold: // what the store's clock took it must give back
	case adm != nil && q.err == nil && adm.IssuedAt <= q.view.StoreTime(q.at)+aheadMost.Milliseconds() && name == "buy" && adm == v.admission && micros() < v.ends:
		r.history.Add(invariant.TurnedAway(when, who, adm.session()))
	}
}

// recounted says that one of the drawn got a first number after a loss: it counts
// those who are back, so somebody who was told before may have the same.
func (r *rush) recounted(q *visit, before *pass) bool {
	return r.lives > 0 && q.jar.pass.Order < queue.Base && (before == nil || before.Number == 0)
}

func (a *admission) session() string { return fmt.Sprintf("%x.%d", a.Generation, a.SessionID.Number) }

func (r *rush) recordAnswer(v *visitor, q *visit, when, waited invariant.Span, held bool) {
	a, who := q.answer, v.visitor
	end := r.moment(a.Ends)
	switch {
	case q.op == queue.Complete:
		r.history.Add(invariant.Ended(when, who, q.jar.admission.session()), invariant.Left(when, who))
		v.admission, v.pass, v.ends = nil, nil, 0
		r.part(v)
	case q.op == queue.Leave:
		r.history.Add(invariant.Left(when, who))
		v.done = true
	case a.State == queue.Called:
		v.turnEnds = end
		r.history.Add(invariant.Turn(when, who, end))
	case a.State == queue.AtDoor:
		r.history.Add(invariant.AtDoor(waited, who))
	case v.cheating && a.State != queue.Active:
	case a.State == queue.Missed && q.op == queue.Claim:
		r.history.Add(invariant.Missed(when, who))
		v.missed(q)
	case a.State == queue.None && q.op == queue.Claim && held:
		r.history.Add(invariant.Unknown(when, who))
		v.missed(q)
	case a.State == queue.None && q.op == queue.Claim:
		v.missed(q)
	case a.State == queue.Active:
		id := q.jar.admission.session()
		if !v.told[id] {
			entry := invariant.FromLine
			// A place may be called before its number is told, and claimed by a request whose answer is lost.
			if v.number == 0 && q.op == queue.Join && q.jar.pass == nil && waited == when {
				entry = invariant.Direct
			}
			v.told[id] = true
			r.admitted++
			r.history.Add(invariant.Admitted(waited, who, entry, id, end))
		} else {
			r.history.Add(invariant.Extended(when, who, id, end))
		}
		v.ends = max(end, r.live[id].ends)
		r.live[id] = lease{who, v.ends}
	}
}

// missed is a visitor whose pass buys nothing any more, and who begins anew.
func (v *visitor) missed(q *visit) {
	if v.pass == nil || q.jar.pass == nil || v.pass.Order != q.jar.pass.Order {
		return
	}
	v.pass, v.number, v.turn, v.loose, v.quest = nil, 0, false, false, micros()
}
