package loadtest

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/bilten/rushgate/invariant"
)

// action is a kind of request; the figures are kept for each.
type action int

const (
	open action = iota // the protected page, from outside
	join
	status
	now
	claim
	leave
	shop // the protected page, from inside
	done
	actions
)

var actionNames = [actions]string{"open the page", "join", "status", "now", "claim", "leave", "shop", "complete"}

// path is the action's in the HTTP contract.
func (a action) path() string {
	return [actions]string{join: "join", status: "status", now: "now", claim: "claim", leave: "leave"}[a]
}

// state is what a visitor is to the room, in the words of the HTTP contract.
type state string

const (
	newcomer state = "" // has not asked for a place yet
	waiting  state = "waiting"
	paused   state = "paused" // waits while nobody comes in
	turn     state = "turn"
	admitted state = "admitted"
	missed   state = "missed"
	leftRoom state = "left"
	noPlace  state = "none"
)

// place is the part of the contract's place, and of its problems, that the
// crowd acts on.
type place struct {
	Mode         string `json:"mode"`
	State        state  `json:"state"`
	Code         string `json:"code"`
	Line         string `json:"line"`
	Number       int64  `json:"number"`
	Serving      int64  `json:"serving"`
	Ahead        int64  `json:"ahead"`
	Wait         wait   `json:"wait"`
	RetryAfterMS int64  `json:"retry_after_ms"`
	TurnEndsInMS int64  `json:"turn_ends_in_ms"` // 0: not known
}

// stateHeader is on every answer of a gateway to a page that must wait, and on
// none of the shop's.
const stateHeader = "Rushgate-State"

type wait struct {
	P50 int64 `json:"p50_s"`
	P90 int64 `json:"p90_s"`
}

// room is the part of now.
type room struct {
	Mode         string    `json:"mode"`
	Generation   string    `json:"generation"`
	At           time.Time `json:"at"`
	RetryAfterMS int64     `json:"retry_after_ms"`
	Lines        map[string]struct {
		Serving   int64 `json:"serving"`
		Issued    int64 `json:"issued"`
		PerMinute int64 `json:"per_minute"`
	} `json:"lines"`
}

func (t Target) action(a action) string { return "/_rushgate/" + t.Event + "/" + a.path() }

// shortest is the least time between two requests of one visitor, whatever the
// gateway says: a crowd must not turn into a flood by a missing field.
const shortest = 50 * time.Millisecond

// rest waits as the gateway asked, at the crowd's pace.
func (v *visitor) rest(ctx context.Context, ms int64) {
	sleep(ctx, max(shortest, scale(time.Duration(ms)*time.Millisecond, v.Pace)))
}

func (v *visitor) post(ctx context.Context, a action) (answer, bool) {
	return v.ask(ctx, a, http.MethodPost, v.action(a), data)
}

// ask sends one request to any gateway and takes in the cookies of the answer,
// an admission among them. Without an answer it waits a moment and says false.
func (v *visitor) ask(ctx context.Context, what action, method, path string, want accept) (answer, bool) {
	w := v.wires[v.rand.IntN(len(v.wires))]
	a, err := w.exchange(ctx, v.browser.request(method, path, want))
	v.tally.requests.Add(1)
	changes := what != status && what != now
	a.since = a.first
	if changes && v.since != 0 {
		a.since = v.since
	}
	ok := err == nil && a.status < http.StatusInternalServerError
	if a.first != 0 && (!ok || a.again) {
		v.history.Add(invariant.Unanswered(invariant.Between(a.first, a.answered), v.id))
	}
	if !ok {
		if changes {
			v.since = a.since
		}
		if ctx.Err() == nil {
			v.tally.fail(what, a, err)
			v.heed(a, err)
			sleep(ctx, time.Second)
		}
		return a, false
	}
	if changes {
		v.since = 0
	}
	v.hear(what, a)
	return a, true
}

// abandon sends a request and hangs up. Whether it took effect nobody knows.
func (v *visitor) abandon(ctx context.Context, what action) {
	w := v.wires[v.rand.IntN(len(v.wires))]
	sent, _ := w.abandon(ctx, v.browser.request(http.MethodPost, v.action(what), data))
	if v.since == 0 {
		v.since = sent
	}
	v.tally.requests.Add(1)
	v.tally.abandoned.Add(1)
}

// hear takes what every answer may bring: cookies, and the admission.
func (v *visitor) hear(what action, a answer) {
	v.tally.late.add(a.sent-v.tally.opened, a.sent-a.asked)
	v.tally.latency[what].add(a.answered-v.tally.opened, a.answered-a.sent)
	v.browser.keep(a.header)
	t, ok := ticketIn(a.header)
	if !ok {
		return
	}
	when := invariant.Between(a.since, a.answered)
	entry := invariant.FromLine
	if v.state == newcomer || v.state == missed { // has not been told of a place
		entry = invariant.Direct
	}
	if t.Session == v.ticket.Session {
		v.history.Add(invariant.Extended(when, v.id, t.Session, t.Ends*1e6))
	} else {
		v.history.Add(invariant.Admitted(when, v.id, entry, t.Session, t.Ends*1e6))
		v.tally.admit(v.trip, a.answered)
	}
	v.ticket, v.state = t, admitted
}

// read takes a place or a problem. It says false when the answer is not a place
// to act on; then state says what to do next, and the pause that was asked for
// is over.
func (v *visitor) read(ctx context.Context, a answer) (place, bool) {
	if v.state == admitted {
		return place{}, false
	}
	var p place
	if err := json.Unmarshal(a.body, &p); err != nil {
		v.tally.nonsense(a)
		sleep(ctx, time.Second)
		return p, false
	}
	if a.status != http.StatusOK {
		v.refused(ctx, a, p)
		return p, false
	}
	v.told(a, p.Mode)
	if announced(p.Mode) && p.State != turn && p.State != admitted {
		v.place.RetryAfterMS = p.RetryAfterMS // the rest of it counts for nothing now
		switch {
		case v.state != newcomer:
		case p.State == waiting: // a pass with the time of arrival; the number comes later
			v.place, v.state = p, waiting
		default:
			v.rest(ctx, p.RetryAfterMS)
		}
		return p, false
	}
	return p, true
}

// refused acts on a problem that the gateway named.
func (v *visitor) refused(ctx context.Context, a answer, p place) {
	when := invariant.Between(a.since, a.answered)
	if p.RetryAfterMS < 1 {
		p.RetryAfterMS = 1000
	}
	switch p.Code {
	case "no_place":
		v.history.Add(invariant.Forgotten(when, v.id))
		v.state = noPlace
	case "turn_missed":
		v.miss(when)
	case "not_your_turn":
		v.state = waiting
		v.place.RetryAfterMS = p.RetryAfterMS
	case "at_the_door":
		v.history.Add(invariant.AtDoor(when, v.id))
		v.rest(ctx, p.RetryAfterMS)
	case "too_many_joins":
		v.tally.limited.Add(1)
		v.rest(ctx, p.RetryAfterMS)
	case "not_open_yet":
		v.rest(ctx, p.RetryAfterMS)
	case "closed", "rejected", "sold_out":
		v.state = state(p.Code)
	default:
		v.tally.nonsense(a)
		sleep(ctx, time.Second)
	}
}
