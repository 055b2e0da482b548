package web

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/web/page"
)

// own makes the visitors' own routes below the reserved prefix.
func (g *Gateway) own() http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect() // nothing here asks Echo for an address; nothing may be misled by one
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		if !c.Response().Committed {
			g.fail(c.Response(), c.Request(), err)
		}
	}
	e.GET(g.prefix+"/assets/:name", func(c echo.Context) error {
		g.pages.ServeAsset(c.Response(), c.Request())
		return nil
	})
	of := func(method, action string, handle echo.HandlerFunc) {
		e.Add(method, g.prefix+"/:event/"+action, handle)
		e.OPTIONS(g.prefix+"/:event/"+action, g.preflight)
	}
	of(http.MethodGet, "now", g.seeNow)
	of(http.MethodGet, "prices", g.seePrices)
	of(http.MethodGet, "draw", g.seeDraw)
	of(http.MethodGet, "draw/list", g.listDraw)
	of(http.MethodGet, "status", g.visitors(status))
	of(http.MethodGet, "privacy", g.visitors(privacy))
	of(http.MethodGet, "joined", g.visitors(joined))
	of(http.MethodPost, "join", g.visitors(join))
	of(http.MethodPost, "claim", g.visitors(claimTurn))
	of(http.MethodPost, "leave", g.visitors(leave))
	return e
}

func (g *Gateway) preflight(c echo.Context) error {
	rm, ok := g.roomOf(c)
	if !ok || !preflight(c.Request()) {
		return echo.ErrNotFound
	}
	answerPreflight(c.Response(), c.Request(), rm.View().Event.Browser.CORSOrigins, http.MethodGet, http.MethodPost)
	return nil
}

// visitors is the frame around everything a visitor asks: which event, who,
// and from where.
func (g *Gateway) visitors(handle func(echo.Context, *visit) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		rm, ok := g.roomOf(c)
		if !ok {
			return refuse(http.StatusNotFound, "no_event", "There is no such event here.")
		}
		origins := rm.View().Event.Browser.CORSOrigins
		crossOrigin(c.Response(), c.Request(), origins)
		if c.Request().Method == http.MethodPost && fromElsewhere(c.Request(), origins) {
			return refuse(http.StatusForbidden, "cross_site", "Another site's page may not do this.")
		}
		v, err := g.newVisit(c.Request(), rm, nil)
		if err != nil {
			return err
		}
		return handle(c, v)
	}
}

// status is the poll: verified, computed and answered without asking anybody.
func status(c echo.Context, v *visit) error {
	p := v.place()
	if p.State == page.StateNone {
		return noPlace().with(p)
	}
	return v.tell(c, p)
}

// wish is what a visitor may send along.
type wish struct {
	Line   string `json:"line"`
	Return string `json:"return"`

	Code     string `json:"code"`     // presale code: opens its line
	Identity string `json:"identity"` // the account's token, before header and cookie
	Proof    string `json:"proof"`    // an answered challenge, see admission.OpenProof
}

func (v *visit) wish(c echo.Context) (wish, error) {
	body, err := readOwnBody(c.Response(), c.Request(), v.now)
	if err != nil || len(body) == 0 {
		return wish{}, err
	}
	bad := refuse(http.StatusBadRequest, "bad_request", "The body is neither the JSON nor the form that this address takes.")
	var w wish
	switch kind, _, _ := mime.ParseMediaType(c.Request().Header.Get("Content-Type")); kind {
	case "application/json":
		decoder := json.NewDecoder(strings.NewReader(string(body)))
		decoder.DisallowUnknownFields()
		if decoder.Decode(&w) != nil || decoder.More() {
			return wish{}, bad
		}
	case "application/x-www-form-urlencoded":
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return wish{}, bad
		}
		w = wish{Line: values.Get("line"), Return: values.Get("return"), Code: values.Get("code"), Proof: values.Get("proof")}
	default:
		return wish{}, bad
	}
	return w, nil
}

func join(c echo.Context, v *visit) error {
	w, err := v.wish(c)
	if err != nil {
		return err
	}
	p, err := v.join(w)
	if err != nil {
		return v.tellForm(c, w, err)
	}
	p.Location = v.wayOn(p, w)
	if postedForm(c.Request()) {
		return v.sendOn(c, w)
	}
	return v.tell(c, p)
}

