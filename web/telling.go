package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/web/page"
)

// part gives the visitor what they take along, before the answer is written.
func (v *visit) part(w http.ResponseWriter) {
	h := w.Header()
	if first(v.r.Header[wantTokens]) != "" {
		if v.leave.pass != "" {
			h.Set(passHeader, v.leave.pass)
		}
		if v.leave.admission != "" {
			h.Set(admissionHeader, v.leave.admission)
		}
		return
	}
	if v.leave.cookie != nil {
		http.SetCookie(w, v.leave.cookie)
	}
}

// tell answers with a place.
func (v *visit) tell(c echo.Context, p page.Place) error {
	v.part(c.Response())
	return v.writePlace(c.Response(), http.StatusOK, p)
}

// Header values that are the same in every answer, made once: polls are many.
var (
	isJSON  = []string{"application/json"}
	noStore = []string{"no-store"}
)

// bodies are lent to answers while they are written.
var bodies = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}

func (v *visit) writePlace(w http.ResponseWriter, status int, p page.Place) error {
	h := w.Header()
	h["Content-Type"] = isJSON
	h["Cache-Control"] = noStore
	if v.r.Method == http.MethodPost { // a poll asks nobody: there is nothing to time
		h["X-Response-Time"] = []string{strconv.FormatInt(v.g.now().Sub(v.now).Microseconds(), 10) + "us"}
	}
	lent, _ := bodies.Get().(*[]byte)
	defer bodies.Put(lent)
	body := append(p.AppendJSON((*lent)[:0]), '\n')
	*lent = body
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}

// tellForm answers a browser without JavaScript with the page that says what
// the problem is, or at least with a way back; everybody else gets the problem.
func (v *visit) tellForm(c echo.Context, w wish, err error) error {
	var p *problem
	if !postedForm(c.Request()) || !errors.As(err, &p) {
		return err
	}
	if p.place == nil && p.code == holdCode { // the store fell silent while it was asked
		place := v.place()
		place.Mode = page.ModeHold
		p = p.with(place)
	}
	if p.place == nil {
		p.back = v.returnPath(w)
		return p
	}
	v.part(c.Response())
	view := v.pageView(*p.place, v.returnPath(w))
	if p.code == "code_refused" {
		view.CodeRefused = p.reference
	}
	if strings.HasPrefix(p.code, "identity_") {
		view.SignIn = true
	}
	if p.proof != nil {
		view.Proof, view.ProofWait = p.proof.Challenge, millis(p.proof.WaitMS)
	}
	return v.g.pages.Waiting(c.Response(), p.status, view)
}

// sendOn takes a browser without JavaScript to the page it came for, by way of
// one that sees whether it kept our cookie.
func (v *visit) sendOn(c echo.Context, w wish) error {
	v.part(c.Response())
	c.Response().Header().Set("Cache-Control", "no-store")
	to := v.g.prefix + "/" + v.event().ID + "/joined?return=" + url.QueryEscape(v.returnPath(w))
	return c.Redirect(http.StatusSeeOther, to)
}

func joined(c echo.Context, v *visit) error {
	back := v.returnPath(wish{Return: c.QueryParam("return")})
	c.Response().Header().Set("Cache-Control", "no-store")
	if !v.stranger() || v.who.standing != noAdmission {
		return c.Redirect(http.StatusSeeOther, back)
	}
	view := v.pageView(v.place(), back)
	view.CookieRefused = true
	return v.g.pages.Waiting(c.Response(), http.StatusOK, view)
}

// wayOn is where an admitted visitor goes.
func (v *visit) wayOn(p page.Place, w wish) string {
	if p.State != page.StateAdmitted {
		return ""
	}
	return v.returnPath(w)
}

// returnPath is where the visitor wanted to go, if that is on this host; else
// the first plain address that the event protects.
func (v *visit) returnPath(w wish) string {
	if path, ok := safeReturn(w.Return, v.g.prefix); ok {
		return path
	}
	for _, route := range v.event().Routes {
		path := strings.TrimSuffix(route.Path, "/**")
		if route.Action == event.Protect && path != "" && !strings.Contains(path, "*") {
			return path
		}
	}
	return "/"
}

// pageView is the waiting page for a place.
func (v *visit) pageView(p page.Place, back string) page.View {
	knobs := v.event().Room
	view := page.View{
		EventID: v.event().ID, Name: v.event().Name, Texts: v.event().Page, Place: p, Return: back,
		TurnTTL: time.Duration(knobs.TurnTTL), LateGrace: time.Duration(knobs.LateGrace),
		Accounts: v.event().Identity.Mode != event.IdentityNone, SignInURL: v.event().Identity.SignInURL,
		SignIn: !v.identified(), TakesCodes: knobs.TakesCodes(),
	}
	if b, ok := v.g.prices.Board(v.event().ID); ok {
		view.Prices = pagePrices(b, knobs.PriceLock)
	}
	switch p.State {
	case page.StateDraw, page.StateWaiting, page.StatePaused, page.StateTurn, page.StateNone, page.StateSoldOut:
		view.Refresh = max(2*time.Second, millis(p.RetryAfterMS)).Round(time.Second)
	}
	return view
}

func millis(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
