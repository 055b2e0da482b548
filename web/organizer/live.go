package organizer

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bilten/rushgate/event"
)

// Rooms tells what goes on in the rooms.
type Rooms interface {
	// Live returns an event's room as this gateway last saw it, without asking
	// the store; false when it has not seen it yet.
	Live(eventID string) (LiveView, bool)
}

// LiveView is one room in numbers. Field names are part of the API.
type LiveView struct {
	At        time.Time  `json:"at"`         // by the store's clock
	Mode      string     `json:"mode"`       // normal, or why not
	InForce   int64      `json:"in_force"`   // version of the event that the store acts on
	Called    int64      `json:"called"`     // turns on offer
	Active    int64      `json:"active"`     // sessions
	Late      int64      `json:"late"`       // came back late, not yet called again
	Arrived   int64      `json:"arrived"`    // wait for a number
	Unseen    int64      `json:"unseen"`     // slots kept for those not seen since the store lost the room
	Draw      string     `json:"draw"`       // open, closed or drawn; empty: there is none
	Lapsed    int64      `json:"lapsed"`     // may still come back
	PerMinute int64      `json:"per_minute"` // called in the last minute
	WaitP50   int64      `json:"wait_p50_s"` // of who joins now, in seconds; 0: not known
	WaitP90   int64      `json:"wait_p90_s"`
	Limits    LiveLimits `json:"limits"`
	Lines     []LiveLine `json:"lines"`
}

// LiveLimits are what a room may do now: what its event allows, as far as the
// instances behind it can take it.
type LiveLimits struct {
	PerMinute float64 `json:"per_minute"`
	Sessions  int64   `json:"sessions"`
	Reason    string  `json:"reason"` // capacity, health, shared or down; empty: the event alone sets them
	Ready     int     `json:"ready"`  // instances that can take visitors
	Known     int     `json:"known"`  // of so many; 0: nobody counts them
}

// LiveLine is one line of a room.
type LiveLine struct {
	Name    string `json:"name"`
	Issued  int64  `json:"issued"`  // numbers given so far
	Serving int64  `json:"serving"` // the highest called
	Waiting int64  `json:"waiting"`
}

// Waiting is how many people stand in all lines, those who came late included.
func (v LiveView) Waiting() int64 {
	waiting := v.Late + v.Arrived
	for _, line := range v.Lines {
		waiting += line.Waiting
	}
	return waiting
}

// liveAnswer is a room in numbers beside what its event wants of it.
type liveAnswer struct {
	Event    string      `json:"event"`
	Name     string      `json:"name"`
	Phase    event.Phase `json:"phase"`
	Stance   stance      `json:"stance"`
	Controls controls    `json:"controls"`
	Version  int64       `json:"version"` // in force once in_force has reached it
	Waiting  int64       `json:"waiting"`
	LiveView
}

// stance is what the room does now, in the words of the control table.
type stance struct {
	Reason   event.Reason   `json:"reason"`
	Newcomer event.Newcomer `json:"newcomers"`
	Calls    bool           `json:"calls"`
	Claims   bool           `json:"claims"`
	Undo     string         `json:"undo"`
}

// controls are the live controls as they are set.
type controls struct {
	Suspended         bool               `json:"suspended"`
	Released          bool               `json:"released"`
	QueueAll          bool               `json:"queue_all"`
	Paused            bool               `json:"paused"`
	Closed            bool               `json:"closed"`
	Availability      event.Availability `json:"availability"`
	QueueingMethod    event.Method       `json:"queueing_method"`
	TotalActiveUsers  int                `json:"total_active_users"`
	NewUsersPerMinute int                `json:"new_users_per_minute"`
	Message           string             `json:"message"`
}

func notLive() *problem {
	return refuse(http.StatusServiceUnavailable, "room_not_live", "This gateway has not seen the room yet; ask again in a second.")
}

func (a *API) live(c echo.Context) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	view, ok := a.rooms.Live(record.Event.ID)
	if !ok {
		return notLive()
	}
	e, waiting := record.Event, view.Waiting()
	now := e.Stance(view.At, waiting)
	return c.JSON(http.StatusOK, liveAnswer{
		Event:   e.ID,
		Name:    e.Name,
		Phase:   e.Phase(view.At),
		Stance:  stance{Reason: now.Reason, Newcomer: now.Newcomer, Calls: now.Calls, Claims: now.Claims, Undo: now.Undo},
		Version: record.Version,
		Waiting: waiting,
		Controls: controls{
			Suspended:         e.Room.Suspended,
			Released:          e.Room.Released,
			QueueAll:          e.Room.QueueAll,
			Paused:            e.Room.Paused,
			Closed:            e.Room.Closed,
			Availability:      e.Room.Availability,
			QueueingMethod:    e.Room.QueueingMethod,
			TotalActiveUsers:  e.Room.TotalActiveUsers,
			NewUsersPerMinute: e.Room.NewUsersPerMinute,
			Message:           e.Page.Message,
		},
		LiveView: view,
	})
}
