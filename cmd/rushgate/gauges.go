package main

import (
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/prescale"
)

// own is what this gateway knows of a report's metrics without asking anybody: of the
// event's room, and of the pools behind it.
func (r *rushes) own(e event.Event) prescale.Gateway {
	var sees prescale.Gateway
	if one, ok := r.known.rooms.Room(e.ID); ok {
		if s := one.View().Snapshot; s.Generation != 0 {
			sees.Active, sees.Waiting, sees.Seen = s.Active, s.Waiting(), time.UnixMilli(s.At).UTC()
		}
	}
	for _, name := range r.world.behind(e) {
		m := r.world.pools.byName[name].Measure()
		sees.Ready, sees.Requests, sees.Failed = sees.Ready+m.Ready, sees.Requests+m.Requests, sees.Failed+m.Failures+m.Timeouts
		sees.P95, sees.Window = max(sees.P95, m.P95), m.Window
	}
	return sees
}
