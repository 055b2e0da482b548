package room

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/queue"
)

// sleeper is a store that can fall asleep, and counts ticks.
type sleeper struct {
	queue.Store
	asleep atomic.Bool
	ticks  atomic.Int64
}

var errAsleep = errors.New("store asleep")

func (s *sleeper) Tick(ctx context.Context, room string, p queue.Policy, b queue.Budget, m queue.Remembered) (queue.Snapshot, error) {
	if s.asleep.Load() {
		<-ctx.Done()
		return queue.Snapshot{}, errAsleep
	}
	s.ticks.Add(1)
	return s.Store.Tick(ctx, room, p, b, m)
}

// shaky is a catalog that can fail.
type shaky struct {
	*catalog.Catalog
	failing atomic.Bool
}

func (s *shaky) Revision(ctx context.Context) (int64, error) {
	if s.failing.Load() {
		return 0, catalog.ErrNoBackend
	}
	return s.Catalog.Revision(ctx)
}

type bench struct {
	store   *sleeper
	catalog *shaky
	config  Config
	keeper  *Keeper
}

// setup makes a store and a catalog of the given events, and a keeper that does
// not run yet.
func setup(t testing.TB, events ...event.Event) *bench {
	t.Helper()
	generation := uint64(0)
	next := func() uint64 { generation++; return generation<<32 | generation }
	c, err := catalog.New(catalog.NewMemory(), map[string][]string{"globe": {"tickets.example"}}, events, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{store: &sleeper{Store: queue.NewMemory(time.Now, next)}, catalog: &shaky{Catalog: c}}
	b.config = Config{
		Store: b.store, Catalog: b.catalog, Now: time.Now, Rand: func() float64 { return 0.5 },
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Window: time.Nanosecond,
	}
	b.keeper = New(b.config)
	return b
}

// run starts a keeper that ends with the test.
func run(t testing.TB, k *Keeper) *Keeper {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- k.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run() = %v; want nil", err)
		}
	})
	return k
}

func pass(t testing.TB, d time.Duration) {
	t.Helper()
	time.Sleep(d) // of the bubble: no real time passes
	synctest.Wait()
}

// seenRoom is hamlet's room once the keeper has nothing more to do.
func seenRoom(t testing.TB, k *Keeper) *Room {
	t.Helper()
	synctest.Wait()
	r, ok := k.Room("hamlet")
	if !ok {
		t.Fatal("Room(hamlet) is missing")
	}
	return r
}

// patch changes hamlet and returns its version then.
func (b *bench) patch(t testing.TB, patch string) int64 {
	t.Helper()
	r, err := b.catalog.Patch(t.Context(), "globe", "hamlet", []byte(patch), catalog.AnyVersion, catalog.Author{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return r.Version
}

func TestKeeperOpensARoomForEveryEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, "").Event)
		k := b.keeper
		if _, _, ok := k.Lookup("tickets.example", "/buy/1"); ok || k.Loaded() || k.Ready() == nil {
			t.Errorf("before Run: Lookup finds %v, Loaded() = %v, Ready() = %v; want nothing, false, an error", ok, k.Loaded(), k.Ready())
		}
		run(t, k)
		synctest.Wait()
		r, route, ok := k.Lookup("tickets.example", "/buy/1")
		if !ok || route.Path != "/buy/**" || r.View().Mode != Normal || r.View().InForce() != 0 || k.Ready() != nil {
			t.Errorf("Lookup(tickets.example, /buy/1) = %v, %v, ready %v; want hamlet's room, seen", route, ok, k.Ready())
		}
		if _, _, ok := k.Lookup("tickets.example", "/"); ok {
			t.Error("Lookup(tickets.example, /) finds a room; want none")
		}
		if rooms := k.Rooms(); len(rooms) != 1 || rooms[0] != r {
			t.Errorf("Rooms() = %v; want hamlet's alone", rooms)
		}
		if events := k.Events(); len(events) != 1 || events[0].ID != "hamlet" {
			t.Errorf("Events() = %v; want hamlet alone", events)
		}
	})
}

func TestKeeperFollowsControls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, "").Event)
		r := seenRoom(t, run(t, b.keeper))
		version := b.patch(t, `{"room": {"queue_all": true}}`)
		pass(t, 700*time.Millisecond)
		v := r.View()
		if v.Stance.Reason != event.ReasonQueueAll || v.Version != version || v.InForce() != version {
			t.Errorf("0.7 s after queue_all: stance %s, version %d, in force %d; want queue_all, %d", v.Stance.Reason, v.Version, v.InForce(), version)
		}
	})
}

