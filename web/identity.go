package web

import (
	"cmp"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/bilten/rushgate/account"
	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
)

// accountKind stands beside the cookie kinds where refusals are counted.
const accountKind cookieKind = "account"

// openAccount finds out whose account asks, where the event has accounts.
//
// The account says who a visitor is, the pass what place they have, so a pass
// counts beside an account if it is the account's own. Another one's is laid
// aside: nobody holds two places by shedding cookies, and whoever signs in as
// somebody else is somebody else. Two passes are kept, since no account has the
// place: that of a code, and where accounts are optional that of this browser
// from before it signed in.
func (v *visit) openAccount(browsers []string) {
	id := v.event().Identity
	if id.Mode == event.IdentityNone {
		return
	}
	token := accountToken(v.r, id)
	visitor, err := v.accountOf(token) // without a token, too: the key set is fetched before it is needed
	switch {
	case token == "":
		return
	case err != nil:
		v.who.doubt = err
		v.g.refused(accountKind, err)
		return
	}
	if v.who.hasPass && v.who.pass.Visitor != visitor && !v.passStays(browsers) {
		v.who.pass, v.who.hasPass, v.who.used = admission.Pass{}, false, false
	}
	v.who.holder, v.who.named = visitor, true
}

func (v *visit) accountOf(token string) (admission.Visitor, error) {
	if v.g.accounts == nil {
		return admission.Visitor{}, account.ErrNoKeys
	}
	return v.g.accounts.Visitor(v.event(), token, time.UnixMilli(v.storeTime()))
}

func (v *visit) passStays(browsers []string) bool {
	if line, ok := v.event().Room.Line(v.who.pass.Line); ok && line.Code {
		return true
	}
	if v.event().Identity.Mode != event.IdentityOptional || v.who.used {
		return false
	}
	for _, cookie := range browsers {
		if browser, err := v.g.keys().OpenBrowser(cookie); err == nil && browser.Visitor(v.event().ID) == v.who.pass.Visitor {
			return true
		}
	}
	return false
}

func accountToken(r *http.Request, id event.Identity) string {
	switch {
	case id.Header != "":
		token := strings.TrimSpace(r.Header.Get(id.Header))
		if strings.EqualFold(id.Header, "Authorization") {
			scheme, rest, _ := strings.Cut(token, " ")
			if !strings.EqualFold(scheme, "Bearer") {
				return ""
			}
			token = strings.TrimSpace(rest)
		}
		return token
	case id.Cookie != "":
		if cookie, err := r.Cookie(id.Cookie); err == nil {
			return cookie.Value
		}
	}
	return ""
}

// become makes an account or a code's holder the visitor of this request; a pass
// of somebody else is laid aside.
func (v *visit) become(visitor admission.Visitor) {
	if v.who.hasPass && v.who.pass.Visitor != visitor {
		v.who.pass, v.who.hasPass, v.who.used = admission.Pass{}, false, false
	}
	v.who.holder, v.who.named, v.who.doubt = visitor, true, nil
}

// identified says that no account is missing: the event needs none, or one is
// there, or the place is held already.
func (v *visit) identified() bool {
	return v.event().Identity.Mode != event.IdentityRequired || v.who.named || v.seated()
}

// entitle settles who joins, and which line: it is where code and account count.
func (v *visit) entitle(w wish) (line string, err error) {
	if w.Identity != "" && v.event().Identity.Mode != event.IdentityNone {
		visitor, err := v.accountOf(w.Identity)
		if err != nil {
			v.g.refused(accountKind, err)
			return "", v.accountRefused(err)
		}
		v.become(visitor)
	}
	if w.Code != "" {
		return v.openCode(w)
	}
	line = cmp.Or(w.Line, event.General)
	l, known := v.event().Room.Line(line)
	switch {
	case known && l.Code && !v.seated():
		return "", refuse(http.StatusForbidden, "code_required", "This line opens with a presale code.")
	case known && l.Identity && !v.who.named && !v.seated(), line == event.General && !v.identified():
		return "", v.accountRefused(v.who.doubt)
	case !known || line != event.General && !l.Identity && !l.Code:
		return "", refuse(http.StatusForbidden, "line_closed", "This line cannot be joined without a code or an account.")
	}
	return line, nil
}

// accountRefused says what is missing, or wrong with what was shown. Something wrong
// costs a join of the address's allowance, as a wrong code does, so the log cannot be
// filled with it.
func (v *visit) accountRefused(doubt error) error {
	switch {
	case doubt == nil:
		return refuse(http.StatusForbidden, "identity_required", "There is one place for each account: sign in, then join.").with(v.place())
	case errors.Is(doubt, account.ErrNoKeys):
		p := refuse(http.StatusServiceUnavailable, "identity_unavailable", "Accounts cannot be checked for the moment.").after(2 * time.Second).with(v.place())
		p.private = doubt
		return p
	}
	if err := v.limit(1); err != nil {
		return err
	}
	detail := "The sign-in is not one of this event's accounts: sign in again, then join."
	if errors.Is(doubt, admission.ErrExpired) {
		detail = "The sign-in has expired: sign in again, then join."
	}
	p := refuse(http.StatusForbidden, "identity_refused", detail).with(v.place())
	p.reference = newReference(v.g.random)
	v.g.log.Info("account refused", "reference", p.reference, "event", v.event().ID, "organization", v.event().Organization, "reason", doubt)
	return p
}
