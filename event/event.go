// Package event is what an organizer declares: which routes an onsale
// protects, how its waiting room lets people in, and what its page says.
//
// Everything here is pure: an [Event] is a value, [Event.Phase] and [Event.Stance]
// are functions of that value and a given moment. Nothing reads a clock, a file
// (but the zone database) or the network.
package event

// Event is one onsale. The zero value is not valid; [Parse] fills in defaults
// and [Event.Validate] names everything that is wrong.
//
// One schema serves YAML and JSON. Room keeps the names of the market's knobs.
type Event struct {
	// ID is unique in an installation: [a-z0-9-]{1,40}. It names cookies, keys
	// and the audience of admissions.
	ID           string   `json:"id" yaml:"id"`
	Organization string   `json:"organization" yaml:"organization"`
	Name         string   `json:"name" yaml:"name"`
	Routes       []Route  `json:"routes" yaml:"routes"`
	Room         Room     `json:"room" yaml:"room"`
	Page         Page     `json:"page" yaml:"page"`
	Browser      Browser  `json:"browser" yaml:"browser"`
	Identity     Identity `json:"identity" yaml:"identity"`
	Proof        Proof    `json:"proof" yaml:"proof"`
	Prescale     Prescale `json:"prescale" yaml:"prescale"`
	Retention    Duration `json:"retention" yaml:"retention"` // after the end, keys are removed; default 168h

	Tiers             []Tier `json:"tiers,omitempty" yaml:"tiers"`                   // none: its tickets are all alike
	TicketsPerVisitor int    `json:"tickets_per_visitor" yaml:"tickets_per_visitor"` // that the shop sells to one; default 4
}

// Route is a host and path pattern inside the organization's hosts. It never
// names an address: which pool serves host + path is the operator's.
type Route struct {
	Host string `json:"host" yaml:"host"`
	// Path is canonical and starts with "/". "*" stands for one segment, a
	// final "**" for any number of further segments ("/buy/**" matches "/buy").
	Path   string `json:"path" yaml:"path"`
	Action Action `json:"action" yaml:"action"` // default protect
	// Shared says that answers of this route may be stored by shared caches;
	// otherwise they leave as "Cache-Control: private".
	Shared bool `json:"shared" yaml:"shared"`
}

// Action says what the gate does on a route.
type Action string

const (
	Protect Action = "protect" // an admission is needed
	Bypass  Action = "bypass"  // webhooks, 3-D Secure returns, health: never gated
	Commit  Action = "commit"  // an admission that ended less than commit_grace ago still counts
)

// Method is how a room's queue treats newcomers.
type Method string

const (
	FIFO        Method = "fifo"
	Passthrough Method = "passthrough" // nobody waits; the room is off
	Reject      Method = "reject"      // newcomers are refused, those in the line go on
	Random      Method = "random"      // refused by Validate until it is built
)

// BeforeStart is what a protected route does before event_start_time.
type BeforeStart string

const (
	StartCountdown   BeforeStart = "countdown"
	StartPassthrough BeforeStart = "passthrough"
)

