package queuetest

import (
	"testing"
	"time"

	"github.com/bilten/rushgate/queue"
)

// down says that nothing behind the room is ready, or that it is again.
func down(is bool) func(*queue.Budget) { return func(b *queue.Budget) { b.Down = is } }

// outage is longer than any turn, grace or session of these rooms.
const outage = time.Hour

var budgets = []promise{
	{"7 of 13 instances ready: seven thirteenths of the rate are called", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Rate, p.Gates.Direct, p.Cap = queue.PerMinute(1300), false, 10_000 })
		for n := 0; n < 4; n++ {
			r.Crowd(1+n*500, 500+n*500)
		}
		s := r.Allow(func(b *queue.Budget) { b.Rate = queue.PerMinute(1300) * 7 / 13 })
		first := s.Lines[0].Serving
		s = r.Run(time.Minute, tick, r.claimAll(1))
		// The burst of the first tick was spent: from then on only the rate counts.
		if called := s.Lines[0].Serving - first; called < 699 || called > 701 {
			t.Fatalf("%d called within a minute; want 700 of the organizer's 1300", called)
		}
	}},
	{"a budget gives no more than the organizer set", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Rate, p.Cap = queue.PerMinute(60), 3 })
		r.Allow(func(b *queue.Budget) { b.Rate, b.Cap = queue.PerMinute(6000), 1000 })
		r.Crowd(1, 50)
		s := r.Run(time.Minute, tick, nil)
		Equal(t, "called and active", s.Called+s.Active, 3)
		Equal(t, "the budget in force", s.Budget, r.Budget)
	}},
	{"a room that nobody has measured does what the organizer set", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, nil)
		Equal(t, "budget", r.Tick().Budget, queue.Budget{Rate: queue.MaxRate, Cap: queue.Base})
	}},
	{"a lower budget empties what was saved up, and what came before came at the old rate", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Rate, p.Gates.Direct = queue.PerMinute(60_000), false })
		r.Allow(func(b *queue.Budget) { b.Rate = queue.PerMinute(60) })
		r.Crowd(1, 100)
		Equal(t, "called at the lower rate", r.Tick().Called, 2)
		r.Advance(500 * time.Millisecond)
		Equal(t, "after half a second, though the new budget gives a visitor each ms",
			r.Allow(func(b *queue.Budget) { b.Rate = queue.PerMinute(60_000) }).Called, 2)
		r.Advance(10 * time.Millisecond)
		Equal(t, "ten ms later", r.Tick().Called, 12)
	}},
	{"a falling cap throws nobody out, and calls nobody until there is room", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Cap = 10 })
		answers := r.Crowd(1, 20)
		s := r.Allow(func(b *queue.Budget) { b.Cap = 4 })
		Equal(t, "active after the fall", s.Active, 10)
		for n := 1; n <= 6; n++ {
			r.Complete(n, answers[n-1].Session)
		}
		Equal(t, "called at the new cap", r.Tick().Called, 0)
		r.Complete(7, answers[6].Session)
		Equal(t, "called below the new cap", r.Tick().Called, 1)
	}},
	{"a gateway that has heard nothing newer undoes nothing", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, nil)
		slow := *r
		r.Allow(func(b *queue.Budget) { b.Version, b.Cap = 100, 5 })
		slow.Budget = queue.Budget{Version: 90, Rate: queue.MaxRate, Cap: 900}
		Equal(t, "the cap after an older budget", slow.Tick().Budget.Cap, 5)
		slow.Budget = queue.Budget{}
		Equal(t, "the cap after none", slow.Tick().Budget.Cap, 5)
	}},
	{"a budget that nobody has told for a minute is not in force any more", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, nil)
		mute := *r
		r.Allow(down(true))
		Equal(t, "down after a minute", mute.Run(time.Minute, tick, nil).Budget.Down, true)
		s := mute.Run(tick, tick, nil)
		Equal(t, "the budget a moment later", s.Budget, queue.Budget{Version: r.Budget.Version, Rate: queue.MaxRate, Cap: queue.Base})
		r.Budget.Down, r.Budget.Cap = false, 7
		Equal(t, "the cap, told again", r.Tick().Budget.Cap, 7)
	}},
	{"while no gateway ticks no budget grows old", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, nil)
		r.Allow(func(b *queue.Budget) { b.Cap = 5 })
		mute := *r
		mute.Budget = queue.Budget{}
		r.Advance(outage)
		Equal(t, "cap", mute.Tick().Budget.Cap, 5)
	}},
	{"a budget that cannot be is refused and changes nothing", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, nil)
		for _, bad := range []queue.Budget{{Version: -1}, {Version: 9, Rate: -1}, {Version: 9, Rate: queue.MaxRate + 1}, {Version: 9, Cap: -1}, {Version: 9, Cap: queue.Base + 1}} {
			_, err := h.Store.Tick(t.Context(), "hamlet", r.Policy, bad, queue.Remembered{})
			Equal(t, "refused", err != nil, true)
		}
		Equal(t, "version in force", r.Tick().Budget.Version, 0)
	}},
	{"the shop is down: nobody is called, nobody goes straight in, nobody claims", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 300, func(p *queue.Policy) { p.Rate = queue.PerMinute(6000) })
		before := r.Allow(down(true))
		r.Want(r.Claim(1, places[0].Order), queue.AtDoor, "claim")
		r.Change(func(p *queue.Policy) { p.Gates.Direct = true })
		r.Want(r.Join(301), queue.Waiting, "newcomer")
		s := r.Run(outage, time.Second, nil)
		Equal(t, "called", s.Called, before.Called)
		Equal(t, "admitted", s.Admitted, 0)
		Equal(t, "at the door", s.AtDoor, 1)
		s = r.Allow(down(false))
		Equal(t, "straight after it: nothing was saved up", s.Admitted, 0)
		s = r.Run(time.Second, tick, nil)
		Equal(t, "the one at the door is in", s.Admitted, 1)
		r.Want(r.Claim(2, places[1].Order), queue.Active, "the next, whose turn was kept")
	}},
	{"an empty room whose shop is down lets nobody straight in, with a line or without", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, nil)
		r.Allow(down(true))
		r.Want(r.Apply(queue.Join, queue.Visit{Visitor: Visitor(1)}), queue.Full, "a GET")
		a := r.Want(r.Join(2), queue.Waiting, "who joins")
		Equal(t, "number", a.Number, 1)
	}},
	{"nobody's session, turn or grace ends while the shop is down", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 3, func(p *queue.Policy) { p.Cap = 2 })
		a := r.Claim(1, places[0].Order)
		r.Run(ms2(r.Policy.Times.Turn)+tick, tick, nil) // 2 lapses, 3 is called
		now := r.Tick()
		left := r.Claim(1, places[0].Order).Ends - now.At
		turn := r.Join(3).Ends - now.At
		r.Allow(down(true))
		s := r.Run(outage, time.Second, nil)
		Equal(t, "active", s.Active, 1)
		Equal(t, "called", s.Called, 1)
		Equal(t, "lapsed", s.Lapsed, 1)
		s = r.Allow(down(false))
		Equal(t, "ms for which time has stood still", s.Stood, ms(outage))
		again := r.Want(r.Join(1), queue.Active, "the session")
		Equal(t, "the same session", again.Session, a.Session)
		Equal(t, "ms left of the session", again.Ends-s.At, left)
		Equal(t, "ms left of the turn", r.Join(3).Ends-s.At, turn)
		r.Want(r.Claim(2, places[1].Order), queue.Late, "comes back within the grace")
	}},
	{"after the shop is back, sessions and turns end as if it had never been down", func(t *testing.T, h Harness) {
		r, places := calledRoom(t, h, 3, func(p *queue.Policy) { p.Cap, p.Gates.Renew = 2, false })
		r.Claim(1, places[0].Order)
		r.Run(time.Minute, tick, nil)
		r.Allow(down(true))
		r.Run(outage, time.Second, nil)
		r.Allow(down(false))
		session := ms2(r.Policy.Times.Session) - time.Minute
		Equal(t, "active just before the end", r.Run(session-tick, tick, nil).Active, 1)
		Equal(t, "active at the end", r.Run(tick, tick, nil).Active, 0)
	}},
	{"who uses a session while the shop is down is told an end that keeps moving away", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, func(p *queue.Policy) { p.Gates.Renew = false })
		a := r.Join(1)
		r.Touch(1, a.Session)
		r.Allow(down(true))
		before := r.Want(r.Touch(1, a.Session), queue.Active, "use")
		r.Run(outage, time.Second, nil)
		after := r.Want(r.Touch(1, a.Session), queue.Active, "use after an hour")
		Equal(t, "the end", after.Ends-before.Ends, ms(outage))
	}},
	{"newcomers get numbers, and those who leave lose theirs, whether the shop is there or not", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, closedDoor)
		r.Allow(down(true))
		answers := r.Crowd(1, 3)
		Equal(t, "number", answers[2].Number, 3)
		r.Apply(queue.Leave, queue.Visit{Visitor: Visitor(2), Line: "general", Order: answers[1].Order})
		Equal(t, "waiting", r.Run(time.Minute, time.Second, nil).Waiting(), 2)
	}},
	{"a draw closes at its start, whether the shop is there or not", func(t *testing.T, h Harness) {
		r, _ := drawRoom(t, h, 3, nil)
		r.Allow(down(true))
		s := r.Run(toStart+tick, tick, nil)
		Equal(t, "settled", s.Settled, true)
		Equal(t, "called", s.Called, 0)
		Equal(t, "numbers", r.numbers(3), [8]int64{1, 2, 3})
		r.Allow(down(false))
		Equal(t, "called when it is back", r.Run(time.Second, tick, nil).Called, 2)
	}},
	{"a clock that leaps while the shop is down does not keep a sale from starting", func(t *testing.T, h Harness) {
		r := NewRoom(t, h, nil)
		r.Change(func(p *queue.Policy) { p.OpensAt = r.Tick().At + ms(5*time.Minute) })
		r.Allow(down(true))
		r.Advance(time.Hour)
		r.Tick()
		r.Run(time.Minute/2, time.Second, nil)
		r.Join(1)
		Equal(t, "called when the shop is back", r.Allow(down(false)).Called+r.Run(time.Second, tick, nil).Called > 0, true)
	}},
	{"a room that was lost while the shop is down: places come back, and it takes the budget of the tick", func(t *testing.T, h Harness) {
		r, places := lostRoom(t, h, 5, func(p *queue.Policy) { p.Cap = 1 })
		r.Allow(func(b *queue.Budget) { b.Version, b.Down = 1000, true })
		r.lose()
		r.Budget.Version = 10 // whatever counted budgets has been lost, too
		s := r.Tick()
		Equal(t, "budget", s.Budget, r.Budget)
		for n := 5; n >= 2; n-- {
			Equal(t, "order", r.Want(r.Restore(n, places[n-1]), queue.Waiting, "back").Order, places[n-1].Order)
		}
		s = r.Run(window+tick, tick, nil)
		Equal(t, "ms of restoring left", s.Restoring, 0)
		Equal(t, "called", s.Called, 0)
		s = r.Allow(down(false))
		Equal(t, "called when the shop is back, but the one whose turn was on is not", r.Run(time.Second, tick, nil).Called, 1)
		r.Want(r.Join(2), queue.Called, "the second")
	}},
	{"who comes while places come back gets a number, whether the shop is there or not", func(t *testing.T, h Harness) {
		r, _ := lostRoom(t, h, 2, closedDoor)
		r.lose()
		r.Allow(down(true))
		Equal(t, "number at once", r.Join(9).Number, 0)
		r.Run(window+tick, tick, nil)
		Equal(t, "number after the window", r.Join(9).Number > 0, true)
	}},
}
