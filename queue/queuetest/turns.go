package queuetest

import (
	"testing"
	"time"

	"github.com/bilten/rushgate/queue"
)

// calledRoom has visitors 1..n waiting and the first calls out, nobody having
// gone straight in.
func calledRoom(t *testing.T, h Harness, n int, change func(*queue.Policy)) (*Room, []queue.Answer) {
	r := NewRoom(t, h, func(p *queue.Policy) {
		p.Gates.Direct = false
		if change != nil {
			change(p)
		}
	})
	answers := r.Crowd(1, n)
	r.Tick()
	return r, answers
}

var turns = []promise{
	{"a turn is claimed once, and claiming again gives the same session", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 2, nil)
		first := r.Want(r.Claim(1, places[0].Order), queue.Active, "claim")
		again := r.Want(r.Claim(1, places[0].Order), queue.Active, "claim again")
		joined := r.Want(r.Join(1), queue.Active, "join again")
		Equal(t, "session", again.Session, first.Session)
		Equal(t, "session by join", joined.Session, first.Session)
		Equal(t, "admitted", r.Tick().Admitted, 1)
	}},
	{"whoever is not called cannot claim", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 3, func(p *queue.Policy) { p.Cap = 1 })
		a := r.Want(r.Claim(2, places[1].Order), queue.Waiting, "second in line")
		Equal(t, "number", a.Number, 2)
		r.Want(r.Claim(99, 0), queue.None, "a stranger")
		r.Want(r.Claim(98, queue.Base+50), queue.None, "a place that was never called")
	}},
	{"a turn that lapses frees its slot for the next", func(t *testing.T, h Harness) {
		r, _ := calledRoom(t, h, 3, func(p *queue.Policy) { p.Cap = 1 })
		s := r.Run(ms2(r.Policy.Times.Turn)+tick, tick, nil)
		Equal(t, "serving", s.Lines[0].Serving, 2)
		Equal(t, "lapsed", s.Lapsed, 1)
		Equal(t, "called", s.Called, 1)
	}},
	{"who comes late is called again ahead of the line", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 4, func(p *queue.Policy) { p.Cap = 1 })
		r.Run(ms2(r.Policy.Times.Turn)+tick, tick, nil) // 1 lapses, 2 is called
		r.Want(r.Claim(1, places[0].Order), queue.Late, "came back")
		r.Want(r.Claim(1, places[0].Order), queue.Late, "asks again")
		r.Want(r.Join(1), queue.Late, "joins again")
		Equal(t, "late", r.Tick().Late, 1)
		two := r.Want(r.Claim(2, places[1].Order), queue.Active, "second")
		r.Complete(2, two.Session)
		r.Tick()
		r.Want(r.Claim(1, places[0].Order), queue.Active, "called before the third")
	}},
	{"those who come late are called in the order of their return", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 3, nil)
		r.Run(ms2(r.Policy.Times.Turn)+tick, tick, nil)
		r.Change(func(p *queue.Policy) { p.Cap = 1 })
		r.Claim(3, places[2].Order)
		r.Claim(1, places[0].Order)
		r.Tick()
		r.Want(r.Join(3), queue.Called, "first to return")
		r.Want(r.Join(1), queue.Late, "second to return")
	}},
	{"after the grace the turn has gone, and joining again means the end of the line", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 1, nil)
		r.Run(ms2(r.Policy.Times.Turn+r.Policy.Times.Grace)+tick, 5*time.Second, nil)
		r.Want(r.Claim(1, places[0].Order), queue.Missed, "too late")
		Equal(t, "second number", r.Join(1).Number, 2)
	}},
	{"grace runs once: coming back and staying away again does not renew it", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 1, func(p *queue.Policy) { p.Times.Grace = ms(4 * time.Minute) })
		r.Run(ms2(r.Policy.Times.Turn)+tick, tick, nil)
		r.Want(r.Claim(1, places[0].Order), queue.Late, "came back")
		r.Run(ms2(r.Policy.Times.Turn)+2*tick, tick, nil)
		r.Want(r.Join(1), queue.Late, "came back a second time, within the grace")
		r.Run(ms2(r.Policy.Times.Turn)+2*tick, tick, nil)
		r.Want(r.Claim(1, places[0].Order), queue.Missed, "the grace of the first lapse is over")
	}},
	{"a called visitor who leaves frees slot and call at once", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 3, func(p *queue.Policy) { p.Cap = 1 })
		r.Apply(queue.Leave, queue.Visit{Visitor: Visitor(1), Line: "general", Order: places[0].Order})
		s := r.Tick()
		Equal(t, "serving", s.Lines[0].Serving, 2)
		r.Want(r.Claim(1, places[0].Order), queue.Missed, "the one who left")
	}},
}

func ms2(millis int64) time.Duration { return time.Duration(millis) * time.Millisecond }

