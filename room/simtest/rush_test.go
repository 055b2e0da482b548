package simtest

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
)

const (
	eventID = "hamlet"
	line    = "general"
	tick    = 275 * time.Millisecond // the longest that a gateway rests

	// window is how long a room waits for those who were there before a loss.
	window = 12 * time.Second

	// longest is how long a rush may take: everybody has been in long before.
	longest = 15 * time.Minute
)

// rush is one small onsale, thrown by one seed.
type rush struct {
	t        *testing.T
	seed     uint64
	dice     *rand.Rand
	event    event.Event
	catalog  *catalog.Catalog
	tape     *tape
	wrap     func(queue.Store) queue.Store
	gateways []*gateway
	memories []*disk
	visitors []*visitor
	record

	offset atomic.Int64 // the store's clock less the bubble's, in ms
	faults []fault
	budget queue.Budget // that gateways agreed on last
}

// record is what was seen of a rush.
type record struct {
	mu       sync.Mutex
	history  invariant.History
	limits   invariant.Limits
	knobs    map[int64]knobs // by version of the policy
	ruling   invariant.Policy
	last     queue.Snapshot
	lost     int64 // µs, when the store lost something that nobody has noticed yet; 0: it did not
	orphans  bool
	killed   bool
	jumped   bool
	heard    int64 // version of the last budget that every gateway has heard of
	resting  int64 // µs, since when turns and sessions stand still; 0: they do not
	lives    int   // that were lost
	hasty    []string
	live     map[string]lease // sessions, by id
	admitted int
	story    story
	begun    time.Time
}

// lease is until when a visitor was told that a session lasts, in µs.
type lease struct {
	visitor queue.Visitor
	ends    int64
}

type knobs struct{ perMinute, cap int64 }

// story is what happened, for people.
type story struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *story) add(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.WriteString(line)
}

// disk is a gateway's memory that outlives it.
type disk struct{ kept queue.Remembered }

// Recall is Memories'.
func (d *disk) Recall(string) queue.Remembered { return d.kept }

// Keep is Memories'.
func (d *disk) Keep(_ string, m queue.Remembered) { d.kept = m }

func micros() int64 { return time.Now().UnixMilli() * 1000 }

func short(v queue.Visitor) string { return hex.EncodeToString(v[:3]) }

func (r *rush) tell(format string, args ...any) {
	r.story.add(fmt.Sprintf("%8.3f  %s\n", time.Since(r.begun).Seconds(), fmt.Sprintf(format, args...)))
}

func (r *rush) clock() time.Time {
	return time.Now().Add(time.Duration(r.offset.Load()) * time.Millisecond)
}

// moment is a time by the store's clock, unix ms, in µs of the history.
func (r *rush) moment(ms int64) int64 { return (ms - r.offset.Load()) * 1000 }

const text = `
id: hamlet
organization: globe
routes: [{host: tickets.example, path: /buy/**}]
room: {total_active_users: %d, new_users_per_minute: %d, session_duration: %ds, session_max: %ds, turn_ttl: %ds, late_grace: %ds, disable_session_renewal: %t}
`

func newRush(t *testing.T, seed uint64, wrap func(queue.Store) queue.Store) *rush {
	dice := rand.New(rand.NewPCG(seed, 7))
	r := &rush{t: t, seed: seed, dice: dice, wrap: wrap}
	time.Sleep(366 * 24 * time.Hour) // a bubble begins when no event may
	r.begun, r.live, r.knobs = time.Now(), map[string]lease{}, map[int64]knobs{}
	r.offset.Store(int64(dice.IntN(20_000) - 10_000))
	session, turn, grace := 10+dice.IntN(30), 10+dice.IntN(15), 5+dice.IntN(25)
	first := knobs{int64(60 * (1 + dice.IntN(8))), int64(3 + dice.IntN(10))}
	e, err := event.Parse(fmt.Appendf(nil, text, first.cap, first.perMinute, session, session*3, turn, grace, dice.IntN(3) == 0))
	if err == nil && dice.IntN(3) == 0 {
		e, err = e.Patch(fmt.Appendf(nil, `{"room": {"prequeue_start_time": %q, "event_start_time": %q, "shuffle_at_event_start": %t}}`,
			r.clock().UTC().Format(time.RFC3339), r.clock().Add(time.Duration(10+dice.IntN(20))*time.Second).UTC().Format(time.RFC3339), dice.IntN(3) > 0))
	}
	if err != nil {
		t.Fatal(err)
	}
	r.event = e
	r.catalog, err = catalog.New(catalog.NewMemory(), map[string][]string{"globe": {"tickets.example"}}, []event.Event{e}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	r.knobs[1] = first
	r.tape = newTape(r.clock, rand.New(rand.NewPCG(seed, 8)), r.ticked)
	r.limits = invariant.Limits{
		Tick: tick.Microseconds(), Lag: room.StaleAfter.Microseconds() + tick.Microseconds(),
		Turn: int64(turn) * 1e6, Grace: int64(grace) * 1e6,
	}
	return r
}

// run plays the rush to its end and returns what was broken.
func (r *rush) run() (found []string) {
	r.tell("seed %d: %+v", r.seed, r.event.Room)
	for i := range 1 + r.dice.IntN(3) {
		r.memories = append(r.memories, &disk{})
		r.gateways = append(r.gateways, &gateway{})
		r.start(i)
	}
	r.invite()
	r.plan()
	for {
		v, f := r.next()
		if v == nil && f == nil || time.Since(r.begun) > longest {
			break
		}
		var at time.Time
		if f != nil {
			at = f.at
		} else {
			at = v.next
		}
		time.Sleep(time.Until(at)) // of the bubble
		synctest.Wait()
		if f != nil {
			f.do()
			f.done = true
		} else {
			r.step(v)
		}
		synctest.Wait()
	}
	for _, g := range r.gateways {
		if g.stop != nil {
			g.stop()
		}
	}
	found = r.hasty
	for _, v := range r.visitors {
		if !v.done && v.patient() {
			found = append(found, fmt.Sprintf("I2: visitor %s waited patiently and never came in (number %d)", short(v.visitor), v.number))
		}
	}
	for _, v := range invariant.Check(&r.history, r.limits) {
		found = append(found, v.String())
	}
	return found
}

// next is who acts next, a visitor or a fault; nil and nil when all are done.
func (r *rush) next() (who *visitor, what *fault) {
	for _, v := range r.visitors {
		if !v.done && (who == nil || v.next.Before(who.next)) {
			who = v
		}
	}
	for i := range r.faults {
		if f := &r.faults[i]; !f.done && (what == nil || f.at.Before(what.at)) {
			what = f
		}
	}
	if who != nil && what != nil && who.next.Before(what.at) {
		what = nil
	}
	if what != nil {
		who = nil
	}
	return who, what
}

// start makes gateway i a new process, with its disk.
func (r *rush) start(i int) {
	dice := rand.New(rand.NewPCG(r.seed, 100+uint64(time.Since(r.begun).Milliseconds())+uint64(i)<<32))
	skew := time.Duration(dice.IntN(4000)-2000) * time.Millisecond
	g := r.gateways[i]
	g.name = fmt.Sprintf("g%d@%d", i+1, time.Since(r.begun).Milliseconds())
	g.now = func() time.Time { return time.Now().Add(skew) }
	g.keeper = room.New(room.Config{
		Store: r.wrap(r.tape), Catalog: r.catalog, Now: g.now, Rand: dice.Float64,
		Log: slog.New(slog.DiscardHandler), Window: window, Memories: r.memories[i],
		Budget: func(event.Event) room.Budget { return *g.budget.Load() },
	})
	g.hear(r.budget)
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = g.keeper.Run(ctx)
	}()
	g.stop = func() { cancel(); <-over; g.stop = nil }
	synctest.Wait()
	r.tell("gateway %s starts, its clock off by %v", g.name, skew)
}

