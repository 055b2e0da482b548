package loadtest

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/bilten/rushgate/invariant"
)

// visitor is one person with one browser. Every request goes to any of the
// gateways, as behind a balancer without stickiness.
type visitor struct {
	*run
	wires   []*wire // from the visitor's address
	id      invariant.Visitor
	rand    *rand.Rand
	does    behaviour
	browser browser
	trip    *trip

	state      state
	place      place
	ticket     ticket
	perMinute  int64 // called, by the last snapshot
	mode       string
	generation string
	since      int64 // when the first of the attempts was sent whose answer never came; 0: none
}

func newVisitor(r *run, i int, t *trip) *visitor {
	random := rand.New(rand.NewPCG(r.Seed, uint64(i)))
	number := i + 1 // the zero visitor is nobody
	id := invariant.Visitor{byte(number >> 16), byte(number >> 8), byte(number)}
	return &visitor{
		run: r, id: id, rand: random, does: r.Mix.draw(random), trip: t, state: newcomer,
		wires:   r.sources[i%len(r.sources)],
		browser: browser{host: r.Host, origin: r.origin, id: hex.EncodeToString(id[:])},
	}
}

// come walks the visitor's whole way. It returns when the visitor has gone, or
// ctx is done.
func (v *visitor) come(ctx context.Context) {
	v.knock(ctx)
	for ctx.Err() == nil && v.trip.outcome == Unfinished {
		switch v.state {
		case newcomer, missed:
			v.join(ctx)
		case waiting, paused:
			v.wait(ctx)
		case turn:
			v.claim(ctx)
		case admitted:
			v.shop(ctx)
		case leftRoom:
			v.trip.outcome = Left
		case noPlace:
			v.trip.outcome = Lost
		default:
			v.trip.outcome = Refused
		}
	}
}

// knock opens the protected page, as a person does first.
func (v *visitor) knock(ctx context.Context) {
	a, ok := v.ask(ctx, open, http.MethodGet, v.Path, html)
	if v.trip.paged == 0 {
		v.trip.paged = a.answered
	}
	if ok {
		v.through(a)
	}
}

// through notes that a page of the shop was seen.
func (v *visitor) through(a answer) {
	if v.Outside && a.header.Get(stateHeader) == "" && a.status < http.StatusBadRequest {
		v.history.Add(invariant.Reached(invariant.Between(a.sent, a.answered), v.id, v.ticket.Session))
	}
}

// join asks for a place once; come repeats it until there is one.
func (v *visitor) join(ctx context.Context) {
	if v.does.lostJoin {
		v.does.lostJoin = false
		v.abandon(ctx, join)
	}
	if v.does.doubleClick {
		v.does.doubleClick = false
		v.joinTwice(ctx)
		return
	}
	if a, ok := v.post(ctx, join); ok {
		v.hearJoin(ctx, a)
	}
}

// joinTwice sends a second join before the first is answered.
func (v *visitor) joinTwice(ctx context.Context) {
	request := v.browser.request(http.MethodPost, v.action(join), data)
	gateway := v.wires[v.rand.IntN(len(v.wires))]
	if v.since == 0 {
		v.since = v.clock.now() // either may be done first, whichever is answered first
	}
	began := v.since
	answers := make(chan answer, 1)
	go func() {
		a, err := gateway.exchange(ctx, request)
		if err != nil {
			a.status = 0
		}
		answers <- a
	}()
	first, ok := v.post(ctx, join)
	second := <-answers
	if ok {
		v.hearJoin(ctx, first)
	}
	if second.status == http.StatusOK {
		second.since = began
		v.hear(join, second)
		v.hearJoin(ctx, second)
	}
}

func (v *visitor) hearJoin(ctx context.Context, a answer) {
	p, ok := v.read(ctx, a)
	if !ok {
		return
	}
	when := invariant.Between(a.since, a.answered)
	if p.Number > 0 { // 0: the turn had come before this answer did
		told := invariant.Joined
		if p.State == turn || p.Number <= p.Serving {
			told = invariant.Due
		}
		v.history.Add(told(when, v.id, p.Line, p.Number))
		v.tally.place(v.trip, a, p)
	}
	if p.State == turn {
		v.history.Add(invariant.Turn(when, v.id, 0))
	}
	v.place, v.state = p, p.State
}

// wait waits as long as the gateway said, then asks again; on the way some
// leave, some open a second tab, and some are never seen again.
func (v *visitor) wait(ctx context.Context) {
	if v.does.ending == noShow {
		v.trip.outcome = NoShow
		return
	}
	v.rest(ctx, v.place.RetryAfterMS)
	switch {
	case v.does.ending == leaves:
		v.leave(ctx)
	case v.does.secondTab:
		v.does.secondTab = false
		if v.knock(ctx); v.state != admitted {
			v.join(ctx)
		}
	case v.near():
		v.status(ctx)
	default:
		v.now(ctx)
	}
}

// near says when the page asks for its own place rather than for the snapshot
// that everybody shares: few are ahead, the turn may come within two polls, or
// nobody can say yet.
func (v *visitor) near() bool {
	return v.place.Number == 0 || v.place.Ahead < max(20, v.perMinute*v.place.RetryAfterMS/30_000)
}

