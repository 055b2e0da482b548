package web

import (
	"net/http"
	"time"

	"github.com/bilten/rushgate/event"
)

// cookieKind is one of the three things that we keep in a browser.
type cookieKind string

const (
	browserCookie   cookieKind = "rg_visitor"
	passCookie      cookieKind = "rg_pass_"
	admissionCookie cookieKind = "rg_adm_"
)

// jar names and makes the cookies of one request's event.
type jar struct {
	event   string
	browser event.Browser
	secure  bool // the visitor came by https
}

// name carries a prefix that browsers hold us to: __Host- cookies cannot be set
// or overwritten from a sibling domain. Plain http, for development, knows none.
func (j jar) name(kind cookieKind) string {
	name := string(kind)
	if kind != browserCookie {
		name += j.event
	}
	switch {
	case !j.secure:
		return name
	case j.browser.CookieDomain != "":
		return "__Secure-" + name
	}
	return "__Host-" + name
}

// make returns a cookie that lives for age; 0 removes it.
func (j jar) make(kind cookieKind, value string, age time.Duration) *http.Cookie {
	c := &http.Cookie{
		Name: j.name(kind), Value: value, Path: "/", Domain: j.browser.CookieDomain,
		MaxAge: int(age / time.Second), HttpOnly: true, Secure: j.secure, SameSite: http.SameSiteLaxMode,
	}
	if c.MaxAge <= 0 {
		c.MaxAge = -1
	}
	switch j.browser.SameSite {
	case "strict":
		c.SameSite = http.SameSiteStrictMode
	case "none":
		if j.secure {
			c.SameSite = http.SameSiteNoneMode
		}
	}
	return c
}

// values are all cookies of the kind: a sibling domain may have planted another
// one of the same name before ours, so the caller tries each.
func (j jar) values(r *http.Request, kind cookieKind) []string {
	var values []string
	for _, c := range r.CookiesNamed(j.name(kind)) {
		values = append(values, c.Value)
	}
	return values
}
