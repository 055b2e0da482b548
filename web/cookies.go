package web

import (
	"net/http"
	"strings"
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

// sent is what a browser sends of ours. There may be several of a kind: a
// sibling domain may have planted another one of the same name before ours, so
// the reader tries each, a few at most.
type sent struct {
	browser, pass, admission few
}

// few holds up to three values without asking for memory on every poll.
type few struct {
	n      int
	values [3]string
}

func (f *few) add(value string) {
	if f.n < len(f.values) {
		f.values[f.n] = value
		f.n++
	}
}

func (f *few) all() []string { return f.values[:f.n] }

// read walks the Cookie header once and leaves the shop's cookies alone.
func (j jar) read(r *http.Request) (s sent) {
	prefix := ""
	if j.secure {
		prefix = "__Host-"
		if j.browser.CookieDomain != "" {
			prefix = "__Secure-"
		}
	}
	for _, line := range r.Header["Cookie"] {
		for more := true; more; {
			var pair string
			pair, line, more = strings.Cut(line, ";")
			name, value, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
			name, ours := strings.CutPrefix(name, prefix)
			if !ours || !strings.HasPrefix(name, "rg_") {
				continue
			}
			switch {
			case name == string(browserCookie):
				s.browser.add(value)
			case strings.HasPrefix(name, string(passCookie)) && name[len(passCookie):] == j.event:
				s.pass.add(value)
			case strings.HasPrefix(name, string(admissionCookie)) && name[len(admissionCookie):] == j.event:
				s.admission.add(value)
			}
		}
	}
	return s
}