// Room holds the knobs of one waiting room. Suspended, Released, QueueAll,
// Paused, Closed, Availability, QueueingMethod, TotalActiveUsers and
// NewUsersPerMinute are the live controls: an API may change them on an event that a file owns.
type Room struct {
	Suspended           bool         `json:"suspended" yaml:"suspended"`       // off: the line drains at its rate, then everybody passes
	Released            bool         `json:"released" yaml:"released"`         // suspended at once, the line let go (release-all)
	QueueAll            bool         `json:"queue_all" yaml:"queue_all"`       // everybody waits, nobody new is called
	Paused              bool         `json:"paused" yaml:"paused"`             // emergency brake: nobody new comes in, not even the called
	Closed              bool         `json:"closed" yaml:"closed"`             // no more joins, the line is told so
	Availability        Availability `json:"availability" yaml:"availability"` // default available
	QueueingMethod      Method       `json:"queueing_method" yaml:"queueing_method"`
	TotalActiveUsers    int          `json:"total_active_users" yaml:"total_active_users"`
	NewUsersPerMinute   int          `json:"new_users_per_minute" yaml:"new_users_per_minute"`
	SessionDuration     Duration     `json:"session_duration" yaml:"session_duration"` // also a bare number of minutes; default 5m
	SessionMax          Duration     `json:"session_max" yaml:"session_max"`           // renewals never reach past it; default 1h
	NoSessionRenewal    bool         `json:"disable_session_renewal" yaml:"disable_session_renewal"`
	CommitGrace         Duration     `json:"commit_grace" yaml:"commit_grace"`                 // default 15m
	QueueingStatusCode  int          `json:"queueing_status_code" yaml:"queueing_status_code"` // 200, 202 or 429; default 200
	JSONResponseEnabled bool         `json:"json_response_enabled" yaml:"json_response_enabled"`
	BeforeStart         BeforeStart  `json:"before_start" yaml:"before_start"`
	PrequeueStartTime   Time         `json:"prequeue_start_time,omitzero" yaml:"prequeue_start_time,omitempty"` // from then on people may join, before the start
	ShuffleAtEventStart bool         `json:"shuffle_at_event_start" yaml:"shuffle_at_event_start"`              // who joins before the start stands in the draw
	Draw                Draw         `json:"draw" yaml:"draw"`
	EventStartTime      Time         `json:"event_start_time,omitzero" yaml:"event_start_time,omitempty"`
	EventEndTime        Time         `json:"event_end_time,omitzero" yaml:"event_end_time,omitempty"`
	TurnTTL             Duration     `json:"turn_ttl" yaml:"turn_ttl"`     // default 3m
	LateGrace           Duration     `json:"late_grace" yaml:"late_grace"` // default 15m
	Outage              Outage       `json:"outage" yaml:"outage"`
	PriceLock           PriceLock    `json:"price_lock" yaml:"price_lock"` // what a place holds prices to; default turn
	Lines               []Line       `json:"lines" yaml:"lines"`           // default: general with weight 1
}

// Draw names a public value that nobody knows before the draw is closed, such as
// a round of drand or the numbers of a lottery. It turns the circle of orders,
// so that not even who holds the draw key could have chosen who comes first.
type Draw struct {
	Source string `json:"source" yaml:"source"` // where the value will be found; empty: there is none
	Value  string `json:"value" yaml:"value"`   // a live control: nobody is called before it is given
}

// Outage is what the room does when its store is silent. By default nobody new
// comes in.
type Outage struct {
	After  Duration `json:"after" yaml:"after"`   // silence before the room lets people through; default 1m
	Bypass Duration `json:"bypass" yaml:"bypass"` // how long it does at most; 0, the default: never
}

// General is the line that anybody may join; the others need a code or an
// identity.
const General = "general"

// Line is an ordered queue inside a room. Lines share the release by weight.
type Line struct {
	Name     string `json:"name" yaml:"name"` // [a-z0-9-]{1,20}
	Weight   int    `json:"weight" yaml:"weight"`
	Code     bool   `json:"code" yaml:"code"`         // a presale code opens it, and nothing else
	Identity bool   `json:"identity" yaml:"identity"` // an account opens it
}

// Page is the text and colour of the waiting page. No free HTML or CSS: every
// token is typed and validated.
type Page struct {
	Organizer  string `json:"organizer" yaml:"organizer"`
	Title      string `json:"title" yaml:"title"`
	Message    string `json:"message" yaml:"message"` // a live control
	Language   string `json:"language" yaml:"language"`
	HelpURL    string `json:"help_url" yaml:"help_url"`
	PrivacyURL string `json:"privacy_url" yaml:"privacy_url"`
	Theme      Theme  `json:"theme" yaml:"theme"`
}

// Theme holds colours as #rrggbb; empty means the page's own. The page derives
// its dark mode from Accent.
type Theme struct {
	Accent     string `json:"accent" yaml:"accent"`
	Background string `json:"background" yaml:"background"`
	Text       string `json:"text" yaml:"text"`
}

// Browser says how cookies and cross-origin calls behave.
type Browser struct {
	CookieDomain string   `json:"cookie_domain" yaml:"cookie_domain"`         // empty: host only, with the __Host- prefix
	SameSite     string   `json:"samesite" yaml:"samesite"`                   // lax (default), strict or none
	CORSOrigins  []string `json:"cors_origins,omitempty" yaml:"cors_origins"` // exact origins, e.g. https://www.example
}
