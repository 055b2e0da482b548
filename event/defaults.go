package event

import (
	"strings"
	"time"
)

func defaults() Event {
	return Event{
		Room: Room{
			Availability:       Available,
			QueueingMethod:     FIFO,
			SessionDuration:    Duration(5 * time.Minute),
			SessionMax:         Duration(time.Hour),
			CommitGrace:        Duration(15 * time.Minute),
			QueueingStatusCode: 200,
			BeforeStart:        StartCountdown,
			TurnTTL:            Duration(3 * time.Minute),
			LateGrace:          Duration(15 * time.Minute),
			Outage:             Outage{After: Duration(time.Minute)},
			PriceLock:          LockTurn,
		},
		Page:      Page{Language: "en"},
		Browser:   Browser{SameSite: "lax"},
		Identity:  Identity{Mode: IdentityNone},
		Proof:     Proof{Mode: ProofOff, Effort: Duration(time.Second)},
		Prescale:  Prescale{TicketsPerOrder: 1, Buying: Whole, LeadTime: Duration(30 * time.Minute)},
		Retention: Duration(7 * Day),

		TicketsPerVisitor: 4,
	}
}

// setDefaults is called on each element of a list before it is read.
func (r *Route) setDefaults() { r.Action = Protect }
func (l *Line) setDefaults()  { l.Weight = 1 }

// fill completes what depends on other fields, and folds the case of what has
// none, so that a stored event always looks the same.
func (e *Event) fill() {
	if e.Name == "" && namePattern.MatchString(e.ID) {
		e.Name = e.ID
	}
	if len(e.Room.Lines) == 0 {
		e.Room.Lines = []Line{{Name: General, Weight: 1}}
	}
	for i := range e.Tiers {
		if e.Tiers[i].Title == "" {
			e.Tiers[i].Title = e.Tiers[i].Name
		}
	}
	for i := range e.Routes {
		e.Routes[i].Host = strings.ToLower(e.Routes[i].Host)
	}
	e.Browser.CookieDomain = strings.ToLower(e.Browser.CookieDomain)
	e.Prescale.fill()
	if len(e.Tiers) == 0 {
		e.Tiers = nil
	}
	if len(e.Browser.CORSOrigins) == 0 {
		e.Browser.CORSOrigins = nil
	}
}
