package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/web/page"
	"github.com/bilten/rushgate/web/upstream"
)

// commandTimeout bounds how long an answer of the shop waits for its own
// command to be carried out.
const commandTimeout = time.Second

// protected is the gate: a request to a route that an event protects.
func (g *Gateway) protected(w http.ResponseWriter, r *http.Request, t target, rm *room.Room, route event.Route) error {
	if origins := rm.View().Event.Browser.CORSOrigins; preflight(r) && allowedOrigin(r, origins) {
		answerPreflight(w, r, origins)
		return nil
	}
	v, err := g.newVisit(r, rm, &route)
	if err != nil {
		return err
	}
	through, why, p, err := v.pass(route.Action == event.Commit)
	if why == becauseNewcomer {
		why = reason(v.view.Stance.Reason)
	}
	g.metrics.decisions.WithLabelValues(v.event().ID, string(why)).Inc()
	if err != nil {
		var told *problem
		if !errors.As(err, &told) || told.status == http.StatusInternalServerError {
			return err
		}
		switch {
		case told.place != nil:
			p = *told.place
		default:
			p = v.place()
		}
		if told.code == holdCode {
			p.Mode = page.ModeHold
		}
		return v.turnAway(w, p, told)
	}
	if through {
		return v.forward(w, t, route)
	}
	return v.turnAway(w, p, nil)
}

// pass carries out what the gate decides. Where the store's answer changes the
// picture, the gate decides again, once.
func (v *visit) pass(commit bool) (through bool, why reason, p page.Place, err error) {
	step, why := decide(v.question(commit))
	if step == touch || step == adopt {
		if through, err := v.extend(step == adopt); through || err != nil {
			return through, why, page.Place{}, err
		}
		v.who.standing = noAdmission
		step, why = decide(v.question(commit))
	}
	switch step {
	case letThrough:
		return true, why, p, nil
	case giveOpen:
		if navigation(v.r) {
			err = v.admitOpen()
		}
		return err == nil, why, p, err
	case claim:
		p, err = v.claim()
		return err == nil, why, p, err
	case enter:
		if !v.joinsByGET() {
			return v.enter(why)
		}
	}
	if v.joinsByGET() {
		p, err = v.join(wish{})
		return err == nil && p.State == page.StateAdmitted, why, p, err
	}
	return false, why, v.place(), nil
}

func (v *visit) question(commit bool) question {
	held := v.view.Place(v.held(), v.now)
	s := v.view.Snapshot
	q := question{
		admission: v.who.standing, newcomer: v.newcomer(), commit: commit, hold: v.hold(),
		early: v.view.Phase == event.Before || v.view.Phase == event.Prequeue, prefetch: unseen(v.r, v.event().Browser.CORSOrigins),
		place: held.State != room.None, reached: held.State == room.Turn && v.mode() == room.Normal,
		free: s.Waiting() == 0 && s.AtDoor == 0 && s.Active+s.Called < v.view.Limits.Cap && !v.view.Limits.Down() &&
			v.asksNothing(),
	}
	half := time.Duration(v.event().Room.SessionDuration).Milliseconds() / 2
	if q.admission == open && q.newcomer == event.Through && v.who.admission.Ends-v.storeTime() < half {
		q.admission = noAdmission // as good as a new one
	}
	return q
}

// extend touches the session, or makes one of an open admission. A store that
// does not answer throws out nobody whose admission is good.
func (v *visit) extend(adopted bool) (bool, error) {
	a := v.who.admission
	what := queue.Visit{Session: a.Session, Generation: a.Generation, Adopt: max(0, a.Ends-v.storeTime())}
	if adopted {
		what = queue.Visit{Adopt: max(1, a.Ends-v.storeTime())}
	}
	answer, err := v.ask(queue.Touch, what)
	switch {
	case err != nil && v.who.standing != spent:
		return true, nil
	case err != nil:
		return false, err
	case answer.State != queue.Active:
		return false, nil
	case adopted || a.Probation || answer.Ends-a.Ends > time.Second.Milliseconds():
		return true, v.prolong(answer, adopted)
	}
	return true, nil
}

// enter goes straight in, or finds that somebody was faster.
func (v *visit) enter(why reason) (bool, reason, page.Place, error) {
	if err := v.limit(1); err != nil { // a visitor cookie costs nothing, so it buys nothing
		return false, why, v.place(), err
	}
	answer, err := v.ask(queue.Join, queue.Visit{})
	switch {
	case err != nil:
		return false, why, v.place(), err
	case answer.State == queue.Active:
		err := v.admitJoined(answer)
		return err == nil, why, v.placeOf(answer), err
	}
	return false, becauseNewcomer, v.place(), nil
}

// joinsByGET: a client that asks for JSON by name, where the event allows it,
// takes its place with the GET. No crawler or link preview does that.
func (v *visit) joinsByGET() bool {
	newcomer := v.newcomer()
	return v.jsonMode() && !v.hold() && !unseen(v.r, v.event().Browser.CORSOrigins) && (newcomer == event.Enter || newcomer == event.Queue) &&
		v.view.Place(v.held(), v.now).State == room.None && v.asksNothing()
}

// asksNothing says that the visitor may join with nothing but a request: no
// account and no work is missing.
func (v *visit) asksNothing() bool { return v.identified() && v.effort() == 0 }

func (v *visit) jsonMode() bool {
	return v.r.Method == http.MethodGet && v.event().Room.JSONResponseEnabled && preferred(v.r) == asJSON
}

