package page

import (
	"fmt"
	"html/template"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bilten/rushgate/event"
)

// frame is what every page has.
type frame struct {
	Words      words
	Texts      event.Page
	Title      string
	Notice     notice
	Stylesheet string
	Nonce      string
	Colours    template.CSS
	PrivacyURL string
	Return     string
}

// waitingModel is the waiting page as its template reads it: everything that
// is shown is text by now.
type waitingModel struct {
	frame
	Script  string
	Base    string // of the event's routes
	Refresh int    // seconds
	Screen  Screen
	Heading string
	Banner  string
	// ByScript says that the lead tells what the script does, which is not for
	// browsers that run none.
	ByScript bool
	NoScript string // what a browser without JavaScript is told

	Place                  Place
	Number, Serving, Ahead string
	Wait                   string
	StartsAt               *moment
	Back                   string // when to come back to the tab
	SignInURL              string
	Accounts               bool
	TakesCodes             bool
	CodeRefused            string // in words
	Proof                  string
	Prices                 *pricesModel // nil: none
	ForScript              scriptView
}

// moment is a time in words and for machines.
type moment struct{ ISO, Text string }

// scriptView is what the script starts from.
type scriptView struct {
	Event  string `json:"event"`
	Base   string `json:"base"`
	Return string `json:"return"`
	Screen Screen `json:"screen"`
	Place  Place  `json:"place"`
	Work   string `json:"work"` // address of the script that works before joining

	Prices *pricesScript `json:"prices,omitempty"`
}

type errorModel struct {
	frame
	Reference string
}

type privacyModel struct {
	frame
	Heading   string
	Retention string
}

func (p *Pages) waiting(v View, nonce string) waitingModel {
	l := p.speak(v.Texts.Language)
	w := l.words
	screen := screenOf(v.Place)
	if v.CookieRefused {
		screen = ScreenNoCookie
	}
	if v.SignIn && screen == ScreenJoining {
		screen = ScreenSignIn
	}
	heading := v.Texts.Title
	if heading == "" {
		heading = v.Name
	}
	m := waitingModel{
		frame:   p.frame(w, v.Texts, nonce),
		Script:  p.prefix + "/assets/" + l.script.name,
		Base:    p.prefix + "/" + v.EventID,
		Refresh: refreshSeconds(screen, v.Refresh),
		Screen:  screen,
		Heading: heading,
		Banner:  w.Banners[bannerOf(v.Place)],
		Place:   v.Place,
		Number:  w.count(v.Place.Number),
		Serving: w.count(v.Place.Serving),
		Ahead:   w.count(v.Place.Ahead),
		Wait:    w.wait(v.Place.Wait.P50, v.Place.Wait.P90),
		Back:    back(w, v.TurnTTL, v.LateGrace),

		Accounts: v.Accounts, SignInURL: v.SignInURL, TakesCodes: v.TakesCodes, Proof: v.Proof,
	}
	m.NoScript = noScript(w, screen)
	if v.Proof != "" {
		m.NoScript = fill(w.Labels["no_script_proof"], "wait", w.length(max(time.Second, v.ProofWait.Round(time.Second))))
		m.Refresh = 0 // it would fetch the page without the challenge
	}
	if v.CodeRefused != "" {
		m.CodeRefused = fill(w.Live["code_refused"], "reference", v.CodeRefused)
	}
	m.ByScript = screen == ScreenCountdown || screen == ScreenJoining || screen == ScreenHold
	m.Colours += template.CSS(fmt.Sprintf(":root{--chars:%d}", max(6, len(m.Number))))
	m.Notice = w.Screens[screen]
	m.Title = m.Notice.Title + " · " + heading
	m.Return = v.Return
	if m.PrivacyURL == "" {
		m.PrivacyURL = m.Base + "/privacy?return=" + url.QueryEscape(v.Return)
	}
	if starts := v.Place.StartsAt; starts != nil {
		m.StartsAt = &moment{ISO: starts.Format(time.RFC3339), Text: starts.Format(w.Labels["moment"])}
	}
	m.ForScript = scriptView{Event: v.EventID, Base: m.Base, Return: v.Return, Screen: screen, Place: v.Place, Work: p.prefix + "/assets/" + p.work.name}
	m.ForScript.Place.Message = "" // it is on the page
	if v.Prices != nil {
		m.Prices = newPricesModel(w.Prices, *v.Prices, v.Place.Prices)
		m.Prices.Stylesheet = p.prefix + "/assets/" + p.priceList.name
		m.ForScript.Prices = &pricesScript{Script: p.prefix + "/assets/" + p.price.name, Words: w.Prices.forScript(), Prices: *v.Prices}
	}
	return m
}

