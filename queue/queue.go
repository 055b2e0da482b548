package queue

import (
	"context"
	"errors"
)

// Visitor is one browser, or one account: 128 random or derived bits.
type Visitor = [16]byte

// MaxLines is how many lines a room may ever have.
const MaxLines = 8

// Policy is what a room may do. The first tick that brings a newer version
// installs it; every operation obeys the policy last installed, so two gateways
// never act on different rules. Times are milliseconds.
type Policy struct {
	Version int64 // of the event's definition, from 1
	Gates   Gates
	OpensAt int64 // unix ms by the store's clock; before it nobody is called or goes straight in

	Rate Rate  // of calls, and of admissions
	Cap  int64 // no call and no admission makes active + called exceed it

	Draw   bool  // whoever joins before OpensAt stands in the draw
	Offset int64 // where on the circle of orders the drawn begin; -1: not known yet, so nobody is called

	Times Times
	Lines []Line // 1 to MaxLines
}

// Gates are the switches of a room.
type Gates struct {
	Calls   bool // the line is called
	Claims  bool // the called come in; if not, they stand at the door and no turn runs out
	Direct  bool // who comes while nobody waits may go straight in
	Renew   bool // sessions are extended while they are used
	Release bool // the line is let go: every number counts as called, nobody is kept
}

// Times are a room's durations in milliseconds.
type Times struct {
	Turn       int64 // how long a turn is offered
	Grace      int64 // how long after it first lapsed a turn is offered again
	Session    int64 // length of a session, and of each extension
	SessionMax int64 // no extension reaches past its start + SessionMax
	Probation  int64 // length of a session until its visitor is seen to use it
}

// Line is an ordered queue of a room; lines share calls by weight.
type Line struct {
	Name   string
	Weight int64 // >= 1
}

// Op is a change that many visitors can ask for in one call.
type Op int

const (
	// Join takes a place in Visit.Line, or goes straight in when nobody waits.
	// With an empty Line it goes straight in or does nothing.
	Join Op = iota
	// Claim exchanges a turn for a session, or stands at the door until the
	// rate allows it.
	Claim
	// Touch extends a session and ends its probation.
	Touch
	// Leave gives up a place or a turn.
	Leave
	// Complete ends a session; its slot is free at once. Of a session that an
	// earlier life of the room gave it also ends the place that led there, and with
	// session 0 that alone.
	Complete
	// Restore gives back the place of a pass that an earlier life of the room gave.
	Restore
)

// Visit is one visitor's part in an operation.
type Visit struct {
	Visitor Visitor
	// Line is where to stand (Join), or the line of the place that is meant.
	Line string
	// Order is that of the place that is meant: a Leave of another place does
	// nothing. For Join and Restore an order below Base is the one that the draw
	// gives.
	Order int64
	// Session is the one that Touch and Complete mean; another one is not touched.
	Session int64
	// Generation is the life of the room that gave what is shown: a session (Touch,
	// Complete) or a pass (Restore). 0 with Touch: an admission given while the
	// room was off.
	Generation uint64
	// Adopt is how many ms are left of an admission. Touch makes a session of one
	// that the store does not know, if an earlier life gave it or the room was off.
	Adopt int64
	// Since is when somebody came who could not be given a number then, unix ms by
	// the store's clock. Join heeds it while the room gathers. With Touch: when an
	// admission was given while the room was off; who has been ended since is out.
	Since int64
}

// State is what a visitor is to the room.
type State int

const (
	None    State = iota // unknown to the room
	Waiting              // in a line
	Called               // turn offered
	AtDoor               // has claimed; goes in as soon as the rate allows
	Lapsed               // did not come in time, may still come back
	Late                 // came back; is called again ahead of the line
	Active               // holds a session
	Missed               // the turn has gone for good
	Full                 // Join without a line: cannot go straight in
)

// Answer is the store's word on one visit.
type Answer struct {
	State      State
	Generation uint64 // the room's, or that of the life which gave the session
	Line       string // Waiting
	Order      int64  // Waiting: decides; 0: in the draw, or to be numbered soon
	Number     int64  // Waiting: informs; dense from 1
	Ahead      int64  // AtDoor: how many go in before
	Ends       int64  // Called: the turn, Active: the session; unix ms by the store's clock
	Session    int64  // Active: its number; with Generation it names the session
	Probation  bool   // Active: not yet seen to be used
}

