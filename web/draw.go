package web

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bilten/rushgate/draw"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/web/page"
)

// draws keeps the lists of draws that are closed, one for each event: the store
// never changes them, so each is read once. What a store that has lost something
// gets back is not read meanwhile: it is not whole.
type draws struct {
	mu    sync.Mutex
	lists map[string]*drawList // by event
}

// drawList is who is in a draw, as this gateway read it. It is not for use
// before ready is closed.
type drawList struct {
	root    uint32 // another one is another draw
	ready   chan struct{}
	entries []draw.Entry
	tally   draw.Tally
	err     error

	mu     sync.Mutex
	sorted map[string]draw.List // by public value; there is one, once it is known
}

// inOrder is the list as the seed and the public value have it.
func (d *drawList) inOrder(seed draw.Seed, value string) draw.List {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sorted[value] == nil {
		d.sorted = map[string]draw.List{value: seed.Draw(d.entries, value)}
	}
	return d.sorted[value]
}

// readTimeout is how long reading a draw of any size may take.
const readTimeout = time.Minute

var errNotCounted = errors.New("the draw is being counted")

// of returns a draw's list, or errNotCounted while it is being read.
func (d *draws) of(rm *room.Room, view *room.View) (*drawList, error) {
	list := d.begin(rm, view)
	if list == nil {
		return nil, errNotCounted
	}
	select {
	case <-list.ready:
		return list, list.err
	default:
		return nil, errNotCounted
	}
}

// begin returns the list that is read or being read, nil for one that cannot be
// yet.
func (d *draws) begin(rm *room.Room, view *room.View) *drawList {
	id, root := view.Event.ID, view.Snapshot.Roots[0]
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.lists[id]
	switch {
	case list != nil && list.root == root:
		return list
	case view.Snapshot.Gathering > 0:
		return nil
	case d.lists == nil:
		d.lists = map[string]*drawList{}
	}
	list = &drawList{root: root, ready: make(chan struct{})}
	d.lists[id] = list
	go d.read(id, list, rm, view.Snapshot)
	return list
}

// read fills a list. One that could not be read, or not as the store had counted
// it when it was closed, is forgotten, so that the next question tries again.
func (d *draws) read(eventID string, list *drawList, rm *room.Room, closed queue.Snapshot) {
	defer close(list.ready)
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	visitors, err := rm.Drawn(ctx, event.General)
	if err != nil {
		list.err = onHold(err)
	} else if line, _ := closed.Line(event.General); line.Drawn != int64(len(visitors)) {
		list.err = errNotCounted
	}
	if list.err != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.lists[eventID] == list {
			delete(d.lists, eventID)
		}
		return
	}
	list.entries = make([]draw.Entry, len(visitors))
	for i, v := range visitors {
		list.entries[i] = draw.NewEntry(eventID, v)
	}
	list.tally = draw.Tally{Count: len(visitors), Root: draw.Root(list.entries)}
}

// published is what everybody may know of an event's draw by now.
func (g *Gateway) published(rm *room.Room) (draw.Published, *drawList, error) {
	view := rm.View()
	e := view.Event
	if !e.Room.ShuffleAtEventStart {
		return draw.Published{}, nil, refuse(http.StatusNotFound, "no_draw", "There is no draw for this event.")
	}
	seed, err := g.seed(view)
	if err != nil {
		return draw.Published{}, nil, err
	}
	p := draw.Published{Version: draw.Version, Event: e.ID, Phase: draw.Open, Commitment: seed.Commitment()}
	if e.Room.Draw.Source != "" {
		p.Public = &draw.Public{Source: e.Room.Draw.Source}
	}
	if !view.Snapshot.Drawn {
		return p, nil, nil
	}
	list, err := g.draws.of(rm, view)
	switch {
	case errors.Is(err, errNotCounted):
		return p, nil, refuse(http.StatusServiceUnavailable, "draw_counting", "The draw is being counted.").after(2 * time.Second)
	case err != nil:
		return p, nil, err
	}
	p.Phase, p.Entries = draw.Closed, &list.tally
	if view.Snapshot.Settled {
		if draw.Turn(e.Room.Draw.Value) != view.Snapshot.Offset { // changed since: the numbers follow from the first
			return p, nil, refuse(http.StatusServiceUnavailable, "draw_value_changed",
				"The public value in the event is not the one that the numbers follow from, so the draw cannot be checked until that one is put back.")
		}
		shown := draw.Digest(seed)
		p.Phase, p.Seed, p.List = draw.Drawn, &shown, g.prefix+"/"+e.ID+"/draw/list"
		if p.Public != nil {
			p.Public.Value = e.Room.Draw.Value
		}
	}
	return p, list, p.Validate()
}

func (g *Gateway) seeDraw(c echo.Context) error {
	rm, ok := g.roomOf(c)
	if !ok {
		return refuse(http.StatusNotFound, "no_event", "There is no such event here.")
	}
	p, _, err := g.published(rm)
	if err != nil {
		return err
	}
	e := rm.View().Event
	h := c.Response().Header()
	h.Set("Vary", "Accept")
	if preferred(c.Request()) == asHTML {
		back, _ := safeReturn(c.QueryParam("return"), g.prefix)
		return g.pages.Draw(c.Response(), page.DrawView{Published: p, Name: e.Name, Texts: e.Page, Return: back})
	}
	h.Set("Cache-Control", "no-cache")
	return c.JSON(http.StatusOK, p)
}

func (g *Gateway) listDraw(c echo.Context) error {
	rm, ok := g.roomOf(c)
	if !ok {
		return refuse(http.StatusNotFound, "no_event", "There is no such event here.")
	}
	p, list, err := g.published(rm)
	if err != nil {
		return err
	}
	if p.Phase != draw.Drawn {
		return refuse(http.StatusConflict, "not_drawn", "The order of the draw is not decided yet.")
	}
	h := c.Response().Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=300")
	value := ""
	if p.Public != nil {
		value = p.Public.Value
	}
	_, err = list.inOrder(draw.Seed(*p.Seed), value).WriteTo(c.Response())
	return err
}

// receipt is what a visitor who is in a draw, or was, keeps of it. Only the draw of
// the general line is published, so none of another line could be checked.
func (v *visit) receipt() string {
	p := v.who.pass
	if !v.who.hasPass || p.Generation == 0 || p.Line != event.General || !v.event().Draws(time.UnixMilli(p.JoinedAt)) {
		return ""
	}
	seed, err := v.g.seed(v.view)
	if err != nil {
		return ""
	}
	r := draw.Receipt{Event: p.Event, Entry: draw.NewEntry(p.Event, p.Visitor), Commitment: seed.Commitment()}
	if p.Order > 0 && p.Order <= queue.Base {
		r.Number = int(p.Number)
	}
	return r.String()
}

// DrawPhase is how far an event's draw has come, as `now` says it; empty without one.
func DrawPhase(view *room.View) draw.Phase {
	switch s := view.Snapshot; {
	case !view.Event.Room.ShuffleAtEventStart:
		return ""
	case s.Settled:
		return draw.Drawn
	case s.Drawn:
		return draw.Closed
	}
	return draw.Open
}