// invite throws the visitors.
func (r *rush) invite() {
	for i := range 20 + r.dice.IntN(40) {
		v := &visitor{nature: newNature(rand.New(rand.NewPCG(r.seed, 1000+uint64(i)))), told: map[string]bool{}}
		binary.BigEndian.PutUint16(v.visitor[:], uint16(i+1))
		v.next = time.Now().Add(time.Duration(r.dice.IntN(40_000)) * time.Millisecond)
		v.quest = v.next.UnixMilli() * 1000
		r.visitors = append(r.visitors, v)
	}
}

// ticked records a room as a tick left it, whatever became of the answer.
func (r *rush) ticked(wall time.Time, s queue.Snapshot) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := micros()
	begins := r.last.Generation != 0 && r.last.Generation != s.Generation
	r.obeys(s)
	r.rest(now, s.Budget.Down, r.last.Generation == s.Generation)
	if before := r.last.Generation; begins {
		from := r.lost
		if from == 0 {
			from = now
		}
		r.tell("a new life %x after %x, until %d", s.Generation, before, s.Restoring)
		r.history.Add(invariant.Lost(invariant.Between(from, now), r.orphans))
		if left := s.Restoring - s.At; r.last.Waiting() > 1 && !r.orphans && left < (window-time.Second).Milliseconds() {
			r.hasty = append(r.hasty, fmt.Sprintf("I2: %d waited before the loss, and the room gives them %d ms to come back", r.last.Waiting(), left))
		}
		r.lost = 0
		r.lives++
	}
	r.last = s
	// The tick that begins a life calls nobody, its buckets being empty, and may count
	// somebody twice: as called in an older copy, and as in by what gateways remember.
	described := invariant.Room{Version: s.Version, Called: s.Called, Active: s.Active + s.Unseen, Late: s.Late, Restoring: s.Restoring > 0 || begins}
	for _, l := range s.Lines {
		described.Lines = append(described.Lines, invariant.Line{Name: l.Name, Serving: l.Serving, Waiting: l.Waiting})
	}
	r.history.Add(invariant.Ticked(invariant.At(now), described))
	k := r.knobs[s.Version]
	start := r.event.Room.EventStartTime
	rate, limit := s.Budget.Limits(queue.PerMinute(k.perMinute), k.cap)
	rules := invariant.Policy{
		PerMinute: int64(rate) / 1000, Burst: rate.Burst() / queue.Token, Cap: limit,
		Held: s.Budget.Down || s.Restoring > 0 || !start.IsZero() && (wall.Before(start.Time) || r.event.Room.ShuffleAtEventStart && !s.Settled),
	}
	if rules != r.ruling {
		if before := r.ruling.Burst; before > rules.Burst { // an answer of the same instant may be from before
			instant := rules
			instant.Burst = before
			r.rule(now, instant)
			now++
		}
		r.ruling = rules
		r.rule(now, rules)
	}
}

// rule puts a policy in force.
func (r *rush) rule(from int64, p invariant.Policy) {
	if n := len(r.limits.Policies); n > 0 {
		from = max(from, r.limits.Policies[n-1].From)
	}
	p.From = from
	r.limits.Policies = append(r.limits.Policies, p)
}
