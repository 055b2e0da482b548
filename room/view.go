package room

import (
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/queue"
)

// Mode is whether a room works.
type Mode string

const (
	Normal Mode = "normal"
	Hold   Mode = "hold" // the store does not answer: nobody new comes in, nobody loses a place
)

// View is a room at one moment. It never changes; a newer one replaces it.
type View struct {
	Event   event.Event
	Version int64 // of the catalog's record
	Retired bool  // the event's retention is over: its keys are removed, Do refuses

	Mode   Mode
	Reason Reason // of Hold
	Phase  event.Phase
	Stance event.Stance

	Snapshot queue.Snapshot // the last that arrived; Generation 0: none yet
	Seen     time.Time      // this gateway's clock when it did
	Skew     time.Duration  // the store's clock less this gateway's
	lines    []line
}

type line struct {
	name    string
	serving int64
	meter   queue.Meter
}

// Reason says why a room is in Hold, or why a wait is not known.
type Reason string

const (
	ReasonStarting    Reason = "starting"     // no tick has been answered yet
	ReasonStoreError  Reason = "store_error"  // the last tick failed
	ReasonStoreSilent Reason = "store_silent" // no tick was answered for StaleAfter
	ReasonNotCalled   Reason = "not_called"   // nobody of the line was called lately
)

// StaleAfter is how old a snapshot may be before the room counts as unknown.
const StaleAfter = 2 * time.Second

// ModeAt is Mode, or Hold if the snapshot is too old at a moment of this
// gateway's clock.
func (v *View) ModeAt(local time.Time) (Mode, Reason) { return v.Mode, v.Reason }

// StoreTime is a moment of this gateway's clock in unix ms of the store's.
func (v *View) StoreTime(local time.Time) int64 { return local.Add(v.Skew).UnixMilli() }

// InForce is the version of the event that the store acts on.
func (v *View) InForce() int64 { return v.Snapshot.Version - 1 }

// PerMinute is how many of a line were called in the last minute.
func (v *View) PerMinute(line string) int64 { return 0 }

// Held is what a visitor's pass says.
type Held struct {
	Generation    uint64
	Line          string
	Order, Number int64
}

// State is what memory alone can tell of a visitor.
type State string

const (
	None    State = "none"    // the pass is from another generation, or of no line
	Waiting State = "waiting" // not called yet
	Turn    State = "turn"    // called: claim, the store decides whether in time
)

// Place is a visitor's place as this gateway sees it.
type Place struct {
	State      State
	Line       string
	Number     int64
	Serving    int64 // the highest number called so far
	Ahead      int64
	Wait       Wait
	RetryAfter time.Duration // when to ask again; apply Jitter
}

// Wait is the time until the turn, if it is known.
type Wait struct {
	Known    bool
	P50, P90 time.Duration
	Reason   string // why it is not known: a Reason or an event.Reason
}

// Place says where the holder of a pass stands at a moment of this gateway's
// clock. It asks nobody.
func (v *View) Place(h Held, local time.Time) Place { return Place{} }

// WaitFor is the wait of a visitor who joins a line now.
func (v *View) WaitFor(line string) Wait { return Wait{} }

// Jitter spreads d by up to 20 % both ways; random is in [0, 1).
func Jitter(d time.Duration, random float64) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*random))
}
