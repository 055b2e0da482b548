package prescale

import (
	"fmt"
	"math"
	"time"
)

// Buffer is planned on top of the p90.
const Buffer = 1.3

// Sale is what is sold, and how the room lets people in.
type Sale struct {
	Tickets         int           // 0: unknown, so it limits nothing
	TicketsPerOrder int           // on average; 0 means 1
	Buying          float64       // share of sessions that buy; 0 means 1
	Session         time.Duration // how long a session lasts
	SessionSource   string        // where that is from, in words
	Cap             int           // total_active_users; 0: no limit
	PerMinute       int           // new_users_per_minute; 0: no limit
}

// Limit names what keeps the demand from being higher.
type Limit string

const (
	ByArrivals Limit = "arrivals"
	ByStock    Limit = "stock"     // fewer sessions sell everything than people come
	ByRoomCap  Limit = "room_cap"  // total_active_users
	ByRoomRate Limit = "room_rate" // new_users_per_minute x session length
)

// Demand is the number of sessions at once that capacity must carry.
type Demand struct {
	Sessions Range  `json:"sessions"` // at the busiest moment, if everybody were let in on coming
	Useful   int    `json:"useful"`   // sessions in all after which the stock is sold; 0: unknown
	Limit    Limit  `json:"limit"`    // what bounds Required
	Required int    `json:"required"` // p90 x Buffer, never more than the room lets in
	Session  Span   `json:"session_s"`
	Source   string `json:"session_source"`
}

// NewDemand turns a forecast into sessions at once. By Little's law (J. Little,
// "A proof for the queuing formula L = λW", 1961) sessions at once = arrivals
// per second x session length; over time that is who came during the last
// session length, of those whom the stock can still serve.
func NewDemand(f Forecast, s Sale) (Demand, error) {
	if err := s.check(); err != nil {
		return Demand{}, err
	}
	d := Demand{Limit: ByArrivals, Session: Span(s.Session), Source: s.SessionSource, Useful: s.useful()}
	free := f.busiest(f.Visitors.P90, s.Session, 0)
	d.Sessions = Range{
		P50: f.busiest(f.Visitors.P50, s.Session, d.Useful),
		P90: f.busiest(f.Visitors.P90, s.Session, d.Useful),
	}
	if d.Sessions.P90 < free {
		d.Limit = ByStock
	}
	d.Required = int(math.Ceil(d.Sessions.P90*Buffer - 1e-6))
	d.atMost(s.Cap, ByRoomCap)
	d.atMost(s.byRate(), ByRoomRate)
	return d, nil
}

// byRate is how many sessions at once the room's rate brings in; 0: no limit.
func (s Sale) byRate() int {
	if s.PerMinute == 0 {
		return 0
	}
	return max(1, int(float64(s.PerMinute)*s.Session.Minutes()))
}

func (d *Demand) atMost(room int, limit Limit) {
	if room > 0 && room < d.Required {
		d.Required, d.Limit = room, limit
	}
}

// useful is how many sessions sell everything; 0: unknown.
func (s Sale) useful() int {
	if s.Tickets == 0 {
		return 0
	}
	perSession := float64(max(s.TicketsPerOrder, 1))
	if s.Buying > 0 {
		perSession *= s.Buying
	}
	return int(math.Ceil(float64(s.Tickets) / perSession))
}

// busiest is the most sessions at once when total visitors come and the first
// useful ones are served (0: all).
func (f Forecast) busiest(total float64, session time.Duration, useful int) float64 {
	served := func(at time.Duration) float64 {
		if at <= 0 {
			return 0 // whoever stood there at the opening came at that moment
		}
		n := total * f.shape.Share(at)
		if useful > 0 {
			n = min(n, float64(useful))
		}
		return n
	}
	var most float64
	for at := session; at <= f.shape.end()+session; at += time.Minute {
		most = max(most, served(at)-served(at-session))
	}
	return most
}

// clearsIn is when the last of total visitors (99 %, for the model has no last
// one), or of the useful ones, is let in by a capacity of so many sessions.
func (f Forecast) clearsIn(total float64, useful, sessions int, session time.Duration) (time.Duration, bool) {
	target := total * 0.99
	if useful > 0 {
		target = min(target, float64(useful))
	}
	perMinute := float64(sessions) / session.Minutes()
	var in float64
	for at := time.Minute; at <= 24*time.Hour; at += time.Minute {
		in = min(in+perMinute, total*f.shape.Share(at))
		if in >= target-1e-9 {
			return at, true
		}
	}
	return 0, false
}

func (s Sale) check() error {
	var r refusals
	r.count("prescale.tickets", s.Tickets)
	r.count("prescale.tickets_per_order", s.TicketsPerOrder)
	r.unless(s.Buying >= 0 && s.Buying <= 1, OutOfBounds, "prescale.buying", s.Buying, "want a share from 0 to 1")
	r.unless(s.Session >= time.Second && s.Session <= 24*time.Hour, OutOfBounds, "session length", s.Session, fmt.Sprintf("want %v to %v", time.Second, 24*time.Hour))
	r.count("room.total_active_users", s.Cap)
	r.count("room.new_users_per_minute", s.PerMinute)
	return r.err()
}