var sessions = []promise{
	{"a session ends and its slot is free", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 2, func(p *queue.Policy) { p.Cap = 1 })
		a := r.Claim(1, places[0].Order)
		s := r.Run(ms2(r.Policy.Times.Session)-tick, tick, nil)
		Equal(t, "active just before the end", s.Active, 1)
		s = r.Run(tick, tick, nil)
		Equal(t, "active at the end", s.Active, 0)
		Equal(t, "called in its place", s.Called, 1)
		r.Want(r.Touch(1, a.Session), queue.None, "use after the end")
	}},
	{"use extends a session, up to its maximum", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 1, func(p *queue.Policy) { p.Times.SessionMax = ms(8 * time.Minute) })
		a := r.Claim(1, places[0].Order)
		r.Run(4*time.Minute, tick, nil)
		b := r.Want(r.Touch(1, a.Session), queue.Active, "use")
		Equal(t, "end after use", b.Ends-a.Ends, ms(3*time.Minute))
		r.Want(r.Touch(1, a.Session+1), queue.None, "use of another session")
	}},
	{"where renewal is off, use extends nothing", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 1, func(p *queue.Policy) { p.Gates.Renew = false })
		a := r.Claim(1, places[0].Order)
		r.Run(time.Minute, tick, nil)
		Equal(t, "end", r.Touch(1, a.Session).Ends, a.Ends)
	}},
	{"who went straight in and never asks again gives the slot up early", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, nil)
		a, b := r.Join(1), r.Join(2)
		used := r.Want(r.Touch(2, b.Session), queue.Active, "second request")
		Equal(t, "probation", used.Probation, false)
		Equal(t, "end after the second request", used.Ends-b.Ends, ms(4*time.Minute))
		s := r.Run(ms2(r.Policy.Times.Probation), tick, nil)
		Equal(t, "active after the probation", s.Active, 1)
		r.Want(r.Touch(1, a.Session), queue.None, "the one who never came back")
	}},
	{"probation ends with use even where renewal is off", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Gates.Renew = false })
		a := r.Join(1)
		Equal(t, "end", r.Touch(1, a.Session).Ends-a.Ends, ms(4*time.Minute))
	}},
	{"complete frees the slot at once, tells every gateway, and hits only the session meant", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 1, nil)
		a := r.Claim(1, places[0].Order)
		r.Want(r.Complete(1, a.Session+7), queue.Active, "another session's complete")
		r.Want(r.Complete(1, a.Session), queue.None, "complete")
		r.Want(r.Complete(1, a.Session), queue.None, "complete again")
		r.Want(r.Claim(1, places[0].Order), queue.Missed, "claim after complete")
		s := r.Tick()
		Equal(t, "active", s.Active, 0)
		Equal(t, "ended", len(s.Ended), 1)
		Equal(t, "ended session", s.Ended[0], queue.SessionID{Generation: a.Generation, Number: a.Session})
		Equal(t, "told twice", len(r.Tick().Ended), 0)
		other := &Room{Harness: h, t: t, name: r.name, Policy: r.Policy}
		Equal(t, "told to a gateway that starts now", len(other.Tick().Ended), 1)
		r.Run(ms2(r.Policy.Times.SessionMax)+time.Second, 5*time.Second, nil)
		other.memory.Cursor = ""
		Equal(t, "told when no admission of it can live any more", len(other.Tick().Ended), 0)
	}},
	{"ended sessions come in pages", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Rate, p.Cap = queue.PerMinute(600_000), 100_000 })
		for n := 0; n < 5; n++ {
			var done []queue.Visit
			for i, a := range r.Crowd(1+n*250, 250+n*250) {
				done = append(done, queue.Visit{Visitor: Visitor(1 + n*250 + i), Session: a.Session, Generation: a.Generation})
			}
			r.ApplyAll(queue.Complete, done...)
		}
		s := r.Tick()
		Equal(t, "first page", len(s.Ended), queue.EndedPage)
		Equal(t, "more", s.More, true)
		s = r.Tick()
		Equal(t, "second page", len(s.Ended), 250)
		Equal(t, "more", s.More, false)
	}},
	{"an admission given while the room was off becomes a session, whatever the cap", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Cap = 1 })
		r.Join(1)
		r.Join(2)
		adopt := queue.Visit{Visitor: Visitor(2), Adopt: ms(2 * time.Minute)}
		a := r.Want(r.Apply(queue.Touch, adopt), queue.Active, "adopted")
		b := r.Want(r.Apply(queue.Touch, adopt), queue.Active, "adopted again")
		Equal(t, "one session", b.Session, a.Session)
		s := r.Tick()
		Equal(t, "active", s.Active, 2)
		Equal(t, "waiting", s.Waiting(), 0)
		Equal(t, "its length", a.Ends-s.At, ms(2*time.Minute))
	}},
	{"an admission given while the room was off brings nobody back who was ended since", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Cap = 1 })
		r.Join(1)
		kept := queue.Visit{Visitor: Visitor(2), Adopt: ms(2 * time.Minute), Since: r.Tick().At}
		r.Advance(time.Second)
		a := r.Want(r.Apply(queue.Touch, kept), queue.Active, "adopted")
		r.Apply(queue.Complete, queue.Visit{Visitor: Visitor(2), Session: a.Session, Generation: a.Generation})
		r.Want(r.Apply(queue.Touch, kept), queue.None, "the same again, after it was ended")
		r.Advance(time.Second)
		kept.Since = r.Tick().At
		r.Want(r.Apply(queue.Touch, kept), queue.Active, "one that was given later")
	}},
}
