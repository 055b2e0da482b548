package page

import (
	"time"

	"github.com/bilten/rushgate/draw"
)

// Place is what one visitor is to one room, as the JSON contract says it. The
// page's script, JSON clients and the page itself all read this one value.
// Fields may be added; none is ever renamed or given another meaning.
type Place struct {
	Event string `json:"event"`
	Mode  Mode   `json:"mode"`
	Phase string `json:"phase"` // before, prequeue, open or ended
	State State  `json:"state"`
	Line  string `json:"line"`

	Number  int64 `json:"number"`  // 0: none
	Serving int64 `json:"serving"` // the highest number called so far
	Ahead   int64 `json:"ahead"`
	Wait    Wait  `json:"wait"`

	At            time.Time  `json:"at"` // by the store's clock
	StartsAt      *time.Time `json:"starts_at"`
	TurnEndsAt    *time.Time `json:"turn_ends_at"`
	TurnEndsInMS  int64      `json:"turn_ends_in_ms"`
	SessionEndsAt *time.Time `json:"session_ends_at"`
	RetryAfterMS  int64      `json:"retry_after_ms"`

	Reference string `json:"reference"` // short code for the helpdesk
	Receipt   string `json:"receipt"`   // of the draw, if there was one
	Stock     string `json:"stock"`     // may_not_suffice or beyond; empty: enough, or not known
	Message   string `json:"message"`   // the organizer's
	Location  string `json:"location"`  // where an admitted visitor goes

	Prices map[string]Price `json:"prices,omitempty"` // by tier; none: the event has no prices
}

// Price is what one tier costs this visitor, in minor units of the event's
// currency.
type Price struct {
	Price   int64 `json:"price"`   // if they were charged now; once admitted: for the session
	Ceiling int64 `json:"ceiling"` // what their place holds it to: they never pay more
}

// Wait is the wait as a range. P90 of 0 means that it is not known yet.
type Wait struct {
	P50    int64  `json:"p50_s"`
	P90    int64  `json:"p90_s"`
	Reason string `json:"reason"` // why it is not known, or why it is longer than usual
}

// Now is the public snapshot: the same bytes for every visitor.
type Now struct {
	Event        string          `json:"event"`
	Mode         Mode            `json:"mode"`
	Reason       string          `json:"reason"` // why fewer come in than the organizer set: capacity, health, shared, down; empty: they do not
	Phase        string          `json:"phase"`
	Generation   string          `json:"generation"` // 64 bits as text: a JavaScript number would round it
	At           time.Time       `json:"at"`
	RetryAfterMS int64           `json:"retry_after_ms,omitempty"`
	Lines        map[string]Line `json:"lines"`
	Message      string          `json:"message"`
	Draw         draw.Phase      `json:"draw,omitempty"`
	Prices       uint32          `json:"prices,omitempty"` // version of the published prices; 0: there are none
}

// Line is one line in Now.
type Line struct {
	Serving   int64 `json:"serving"`
	Issued    int64 `json:"issued"`
	PerMinute int64 `json:"per_minute"`

	ShortFrom  int64 `json:"short_from,omitempty"`  // from this number on the tickets may not suffice; 0: not known
	BeyondFrom int64 `json:"beyond_from,omitempty"` // from this one on there are none, unless people before leave without
}

// State is what a visitor is to the room.
type State string

const (
	StateNone     State = "none"
	StateDraw     State = "draw" // in the draw: the order is not decided yet
	StateWaiting  State = "waiting"
	StateTurn     State = "turn"
	StateAdmitted State = "admitted"
	StateMissed   State = "missed"
	StateLeft     State = "left"
	StatePaused   State = "paused" // waiting while nobody comes in
	StateClosed   State = "closed"
	StateRejected State = "rejected"
	StateSoldOut  State = "sold_out"
)

// Mode is what the room as a whole is doing. The page shows every mode but
// ModeNormal and ModeBypass as a banner.
type Mode string

const (
	ModeNormal   Mode = "normal"
	ModeHold     Mode = "hold"    // the store does not answer
	ModeRestore  Mode = "restore" // places are being put back
	ModeBypass   Mode = "bypass"
	ModePaused   Mode = "paused"
	ModeQueueAll Mode = "queue_all"
	ModeDraining Mode = "draining" // suspended; those in the line are still let in, in order
	ModeClosed   Mode = "closed"
	ModeDown     Mode = "down"     // nothing behind the room can take anybody, and nobody's time runs
	ModeAllHeld  Mode = "all_held" // nothing is free to buy; others may give tickets back
	ModeSoldOut  Mode = "sold_out"
	ModeRejected Mode = "rejected" // newcomers are refused, the line goes on
)
