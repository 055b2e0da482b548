package web

import (
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/stock"
)

// Shelf is where the stock is kept for all gateways.
type Shelf interface {
	// Stock is what is known of an event's stock, without asking anybody; nil:
	// nothing is. It is the same pointer while nothing changes.
	Stock(eventID string) *stock.Stock
	// Hear takes the lines of stock.Header from an answer of the event's shop. It
	// does not wait.
	Hear(e event.Event, lines []string)
}

// noShelf is that of a gateway which keeps no stock.
type noShelf struct{}

func (noShelf) Stock(string) *stock.Stock  { return nil }
func (noShelf) Hear(event.Event, []string) {}

// reach is how many people of a line the stock goes round for; false while it is
// not known. Everybody who is inside, called or back late may take tickets
// before anybody who waits, and other lines take their share of what is left.
func reach(view *room.View, is *stock.Stock, line string) (stock.Reach, bool) {
	if is == nil {
		return stock.Reach{}, false
	}
	total, known := is.Total(view.Event.Tiers)
	if !known {
		return stock.Reach{}, false
	}
	s := view.Snapshot
	r := total.Reach(view.Event.TicketsPerVisitor, s.Active+s.Called+s.Late)
	var own, all int64
	for _, l := range view.Event.Room.Lines {
		waits, _ := s.Line(l.Name)
		switch {
		case l.Name == line:
			own = int64(l.Weight)
			all += int64(l.Weight)
		case waits.Waiting > 0:
			all += int64(l.Weight)
		}
	}
	return r.Share(own, all), true
}

// outlook is what the holder of a place can expect of the stock.
func (v *visit) outlook(held room.Place) stock.Outlook {
	if held.State != room.Waiting {
		return stock.Enough
	}
	r, known := reach(v.view, v.g.shelf.Stock(v.event().ID), held.Line)
	if !known {
		return stock.Enough
	}
	return r.Outlook(held.Ahead)
}