// Snapshot is a room as a tick left it.
type Snapshot struct {
	Generation uint64   // root and life: the life is new when the store has lost something
	Roots      []uint32 // of all rooms whose passes count here; the first is the draw's
	Begun      int64    // unix ms at which the store made the room
	Seq        int64    // grows with every tick, in all lives; of two snapshots the higher is the newer
	Version    int64    // of the policy in force
	Budget     Budget   // in force; MaxRate and Base where nobody has measured
	Stood      int64    // ms for which turns and sessions have stood still, as everything was down
	At         int64    // unix ms by the store's clock
	Restoring  int64    // unix ms until which nobody is called, since places come back first; 0: nothing was lost
	Gathering  int64    // unix ms until which nobody gets a number; 0: everybody does
	Drawn      bool     // the draw is closed
	Settled    bool     // and the order of the drawn is known
	Offset     int64    // where their circle begins; -1: not known yet
	Lines      []LineView
	Census
	Ended  []SessionID // sessions that ended before their time, after the cursor
	Cursor string      // pass it to the next tick
	More   bool        // Ended is not complete: tick again
}

// Census counts who is where in a room.
type Census struct {
	Arrived  int64 // waiting for a number
	Called   int64 // turns on offer, those at the door included
	AtDoor   int64
	Late     int64
	Lapsed   int64
	Active   int64
	Admitted int64 // sessions given so far
	Unseen   int64 // slots kept for sessions that went on before a loss and were not seen since
}

// Occupied is how many slots are taken: by the active, the called and those not seen
// since a loss.
func (c Census) Occupied() int64 { return c.Active + c.Called + c.Unseen }

// SessionID names a session among all that any life of a room has given.
type SessionID struct {
	Generation uint64
	Number     int64
}

// LineView is one line in a snapshot.
type LineView struct {
	Name        string
	Issued      int64 // numbers given so far
	Serving     int64 // the highest number called so far
	CalledOrder int64 // a visitor's turn has come when order <= CalledOrder
	LapsedOrder int64 // a turn has gone for good when order <= LapsedOrder
	Waiting     int64 // with a number, or in the draw
	Drawn       int64 // in the draw, or drawn by it, whether called yet or not
}

// Waiting is how many stand in all lines, with those who came back late and
// those who have no number yet.
func (s Snapshot) Waiting() int64 {
	n := s.Late + s.Arrived
	for _, line := range s.Lines {
		n += line.Waiting
	}
	return n
}

// Line finds a line by name.
func (s Snapshot) Line(name string) (LineView, bool) {
	for _, line := range s.Lines {
		if line.Name == name {
			return line, true
		}
	}
	return LineView{}, false
}

// Store keeps rooms. Every method is one atomic step on one room and may be
// called by any number of gateways at once. Repeating a call after a lost reply
// changes nothing more.
type Store interface {
	// Tick makes the room if there is none, installs p if it is newer than the
	// policy in force and b if it is no older than the budget in force, expires
	// turns and sessions, calls whoever is due, and returns the room. If the store
	// has less of the room than m, it has lost it, or a part: then the room begins
	// a new life, with the budget b, and restores.
	Tick(ctx context.Context, room string, p Policy, b Budget, m Remembered) (Snapshot, error)
	// Apply does op for every visit and answers each, in order. It returns
	// ErrNoRoom if no tick has made the room yet, or a tick must see to what was
	// lost of it.
	Apply(ctx context.Context, room string, op Op, visits []Visit) ([]Answer, error)
	// Drawn lists who stands in a line's draw, by order, from the from-th on: most
	// of them, or all that are left. It does not change once the draw is closed.
	Drawn(ctx context.Context, room, line string, from, most int64) ([]Visitor, error)
	// Drop forgets a room and everybody in it.
	Drop(ctx context.Context, room string) error
}

var (
	// ErrNoRoom is returned by Apply and Drawn for a room that a tick has to make, or to mend.
	ErrNoRoom = errors.New("room unknown to the store, or damaged")
	// ErrNewerSchema is returned for a room that a newer version of Rushgate
	// keeps: this one must leave it alone.
	ErrNewerSchema = errors.New("the room is kept by a newer version")
)
