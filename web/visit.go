package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
)

// Headers of clients that keep no cookies, such as native apps: they send what
// they hold, and get it back in headers, when they name wantTokens.
const (
	passHeader      = "Rushgate-Pass"
	admissionHeader = "Rushgate-Admission"
	wantTokens      = "Rushgate-Tokens"
	stateHeader     = "Rushgate-State"
)

// visit is one request to an event, and what is known about who sends it.
type visit struct {
	g     *Gateway
	r     *http.Request
	addr  visitorAddr
	room  *room.Room
	view  *room.View // the same for the whole request
	now   time.Time
	who   identity
	leave parting
}

// identity is who asks, as far as their credentials could be verified.
type identity struct {
	browser   admission.Browser
	known     bool // browser is from a cookie, not made for this request
	pass      admission.Pass
	hasPass   bool // of this event, whatever its generation
	used      bool // the pass has been exchanged for an admission already
	admission admission.Admission
	token     string              // of admission
	last      admission.Admission // that was ours at all, whatever it is worth
	standing  standing
	// holder is who asks by an account or a code, where named says that one was
	// shown; a pass outranks it, as far as it was kept beside it.
	holder queue.Visitor
	named  bool
	doubt  error // why the account that was shown is none
}

// parting is what the visitor takes along: at most one cookie.
type parting struct {
	cookie    *http.Cookie
	pass      string
	admission string
}

// newVisit finds out who asks. route is the protected one that is asked for, nil
// on the event's own routes: who is admitted to a protected route is asked
// nothing else.
func (g *Gateway) newVisit(r *http.Request, rm *room.Room, route *event.Route) (*visit, error) {
	v := &visit{g: g, r: r, addr: g.proxies.locate(r), room: rm, now: g.now()}
	v.view = rm.View().At(v.now)
	cookies := v.jar().read(r)
	if token := first(r.Header[admissionHeader]); token != "" {
		cookies.admission = few{1, [3]string{token}}
	}
	v.who.last = v.openAdmission(cookies.admission.all(), route != nil && route.Action == event.Commit)
	if route != nil && v.who.standing == live {
		return v, nil
	}
	if token := first(r.Header[passHeader]); token != "" {
		cookies.pass = few{1, [3]string{token}}
	}
	v.openPass(cookies.pass.all(), v.who.last)
	v.openAccount(cookies.browser.all())
	if v.who.hasPass {
		return v, v.comeBack() // it outranks the browser's cookie
	}
	return v, v.openBrowser(cookies.browser.all())
}

// openBrowser recognizes the browser, or makes an id for a new one.
func (v *visit) openBrowser(candidates []string) error {
	for _, cookie := range candidates {
		browser, err := v.g.keys().OpenBrowser(cookie)
		if err == nil {
			v.who.browser, v.who.known = browser, true
			return nil
		}
		v.g.refused(browserCookie, err)
	}
	_, err := v.g.random.Read(v.who.browser[:])
	return err
}

// first is the first value of a header whose canonical name was looked up: Get
// would make the name canonical once more, for every poll.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func (v *visit) event() *event.Event { return &v.view.Event }

func (v *visit) jar() jar {
	return jar{event: v.event().ID, browser: v.event().Browser, secure: v.addr.proto(v.r) == "https"}
}

// storeTime is now by the store's clock, in unix ms.
func (v *visit) storeTime() int64 { return v.view.StoreTime(v.now) }

// openPass takes the first good pass.
func (v *visit) openPass(candidates []string, last admission.Admission) {
	for _, sealed := range candidates {
		p, err := v.g.keys().OpenPass(v.event().ID, sealed)
		if err == nil {
			v.who.pass, v.who.hasPass, v.who.used = p, true, ledTo(p, last)
			return
		}
		v.g.refused(passCookie, err)
	}
}

// ledTo says that the place of p has been used: a names it, whatever a is worth by
// now. A place that was called before its number was told has none; it is the one
// if it is no younger than a.
func ledTo(p admission.Pass, a admission.Admission) bool {
	if p.Line == "" || a.Line != p.Line || a.Number != p.Number || queue.Root(a.Generation) != queue.Root(p.Generation) {
		return false
	}
	return p.Number > 0 || p.Order > 0 && p.JoinedAt <= a.IssuedAt
}

// aheadMost is how far two gateways may differ about the store's clock. Both know
// it from its answers alone, which a busy one reads late: an admission must not
// be refused next door for being a second too new.
const aheadMost = 5 * time.Second

// openAdmission takes the first admission that still means something, and
// returns the last that was ours at all.
func (v *visit) openAdmission(candidates []string, commit bool) (last admission.Admission) {
	if len(candidates) == 0 {
		return last
	}
	knobs := v.event().Room
	want := admission.Want{
		Event: v.event().ID, Organization: v.event().Organization, Now: v.storeTime(),
		Grace: v.afterlife() + millis(v.view.Snapshot.Stood), Ahead: aheadMost,
	}
	for _, token := range candidates {
		a, err := v.g.keys().Verify(token, want)
		if err != nil {
			v.g.refused(admissionCookie, err)
			continue
		}
		last = a
		ended, lately := endedEarly(v.room, a, knobs, v.now)
		if s := judge(a, knobs, v.storeTime(), ended, commit && lately, familiar(v.view, v.now, a.Generation)); s != noAdmission {
			v.who.admission, v.who.token, v.who.standing = a, token, s
			return last
		}
	}
	return last
}