func (v *visitor) status(ctx context.Context) {
	a, ok := v.ask(ctx, status, http.MethodGet, v.action(status), data)
	if !ok {
		return
	}
	p, ok := v.read(ctx, a)
	if !ok {
		return
	}
	when := invariant.Between(a.sent, a.answered)
	if v.place.Number == 0 && p.Number > 0 { // of a place that was taken while the store was silent
		v.history.Add(invariant.Joined(invariant.Between(v.trip.came, a.answered), v.id, p.Line, p.Number))
		v.tally.place(v.trip, a, p)
	}
	switch p.State {
	case waiting, paused:
		if p.Number > 0 { // 0: the number comes later, and so does how many are ahead
			v.history.Add(invariant.Saw(when, v.id, a.gateway, p.Number, p.Serving, p.Ahead))
		}
	case turn:
		v.history.Add(invariant.Turn(when, v.id, 0))
		v.trip.turn(a.answered)
		if v.does.ending == late {
			v.does.ending = buys
			sleep(ctx, max(v.TurnTTL, time.Duration(p.TurnEndsInMS)*time.Millisecond)+time.Second)
		}
	case missed:
		v.miss(when)
		return
	case noPlace:
		v.history.Add(invariant.Forgotten(when, v.id))
	}
	v.place, v.state = p, p.State
}

// now reads the snapshot that is the same for everybody.
func (v *visitor) now(ctx context.Context) {
	a, ok := v.ask(ctx, now, http.MethodGet, v.action(now), data)
	var r room
	if !ok || a.status != http.StatusOK || json.Unmarshal(a.body, &r) != nil {
		return
	}
	changed := v.changed(ctx, r)
	v.told(a, r.Mode)
	if changed {
		v.status(ctx)
		return
	}
	line, known := r.Lines[v.place.Line]
	if !known || announced(r.Mode) || v.place.Number == 0 {
		return
	}
	ahead := max(0, v.place.Number-line.Serving-1)
	v.history.Add(invariant.Saw(invariant.Between(a.sent, a.answered), v.id, a.gateway, 0, line.Serving, ahead))
	v.place.Ahead, v.perMinute = min(v.place.Ahead, ahead), line.PerMinute
	if r.RetryAfterMS > 0 {
		v.place.RetryAfterMS = r.RetryAfterMS
	}
}

// claim exchanges the turn for an admission, which comes as a cookie.
func (v *visitor) claim(ctx context.Context) {
	if v.does.lostClaim {
		v.does.lostClaim = false
		v.abandon(ctx, claim)
	}
	a, ok := v.post(ctx, claim)
	if !ok {
		return
	}
	p, ok := v.read(ctx, a)
	if !ok {
		return
	}
	if p.State == admitted {
		p.State = noPlace // admitted by word alone
	}
	v.place, v.state = p, p.State
}

func (v *visitor) leave(ctx context.Context) {
	if a, ok := v.post(ctx, leave); ok && a.status == http.StatusOK {
		v.history.Add(invariant.Left(invariant.Between(a.since, a.answered), v.id))
		v.state = leftRoom
	}
}

// shop looks at a few pages and completes. Being sent back to the line while
// the admission still counts is a loss.
func (v *visitor) shop(ctx context.Context) {
	for range 1 + v.rand.IntN(3) {
		a, ok := v.ask(ctx, shop, http.MethodGet, v.Path, html)
		if ok && a.header.Get(stateHeader) != "" {
			v.turnedBack(a)
			return
		}
		if ok {
			v.through(a)
		}
		sleep(ctx, time.Duration(v.rand.ExpFloat64()*float64(v.Think)))
	}
	if v.does.ending == wanders {
		v.trip.outcome = Shopped
		return
	}
	what, path := done, v.Complete
	if path == "" {
		what, path = leave, v.action(leave)
	}
	for ctx.Err() == nil {
		a, ok := v.ask(ctx, what, http.MethodPost, path, data)
		switch {
		case !ok:
			continue
		case a.header.Get(stateHeader) != "" && a.since < a.sent: // an attempt without an answer has ended it
			v.history.Add(invariant.Ended(invariant.Between(a.since, a.answered), v.id, v.ticket.Session))
			v.trip.outcome = Shopped
		case a.header.Get(stateHeader) != "":
			v.turnedBack(a)
		case a.status >= http.StatusBadRequest:
			v.tally.nonsense(a)
			v.trip.outcome = Shopped
		default:
			v.history.Add(invariant.Ended(invariant.Between(a.since, a.answered), v.id, v.ticket.Session))
			v.trip.outcome = Shopped
		}
		return
	}
}

// turnedBack judges an answer of the gateway where the shop's was due.
func (v *visitor) turnedBack(a answer) {
	v.history.Add(invariant.TurnedAway(invariant.Between(a.sent, a.answered), v.id, v.ticket.Session))
	v.trip.outcome = Lost
	if a.answered > v.ticket.Ends*1e6 {
		v.trip.outcome = Shopped // too slow: the session had run out
	}
}

func (v *visitor) miss(when invariant.Span) {
	v.history.Add(invariant.Missed(when, v.id))
	v.tally.missed.Add(1)
	v.place, v.state = place{}, missed
}
