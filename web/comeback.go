package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/draw"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/web/page"
)

// comeBack tells the store of a pass that it may not know, or asks it for the
// number that the pass lacks. Each pass asks once, and is renewed by the answer. A store
// that does not answer changes nothing: the pass is the place.
func (v *visit) comeBack() error {
	v.bind()
	p := v.who.pass
	if v.who.used || v.hold() || v.view.Retired || v.newcomer() == event.Through {
		return nil
	}
	if p.Generation != 0 && !v.view.Knows(p.Generation) {
		if !v.room.Meet(v.r.Context(), p.Generation, p.Line, p.Number, p.JoinedAt) {
			return nil
		}
		v.view = v.room.View().At(v.now)
	}
	op, what, ask := v.returning()
	if !ask {
		return nil
	}
	if _, err := v.show(op, what); err != nil {
		v.g.log.Debug("a pass waits to be known again", "event", v.event().ID, "error", err)
	}
	return nil
}

// show shows the pass to the store, and renews it by the answer.
func (v *visit) show(op queue.Op, what queue.Visit) (queue.Answer, error) {
	p := v.who.pass
	what.Line = p.Line
	switch drawn, err := v.drawOrder(p.JoinedAt); {
	case err != nil:
		return queue.Answer{}, err
	case drawn > 0 && p.Order < queue.Base: // who came too late for the draw has a number behind it
		what.Order = drawn
	}
	a, err := v.ask(op, what)
	if err != nil {
		return a, err
	}
	v.g.metrics.returns.WithLabelValues(v.event().ID, a.State.String()).Inc()
	return a, v.renew(a)
}

// forgotten says that an answer is that of a room which has begun a new life
// since this gateway saw it: it does not know the pass yet.
func (v *visit) forgotten(a queue.Answer) bool {
	p := v.who.pass
	return (a.State == queue.None || a.State == queue.Missed) && p.Generation != 0 && p.Order > 0 && a.Generation != p.Generation
}

// showPass gives a room that has forgotten it the place of the pass back.
func (v *visit) showPass() (queue.Answer, error) {
	return v.show(queue.Restore, queue.Visit{Order: v.who.pass.Order, Generation: v.who.pass.Generation})
}

// returning is what to ask about the pass, if anything.
func (v *visit) returning() (queue.Op, queue.Visit, bool) {
	p, held := v.who.pass, v.held()
	earlier := p.Generation != v.view.Snapshot.Generation
	switch inDraw := v.view.Event.Draws(time.UnixMilli(p.JoinedAt)); {
	case p.Generation == 0: // no store knows of it yet
		return queue.Join, queue.Visit{Since: p.JoinedAt}, true
	case p.Order > 0 || inDraw:
		return queue.Restore, queue.Visit{Order: p.Order, Generation: p.Generation}, earlier || p.Order == 0 && v.view.Numbers(held)
	default:
		return queue.Join, queue.Visit{Since: p.JoinedAt}, earlier || v.view.Numbers(held)
	}
}

// renew makes the pass one of the store's present life, with whatever the answer
// adds to it.
func (v *visit) renew(a queue.Answer) error {
	p := v.who.pass
	switch a.State {
	case queue.Active:
		return v.admitPass(a) // the same session, so the same admission
	case queue.Waiting:
		p.Generation = a.Generation
		if a.Order > 0 {
			if p.Number == 0 || p.Order != a.Order { // the drawn are counted anew after a loss, before all are back
				p.Number = a.Number
			}
			p.Line, p.Order, p.JoinedAt = a.Line, a.Order, v.joinedAt(a.Order, p.JoinedAt)
			v.room.Numbered(a.Line, a.Generation, p.Number)
		}
	case queue.Called, queue.AtDoor, queue.Late, queue.Lapsed:
		p.Generation = a.Generation
		if p.Order == 0 { // numbered and called since it asked last
			p.Line, p.Order, p.JoinedAt = v.reached(p.Line)
		}
	default:
		p.Generation = a.Generation
	}
	if p != v.who.pass {
		v.carry(p)
	}
	return nil
}

// joinedAt is when the holder of a place joined. One of the drawn did so before
// the sale, whenever the answer arrived: else, after a loss, nobody would know
// that the draw gave the order.
func (v *visit) joinedAt(order, at int64) int64 {
	if 0 < order && order < queue.Base && !v.event().Draws(time.UnixMilli(at)) {
		return v.event().Room.PrequeueStartTime.UnixMilli()
	}
	return at
}

// park gives a place without a number to somebody who comes while the store is
// away: a number follows, by the time of coming.
func (v *visit) park(line string) page.Place {
	v.room.Parked()
	v.carry(admission.Pass{Event: v.event().ID, Line: line, Visitor: v.visitor(), JoinedAt: v.storeTime(), PriceVersion: v.versionShown()})
	v.g.metrics.joins.WithLabelValues(v.event().ID, "parked").Inc()
	return v.place()
}

// joining is what a newcomer asks of the store. Whoever joined a draw in a line that
// has been called before would stand behind what was called, and never be called.
func (v *visit) joining(line string) (queue.Visit, error) {
	order, err := v.drawOrder(v.storeTime())
	snapshot := v.view.Snapshot
	if l, _ := snapshot.Line(line); err == nil && order > 0 && !snapshot.Drawn && l.CalledOrder >= queue.Base {
		err = refuse(http.StatusServiceUnavailable, "draw_impossible",
			"The draw of this event cannot be held, because its line was called before. Its organizer has to give the sale an event of its own.").with(v.place())
	}
	return queue.Visit{Line: line, Order: order}, err
}

// drawOrder is the order that the draw gives to the visitor, who joined at that
// moment; 0 if there was no draw then.
func (v *visit) drawOrder(joinedAt int64) (int64, error) {
	if !v.event().Draws(time.UnixMilli(joinedAt)) {
		return 0, nil
	}
	seed, err := v.g.seed(v.view)
	if err != nil {
		return 0, err
	}
	return seed.Order(draw.NewEntry(v.event().ID, v.visitor())), nil
}

// seed is that of an event's draw.
func (g *Gateway) seed(view *room.View) (draw.Seed, error) {
	roots := view.Snapshot.Roots
	if len(roots) == 0 {
		return draw.Seed{}, onHold(nil)
	}
	seed, err := g.keys().DrawSeed(view.Event.ID, uint64(roots[0]), view.Event.Room.PrequeueStartTime.Time)
	if err != nil {
		return draw.Seed{}, onHold(fmt.Errorf("draw: %w", err))
	}
	return seed, nil
}

// waits says that memory alone knows that the visitor's turn has not come.
func (v *visit) waits() bool {
	switch v.view.Place(v.held(), v.now).State {
	case room.Waiting, room.InDraw, room.Arrived:
		return true
	}
	return false
}
