package room

import (
	"slices"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/queue"
)

// Mode is whether a room works.
type Mode string

const (
	Normal  Mode = "normal"
	Hold    Mode = "hold"    // the store does not answer: nobody new comes in, nobody loses a place
	Restore Mode = "restore" // the store has lost something: nobody is called until places have come back
	Bypass  Mode = "bypass"  // the store does not answer, and the organizer chose to let everybody through for a while
)

// Modes are all of them.
var Modes = []Mode{Normal, Hold, Restore, Bypass}

// Reason says why a room is in Hold, why a wait is not known, or why it is longer
// than it would have to be.
type Reason string

const (
	ReasonStarting    Reason = "starting"     // no tick has been answered yet
	ReasonStoreError  Reason = "store_error"  // the last tick failed
	ReasonStoreSilent Reason = "store_silent" // no tick was answered for StaleAfter
	ReasonNotCalled   Reason = "not_called"   // nobody in the line was called lately
	ReasonRestoring   Reason = "restoring"    // places come back first
	ReasonCapacity    Reason = "capacity"     // fewer instances are ready than there are
	ReasonHealth      Reason = "health"       // the instances answer slowly, or with errors
	ReasonShared      Reason = "shared"       // another event needs a part of the pool
	ReasonDown        Reason = "down"         // nothing behind the room can take anybody
)

// StaleAfter is how old a snapshot may be before the room counts as unknown.
const StaleAfter = 2 * time.Second

// View is a room at one moment. It never changes; a newer one replaces it.
type View struct {
	Event   event.Event
	Version int64 // of the catalog's record
	Retired bool  // the event's retention is over: the room is removed, Do refuses

	Mode   Mode
	Reason Reason    // of Hold and Restore
	Silent time.Time // Hold: since when, by this gateway's clock
	Phase  event.Phase
	Stance event.Stance
	Limits Limits

	// Snapshot is the last that arrived; Generation 0: none yet. Serving never
	// falls within a generation. Ended sessions are not in it: EndedSession.
	Snapshot queue.Snapshot
	Seen     time.Time     // this gateway's clock when the store made it
	Skew     time.Duration // the store's clock less this gateway's
	pace     pace
}

// pace is how fast the lines move.
type pace struct {
	rate  queue.Rate // by which meters go
	lines []linePace // in the snapshot's order
}

type linePace struct {
	meter queue.Meter
	prior queue.Rate // what the line can expect of the rate
}

// blindView is a room before its first tick. A retired room stays like this.
func blindView(record catalog.Record, retired bool, now time.Time) *View {
	v := &View{
		Event: record.Event, Version: record.Version, Retired: retired,
		Mode: Hold, Reason: ReasonStarting,
		Phase: record.Event.Phase(now), Stance: record.Event.Stance(now, 0),
	}
	if retired {
		v.Mode, v.Reason = Normal, ""
	}
	return v
}

// newView is prev with a snapshot that the store made, under this policy and
// budget, when this gateway's clock stood at seen.
//
// A store that fell back to a copy of itself begins a new life: within one, no
// snapshot is older than the last.
func newView(prev *View, record catalog.Record, p queue.Policy, b Budget, s queue.Snapshot, seen time.Time) *View {
	same := s.Generation == prev.Snapshot.Generation
	if same && s.Seq < prev.Snapshot.Seq {
		return prev // a page of an older answer
	}
	at := time.UnixMilli(s.At)
	s.Ended, s.Cursor, s.More = nil, "", false
	v := &View{
		Event: record.Event, Version: record.Version, Mode: Normal,
		Phase:    record.Event.Phase(at),
		Stance:   record.Event.Stance(at, s.Waiting()),
		Limits:   limitsOf(p, s, b),
		Snapshot: s, Seen: seen, Skew: at.Sub(seen),
	}
	if s.Restoring > 0 {
		v.Mode, v.Reason = Restore, ReasonRestoring
	}
	var old pace
	if v.Knows(prev.Snapshot.Generation) {
		old = prev.pace
		v.Snapshot.Lines = neverBack(prev.Snapshot.Lines, s.Lines)
	}
	p.Rate = v.Limits.Rate
	v.pace = old.observe(v.Snapshot, p, v.Stance.Calls && !v.Limits.Down())
	return v
}

// neverBack is now, with no line serving a lower number than before.
func neverBack(before, now []queue.LineView) []queue.LineView {
	now = slices.Clone(now)
	for i := range min(len(before), len(now)) { // lines are only ever added
		if now[i].Name == before[i].Name {
			now[i].Serving = max(now[i].Serving, before[i].Serving)
		}
	}
	return now
}

// heldView is prev without an answer from the store: what was known, and time.
func heldView(prev *View, record catalog.Record, reason Reason, local time.Time) *View {
	v := *prev
	v.Event, v.Version, v.Mode, v.Reason = record.Event, record.Version, Hold, reason
	if prev.Mode != Hold {
		v.Silent = local
	}
	at := local.Add(v.Skew)
	v.Phase, v.Stance = v.Event.Phase(at), v.Event.Stance(at, v.Snapshot.Waiting())
	return &v
}

