package capacity

import (
	"cmp"
	"slices"
	"time"

	"github.com/bilten/rushgate/queue"
)

// Grant is what an event has of its pools.
//
// An order goes to a room's store by way of any gateway, at any time after it was
// given, and the store keeps the newest it has met. So until the room is seen with an
// order in force, every order since the one last seen may be: the grant is as high as
// the highest of them. It falls only when the room shows that it obeys, and only what
// has fallen is given to others. With sessions it is also as high as the sessions that
// are there, whatever is ordered.
//
// When the record is lost, or comes back older than it was, rooms and gateways hold
// orders that it does not know. What they show counts, every room is ordered anew, and
// nobody is given more until every room has shown an order of the new life: no order of
// the old one can come into force after that. Whoever decides first must know of every
// event then, and a room that nobody can see is waited for no longer than Patience.
type Grant struct {
	Orders  []Order    `json:"orders"`         // that may be in force, oldest first; the last is what holds
	Firm    int64      `json:"firm"`           // version from which on nothing unknown can be in force; 0: not ordered yet
	Wary    bool       `json:"wary,omitempty"` // as old as the record: a gateway may hold an order that nobody has shown
	Room    Room       `json:"room"`           // as last seen
	Seen    int64      `json:"seen"`           // unix ms when a gateway last spoke of it
	Sighted int64      `json:"sight"`          // unix ms when Room.Sight last moved on; before the first, when it was awaited
	Use     queue.Rate `json:"use"`            // admitted lately
	Told    Told       `json:"told"`
}

const (
	// Linger is how long after the last word of a room its rate still counts. A gateway
	// that ticks a room speaks of it every second.
	Linger = 30 * time.Second
	// Fresh is how old a gateway's report may be.
	Fresh = 5 * time.Second
	// Patience is how long a room that nobody can see keeps others from being given
	// more after a loss.
	Patience = 10 * time.Second

	mostOrders = 8
)

// last is the order that holds.
func (g Grant) last() (Order, bool) {
	if len(g.Orders) == 0 {
		return Order{}, false
	}
	return g.Orders[len(g.Orders)-1], true
}

// bound is what may be in force at most, and how many sessions may be there.
func (g Grant) bound(now int64) (rate, sessions int64) {
	for _, o := range g.Orders {
		rate, sessions = max(rate, int64(o.Rate)), max(sessions, o.Cap)
	}
	if now-g.Seen > Linger.Milliseconds() {
		rate = 0
	}
	return rate, max(sessions, g.Room.Sight.Occupied)
}

// firm says that nothing is in force, or can come into force, but known orders.
func (g Grant) firm() bool { return g.Firm > 0 && g.Room.Sight.InForce.Version >= g.Firm }

// uncertain says that more may be in force than is known, in a room that somebody can
// see or will soon. A room on no pool takes nothing from anybody, and is given no order
// that it could show.
func (g Grant) uncertain(now int64) bool {
	if len(g.Room.Pools) == 0 {
		return false
	}
	hidden := g.Room.Sight.Silent || g.Room.Sight.Seq == 0
	return g.present(now) && !g.firm() && !(hidden && now-g.Sighted >= Patience.Milliseconds())
}

// gone says that nobody has spoken of the room for so long that even its sessions
// have ended.
func (g Grant) gone(now int64) bool {
	return now-g.Seen > max(Linger, g.Room.Ask.SessionMax).Milliseconds()
}