func TestKeeperGoesOnWithoutTheCatalog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, "").Event)
		r := seenRoom(t, run(t, b.keeper))
		b.catalog.failing.Store(true)
		pass(t, time.Minute)
		if got := seenRoom(t, b.keeper); got != r || r.View().Mode != Normal {
			t.Errorf("a minute without the catalog: room %v, mode %s; want the same room, normal", got, r.View().Mode)
		}
		if n := testutil.ToFloat64(b.keeper.house.metrics.catalogErrors); n < 100 {
			t.Errorf("%v catalog errors counted in a minute; want one for each question", n)
		}
		b.catalog.failing.Store(false)
		b.patch(t, `{"room": {"paused": true}}`)
		pass(t, time.Second)
		if reason := r.View().Stance.Reason; reason != event.ReasonPaused {
			t.Errorf("stance %s after the catalog came back; want paused", reason)
		}
	})
}

func TestKeeperHoldsWhileTheStoreSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, "").Event)
		r := seenRoom(t, run(t, b.keeper))
		before := r.View().Snapshot
		b.store.asleep.Store(true)
		pass(t, 1500*time.Millisecond)
		v := r.View()
		if v.Mode != Hold || v.Reason != ReasonStoreError || v.Snapshot.Generation != before.Generation {
			t.Errorf("store asleep: mode %s, reason %s; want hold, store_error, and the last snapshot", v.Mode, v.Reason)
		}
		if err := b.keeper.Ready(); err != nil {
			t.Errorf("Ready() = %v with a store that fell asleep later; want nil", err)
		}
		b.store.asleep.Store(false)
		pass(t, 1500*time.Millisecond)
		if v := r.View(); v.Mode != Normal || v.Reason != "" {
			t.Errorf("store awake: mode %s, reason %s; want normal", v.Mode, v.Reason)
		}
	})
}

func TestKeeperIsNotReadyBeforeTheStoreAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, "").Event)
		b.store.asleep.Store(true)
		run(t, b.keeper)
		pass(t, 10*time.Second)
		if err := b.keeper.Ready(); err == nil || !b.keeper.Loaded() {
			t.Errorf("Ready() = %v; want the room's name", err)
		}
		if v := seenRoom(t, b.keeper).View(); v.Mode != Hold || v.Place(holder(9), time.Now()).State != Unknown {
			t.Errorf("mode %s; want hold, and no word on anybody's place", v.Mode)
		}
	})
}

func TestKeeperRemovesARoomWhenItsRetentionIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
		b := setup(t, record(t, 0, `{"retention": "1h", "room": {"event_end_time": "`+end+`"}}`).Event)
		r := seenRoom(t, run(t, b.keeper))
		if _, err := r.Do(t.Context(), queue.Join, queue.Visit{Visitor: queue.Visitor{1}, Line: "general"}); err != nil {
			t.Fatal(err)
		}
		pass(t, 2*time.Hour+time.Second)
		if _, err := b.store.Apply(t.Context(), "hamlet", queue.Claim, nil); !errors.Is(err, queue.ErrNoRoom) {
			t.Errorf("Apply = %v after the retention; want ErrNoRoom", err)
		}
		r, _, ok := b.keeper.Lookup("tickets.example", "/buy")
		if !ok || !r.View().Retired || r.View().Stance.Reason != event.ReasonEnded {
			t.Errorf("Lookup finds %v, %+v; want the room, retired, with the stance of an ended event", ok, r.View())
		}
		if events := b.keeper.Events(); len(events) != 0 {
			t.Errorf("Events() = %v; want none: its room is retired", events)
		}
		if _, err := r.Do(t.Context(), queue.Join, queue.Visit{Line: "general"}); !errors.Is(err, queue.ErrNoRoom) {
			t.Errorf("Do(retired room) = %v; want ErrNoRoom", err)
		}
		ticks := b.store.ticks.Load()
		pass(t, time.Minute)
		if n := b.store.ticks.Load() - ticks; n != 0 {
			t.Errorf("%d ticks of a retired room; want none", n)
		}
	})
}

func TestKeeperLeavesADeletedEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		author := catalog.Author{Name: "test"}
		if _, err := b.catalog.Put(t.Context(), "globe", "hamlet", []byte(hamlet), catalog.NewVersion, author); err != nil {
			t.Fatal(err)
		}
		r := seenRoom(t, run(t, b.keeper))
		if err := b.catalog.Delete(t.Context(), "globe", "hamlet", catalog.AnyVersion, author); err != nil {
			t.Fatal(err)
		}
		pass(t, time.Second)
		if _, _, ok := b.keeper.Lookup("tickets.example", "/buy"); ok {
			t.Error("Lookup finds the route of a deleted event; want nothing")
		}
		ticks := b.store.ticks.Load()
		r.Nudge()
		pass(t, time.Minute)
		if n := b.store.ticks.Load() - ticks; n != 0 {
			t.Errorf("%d ticks of a deleted event's room; want none", n)
		}
	})
}

func TestKeeperAsksForTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, "").Event)
		b.config.Budget = func(event.Event) Budget {
			return Budget{Budget: queue.Budget{Version: 1, Rate: queue.PerMinute(60), Cap: 1}}
		}
		r := seenRoom(t, run(t, New(b.config)))
		var states []queue.State
		for i := range byte(2) {
			a, err := r.Do(t.Context(), queue.Join, queue.Visit{Visitor: queue.Visitor{i}})
			if err != nil {
				t.Fatal(err)
			}
			states = append(states, a.State)
		}
		if states[0] != queue.Active || states[1] != queue.Full {
			t.Errorf("two come with a budget of one: %v; want active, full", states)
		}
	})
}

func TestLookupDoesNotAllocate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := run(t, setup(t, record(t, 0, "").Event).keeper)
		synctest.Wait()
		allocs := testing.AllocsPerRun(100, func() {
			if r, _, ok := k.Lookup("tickets.example", "/buy/2/seats"); !ok || r.EndedSession(queue.SessionID{Generation: 1, Number: 5}) {
				t.Error("Lookup found nothing")
			}
		})
		if allocs != 0 {
			t.Errorf("Lookup and EndedSession allocate %v times; want never", allocs)
		}
	})
}

func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, "").Event)
		registry := prometheus.NewPedanticRegistry()
		b.config.Metrics = registry
		run(t, New(b.config))
		synctest.Wait()
		problems, err := testutil.GatherAndLint(registry)
		if err != nil || len(problems) > 0 {
			t.Errorf("GatherAndLint() = %v, %v; want nothing", problems, err)
		}
		if n, err := testutil.GatherAndCount(registry); err != nil || n < 14 {
			t.Errorf("%d metrics, %v; want those of one room with one line", n, err)
		}
	})
}

// spoilt is a catalog whose events cannot be read any more.
type spoilt struct {
	*catalog.Catalog
	bad atomic.Bool
}

func (s *spoilt) Revision(ctx context.Context) (int64, error) {
	revision, err := s.Catalog.Revision(ctx)
	if s.bad.Load() {
		revision++
	}
	return revision, err
}

func (s *spoilt) All(ctx context.Context) (catalog.View, error) {
	view, err := s.Catalog.All(ctx)
	if s.bad.Load() {
		for _, record := range view.Records {
			view.Problems = append(view.Problems, catalog.Problem{Event: record.Event.ID, Err: errors.New("cannot be read")})
		}
		view.Records = nil
		view.Revision++
	}
	return view, err
}

func TestAnEventThatCannotBeReadStaysProtected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, record(t, 0, "").Event)
		events := &spoilt{Catalog: b.catalog.Catalog}
		b.config.Catalog = events
		k := run(t, New(b.config))
		seenRoom(t, k)
		events.bad.Store(true)
		pass(t, time.Second)
		if _, _, ok := k.Lookup("tickets.example", "/buy/1"); !ok {
			t.Error("Lookup finds nothing: the shop is open; want the event as it was last known")
		}
	})
}

func TestAWrongClockRemovesNobodysRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
		b := setup(t, record(t, 0, `{"retention": "1h", "room": {"event_end_time": "`+end+`"}}`).Event)
		enter(t, seenRoom(t, run(t, b.keeper)), person(1))
		b.config.Now = func() time.Time { return time.Now().Add(30 * 24 * time.Hour) }
		wrong := seenRoom(t, run(t, New(b.config)))
		pass(t, time.Second)
		if s := wrong.View().Snapshot; wrong.View().Retired || s.Active != 1 {
			t.Errorf("after a gateway of next month came: retired %v, %d inside; want the room as it was", wrong.View().Retired, s.Active)
		}
	})
}