// observe is the pace after a snapshot. p is the policy with the rate that is in
// force.
func (old pace) observe(s queue.Snapshot, p queue.Policy, calls bool) pace {
	next := pace{rate: old.rate, lines: make([]linePace, len(s.Lines))}
	forget := much(old.rate, p.Rate)
	if forget {
		next.rate = p.Rate
	}
	for i, line := range s.Lines {
		var meter queue.Meter
		if i < len(old.lines) {
			meter = old.lines[i].meter
		}
		if forget {
			meter = meter.Forget()
		}
		next.lines[i] = linePace{
			meter: meter.Observe(s.At, line.Serving, calls && line.Waiting > 0),
			prior: share(p, s.Lines, line.Name),
		}
	}
	return next
}

// share is what a line gets of the rate while the lines that wait now go on
// waiting.
func share(p queue.Policy, lines []queue.LineView, name string) queue.Rate {
	var own, all int64
	for _, l := range p.Lines {
		i := slices.IndexFunc(lines, func(v queue.LineView) bool { return v.Name == l.Name })
		switch {
		case l.Name == name:
			own = l.Weight
			all += l.Weight
		case i >= 0 && lines[i].Waiting > 0:
			all += l.Weight
		}
	}
	if own == 0 {
		return 0
	}
	return p.Rate * queue.Rate(own) / queue.Rate(all)
}

// ModeAt is Mode at a moment of the gateway's clock: Hold when the snapshot is
// too old by then, Bypass while the organizer's choice lets people through.
func (v *View) ModeAt(local time.Time) (Mode, Reason) {
	mode, reason, silent := v.Mode, v.Reason, v.Silent
	if mode != Hold && !v.Retired && local.Sub(v.Seen) > StaleAfter {
		mode, reason, silent = Hold, ReasonStoreSilent, v.Seen
	}
	if mode == Hold && v.bypasses(silent, local) {
		mode = Bypass
	}
	return mode, reason
}

// bypasses says whether the store has been silent for long enough, and not for
// too long, to let people through, if the organizer wants that.
func (v *View) bypasses(silent, local time.Time) bool {
	o := v.Event.Room.Outage
	lets := v.Stance.Reason == event.ReasonOpen || v.Stance.Reason == event.ReasonDraining
	if o.Bypass == 0 || silent.IsZero() || !lets { // whoever keeps people out on purpose goes on to
		return false
	}
	silence := local.Sub(silent)
	return silence >= time.Duration(o.After) && silence < time.Duration(o.After)+time.Duration(o.Bypass)
}

// Knows says whether what this generation gave counts in the room.
func (v *View) Knows(generation uint64) bool {
	return generation != 0 && slices.Contains(v.Snapshot.Roots, queue.Root(generation))
}

// young is how long after a room was made a pass can still show that it was there
// before. Whoever waited then asks within minutes; later, one old pass must not
// stop a sale.
const young = 10 * time.Minute

// forgot says whether a genuine pass of an unknown root shows that this room was
// made because the store had forgotten it, and the store can be told now.
func (v *View) forgot(generation uint64, joinedAt int64) bool {
	return v.Mode != Hold && v.mayBeForgotten(generation, joinedAt)
}

func (v *View) mayBeForgotten(generation uint64, joinedAt int64) bool {
	s := v.Snapshot
	return s.Generation != 0 && generation != 0 && !v.Knows(generation) &&
		s.At-s.Begun < young.Milliseconds() && queue.Forgotten(joinedAt, s.Begun)
}

// At is the view at a moment of the gateway's clock: an event that has started
// or ended since the snapshot does not wait for the next one.
func (v *View) At(local time.Time) *View {
	at := local.Add(v.Skew)
	phase := v.Event.Phase(at)
	if phase == v.Phase {
		return v
	}
	moved := *v
	moved.Phase, moved.Stance = phase, v.Event.Stance(at, v.Snapshot.Waiting())
	return &moved
}

// StoreTime is a moment of this gateway's clock in unix ms of the store's.
func (v *View) StoreTime(local time.Time) int64 { return local.Add(v.Skew).UnixMilli() }

// InForce is the version of the event that the store acts on; -1: none yet.
func (v *View) InForce() int64 { return v.Snapshot.Version - 1 }

// PerMinute is how many of a line were called per minute lately.
func (v *View) PerMinute(line string) int64 {
	i := v.index(line)
	if i < 0 {
		return 0
	}
	return v.pace.lines[i].meter.PerMinute()
}

func (v *View) index(line string) int {
	return slices.IndexFunc(v.Snapshot.Lines, func(l queue.LineView) bool { return l.Name == line })
}
