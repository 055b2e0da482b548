// Package page renders what a visitor sees while they wait, and the few pages
// around it (an error, the privacy note, the check of a draw). One page serves browsers with and
// without JavaScript: the server renders the visitor's place, and the script,
// where there is one, keeps it up to date with the same words.
package page

import (
	"bytes"
	"crypto/rand"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"github.com/bilten/rushgate/event"
)

//go:embed templates
var templateFiles embed.FS

// View is everything that one waiting page shows.
type View struct {
	EventID string
	Name    string     // the event's; the title when Texts has none
	Texts   event.Page // the organizer's words and colours
	Place   Place
	Return  string // canonical path and query first asked for, on this host

	TurnTTL   time.Duration // how long a turn is offered
	LateGrace time.Duration // how long after it a late visitor still goes ahead of the line
	Refresh   time.Duration // when a browser without JavaScript asks again; 0: never

	// CookieRefused says that the browser has just joined and came back
	// without our cookie: the page says so instead of joining for ever.
	CookieRefused bool

	Accounts   bool   // the event has them
	SignIn     bool   // and this visitor's is missing
	SignInURL  string // where to get one; empty: the page can't say
	TakesCodes bool   // a presale code opens one of the lines
	// CodeRefused is the reference of a code that was not taken; empty: none was
	// refused.
	CodeRefused string
	// Proof is a challenge that a browser without JavaScript waits with for
	// ProofWait, and sends along then.
	Proof     string
	ProofWait time.Duration

	Prices *Prices // nil: the event has none
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
	prefix    string
	templates *template.Template
	style     asset
	drawStyle asset            // on top of it, for the draw's page
	work      asset            // the script that works before joining
	price     asset            // the script that keeps prices up to date
	priceList asset            // how they look
	editions  []edition        // the first is the fallback
	assets    map[string]asset // by name
	nonce     func() string    // fresh for every answer
}

// edition is the page in one language.
type edition struct {
	words      words
	script     asset
	drawScript asset
}

// New returns the pages of a gateway whose reserved prefix is prefix, e.g. "/_rushgate".
func New(prefix string) (*Pages, error) {
	templates, err := template.New("").Option("missingkey=error").ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse the pages: %w", err)
	}
	style, err := stylesheet("page")
	if err != nil {
		return nil, err
	}
	drawStyle, err := stylesheet("draw")
	if err != nil {
		return nil, err
	}
	work, err := workScript()
	if err != nil {
		return nil, err
	}
	price, err := priceScript()
	if err != nil {
		return nil, err
	}
	priceList, err := stylesheet("prices")
	if err != nil {
		return nil, err
	}
	p := &Pages{prefix: prefix, templates: templates, style: style, drawStyle: drawStyle, work: work, price: price, priceList: priceList, nonce: rand.Text}
	p.assets = map[string]asset{style.name: style, drawStyle.name: drawStyle, work.name: work, price.name: price, priceList.name: priceList}
	catalogue, err := loadCatalogue()
	if err != nil {
		return nil, err
	}
	for _, w := range catalogue {
		one := edition{words: w}
		if one.script, err = script(w); err != nil {
			return nil, err
		}
		if one.drawScript, err = drawScript(w); err != nil {
			return nil, err
		}
		p.assets[one.script.name], p.assets[one.drawScript.name] = one.script, one.drawScript
		p.editions = append(p.editions, one)
	}
	return p, nil
}

// Waiting writes the waiting page with status. It sets Content-Type,
// Cache-Control: no-store and the security headers; when it returns an error
// before the first byte, nothing has been written.
func (p *Pages) Waiting(w http.ResponseWriter, status int, v View) error {
	return p.write(w, status, "waiting.html", func(nonce string) any { return p.waiting(v, nonce) })
}

// Error writes the error page with v.Status, under the same rules.
func (p *Pages) Error(w http.ResponseWriter, v ErrorView) error {
	return p.write(w, v.Status, "error.html", func(nonce string) any { return p.failure(v, nonce) })
}

// Privacy writes the privacy note, under the same rules.
func (p *Pages) Privacy(w http.ResponseWriter, v PrivacyView) error {
	return p.write(w, http.StatusOK, "privacy.html", func(nonce string) any { return p.privacy(v, nonce) })
}

func (p *Pages) write(w http.ResponseWriter, status int, name string, model func(nonce string) any) error {
	nonce := p.nonce()
	var body bytes.Buffer
	if err := p.templates.ExecuteTemplate(&body, name, model(nonce)); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy(nonce))
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Robots-Tag", "noindex")
	w.WriteHeader(status)
	if _, err := body.WriteTo(w); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// policy allows what the page needs and nothing else. The nonce is for the one
// inline style: an organizer's colours differ from page to page. The only image
// is the empty icon that keeps browsers from asking the shop for one.
func policy(nonce string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-" + nonce + "'; connect-src 'self'; " +
		"img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}
