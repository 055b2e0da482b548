package room

import (
	"time"

	"github.com/bilten/rushgate/event"
)

// Held is what a visitor's pass says. Order 0 is a place without a number, and
// generation 0 one that no store has been told of yet.
type Held struct {
	Generation    uint64
	Line          string
	Order, Number int64
	JoinedAt      int64 // unix ms by the store's clock
}

// State is what memory alone can tell of a visitor.
type State string

const (
	Unknown State = "unknown" // this gateway has not seen the room yet, or not as it was, and so cannot say what the pass is worth
	None    State = "none"    // the pass is of another room, or there is none
	InDraw  State = "draw"    // the order is not decided yet
	Arrived State = "arrived" // a number comes soon
	Waiting State = "waiting" // not called yet
	Turn    State = "turn"    // called: claim, and the store decides whether in time
)

// Place is a visitor's place as this gateway sees it.
type Place struct {
	State      State
	Line       string
	Number     int64
	Serving    int64 // the highest number called so far
	Ahead      int64
	Wait       Wait
	RetryAfter time.Duration // when to ask again; Jitter spreads it
}

// Wait is the time until the turn, if it is known.
type Wait struct {
	Known    bool
	P50, P90 time.Duration
	Reason   string // why it is not known, or longer than usual: a Reason or an event.Reason
}

// Place says where the holder of a pass stands at a moment of this gateway's
// clock. It asks nobody.
func (v *View) Place(h Held, local time.Time) Place {
	p := Place{State: v.state(h), Line: h.Line, Number: h.Number}
	if p.State == Waiting || p.State == Turn {
		line, _ := v.Snapshot.Line(h.Line)
		p.Serving = line.Serving
		p.Ahead = max(0, h.Number-line.Serving-1)
	}
	if p.State == Waiting {
		p.Wait = v.wait(h.Line, p.Ahead, local)
	}
	p.RetryAfter = v.retryAfter(p, local)
	return p
}

func (v *View) state(h Held) State {
	line, ok := v.Snapshot.Line(h.Line)
	switch {
	case h == (Held{}): // whatever the room is
		return None
	case v.Snapshot.Generation == 0 && !v.Retired:
		return Unknown
	case h.Generation == 0 && h.JoinedAt > 0:
		return v.unnumbered(h)
	case v.mayBeForgotten(h.Generation, h.JoinedAt): // Meet could not tell the store of it
		return Unknown
	case !ok || !v.Knows(h.Generation):
		return None
	case h.Order == 0:
		return v.unnumbered(h)
	case h.Order <= line.CalledOrder:
		return Turn
	default:
		return Waiting
	}
}

func (v *View) unnumbered(h Held) State {
	if v.Event.Draws(time.UnixMilli(h.JoinedAt)) {
		return InDraw
	}
	return Arrived
}

// Numbers says that whoever holds a place without a number can be given one now:
// the room gives them, and the draw, if the place is in one, is decided.
func (v *View) Numbers(h Held) bool {
	if v.unnumbered(h) == InDraw && h.Generation != 0 {
		return v.Snapshot.Settled
	}
	return v.Snapshot.Gathering == 0
}

// WaitFor is the wait of a visitor who joined a line when the view was made.
func (v *View) WaitFor(line string) Wait {
	l, _ := v.Snapshot.Line(line)
	return v.wait(line, max(0, l.Issued-l.Serving), v.Seen)
}

func (v *View) wait(line string, ahead int64, local time.Time) Wait {
	if mode, reason := v.ModeAt(local); mode != Normal {
		return Wait{Reason: string(reason)}
	}
	if !v.Stance.Calls {
		return Wait{Reason: string(v.Stance.Reason)}
	}
	if v.Limits.Down() {
		return Wait{Reason: string(ReasonDown)}
	}
	i := v.index(line)
	if i < 0 {
		return Wait{Reason: string(ReasonNotCalled)}
	}
	pace := v.pace.lines[i]
	p50, p90, ok := pace.meter.Wait(ahead, pace.prior)
	if !ok {
		return Wait{Reason: string(ReasonNotCalled)}
	}
	return Wait{Known: true, P50: p50, P90: p90, Reason: string(v.Limits.Reason)}
}

const (
	retryNear    = time.Second // near the front, or the turn has come
	retryFar     = 20 * time.Second
	retryInHold  = 5 * time.Second
	retryCounted = 30 * time.Second // while the page counts down
	retrySoldOut = time.Minute      // tickets seldom come back
	retryDrawn   = 10 * time.Second // at least, in the draw: nobody is the first to be told

	// A tenth of what is left between two questions keeps a room's load even:
	// the answer that matters comes at most a tenth of the wait too late.
	retryFraction = 10

	// retryEach is what one visitor ahead adds while nobody knows how long they take.
	retryEach = 10 * time.Millisecond
	farAhead  = int64(retryFar / retryEach)
)

// retryAfter is when to ask again.
func (v *View) retryAfter(p Place, local time.Time) time.Duration {
	if mode, _ := v.ModeAt(local); mode != Normal || p.State == Arrived {
		return retryInHold
	}
	if v.Stance.Newcomer == event.NoTickets {
		return retrySoldOut
	}
	if v.Stance.Newcomer == event.Countdown || p.State == InDraw && v.Phase == event.Prequeue {
		left := v.Event.Room.EventStartTime.Sub(local.Add(v.Skew))
		least := retryNear
		if p.State == InDraw {
			least = retryDrawn
		}
		return min(max(left/retryFraction, least), retryCounted)
	}
	if p.State == InDraw {
		return retryDrawn
	}
	if p.State == Turn {
		return retryNear
	}
	return AskAgain(p.Wait, p.Ahead)
}

// AskAgain is when somebody who waits behind so many is to ask again.
func AskAgain(w Wait, ahead int64) time.Duration {
	if w.Known {
		return min(max(w.P50/retryFraction, retryNear), retryFar)
	}
	return min(retryNear+time.Duration(min(ahead, farAhead))*retryEach, retryFar)
}

// Jitter spreads d by up to 20 % both ways, so that those who were answered
// together do not come back together; random is in [0, 1).
func Jitter(d time.Duration, random float64) time.Duration {
	return spread(d, 0.2, random)
}

// spread is d times something in [1-part, 1+part).
func spread(d time.Duration, part, random float64) time.Duration {
	return time.Duration(float64(d) * (1 - part + 2*part*random))
}