// turnAway answers a request that must wait: a person gets the page, a client
// in JSON mode its place, and everything else 429, which no script mistakes for
// the shop's own answer.
func (v *visit) turnAway(w http.ResponseWriter, p page.Place, told *problem) error {
	h := w.Header()
	crossOrigin(w, v.r, v.event().Browser.CORSOrigins)
	after := max(time.Second, millis(p.RetryAfterMS))
	if told != nil && told.retryAfter > 0 {
		after = told.retryAfter
	}
	h.Set(stateHeader, string(p.State))
	h.Set("Retry-After", retrySeconds(after))
	h.Set("Cache-Control", "no-store")
	status := v.event().Room.QueueingStatusCode
	switch {
	case navigation(v.r):
		if v.leave.cookie == nil && !v.who.known && !v.who.hasPass {
			v.leave.cookie = v.jar().make(browserCookie, v.g.keys().SealBrowser(v.who.browser), cookieLife)
		}
		v.part(w)
		return v.g.pages.Waiting(w, status, v.pageView(p, v.asked()))
	case v.jsonMode():
		v.part(w)
		return v.writePlace(w, status, p)
	}
	if told == nil || told.status < http.StatusTooManyRequests { // what our own routes would say of a turn or a place
		told = refuse(http.StatusTooManyRequests, "must_wait", "There is a line for this address: "+v.g.prefix+"/"+v.event().ID+"/join")
	}
	v.part(w)
	return told.after(after).with(p)
}

// asked is the address that the visitor wanted, to come back to.
func (v *visit) asked() string {
	path, ok := safeReturn(v.r.URL.RequestURI(), v.g.prefix)
	if !ok {
		return v.returnPath(wish{})
	}
	return path
}

// forward sends the request to the shop, with the admission for it to verify.
func (v *visit) forward(w http.ResponseWriter, t target, route event.Route) error {
	return v.g.send(w, v.r, t, v.addr, exchange{
		room: v.room, admission: v.who.token,
		answer: func(answer *http.Response, word originWord) {
			v.obey(word.Command)
			if !route.Shared || v.leave.cookie != nil {
				makePrivate(answer.Header)
			}
			if v.leave.cookie != nil {
				answer.Header.Set("Cache-Control", "no-store") // what sets a cookie is nobody else's
			}
			v.part(headers(answer.Header))
		},
		welcome: func() bool { return v.welcome(route.Action == event.Commit) },
	})
}

// welcome says whether a WebSocket may go on: for as long as the admission that
// opened it would let a request through here. Whose session was extended since
// then connects again, with the newer admission.
func (v *visit) welcome(commit bool) bool {
	now := v.g.now()
	view := v.room.View().At(now)
	if view.Stance.Newcomer == event.Through {
		return true
	}
	if v.who.token == "" { // came in while the room was off, without an admission
		return false
	}
	a := v.who.admission
	ended := !a.Open && v.room.EndedSession(sessionOf(a))
	switch judge(a, view.Event.Room, view.StoreTime(now), ended, commit, familiar(view, now, a.Generation)) {
	case live, fading, open, over:
		return true
	}
	return false
}

// obey does what the shop says about the visitor's session.
func (v *visit) obey(command originCommand) {
	a := v.who.admission
	if command == originNone || v.who.token == "" || a.Open {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(v.r.Context()), commandTimeout)
	defer cancel()
	var err error
	switch command {
	case originComplete, originRevoke:
		_, err = v.room.Complete(ctx, a.Visitor, sessionOf(a))
		v.leave = parting{cookie: v.jar().make(passCookie, "", 0)} // the admission is dead without its cookie going
	case originExtend:
		var answer queue.Answer
		if answer, err = v.room.Do(ctx, queue.Touch, queue.Visit{Visitor: a.Visitor, Session: a.Session, Generation: a.Generation}); err == nil && answer.State == queue.Active {
			err = v.prolong(answer, false)
		}
	}
	v.g.metrics.commands.WithLabelValues(v.event().ID, string(command)).Inc()
	if err != nil {
		v.g.warn(complaint{"a command of the shop was not carried out", v.event().ID}, "event", v.event().ID, "command", string(command), "error", err)
	}
}

// exchange is what the gate adds to a forwarded request.
type exchange struct {
	room      *room.Room                       // whose shop it is; nil: no event's
	admission string                           // for the shop; empty: none
	answer    func(*http.Response, originWord) // sees the shop's answer first; may be nil
	welcome   func() bool                      // whether a WebSocket may go on; may be nil
}

// send forwards to whichever pool the operator has named for host and path.
func (g *Gateway) send(w http.ResponseWriter, r *http.Request, t target, addr visitorAddr, x exchange) error {
	pool, ok := g.pools(t.Host, t.Path)
	if !ok {
		return refuse(http.StatusNotFound, "no_shop", "Nothing is served at this address.")
	}
	w, r, settle := pace(w, r, g.now)
	return settle(pool.Forward(w, r, upstream.Exchange{
		Path: t.Path, Host: t.Authority, Proto: addr.proto(r), For: addr.Chain,
		Request: func(h http.Header) {
			cleanRequest(h, addr.Trusted)
			if x.admission != "" {
				h.Set(admissionHeader, x.admission)
			}
		},
		Answer: func(answer *http.Response) error {
			word := hearOrigin(answer.Header)
			if x.room != nil && word.Inventory != nil {
				g.shelf.Hear(x.room.View().Event, word.Inventory)
			}
			if x.answer != nil {
				x.answer(answer, word)
			}
			return nil
		},
		Welcome: x.welcome,
	}))
}

// headers lets a header map stand where a response writer is asked for.
type headers http.Header

func (h headers) Header() http.Header       { return http.Header(h) }
func (headers) Write(b []byte) (int, error) { return len(b), nil }
func (headers) WriteHeader(int)             {}
