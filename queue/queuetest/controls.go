package queuetest

import (
	"testing"
	"time"

	"github.com/bilten/rushgate/queue"
)

var controls = []promise{
	{"the brake: nobody new comes in, not even the called, and no turn runs out", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 300, nil)
		r.Change(func(p *queue.Policy) { p.Gates.Calls, p.Gates.Claims, p.Gates.Direct = false, false, false })
		before := r.Tick()
		r.Want(r.Claim(1, places[0].Order), queue.AtDoor, "claim while braked")
		s := r.Run(10*time.Minute, 5*time.Second, nil)
		Equal(t, "admitted", s.Admitted, 0)
		Equal(t, "called", s.Called, before.Called)
		Equal(t, "lapsed", s.Lapsed, 0)
		r.Want(r.Claim(2, places[1].Order), queue.AtDoor, "comes only now")
		s = r.Change(func(p *queue.Policy) { p.Gates.Calls, p.Gates.Claims = true, true })
		Equal(t, "admitted when released", s.Admitted, 2)
		r.Want(r.Claim(2, places[1].Order), queue.Active, "the one who came late in the pause")
	}},
	{"everybody queues: nobody new is called, but the called come in", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 300, nil)
		before := r.Change(func(p *queue.Policy) { p.Gates.Calls, p.Gates.Direct = false, false })
		r.Want(r.Claim(1, places[0].Order), queue.Active, "called before")
		r.Want(r.Join(301), queue.Waiting, "newcomer")
		s := r.Run(time.Minute, tick, nil)
		Equal(t, "serving", s.Lines[0].Serving, before.Lines[0].Serving)
	}},
	{"letting the line go: every number counts as called, nobody is kept, sessions stay", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 300, nil)
		r.Claim(1, places[0].Order)
		s := r.Change(func(p *queue.Policy) { p.Gates.Release = true })
		Equal(t, "waiting", s.Waiting(), 0)
		Equal(t, "called", s.Called, 0)
		Equal(t, "serving", s.Lines[0].Serving, 300)
		Equal(t, "active", s.Active, 1)
		r.Want(r.Join(301), queue.Waiting, "joined by a gateway that has not heard yet")
		Equal(t, "waiting after the next tick", r.Tick().Waiting(), 0)
		r.Change(func(p *queue.Policy) { p.Gates.Release, p.Gates.Calls = false, false })
		r.Want(r.Claim(200, places[199].Order), queue.Missed, "an old place after the room is on again")
		Equal(t, "numbers go on", r.Join(200).Number, 302)
	}},
	{"before the opening nobody is called and nobody goes straight in", func(t *testing.T, h Harness) {
		now := NewRoom(t, h, nil).Tick().At
		r := &Room{Harness: h, t: t, name: "opening", Policy: Generous()}
		r.Policy.OpensAt = now + ms(10*time.Second)
		r.Tick()
		r.Want(r.Join(1), queue.Waiting, "early")
		s := r.Run(10*time.Second-tick, tick, nil)
		Equal(t, "called before the opening", s.Called, 0)
		Equal(t, "called at the opening", r.Run(tick, tick, nil).Called, 1)
	}},
	{"a gateway with an older policy cannot undo a newer one", func(t *testing.T, h Harness) {
		r, _ := calledRoom(t, h, 300, func(p *queue.Policy) { p.Rate = queue.PerMinute(60) })
		stale := *r
		s := r.Change(func(p *queue.Policy) { p.Gates.Calls = false })
		after := stale.Run(time.Minute, tick, nil)
		Equal(t, "version", after.Version, 2)
		Equal(t, "serving", after.Lines[0].Serving, s.Lines[0].Serving)
	}},
}

var timekeeping = []promise{
	{"a clock that jumps an hour ahead throws nobody out and lapses no turn", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 2, nil)
		r.Claim(1, places[0].Order)
		r.Advance(time.Hour)
		s := r.Tick()
		Equal(t, "active", s.Active, 1)
		Equal(t, "called", s.Called, 1)
	}},
	{"a clock that jumps an hour back stalls nothing", func(t *testing.T, h Harness) {
		r, _ := calledRoom(t, h, 300, func(p *queue.Policy) { p.Rate = queue.PerMinute(60) })
		before := r.Tick()
		r.Advance(-time.Hour)
		s := r.Run(30*time.Second, tick, r.claimAll(1))
		// The first step is swallowed by the jump.
		if called := s.Lines[0].Serving - before.Lines[0].Serving; called < 29 || called > 31 {
			t.Fatalf("%d called in 30 s after the jump; want 30", called)
		}
	}},
	{"ends are told by the store's clock, whatever it did", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 1, nil)
		a := r.Claim(1, places[0].Order)
		r.Advance(-time.Hour)
		r.Tick()
		b := r.Claim(1, places[0].Order)
		Equal(t, "end moves with the clock", a.Ends-b.Ends, ms(time.Hour))
	}},
	{"while no gateway ticks, no turn runs out and no session ends", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 2, nil)
		r.Claim(1, places[0].Order)
		r.Advance(2 * time.Hour)
		s := r.Tick()
		Equal(t, "active", s.Active, 1)
		Equal(t, "called", s.Called, 1)
		Equal(t, "lapsed", s.Lapsed, 0)
	}},
}
