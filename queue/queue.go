package queue

import (
	"context"
	"errors"
)

// Visitor is one browser, or one account: 128 random or derived bits.
type Visitor = [16]byte

// Policy is what a room may do now. A tick installs it; every other operation
// obeys the policy last installed, so two gateways never act on different
// rules. All times are milliseconds.
type Policy struct {
	Version int64 // of the event's definition; an older one never replaces a newer one

	Calls   bool  // the line may be called
	Claims  bool  // the called may come in; if not, their turns do not run out
	Direct  bool  // who comes while nobody waits may go straight in
	Release bool  // let the line go: every number counts as called, nobody is kept
	OpensAt int64 // unix ms by the store's clock; nobody is called or goes straight in before; 0: always open

	PerMinute int64 // calls and admissions per minute
	Burst     int64 // admissions that may come at once; >= 1
	Cap       int64 // active + called never exceed it by a new call or admission

	TurnTTL    int64 // how long a turn is offered
	LateGrace  int64 // how long after it lapsed a turn is offered again
	Session    int64 // an admission's length, and of each extension
	SessionMax int64 // no extension reaches past start + SessionMax
	Probation  int64 // length of a direct entry until its second request

	Lines []Line
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
	// With an empty Line it only tries to go straight in and never takes a place.
	Join Op = iota
	// Claim exchanges a turn for a session.
	Claim
	// Touch extends a session; it also ends a direct entry's probation.
	Touch
	// Leave gives up a place, a turn or a session.
	Leave
	// Complete ends a session; a place in a line is not touched.
	Complete
)

// Visit is one visitor's part in an operation.
type Visit struct {
	Visitor Visitor
	Line    string // Join: the line to stand in; empty: direct entry or nothing
	Order   int64  // Claim: the order in the pass, 0 if none: tells missed from none
	Adopt   int64  // Touch: milliseconds that an admission given while the room was off still has; 0: none
}

// State is what a visitor is to the room.
type State int

const (
	None    State = iota // unknown to the room
	Waiting              // in a line
	Called               // turn offered
	AtDoor               // called, claimed, but the rate is spent for the moment
	Late                 // came back after the turn lapsed; is called ahead of the line
	Active               // admitted: holds a session
	Missed               // the turn has gone for good
	Left                 // has left, or the session was completed
)

// Answer is the store's word on one visit, in the order of the visits.
type Answer struct {
	State  State
	Line   string // Waiting: the line
	Order  int64  // Waiting: decides; strictly increasing in a line
	Number int64  // Waiting: informs; dense from 1
	Now    int64  // unix ms by the store's clock when it answered
	Ends   int64  // Called, AtDoor: turn's end; Active: session's end; unix ms by the store's clock
	Start  int64  // Active: session's start, unix ms; with the visitor it names the session
	Direct bool   // Active: still on probation
}

// Snapshot is a room as a tick left it.
type Snapshot struct {
	Generation uint64 // of the room; random, new when the store lost it
	Version    int64  // of the policy in force
	Now        int64  // unix ms by the store's clock
	Lines      []LineView
	Called     int64 // turns on offer
	Active     int64 // sessions
	Late       int64 // came back late, not yet called again
	Lapsed     int64 // may still come back
	Ended      []Ended
	EndedUpTo  int64 // pass it to the next tick as since
}

// LineView is one line in a snapshot.
type LineView struct {
	Name        string
	Issued      int64 // numbers given so far
	Serving     int64 // the highest number called so far
	CalledOrder int64 // a visitor's turn has come when order <= CalledOrder
	Waiting     int64
}

// Ended is a session that ended before its admission did; gateways refuse that
// admission from then on.
type Ended struct {
	Visitor Visitor
	Start   int64
}

// Store keeps rooms. Every method is one atomic step on one room and may be
// called by any number of gateways at once; repeating a call after a lost reply
// changes nothing more.
type Store interface {
	// Tick installs p unless a newer policy is in force, expires turns and
	// sessions, calls whoever is due, and returns the room. It creates the room
	// if there is none. since asks for the sessions ended from then on.
	Tick(ctx context.Context, room string, p Policy, since int64) (Snapshot, error)
	// Apply does op for every visit and answers each, in order.
	// It returns ErrNoRoom if no tick has made the room yet.
	Apply(ctx context.Context, room string, op Op, visits []Visit) ([]Answer, error)
	// Drop forgets a room and everybody in it.
	Drop(ctx context.Context, room string) error
}

// ErrNoRoom is returned by Apply for a room that no tick has made.
var ErrNoRoom = errors.New("room unknown to the store")