// On marks a part of the page that only these screens show. The script reads
// the mark, so that the template is the one place that says so.
func (m waitingModel) On(screens ...Screen) template.HTMLAttr {
	names := make([]string, len(screens))
	for i, s := range screens {
		names[i] = string(s)
	}
	mark := `data-on="` + strings.Join(names, " ") + `"`
	if !slices.Contains(screens, m.Screen) {
		mark += " hidden"
	}
	return template.HTMLAttr(mark)
}

func noScript(w words, s Screen) string {
	switch s {
	case ScreenJoining:
		return w.Labels["no_script_join"]
	case ScreenCountdown:
		return w.Labels["no_script_start"]
	case ScreenWaiting, ScreenHold, ScreenDraw, ScreenArrived:
		return w.Labels["no_script"]
	}
	return ""
}

func (p *Pages) failure(v ErrorView, nonce string) errorModel {
	w := p.speak(v.Texts.Language).words
	m := errorModel{frame: p.frame(w, v.Texts, nonce), Reference: v.Reference}
	m.Notice = errorNotice(w, v.Status)
	m.Title = m.Notice.Title
	m.Return = v.Return
	return m
}

func (p *Pages) privacy(v PrivacyView, nonce string) privacyModel {
	w := p.speak(v.Texts.Language).words
	m := privacyModel{frame: p.frame(w, v.Texts, nonce), Heading: v.Texts.Title}
	if m.Heading == "" {
		m.Heading = v.Name
	}
	m.Title = w.Privacy.Title
	m.Return = v.Return
	m.PrivacyURL = v.Texts.PrivacyURL
	if v.Retention > 0 {
		m.Retention = fill(w.Privacy.Retention, "length", w.length(v.Retention))
	}
	return m
}

func (p *Pages) frame(w words, texts event.Page, nonce string) frame {
	return frame{
		Words:      w,
		Texts:      texts,
		Stylesheet: p.prefix + "/assets/" + p.style.name,
		Nonce:      nonce,
		Colours:    css(texts.Theme),
		PrivacyURL: texts.PrivacyURL,
	}
}

// Spoken is the lang of the organizer's own words, where they are not in the
// language of ours: a screen reader changes its voice by it.
func (f frame) Spoken() template.HTMLAttr {
	tag := f.Texts.Language
	if tag == "" || tag == f.Words.Language || !plainTag(tag) {
		return `dir="auto"`
	}
	return template.HTMLAttr(`dir="auto" lang="` + tag + `"`)
}

// plainTag says whether tag holds nothing but letters, digits and hyphens, and
// so may go into an attribute as it is.
func plainTag(tag string) bool {
	return len(tag) <= 35 && strings.Trim(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

// speak finds the page's language: the tag itself, its first part, or English.
func (p *Pages) speak(tag string) edition {
	first, _, _ := strings.Cut(tag, "-")
	for _, want := range []string{tag, first} {
		for _, l := range p.editions {
			if strings.EqualFold(l.words.Language, want) {
				return l
			}
		}
	}
	return p.editions[0]
}

// refreshSeconds is how long a browser without JavaScript waits before it asks
// again; 0 where asking again would change nothing, or would undo a choice.
func refreshSeconds(s Screen, every time.Duration) int {
	switch s {
	case ScreenMissed, ScreenLeft, ScreenNoCookie, ScreenSignIn:
		return 0
	}
	return int(math.Ceil(every.Seconds()))
}

// back says by when a visitor has to look at the page again.
func back(w words, turn, grace time.Duration) string {
	switch {
	case turn <= 0:
		return ""
	case grace <= 0:
		return fill(w.Labels["next_back"], "turn", w.length(turn))
	}
	return fill(w.Labels["next_late"], "turn", w.length(turn), "grace", w.length(grace))
}

// errorNotice falls back to the hundreds: a status without words of its own
// reads like 400 or 500.
func errorNotice(w words, status int) notice {
	if n, ok := w.Errors[strconv.Itoa(status)]; ok {
		return n
	}
	if status < 500 {
		return w.Errors["400"]
	}
	return w.Errors["500"]
}
