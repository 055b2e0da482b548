package queuetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/bilten/rushgate/queue"
)

var pacing = []promise{
	{"slow rooms are called at their rate too", func(t *testing.T, h Harness) {
		for i, rate := range []int64{1, 30, 59, 61} {
			r := &Room{Harness: h, t: t, name: fmt.Sprint("slow", i), Policy: Generous()}
			r.Policy.Rate, r.Policy.Gates.Direct = queue.PerMinute(rate), false
			r.Tick()
			r.Crowd(1, 250)
			r.Crowd(251, 500)
			called := r.Run(4*time.Minute, tick, r.claimAll(1)).Admitted
			// The buckets start full, with a second's worth and one.
			if want := 4 * rate; called < want || called > want+2+rate/60 {
				t.Fatalf("at %d a minute %d came in within 4 minutes; want %d and the burst", rate, called, want)
			}
		}
	}},
	{"two gateways ticking at once call no more than one", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Rate, p.Gates.Direct = queue.PerMinute(600), false })
		r.Crowd(1, 200)
		first := r.Tick()
		second := r.Tick()
		Equal(t, "called by the second tick", second.Called, first.Called)
		Equal(t, "called at once", first.Called, 11)
	}},
	{"active and called together never pass the cap", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Cap = 5 })
		answers := r.Crowd(1, 20)
		for _, a := range answers[:5] {
			r.Want(a, queue.Active, "one of the first five")
		}
		s := r.Run(2*time.Second, tick, nil)
		Equal(t, "called while full", s.Called, 0)
		r.Complete(1, answers[0].Session)
		s = r.Tick()
		Equal(t, "called for the free slot", s.Called, 1)
		Equal(t, "called and active", s.Called+s.Active, 5)
	}},
	{"a lowered cap throws nobody out and calls nobody until there is room", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Cap = 10 })
		answers := r.Crowd(1, 20)
		s := r.Change(func(p *queue.Policy) { p.Cap = 4 })
		Equal(t, "active after the cut", s.Active, 10)
		for n := 1; n <= 6; n++ {
			r.Complete(n, answers[n-1].Session)
		}
		Equal(t, "called at the new cap", r.Tick().Called, 0)
		r.Complete(7, answers[6].Session)
		Equal(t, "called below the new cap", r.Tick().Called, 1)
	}},
	{"a lower rate empties what was saved up, and rate 0 calls nobody", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Rate = queue.PerMinute(60_000) })
		r.Change(func(p *queue.Policy) { p.Rate, p.Gates.Direct = queue.PerMinute(60), false })
		r.Crowd(1, 100)
		Equal(t, "called at the lower rate", r.Tick().Called, 2)
		r.Change(func(p *queue.Policy) { p.Rate = 0 })
		Equal(t, "called at rate 0", r.Run(time.Minute, tick, nil).Called, 2)
	}},
	{"lines share the calls by weight, and an empty line leaves its share to the others", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) {
			p.Gates.Direct, p.Rate = false, queue.PerMinute(2400)
			p.Lines = []queue.Line{{Name: "general", Weight: 1}, {Name: "presale", Weight: 3}}
		})
		r.Crowd(1, 100)
		for n := 101; n <= 160; n++ {
			r.Apply(queue.Join, queue.Visit{Visitor: Visitor(n), Line: "presale"})
		}
		s := r.Tick() // 41 calls
		Equal(t, "of presale", s.Lines[1].Serving, 31)
		Equal(t, "of general", s.Lines[0].Serving, 10)
		s = r.Run(time.Second, tick, nil)
		Equal(t, "presale is empty", s.Lines[1].Serving, 60)
		Equal(t, "general has the rest", s.Lines[0].Serving, 21)
	}},
	{"a line may be added in mid-sale, and one taken away is still served", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Gates.Direct = false })
		r.Policy.Gates.Calls = false
		r.Change(func(*queue.Policy) {})
		r.Join(1)
		r.Change(func(p *queue.Policy) { p.Lines = []queue.Line{{Name: "accessible", Weight: 2}} })
		r.Want(r.Apply(queue.Join, queue.Visit{Visitor: Visitor(2), Line: "accessible"}), queue.Waiting, "new line")
		s := r.Change(func(p *queue.Policy) { p.Gates.Calls = true })
		Equal(t, "called of both", s.Called, 2)
	}},
	{"those at the door go in first come, first served, at the rate", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Rate, p.Gates.Direct = queue.PerMinute(6000), false })
		answers := r.Crowd(1, 100)
		r.Tick()
		r.Change(func(p *queue.Policy) { p.Rate = queue.PerMinute(60) })
		r.Want(r.Claim(5, answers[4].Order), queue.Active, "first to claim")
		r.Want(r.Claim(4, answers[3].Order), queue.Active, "second to claim")
		third := r.Want(r.Claim(3, answers[2].Order), queue.AtDoor, "third to claim, rate spent")
		Equal(t, "ahead of the third", third.Ahead, 0)
		fourth := r.Want(r.Claim(1, answers[0].Order), queue.AtDoor, "fourth to claim")
		Equal(t, "ahead of the fourth", fourth.Ahead, 1)
		r.Advance(time.Second)
		r.Tick()
		// The fourth hammers; the third is served all the same.
		r.Want(r.Claim(1, answers[0].Order), queue.AtDoor, "the fourth again")
		a := r.Want(r.Claim(3, answers[2].Order), queue.Active, "the third comes back")
		Equal(t, "probation is over with the claim", a.Probation, false)
	}},
	{"a tick that comes late lets nobody in twice: the burst is the burst", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Rate, p.Gates.Direct, p.Cap = queue.PerMinute(600), false, 1000 })
		answers := r.Crowd(1, 11)
		r.Tick()
		r.Advance(2 * time.Second) // no tick: the gateways are busy
		for n, a := range answers {
			r.Want(r.Claim(n+1, a.Order), queue.Active, "within the burst")
		}
		more := r.Crowd(12, 22)
		s := r.Tick()
		Equal(t, "called by the late tick", s.Called, 11)
		r.Want(r.Claim(12, more[0].Order), queue.AtDoor, "the next, a moment later")
	}},
	{"nobody goes straight in past somebody at the door", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Rate, p.Gates.Direct = queue.PerMinute(60), false })
		answers := r.Crowd(1, 2)
		r.Tick()
		r.Change(func(p *queue.Policy) { p.Gates.Direct, p.Gates.Claims = true, false })
		r.Want(r.Claim(1, answers[0].Order), queue.AtDoor, "claims while the brake is on")
		r.Advance(5 * time.Second)
		r.Tick()
		r.Want(r.Join(3), queue.Waiting, "newcomer")
	}},
	{"absent people do not slow the line: their tokens call the next", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Rate, p.Gates.Direct, p.Cap = queue.PerMinute(600), false, 100_000 })
		for n := 0; n < 16; n++ {
			r.Crowd(1+n*250, 250+n*250)
		}
		// Every second visitor never comes; the others claim at once.
		claimed := r.Run(3*time.Minute, tick, r.claimAll(2)).Admitted
		// The first calls have nothing to give back: half of ten seconds, then half
		// of the half, ...; together ten seconds' worth. Nothing else is lost.
		if claimed < 1690 || claimed > 1800+11 {
			t.Fatalf("%d came in; want 1700 to 1811 of the rate's 1800", claimed)
		}
	}},
}