// join takes a place, or the shop itself when nobody waits.
func (v *visit) join(w wish) (page.Place, error) {
	line, err := v.entitle(w)
	if err != nil {
		return page.Place{}, err
	}
	if !v.who.hasPass { // a gateway that has just started would give a place without a number, and all others with it
		v.view = v.room.AwaitFirst(v.r.Context()).At(v.now)
	}
	p := v.place()
	newcomer := v.newcomer()
	switch {
	case v.admitted(), v.who.standing == open: // the gate makes a session of an open one
		return p, nil
	case newcomer == event.Through:
		return p, v.admitOpen()
	case newcomer != event.Enter && newcomer != event.Queue && v.seated():
		return p, nil // nobody joins now, but this one has
	case newcomer == event.Countdown:
		return p, refuse(http.StatusConflict, "not_open_yet", "The line opens when the sale starts.").with(p)
	case newcomer == event.Closed:
		return p, refuse(http.StatusConflict, "closed", "The line is closed.").with(p)
	case newcomer == event.NoTickets:
		return p, soldOut().with(p)
	case newcomer == event.Rejected:
		return p, refuse(http.StatusConflict, "rejected", "Nobody can join for the moment.").with(p)
	case v.hold() && v.seated():
		return p, nil
	}
	cost, err := v.prove(w.Proof)
	if err != nil {
		return p, err
	}
	if err := v.limit(cost); err != nil {
		return page.Place{}, err
	}
	if v.hold() {
		return v.park(line), nil
	}
	what, err := v.joining(line)
	if err != nil {
		return p, err
	}
	a, err := v.ask(queue.Join, what)
	if err != nil {
		return page.Place{}, err
	}
	v.g.proofs.spend(w.Proof)
	v.g.metrics.joins.WithLabelValues(v.event().ID, a.State.String()).Inc()
	if a.State == queue.Active {
		err := v.admitJoined(a)
		return v.placeOf(a), err
	}
	if a.State == queue.None { // this gateway knows the line, the store does not yet
		return p, onHold(nil).with(p)
	}
	v.seat(a, line)
	return v.placeOf(a), nil
}

func claimTurn(c echo.Context, v *visit) error {
	w, err := v.wish(c)
	if err != nil {
		return err
	}
	p, err := v.claim()
	if err != nil {
		return v.tellForm(c, w, err)
	}
	p.Location = v.wayOn(p, w)
	if postedForm(c.Request()) {
		return v.sendOn(c, w)
	}
	return v.tell(c, p)
}

// claim exchanges a turn for an admission.
func (v *visit) claim() (page.Place, error) {
	switch {
	case v.admitted(), v.who.standing == open:
		return v.place(), nil
	case v.newcomer() == event.Through:
		return v.place(), v.admitOpen()
	case !v.who.hasPass:
		return page.Place{}, noPlace()
	case v.hold():
		return page.Place{}, onHold(nil).with(v.place())
	case v.newcomer() == event.NoTickets: // the turn is kept: there is nothing to spend it on
		return page.Place{}, soldOut().with(v.place())
	case v.waits(): // memory knows, so a waiting crowd costs the store nothing
		return page.Place{}, notYourTurn(v.place())
	}
	a, err := v.ask(queue.Claim, queue.Visit{Line: v.who.pass.Line, Order: v.who.pass.Order})
	if err == nil && v.forgotten(a) {
		a, err = v.showPass()
	}
	if err != nil {
		return page.Place{}, err
	}
	v.g.metrics.claims.WithLabelValues(v.event().ID, a.State.String()).Inc()
	p := v.placeOf(a)
	switch a.State {
	case queue.Active:
		v.kept()
		err := v.admitPass(a)
		p.Prices = v.prices()
		return p, err
	case queue.AtDoor:
		return p, refuse(http.StatusTooManyRequests, "at_the_door", "Your turn has come; the door opens in a moment.").after(v.doorWait(a.Ahead)).with(p)
	case queue.Waiting, queue.Late:
		return p, notYourTurn(p)
	case queue.Missed:
		return p, refuse(http.StatusGone, "turn_missed", "Your turn has gone. You may join again at the end of the line.").with(p)
	}
	return p, noPlace().with(p)
}

func notYourTurn(p page.Place) *problem {
	return refuse(http.StatusConflict, "not_your_turn", "Your turn has not come yet.").after(millis(p.RetryAfterMS)).with(p)
}

func soldOut() *problem {
	return refuse(http.StatusConflict, "sold_out", "No tickets are left. Places are kept in case some come back.")
}

func leave(c echo.Context, v *visit) error {
	w, err := v.wish(c)
	if err != nil {
		return err
	}
	if !v.who.hasPass && v.who.standing == noAdmission {
		return noPlace()
	}
	if v.who.hasPass && v.who.pass.Generation != 0 { // else no store knows of it
		if _, err := v.ask(queue.Leave, queue.Visit{Line: v.who.pass.Line, Order: v.who.pass.Order}); err != nil {
			return v.tellForm(c, w, err)
		}
	}
	if a := v.who.admission; v.admitted() {
		if _, err := v.room.Complete(v.r.Context(), a.Visitor, sessionOf(a)); err != nil {
			return v.tellForm(c, w, onHold(err))
		}
	}
	p := v.blank()
	p.State = page.StateLeft
	v.leave.cookie = v.jar().make(passCookie, "", 0)
	if !v.who.hasPass {
		v.leave.cookie = v.jar().make(admissionCookie, "", 0)
	}
	if postedForm(c.Request()) {
		v.part(c.Response())
		return v.g.pages.Waiting(c.Response(), http.StatusOK, v.pageView(p, v.returnPath(w)))
	}
	return v.tell(c, p)
}

func privacy(c echo.Context, v *visit) error {
	back, _ := safeReturn(c.QueryParam("return"), v.g.prefix)
	return v.g.pages.Privacy(c.Response(), page.PrivacyView{
		Name: v.event().Name, Texts: v.event().Page, Retention: time.Duration(v.event().Retention), Return: back,
	})
}