// afterlife is how long an admission says something after its end: it finishes
// what was begun on a commit route, and tells that a pass has been used.
func (v *visit) afterlife() time.Duration {
	knobs := v.event().Room
	return max(time.Duration(knobs.CommitGrace), time.Duration(knobs.SessionDuration))
}

// sessionOf names the session of an admission.
func sessionOf(a admission.Admission) queue.SessionID {
	return queue.SessionID{Generation: a.Generation, Number: a.Session}
}

// familiarity is how well a room knows the life that gave an admission.
type familiarity int

const (
	own     familiarity = iota // it is the present one, or the store was told of its sessions long ago
	lost                       // the store is learning of its sessions
	foreign                    // it is of another room
)

func familiar(view *room.View, now time.Time, generation uint64) familiarity {
	switch mode, _ := view.ModeAt(now); {
	case !view.Knows(generation):
		return foreign
	case mode == room.Restore && generation != view.Snapshot.Generation:
		return lost
	}
	return own
}

// endedEarly says whether the session of a was completed or revoked before its end, and
// whether that, if so, was lately enough to finish what was begun: commit_grace runs
// from when it was over, not from when it would have been.
func endedEarly(rm *room.Room, a admission.Admission, knobs event.Room, now time.Time) (ended, lately bool) {
	if a.Open {
		return false, true
	}
	at, ended := rm.SessionEnd(sessionOf(a))
	return ended, !ended || now.Sub(at) < time.Duration(knobs.CommitGrace)
}

// judge says what a verified admission is worth at now, unix ms.
func judge(a admission.Admission, knobs event.Room, now int64, ended, commit bool, known familiarity) standing {
	left := a.Ends - now
	start := knobs.EventStartTime
	grace := commit && -left < time.Duration(knobs.CommitGrace).Milliseconds()
	switch {
	case (ended || left <= 0) && grace && !a.Open:
		return over
	case ended:
		return noAdmission
	case a.Open && !start.IsZero() && a.IssuedAt < start.UnixMilli() && now >= start.UnixMilli():
		return noAdmission // whatever was the start when it was given
	case left > 0 && a.Open:
		return open
	case left <= 0 && a.Open:
		return noAdmission
	case left <= 0:
		return spent
	case known == foreign:
		return live // no store will hear of its session again; it counts until its end
	case known == lost, a.Probation, !knobs.NoSessionRenewal && left < time.Duration(knobs.SessionDuration).Milliseconds()/2:
		return fading
	}
	return live
}

// visitor is who asks, to this event. A pass outranks the browser's cookie: it
// holds a place. See openAccount for which pass counts beside an account.
func (v *visit) visitor() queue.Visitor {
	switch {
	case v.who.hasPass:
		return v.who.pass.Visitor
	case v.who.named:
		return v.who.holder
	}
	return v.who.browser.Visitor(v.event().ID)
}

// stranger says that nothing tells this request from one of a client that keeps
// no cookies.
func (v *visit) stranger() bool { return !v.who.known && !v.who.hasPass && !v.who.named }

// held is the place that the pass still stands for. Who has been in and comes
// again did not miss a turn, but has none.
func (v *visit) held() room.Held {
	if !v.who.hasPass || v.who.used {
		return room.Held{}
	}
	p := v.who.pass
	return room.Held{Generation: p.Generation, Line: p.Line, Order: p.Order, Number: p.Number, JoinedAt: p.JoinedAt}
}

// seated says that the visitor's place is known here.
func (v *visit) seated() bool { return v.view.Place(v.held(), v.now).State != room.None }

// admitted says that the visitor holds a session.
func (v *visit) admitted() bool { return v.who.standing == live || v.who.standing == fading }

// mode is what the room can do at this moment.
func (v *visit) mode() room.Mode {
	mode, _ := v.view.ModeAt(v.now)
	return mode
}

// hold says that the store cannot be asked.
func (v *visit) hold() bool { return v.mode() == room.Hold || v.mode() == room.Bypass }

// newcomer is what happens to somebody without an admission. While the organizer
// lets people through an outage that goes before all but closing.
func (v *visit) newcomer() event.Newcomer {
	if v.mode() == room.Bypass {
		return event.Through
	}
	return v.view.Stance.Newcomer
}

func (v *visit) ask(op queue.Op, what queue.Visit) (queue.Answer, error) {
	what.Visitor = v.visitor()
	if op == queue.Touch {
		what.Visitor = v.who.admission.Visitor
	}
	a, err := v.room.Do(v.r.Context(), op, what)
	if err != nil {
		return a, onHold(err)
	}
	return a, nil
}

// refused counts a credential that was not accepted, by kind and reason.
func (g *Gateway) refused(kind cookieKind, err error) {
	var why admission.Refusal
	if !errors.As(err, &why) {
		return
	}
	if why == admission.ErrNewerSchema {
		g.newer.Store(true)
	}
	g.metrics.refusals.WithLabelValues(string(kind), string(why)).Inc()
}
