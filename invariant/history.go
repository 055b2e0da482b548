package invariant

import (
	"encoding/hex"
	"strconv"
	"sync"
)

// Visitor is one browser, or one account.
type Visitor = [16]byte

// Span is the time within which an event happened, both ends included, in
// microseconds of one clock for the whole history.
type Span struct{ From, To int64 }

// At is the span of an event whose moment is known to the microsecond.
func At(us int64) Span { return Span{us, us} }

// within says whether all of s is in another span.
func (s Span) within(o Span) bool { return o.From <= s.From && s.To <= o.To }

// Milli is the span of an event that a clock of whole milliseconds has stamped.
func Milli(ms int64) Span { return Span{ms * 1000, ms*1000 + 999} }

// Between is the span of a request: from the first attempt being sent to the
// answer having been read.
func Between(sent, answered int64) Span { return Span{sent, answered} }

// Kind says what happened.
type Kind uint8

const (
	joined      Kind = iota // was given, or reminded of, a place
	saw                     // was told to wait
	called                  // was called; the recorder notes every call
	turn                    // was told that the turn has come
	atDoor                  // claimed, and goes in by itself as soon as the rate allows
	missed                  // was told that the turn has gone for good
	unknown                 // showed a good pass, and was told that there is no such place
	mayHaveLeft             // gave up something, or did not: the answer is not known
	left                    // gave up a place, turn or session
	admitted                // was admitted
	extended                // a session was extended
	ended                   // a session was completed or revoked
	turnedAway              // was told to wait, admission in hand
	forgotten               // was told that there is no place
	told                    // was told what the room does
	reached                 // a protected request reached the shop
	unanswered              // a request of the visitor got no answer
	ticked                  // the room's numbers
	showed                  // the room's public figures
	changed                 // a control was changed
	weighed                 // a gateway's memory and the like
	lost                    // the room began a new life
)

// personal says whether an event tells what a visitor did or was told.
func (k Kind) personal() bool { return k < reached }

// Entry says how an admission came about.
type Entry uint8

const (
	// FromLine is the claim of a turn.
	FromLine Entry = iota
	// Direct is an entry while nobody waited.
	Direct
	// Adopted is an admission given while the room was off: it holds a slot
	// from now on, and neither cap nor rate had a say in it.
	Adopted
)

// Event is one line of a history. Make it with the constructor of its kind.
type Event struct {
	Span
	Visitor Visitor
	Line    string
	Number  int64
	Serving int64
	Ahead   int64
	Session string
	End     int64 // of the turn or session, in the history's microseconds
	Gateway string
	Mode    string
	room    *Room
	weight  *Weight
	change  *change
	Kind    Kind
	Entry   Entry
	orphans bool // of lost: a gateway went with the store
	due     bool // of joined: the turn had come
}

// Room is what a tick, or a gateway, told about a room.
type Room struct {
	Version int64 // of the policy in force
	Called  int64 // turns on offer
	Active  int64 // sessions
	Late    int64 // came back late, not yet called again
	Lines   []Line
	// Restoring: places come back after a loss, and sessions, whatever the cap.
	Restoring bool
}

// Line is one line of a [Room].
type Line struct {
	Name    string
	Serving int64 // the highest number called so far
	Waiting int64
}

type change struct {
	control, actor string
	version        int64
}

// Joined says that v holds this number of this line.
func Joined(when Span, v Visitor, line string, number int64) Event {
	return Event{Kind: joined, Span: when, Visitor: v, Line: line, Number: number}
}

// Due says that v holds this number of this line, and that its turn had come by
// the time of the answer: so v need not have waited at any moment of when.
func Due(when Span, v Visitor, line string, number int64) Event {
	return Event{Kind: joined, Span: when, Visitor: v, Line: line, Number: number, due: true}
}

// Saw says that a gateway told v to wait, with these figures. A number of 0
// means that these were the room's figures, as everybody is shown them.
func Saw(when Span, v Visitor, gateway string, number, serving, ahead int64) Event {
	return Event{Kind: saw, Span: when, Visitor: v, Gateway: gateway, Number: number, Serving: serving, Ahead: ahead}
}

// Called says that v was called and may come in until end. Whoever records one
// call of a line must record all of them: somebody of whom no call is recorded
// counts as waiting.
func Called(when Span, v Visitor, end int64) Event {
	return Event{Kind: called, Span: when, Visitor: v, End: end}
}

// Turn says that v learned that the turn has come, whenever the call was. end
// is the turn's end by the word of the store, 0 if the answer came from a
// gateway's memory, which cannot know whether the turn still holds a slot.
func Turn(when Span, v Visitor, end int64) Event {
	return Event{Kind: turn, Span: when, Visitor: v, End: end}
}

