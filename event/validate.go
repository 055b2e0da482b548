package event

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The bounds that Validate holds an event to.
const (
	MaxActiveUsers = 10_000_000
	MaxPerMinute   = 10_000_000
	MaxRoutes      = 200
	MaxLines       = 8 // a room never has more, those of earlier definitions included
	MaxWeight      = 1000
)

var (
	namePattern     = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
	linePattern     = regexp.MustCompile(`^[a-z0-9-]{1,20}$`)
	hostPattern     = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)
	languagePattern = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$`)
	colourPattern   = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
)

// reservedIDs would clash with what lives beside the events under the gateway's
// own path prefix.
var reservedIDs = []string{"assets", "check", "static"}

// Validate names everything that is wrong with e: the error joins one
// FieldError each, as in `room.total_active_users: -1: want 1 to 10000000`.
func (e Event) Validate() error { return join(e.problems()) }

func (e Event) problems() []*FieldError {
	var c checks
	c.identity(e)
	c.routes(e.Routes)
	c.controls(e.Room)
	c.durations(e)
	c.times(e.Room)
	c.lines(e.Room.Lines, e.Identity.Mode)
	c.page(e.Page)
	c.browser(e.Browser, e.Routes)
	c.account(e.Identity)
	c.proof(e.Proof)
	c.prescale(e.Prescale)
	c.tickets(e)
	return c
}

type checks []*FieldError

func (c *checks) unless(ok bool, field, value, reason string) {
	if !ok {
		*c = append(*c, &FieldError{Field: field, Value: value, Reason: reason})
	}
}

func (c *checks) between(field string, n, low, high int) {
	c.unless(low <= n && n <= high, field, strconv.Itoa(n), fmt.Sprintf("want %d to %d", low, high))
}

func (c *checks) oneOf(field, value string, allowed ...string) {
	c.unless(slices.Contains(allowed, value), field, quote(value), "want "+strings.Join(allowed, ", "))
}

// length is bounded on both sides and made of whole seconds, as admissions are.
func (c *checks) length(field string, d Duration, low, high time.Duration) {
	ok := Duration(low) <= d && d <= Duration(high) && d%Duration(time.Second) == 0
	c.unless(ok, field, d.String(), fmt.Sprintf("want %v to %v in whole seconds", Duration(low), Duration(high)))
}

func (c *checks) identity(e Event) {
	const reason = "want 1 to 40 of a-z, 0-9 and -"
	c.unless(namePattern.MatchString(e.ID), "id", quote(e.ID), reason)
	c.unless(!slices.Contains(reservedIDs, e.ID), "id", quote(e.ID), "is an address of the gateway's own: choose another")
	c.unless(namePattern.MatchString(e.Organization), "organization", quote(e.Organization), reason)
	c.text("name", e.Name, 200)
}

func (c *checks) routes(routes []Route) {
	c.between("routes", len(routes), 1, MaxRoutes)
	protects := false
	first := map[string]int{}
	for i, r := range routes {
		at := fmt.Sprintf("routes[%d]", i)
		c.host(at+".host", r.Host)
		if reason := badPattern(r.Path); reason != "" {
			c.unless(false, at+".path", quote(r.Path), reason)
		}
		c.oneOf(at+".action", string(r.Action), string(Protect), string(Bypass), string(Commit))
		j, again := first[r.key()]
		c.unless(!again, at, r.Host+r.Path, fmt.Sprintf("is the same as routes[%d]; letter case makes no difference", j))
		first[r.key()] = i
		protects = protects || r.Action != Bypass && r.Action != Commit
	}
	c.unless(protects || len(routes) == 0, "routes", "", "protect nothing: want at least one with action protect")
}

func (c *checks) host(field, host string) {
	c.unless(len(host) <= 253 && hostPattern.MatchString(host), field, quote(host),
		"want a host name as in tickets.example: no scheme, port or wildcard, and letters beyond a-z as xn--")
}

func (c *checks) controls(r Room) {
	c.unless(r.QueueingMethod != Random, "room.queueing_method", quote(string(r.QueueingMethod)),
		"is not built: want fifo, passthrough or reject; shuffle_at_event_start draws among those who come early")
	if r.QueueingMethod != Random {
		c.oneOf("room.queueing_method", string(r.QueueingMethod), string(FIFO), string(Passthrough), string(Reject))
	}
	c.between("room.total_active_users", r.TotalActiveUsers, 1, MaxActiveUsers)
	c.between("room.new_users_per_minute", r.NewUsersPerMinute, 0, MaxPerMinute)
	c.oneOf("room.queueing_status_code", strconv.Itoa(r.QueueingStatusCode), "200", "202", "429")
	c.oneOf("room.before_start", string(r.BeforeStart), string(StartCountdown), string(StartPassthrough))
}

func (c *checks) durations(e Event) {
	r := e.Room
	c.length("room.session_duration", r.SessionDuration, 10*time.Second, Day)
	c.length("room.session_max", r.SessionMax, 10*time.Second, 2*Day)
	c.unless(r.SessionMax >= r.SessionDuration, "room.session_max", r.SessionMax.String(),
		fmt.Sprintf("is less than session_duration, %v", r.SessionDuration))
	c.length("room.commit_grace", r.CommitGrace, 0, 2*time.Hour)
	c.length("room.turn_ttl", r.TurnTTL, 10*time.Second, time.Hour)
	c.length("room.late_grace", r.LateGrace, 0, Day)
	c.length("room.outage.after", r.Outage.After, 5*time.Second, time.Hour)
	c.length("room.outage.bypass", r.Outage.Bypass, 0, 6*time.Hour)
	c.length("retention", e.Retention, time.Hour, 365*Day)
}

func (c *checks) times(r Room) {
	start, end, pre := r.EventStartTime, r.EventEndTime, r.PrequeueStartTime
	c.unless(start.IsZero() || end.IsZero() || end.After(start.Time), "room.event_end_time", end.String(),
		fmt.Sprintf("is not after event_start_time, %v", start))
	c.unless(pre.IsZero() || !start.IsZero(), "room.prequeue_start_time", pre.String(), "is of no use without event_start_time")
	c.unless(pre.IsZero() || start.IsZero() || pre.Before(start.Time), "room.prequeue_start_time", pre.String(),
		fmt.Sprintf("is not before event_start_time, %v", start))
	c.unless(pre.IsZero() || r.BeforeStart == StartCountdown, "room.before_start", quote(string(r.BeforeStart)),
		"excludes prequeue_start_time: people either pass or wait before the start")
	c.unless(!r.ShuffleAtEventStart || !pre.IsZero(), "room.shuffle_at_event_start", "true", "is of no use without prequeue_start_time")
	c.draw(r)
}

func (c *checks) draw(r Room) {
	c.text("room.draw.source", r.Draw.Source, 200)
	c.text("room.draw.value", r.Draw.Value, 500)
	c.unless(r.Draw.Source == "" || r.ShuffleAtEventStart, "room.draw.source", quote(r.Draw.Source), "is of no use without shuffle_at_event_start")
	c.unless(r.Draw.Value == strings.TrimSpace(r.Draw.Value), "room.draw.value", quote(r.Draw.Value),
		"has white space around it, which nobody sees and everybody hashes")
	c.unless(r.Draw.Value == "" || r.Draw.Source != "", "room.draw.value", quote(r.Draw.Value),
		"has no draw.source: a value counts only if it was named before anybody knew it")
}

func (c *checks) lines(lines []Line, identity IdentityMode) {
	c.between("room.lines", len(lines), 1, MaxLines)
	seen := map[string]bool{}
	for i, l := range lines {
		at := fmt.Sprintf("room.lines[%d]", i)
		c.unless(linePattern.MatchString(l.Name), at+".name", quote(l.Name), "want 1 to 20 of a-z, 0-9 and -")
		c.unless(!seen[l.Name], at+".name", quote(l.Name), "is there already")
		c.between(at+".weight", l.Weight, 1, MaxWeight)
		c.unless(l.Name != General || !l.Code && !l.Identity, at, l.Name, "is the line that anybody may join: give a line for codes or accounts a name of its own")
		c.unless(!l.Code || !l.Identity, at, l.Name, "a code stands for whoever holds it, account or not: want code or identity")
		c.unless(!l.Identity || identity != IdentityNone, at+".identity", "true", "identity.mode is none, so nobody could join it")
		seen[l.Name] = true
	}
	c.unless(seen[General] || len(lines) == 0, "room.lines", "", "lack general, the line that anybody may join")
}

func (c *checks) page(p Page) {
	c.text("page.organizer", p.Organizer, 100)
	c.text("page.title", p.Title, 200)
	c.text("page.message", p.Message, 1000)
	c.unless(languagePattern.MatchString(p.Language), "page.language", quote(p.Language), "want a language as in en or pt-BR")
	c.link("page.help_url", p.HelpURL)
	c.link("page.privacy_url", p.PrivacyURL)
	c.colour("page.theme.accent", p.Theme.Accent)
	c.colour("page.theme.background", p.Theme.Background)
	c.colour("page.theme.text", p.Theme.Text)
}

// text refuses characters that show nothing or turn the reading direction
// around: they are used to fake what a page says.
func (c *checks) text(field, s string, longest int) {
	invisible := strings.ContainsFunc(s, func(r rune) bool {
		return r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
	})
	c.unless(!invisible, field, quote(s), "holds control characters: want plain text")
	n := len([]rune(s))
	c.unless(n <= longest, field, quote(s), fmt.Sprintf("%d characters are too many: want at most %d", n, longest))
}

func (c *checks) link(field, s string) {
	c.unless(s == "" || isWebURL(s) && len(s) <= 500, field, quote(s), "want a full address as in https://tickets.example/help")
}

func isWebURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

func (c *checks) colour(field, s string) {
	c.unless(s == "" || colourPattern.MatchString(s), field, quote(s), "want #rrggbb")
}

func (c *checks) browser(b Browser, routes []Route) {
	c.oneOf("browser.samesite", b.SameSite, "lax", "strict", "none")
	if b.CookieDomain != "" {
		c.host("browser.cookie_domain", b.CookieDomain)
		c.unless(strings.Contains(b.CookieDomain, "."), "browser.cookie_domain", quote(b.CookieDomain), "browsers refuse a domain without a dot")
		for i, r := range routes {
			inside := r.Host == b.CookieDomain || strings.HasSuffix(r.Host, "."+b.CookieDomain)
			c.unless(inside, "browser.cookie_domain", quote(b.CookieDomain), fmt.Sprintf("does not cover routes[%d], %s", i, r.Host))
		}
	}
	for i, origin := range b.CORSOrigins {
		c.unless(isOrigin(origin), fmt.Sprintf("browser.cors_origins[%d]", i), quote(origin),
			"want one exact origin as in https://www.example: no path, no wildcard")
	}
}

func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && isWebURL(s) && s == u.Scheme+"://"+u.Host && !strings.ContainsAny(u.Host, "*") && s == strings.ToLower(s)
}
