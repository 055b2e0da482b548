// Package page renders what a visitor sees while they wait, and the few pages
// around it (an error, the privacy note). One page serves browsers with and
// without JavaScript: the server renders the visitor's place, and the script,
// where there is one, keeps it up to date with the same words.
package page

import (
	"net/http"
	"time"

	"github.com/bilten/rushgate/event"
)

// View is everything that one waiting page shows.
type View struct {
	EventID string
	Name    string     // the event's; the title when Texts has none
	Texts   event.Page // the organizer's words and colours
	Place   Place
	Return  string // canonical path and query first asked for, on this host

	TurnTTL   time.Duration // how long a turn is offered
	LateGrace time.Duration // how long after it a late visitor still goes ahead of the line
	Refresh   time.Duration // when a browser without JavaScript asks again

	// CookieRefused says that the browser has just joined and came back
	// without our cookie: the page says so instead of joining for ever.
	CookieRefused bool
}

// ErrorView is what an error page shows.
type ErrorView struct {
	Status    int
	Texts     event.Page // empty when no event is known
	Reference string     // of the request, for the helpdesk
	Return    string     // path to try again; empty: no link
}

// PrivacyView is what the privacy note shows.
type PrivacyView struct {
	Name      string
	Texts     event.Page
	Retention time.Duration // after the event's end
	Return    string        // path to go back to; empty: no link
}

// Pages renders pages and serves their assets. It is safe for concurrent use.
type Pages struct {
	prefix string
}

// New returns the pages of a gateway whose reserved prefix is prefix, e.g. "/_rushgate".
func New(prefix string) (*Pages, error) { return &Pages{prefix: prefix}, nil }

// Waiting writes the waiting page with status. It sets Content-Type,
// Cache-Control: no-store and the security headers; nothing has been written
// when it returns an error.
func (p *Pages) Waiting(w http.ResponseWriter, status int, v View) error { return nil }

// Error writes the error page with v.Status, under the same rules.
func (p *Pages) Error(w http.ResponseWriter, v ErrorView) error { return nil }

// Privacy writes the privacy note, under the same rules.
func (p *Pages) Privacy(w http.ResponseWriter, v PrivacyView) error { return nil }

// ServeAsset serves {prefix}/assets/{name}; an unknown name is a 404.
func (p *Pages) ServeAsset(w http.ResponseWriter, r *http.Request) {}