// AtDoor says that v has claimed and goes in as soon as the rate allows. A tick
// lets v in, not the next claim, so v's admission may be as old as this.
func AtDoor(when Span, v Visitor) Event { return Event{Kind: atDoor, Span: when, Visitor: v} }

// Missed says that v was told that the turn is gone for good; v may join again.
func Missed(when Span, v Visitor) Event { return Event{Kind: missed, Span: when, Visitor: v} }

// Unknown says that v showed the pass of a place and was told that there is none.
func Unknown(when Span, v Visitor) Event { return Event{Kind: unknown, Span: when, Visitor: v} }

// Lost says that the room has lost something and has begun a new life: when is
// from the last moment at which it was certainly whole to the first answer of the
// new life. Whoever had a place is expected to be told of it again, and waits
// only from then on. orphans says that a gateway died with the store, so that
// nobody alive knew what it had told last.
func Lost(when Span, orphans bool) Event { return Event{Kind: lost, Span: when, orphans: orphans} }

// MayHaveLeft says that v asked to give something up, or did what may cost it,
// and that nobody knows whether it did.
func MayHaveLeft(when Span, v Visitor) Event {
	return Event{Kind: mayHaveLeft, Span: when, Visitor: v}
}

// Left says that v gave up whatever v had.
func Left(when Span, v Visitor) Event { return Event{Kind: left, Span: when, Visitor: v} }

// Admitted says that v was let in: session is the admission's id, end the last
// moment for which v holds it.
func Admitted(when Span, v Visitor, entry Entry, session string, end int64) Event {
	return Event{Kind: admitted, Span: when, Visitor: v, Entry: entry, Session: session, End: end}
}

// Extended says that a session now lasts until end.
func Extended(when Span, v Visitor, session string, end int64) Event {
	return Event{Kind: extended, Span: when, Visitor: v, Session: session, End: end}
}

// Ended says that a session was completed or revoked before its time.
func Ended(when Span, v Visitor, session string) Event {
	return Event{Kind: ended, Span: when, Visitor: v, Session: session}
}

// TurnedAway says that v asked for a protected page with this admission, and
// was told to wait.
func TurnedAway(when Span, v Visitor, session string) Event {
	return Event{Kind: turnedAway, Span: when, Visitor: v, Session: session}
}

// Forgotten says that v asked after a place and was told that there is none.
func Forgotten(when Span, v Visitor) Event { return Event{Kind: forgotten, Span: when, Visitor: v} }

// Told says that a gateway's answer named this mode. Answers of [Hold] and
// [Restore] announce that figures do not count, so nobody need record them.
func Told(when Span, v Visitor, gateway, mode string) Event {
	return Event{Kind: told, Span: when, Visitor: v, Gateway: gateway, Mode: mode}
}

// Unanswered says that v sent a request whose answer never came: what it did, and
// what v was given by it, v may never learn.
func Unanswered(when Span, v Visitor) Event { return Event{Kind: unanswered, Span: when, Visitor: v} }

// Weighed says what a gateway had taken of its machine.
func Weighed(when Span, gateway string, w Weight) Event {
	return Event{Kind: weighed, Span: when, Gateway: gateway, weight: &w}
}

// Reached says that a request for a protected route arrived at the shop with
// this admission; an empty session means with none.
func Reached(when Span, v Visitor, session string) Event {
	return Event{Kind: reached, Span: when, Visitor: v, Session: session}
}

// Ticked records a room as a tick left it, or as a gateway described it.
func Ticked(when Span, room Room) Event { return Event{Kind: ticked, Span: when, room: &room} }

// Showed records what a room tells everybody: of its lines, who is served. It
// is all that can be known of a room from outside.
func Showed(when Span, lines []Line) Event {
	return Event{Kind: showed, Span: when, room: &Room{Lines: lines}}
}

// Changed says that actor changed a control, which made this version of the event.
func Changed(when Span, control string, version int64, actor string) Event {
	return Event{Kind: changed, Span: when, change: &change{control: control, actor: actor, version: version}}
}

// SessionID names a visitor's session by its number in the room.
func SessionID(v Visitor, number int64) string {
	return hex.EncodeToString(v[:]) + "." + strconv.FormatInt(number, 10)
}

// History is an append-only record. The zero value is ready; it may be used by
// many goroutines at once.
type History struct {
	mu     sync.Mutex
	events []Event
}

// Add appends events. Their order does not matter: the spans tell the time.
func (h *History) Add(events ...Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, events...)
}

// Len is the number of events so far.
func (h *History) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.events)
}
