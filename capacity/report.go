package capacity

import (
	"maps"
	"slices"
	"time"

	"github.com/bilten/rushgate/queue"
)

// Report is what one gateway tells the others.
type Report struct {
	Pools map[string]Measurement `json:"pools"`
	Rooms []Room                 `json:"rooms"`
	// Last is what this gateway last knew of the pools, for when the record is lost.
	Last map[string]Pool `json:"last,omitempty"`
}

// Measurement is a pool as one gateway has seen it over the last ten seconds or so.
type Measurement struct {
	// Checked says that every instance's state has been found out. Who has just
	// started says nothing of ready and known.
	Checked bool `json:"checked"`
	// Known is how many instances there should be: those that are configured, or have
	// been ready once. One that still warms up for the first time is not known yet, or
	// scaling up would slow the line.
	Known int64 `json:"known"`
	Ready int64 `json:"ready"` // thousandths of an instance: one in slow start counts in part

	Requests int64         `json:"requests"` // answered or failed, or open for more than a second
	Failed   int64         `json:"failed"`   // of them: 5xx, timeouts, no connection
	P95      time.Duration `json:"p95"`      // of the time to an answer's headers, or until now; 0: not known
}

// Room is an event's room as one gateway sees it.
type Room struct {
	Event string   `json:"event"`
	Pools []string `json:"pools"` // that its protected routes lie on
	Ask   Ask      `json:"ask"`
	Sight Sight    `json:"sight"`
	Held  Order    `json:"held"` // what this gateway hands to the room's store
}

// Ask is what the organizer wants.
type Ask struct {
	Version    int64         `json:"version"` // of the event
	Rate       queue.Rate    `json:"rate"`
	Cap        int64         `json:"cap"`
	SessionMax time.Duration `json:"session_max"`
}

// Sight is what a room's last snapshot says. Seq 0: there was none yet.
type Sight struct {
	Generation uint64 `json:"generation"`
	Seq        int64  `json:"seq"`
	InForce    Order  `json:"in_force"` // the budget's version, and the lesser of budget and policy; Version 0: no budget
	Occupied   int64  `json:"occupied"` // active, called and unseen
	// Waiting is how many could be called if there were room: 0 while the room calls
	// nobody, except shortly before the start.
	Waiting  int64 `json:"waiting"`
	Admitted int64 `json:"admitted"` // so far
	Silent   bool  `json:"silent"`   // the store does not answer
}

// Order is what a room is told. It is in force when the room's store has it.
type Order struct {
	Version int64      `json:"v"`
	Rate    queue.Rate `json:"r"`
	Cap     int64      `json:"c"`
	Down    bool       `json:"d,omitempty"`
}

const (
	// Fallback is the version of the order that a gateway gives to a room before it
	// has heard of another: nothing, unless the store knows better.
	Fallback = 1

	// pending is the version of an order in a record that is not written yet: the
	// record's own, which the store gives.
	pending = -1
)

// heard is what all gateways say of one room.
type heard struct {
	room Room    // the newest sight and wish
	told []Order // in force and held, by anybody
}

// gather puts the gateways' words on each room together.
func gather(reports map[string]Report) map[string]heard {
	all := map[string]heard{}
	for _, member := range slices.Sorted(maps.Keys(reports)) {
		for _, r := range reports[member].Rooms {
			h, met := all[r.Event]
			if !met {
				h.room = r
				h.room.Pools = nil
			}
			h.room.Pools = union(h.room.Pools, r.Pools)
			if r.Ask.Version > h.room.Ask.Version {
				h.room.Ask = r.Ask
			}
			silent := h.room.Sight.Silent && r.Sight.Silent // one who hears it is enough
			if r.Sight.Seq > h.room.Sight.Seq {
				h.room.Sight = r.Sight
			}
			h.room.Sight.Silent = silent
			h.told = append(h.told, r.Held)
			if r.Sight.Seq > 0 {
				h.told = append(h.told, r.Sight.InForce)
			}
			all[r.Event] = h
		}
	}
	return all
}

func union(a, b []string) []string {
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	return slices.Compact(all)
}
