package web

import (
	"time"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/web/page"
)

// modeOf is what the room as a whole is doing, in the words of the contract. That
// nothing can take anybody is news only where somebody could come in.
func modeOf(mode room.Mode, view *room.View) page.Mode {
	stance := view.Stance
	if mode != room.Normal {
		return page.Mode(mode)
	}
	switch stance.Reason {
	case event.ReasonPaused:
		return page.ModePaused
	case event.ReasonClosed, event.ReasonClosedPaused:
		return page.ModeClosed
	case event.ReasonAllHeld:
		return page.ModeAllHeld
	case event.ReasonSoldOut:
		return page.ModeSoldOut
	case event.ReasonRejected, event.ReasonRejectedQueueAll:
		return page.ModeRejected
	}
	if view.Limits.Down() && stance.Claims && stance.Newcomer != event.Through {
		return page.ModeDown
	}
	switch stance.Reason {
	case event.ReasonQueueAll:
		return page.ModeQueueAll
	case event.ReasonDraining:
		return page.ModeDraining
	}
	return page.ModeNormal
}

// place is what memory alone can tell the visitor. It asks nobody.
func (v *visit) place() page.Place {
	held := v.view.Place(v.held(), v.now)
	p := v.blank()
	p.State = v.stateOf(held.State)
	switch v.who.standing {
	case live, fading, open:
		p.State = page.StateAdmitted
		ends := time.UnixMilli(v.who.admission.Ends).UTC()
		p.SessionEndsAt = &ends
	}
	if held.State != room.None {
		v.fill(&p, held)
		p.Receipt = v.receipt()
	}
	p.Prices = v.prices()
	return p
}

// stateOf is a visitor's state as far as their place and the room's stance tell.
func (v *visit) stateOf(held room.State) page.State {
	stance, newcomer := v.view.Stance, v.newcomer()
	switch {
	case newcomer == event.Through:
		return page.StateAdmitted
	case newcomer == event.Closed:
		return page.StateClosed
	case newcomer == event.NoTickets:
		return page.StateSoldOut
	case held == room.InDraw:
		return page.StateDraw
	case held == room.Turn && v.mode() == room.Normal:
		return page.StateTurn
	case held == room.None && newcomer == event.Rejected:
		return page.StateRejected
	case held == room.None:
		return page.StateNone
	case stance.Reason == event.ReasonPaused:
		return page.StatePaused
	}
	return page.StateWaiting
}

// placeOf is what the store has just told about the visitor.
func (v *visit) placeOf(a queue.Answer) page.Place {
	p := v.place()
	switch a.State {
	case queue.Active:
		p.State = page.StateAdmitted
		ends := time.UnixMilli(a.Ends).UTC()
		p.SessionEndsAt = &ends
	case queue.Called:
		p.State = page.StateTurn
		ends := time.UnixMilli(a.Ends).UTC()
		p.TurnEndsAt, p.TurnEndsInMS = &ends, max(0, a.Ends-v.storeTime())
		p.Ahead = 0
	case queue.AtDoor:
		p.State, p.Ahead = page.StateTurn, 0
		p.RetryAfterMS = v.doorWait(a.Ahead).Milliseconds()
	case queue.Late, queue.Lapsed:
		p.State, p.Ahead, p.RetryAfterMS = page.StateWaiting, 0, time.Second.Milliseconds()
	case queue.Waiting:
		if p.State == page.StateNone || p.State == page.StateTurn { // the snapshot is older, or the pass was
			p.State = page.StateWaiting
		}
	case queue.Missed:
		p.State = page.StateMissed
	default:
		p.State = page.StateNone
	}
	return p
}

// doorWait is when the door opens for somebody with so many before them.
func (v *visit) doorWait(ahead int64) time.Duration {
	rate := v.view.Limits.Rate.Visitors()
	if rate == 0 || !v.view.Stance.Claims {
		return 5 * time.Second
	}
	return time.Duration(min(30, max(0.5, float64(ahead+1)*60/rate)) * float64(time.Second))
}

// blank is the part of a place that is the same for every visitor.
func (v *visit) blank() page.Place {
	p := page.Place{
		Event: v.event().ID, Mode: modeOf(v.mode(), v.view), Phase: string(v.view.Phase), State: page.StateNone,
		Line: event.General, At: time.UnixMilli(v.storeTime()).UTC(), Message: v.event().Page.Message,
	}
	if start := v.event().Room.EventStartTime; !start.IsZero() {
		at := start.UTC()
		p.StartsAt = &at
	}
	if !v.stranger() {
		p.Reference = admission.Reference(v.event().ID, v.visitor())
	}
	p.RetryAfterMS = room.Jitter(5*time.Second, v.g.chance()).Milliseconds()
	return p
}

func (v *visit) fill(p *page.Place, held room.Place) {
	p.Line, p.Number, p.Serving, p.Ahead = held.Line, held.Number, held.Serving, held.Ahead
	p.Wait = page.Wait{
		P50: int64(held.Wait.P50 / time.Second), P90: int64(held.Wait.P90 / time.Second), Reason: held.Wait.Reason,
	}
	p.RetryAfterMS = room.Jitter(held.RetryAfter, v.g.chance()).Milliseconds()
	p.Stock = string(v.outlook(held))
}