// hear takes what gateways say of the room at now, unix ms.
func (g Grant) hear(h heard, now int64) Grant {
	g.Orders = slices.Clone(g.Orders)
	g.Seen = now
	before := g.Room.Sight
	g.Sighted = min(g.Sighted, now) // a clock that fell back
	g.Room.Event, g.Room.Pools, g.Room.Ask = h.room.Event, h.room.Pools, h.room.Ask
	g.Room.Sight.Silent = h.room.Sight.Silent
	// A report may be behind what another showed a moment ago.
	if sight := h.room.Sight; sight.Seq > 0 && (sight.Seq >= before.Seq || now-g.Sighted > Fresh.Milliseconds()) {
		g.observe(sight, now)
		g.confirm(sight.InForce)
	} else { // or of a room that was made anew under the same name
		g.Room.Sight.Occupied = max(g.Room.Sight.Occupied, sight.Occupied)
	}
	if g.Sighted == 0 {
		g.Sighted = now
	}
	for _, o := range h.told {
		g.strange(o)
	}
	return g
}

// present says that a gateway speaks of the room now.
func (g Grant) present(now int64) bool { return g.Seen == now }

// observe keeps a sight of the room, and how many it admits.
func (g *Grant) observe(sight Sight, now int64) {
	before, passed := g.Room.Sight, now-g.Sighted
	if sight.Seq == before.Seq {
		return
	}
	g.Room.Sight, g.Sighted = sight, now
	if passed <= 0 || sight.Generation != before.Generation || sight.Admitted < before.Admitted {
		return
	}
	admitted := queue.Rate((sight.Admitted - before.Admitted) * time.Minute.Milliseconds() * 1000 / passed)
	g.Use = (3*g.Use + admitted) / 4
}

// confirm drops the orders that can't come into force any more: those older than the
// one in force.
func (g *Grant) confirm(inForce Order) {
	at, met := g.find(inForce.Version)
	switch {
	case len(g.Orders) == 0 && inForce.Version == Fallback:
		g.Orders = []Order{inForce}
		if !g.Wary {
			g.Firm = Fallback
		}
	case !met && at == len(g.Orders):
		return // a strange one: hear sees to it
	case !met: // a store that lost the room begins with what it is handed
		g.Orders = slices.Insert(g.Orders, at, inForce)
	}
	g.Orders = g.Orders[at:]
}

// strange notes an order that this record does not know: it is of an earlier life.
func (g *Grant) strange(o Order) {
	if o.Version == Fallback || o.Version <= 0 && len(g.Orders) > 0 {
		return
	}
	at, met := g.find(o.Version)
	switch {
	case met && o.Rate <= g.Orders[at].Rate && o.Cap <= g.Orders[at].Cap:
		return
	case met:
		g.Orders[at].Rate = max(o.Rate, g.Orders[at].Rate)
		g.Orders[at].Cap = max(o.Cap, g.Orders[at].Cap)
	case at < len(g.Orders):
		return // older than one in force, or one of those that were merged
	default:
		g.Orders = append(g.Orders, o)
	}
	g.Firm = 0
}

func (g Grant) find(version int64) (at int, met bool) {
	return slices.BinarySearchFunc(g.Orders, version, func(o Order, version int64) int { return cmp.Compare(o.Version, version) })
}

// give orders the room anew if that changes anything.
func (g *Grant) give(rate queue.Rate, limit int64, down bool) {
	last, ok := g.last()
	if !ok || g.Firm > 0 && last.Rate == rate && last.Cap == limit && last.Down == down {
		return
	}
	g.Orders = append(g.Orders, Order{Version: pending, Rate: rate, Cap: limit, Down: down})
	if len(g.Orders) > mostOrders { // the second is as high as both: more than may be, never less
		first, second := g.Orders[0], &g.Orders[1]
		second.Rate, second.Cap = max(first.Rate, second.Rate), max(first.Cap, second.Cap)
		g.Orders = g.Orders[1:]
	}
}

// stamp gives the order of a record that is written now its version.
func (g Grant) stamp(version int64) Grant {
	last, ok := g.last()
	if !ok || last.Version != pending {
		return g
	}
	g.Orders = slices.Clone(g.Orders)
	g.Orders[len(g.Orders)-1].Version = version
	if g.Firm == 0 {
		g.Firm = version
	}
	return g
}
