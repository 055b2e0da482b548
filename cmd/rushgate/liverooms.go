package main

import (
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/web"
	"github.com/bilten/rushgate/web/organizer"
)

// liveRooms shows the keeper's rooms to the organizer API.
type liveRooms struct {
	keeper *room.Keeper
	now    func() time.Time
}

// Live is organizer.Rooms'.
func (l liveRooms) Live(eventID string) (organizer.LiveView, bool) {
	one, ok := l.keeper.Room(eventID)
	if !ok {
		return organizer.LiveView{}, false
	}
	view, local := one.View(), l.now()
	snapshot := view.Snapshot
	if snapshot.Generation == 0 {
		return organizer.LiveView{}, false // no tick has been answered yet
	}
	mode, _ := view.ModeAt(local)
	wait := view.WaitFor(event.General)
	live := organizer.LiveView{
		At:      time.UnixMilli(view.StoreTime(local)).UTC(),
		Mode:    string(mode),
		InForce: view.InForce(),
		Called:  snapshot.Called,
		Active:  snapshot.Active,
		Late:    snapshot.Late,
		Arrived: snapshot.Arrived,
		Unseen:  snapshot.Unseen,
		Draw:    string(web.DrawPhase(view)),
		Lapsed:  snapshot.Lapsed,
		WaitP50: int64(wait.P50.Seconds()),
		WaitP90: int64(wait.P90.Seconds()),
		Limits: organizer.LiveLimits{
			PerMinute: view.Limits.Rate.Visitors(), Sessions: view.Limits.Cap,
			Reason: string(view.Limits.Reason), Ready: view.Limits.Ready, Known: view.Limits.Known,
		},
		Lines: []organizer.LiveLine{},
	}
	for _, line := range snapshot.Lines {
		live.PerMinute += view.PerMinute(line.Name)
		live.Lines = append(live.Lines, organizer.LiveLine{
			Name: line.Name, Issued: line.Issued, Serving: line.Serving, Waiting: line.Waiting,
		})
	}
	return live, true
}
