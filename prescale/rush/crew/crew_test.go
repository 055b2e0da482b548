package crew_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/prescale/fault"
	"github.com/bilten/rushgate/prescale/rush"
	"github.com/bilten/rushgate/prescale/rush/crew"
)

func TestARushGoesUpAndComesBackToWhatWasThere(t *testing.T) {
	t.Parallel()
	s := openStage(t, hamlet)
	here, there := s.gateway("here"), s.gateway("there")
	s.until(start.Add(-31*time.Minute), here, there)
	if got := s.status(here); got.Phase != "armed" || got.DueAt == nil || !got.DueAt.Equal(start.Add(-30*time.Minute)) {
		t.Errorf("status before = %s, due %v; want armed, due half an hour before the start", got.Phase, got.DueAt)
	}
	s.until(start, here, there)
	room := s.event("hamlet").Room
	if s.cluster.size != 13 || room.Suspended || len(s.prices.on) != 1 {
		t.Errorf("at the start: %d instances, suspended %t, prices on %d times; want 13, false, once", s.cluster.size, room.Suspended, len(s.prices.on))
	}
	if got := s.status(there); got.Phase != "up" || got.Warning != "" {
		t.Errorf("status = %s %q; want up without a warning", got.Phase, got.Warning)
	}
	s.quiet = true
	s.until(start.Add(2*time.Hour+time.Minute), here, there)
	if s.cluster.size != 3 || !s.event("hamlet").Room.Suspended || len(s.prices.off) != 1 {
		t.Errorf("after the end: %d instances, suspended %t, prices off %d times; want 3, true, once", s.cluster.size, s.event("hamlet").Room.Suspended, len(s.prices.off))
	}
	if got := s.status(here); got.Phase != "over" {
		t.Errorf("status = %s; want over", got.Phase)
	}
	entries, err := s.catalog.Log(t.Context(), "acme", "hamlet", 10)
	if err != nil || len(entries) != 3 || entries[0].By != crew.Author || entries[1].By != crew.Author {
		t.Errorf("log of the event = %+v, %v; want two changes by %s over the box office's", entries, err, crew.Author)
	}
	log, err := s.store.Log(t.Context(), "rush:hamlet", "", 1000)
	if err != nil || !strings.Contains(string(log[len(log)-1].Data), `"over"`) {
		t.Errorf("log of the rush ends with %s, %v; want over", log[len(log)-1].Data, err)
	}
}

func TestTheQueueIsLeftToWhoeverTurnsIt(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says    string
		before  bool // suspended
		during  []string
		by      string
		after   bool
		because string
	}{
		{"it was off, and goes off again", true, nil, "", true, "switched back"},
		{"it was on, and stays on", false, nil, "", false, "left on: it was on before"},
		{"somebody turned it off and on again, and wants it on", true, []string{`{"room":{"suspended":true}}`, `{"room":{"suspended":false}}`}, "box-office", false, "left as it is: box-office has turned it since"},
		{"somebody turned it off already", true, []string{`{"room":{"suspended":true}}`}, "box-office", true, "left as it is: box-office has turned it since"},
		{"somebody changed something else", true, []string{`{"room":{"new_users_per_minute":60}}`}, "box-office", true, "switched back"},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := openStage(t, hamlet)
			s.patch("hamlet", fmt.Sprintf(`{"room":{"suspended":%t}}`, row.before), "box-office")
			gateway := s.gateway("here")
			s.until(start, gateway)
			for _, patch := range row.during {
				s.patch("hamlet", patch, row.by)
			}
			if _, err := gateway.Command(t.Context(), s.event("hamlet"), rush.Revert, "box-office", ""); err != nil {
				t.Fatal(err)
			}
			s.until(start.Add(time.Minute), gateway)
			status := s.status(gateway)
			detail := ""
			for _, step := range status.Steps {
				if step.Step == rush.RestoreQueue {
					detail = step.Detail
				}
			}
			if got := s.event("hamlet").Room.Suspended; got != row.after || detail != row.because {
				t.Errorf("suspended = %t, %q; want %t, %q", got, detail, row.after, row.because)
			}
		})
	}
}

func TestADeadGatewaysStepIsDoneByAnotherWithTheSameKey(t *testing.T) {
	t.Parallel()
	s := openStage(t, hamlet)
	dying, living := s.gateway("dying"), s.gateway("living")
	s.until(start.Add(-30*time.Minute), dying, living)
	ctx, kill := context.WithCancel(t.Context())
	dead := s.gatewayOn("dying", deadly{s.store, ctx})
	s.cluster.dies = kill // it has ordered, and can tell nobody
	_ = dead.Step(ctx, s.event("hamlet"))
	if s.cluster.size != 13 || s.status(living).Steps[0].State != "doing" {
		t.Fatalf("%d instances, prescale %s; want 13 ordered by a gateway that never said so", s.cluster.size, s.status(living).Steps[0].State)
	}
	s.until(start.Add(-29*time.Minute), living)
	step := s.status(living).Steps[0]
	if step.State != "done" || step.By != "living" || step.Attempts != 2 {
		t.Errorf("prescale = %+v; want done by living at the second attempt", step)
	}
	if keys := slices.Compact(slices.Sorted(slices.Values(s.cluster.keys))); len(keys) != 1 || len(s.cluster.keys) != 2 {
		t.Errorf("keys = %q; want the same twice", s.cluster.keys)
	}
}

func TestWhatAGatewayOrderedBeforeItDiedIsTakenBack(t *testing.T) {
	t.Parallel()
	s := openStage(t, hamlet)
	dying, living := s.gateway("dying"), s.gateway("living")
	s.until(start.Add(-30*time.Minute), dying, living)
	ctx, kill := context.WithCancel(t.Context())
	dead := s.gatewayOn("dying", deadly{s.store, ctx})
	s.cluster.dies = kill // it has ordered, and can tell nobody
	_ = dead.Step(ctx, s.event("hamlet"))
	if s.cluster.size != 13 {
		t.Fatalf("%d instances; want the 13 that were ordered", s.cluster.size)
	}
	if _, err := living.Command(t.Context(), s.event("hamlet"), rush.Revert, "box-office", ""); err != nil {
		t.Fatal(err)
	}
	s.until(start.Add(-29*time.Minute), living)
	if got := s.status(living); got.Phase != "over" || s.cluster.size != 3 {
		t.Errorf("%s, with %d instances; want over, and the 3 of before", got.Phase, s.cluster.size)
	}
}

// A script makes an event and starts its rush in one breath: the gateway that is asked
// reads the catalog anew a moment later.
func TestARushThatIsStartedBeforeItsEventIsReadIsLookedAt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := openStage(t, hamlet)
		events := &unread{stage: s}
		gateway := crew.New(crew.Config{
			Store: s.store, Catalog: s.catalog, Events: events, Targets: map[string]crew.Target{"shop": s.cluster}, Pricing: s.prices,
			Member: "here", Now: s.clock, Chance: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler),
		})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); gateway.Run(ctx) }()
		if _, err := gateway.Command(ctx, s.event("hamlet"), rush.Start, "box-office", ""); err != nil {
			t.Fatal(err)
		}
		for second := range 30 {
			events.read.Store(second >= 3)
			time.Sleep(time.Second)
			s.set(s.clock().Add(time.Second))
		}
		stop()
		<-done
		if got := s.status(gateway); got.Phase != "up" || s.cluster.size != 13 {
			t.Errorf("%s, with %d instances; want up, with 13", got.Phase, s.cluster.size)
		}
	})
}

// unread has no event in memory yet.
type unread struct {
	*stage
	read atomic.Bool
}

func (u *unread) All() ([]event.Event, bool) {
	if !u.read.Load() {
		return nil, true
	}
	return u.stage.All()
}

// deadly is a store that nobody hears any more once the gateway is dead.
type deadly struct {
	accord.Store
	life context.Context //nolint:containedctx // a gateway's life, not a call's
}

func (d deadly) Meet(ctx context.Context, key, member string, report []byte, fresh time.Duration) (accord.Record, error) {
	if d.life.Err() != nil {
		return accord.Record{}, errors.New("dead")
	}
	return d.Store.Meet(ctx, key, member, report, fresh)
}

func (d deadly) Swap(ctx context.Context, key string, version int64, data []byte, entries ...[]byte) (int64, error) {
	if d.life.Err() != nil {
		return 0, errors.New("dead")
	}
	return d.Store.Swap(ctx, key, version, data, entries...)
}

func TestAGatewayThatDiesBetweenSwitchAndWordLosesNotWhatWasBefore(t *testing.T) {
	t.Parallel()
	s := openStage(t, hamlet)
	s.cluster.most = 3 // the queue goes on without it
	living := s.gateway("living")
	s.until(start.Add(-rush.Margin), living)
	ctx, kill := context.WithCancel(t.Context())
	dead := crew.New(crew.Config{
		Store: deadly{s.store, ctx}, Catalog: patchThen{s.catalog, kill}, Events: s, Targets: map[string]crew.Target{"shop": s.cluster}, Pricing: s.prices,
		Member: "dying", Now: s.clock, Chance: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler),
	})
	_ = dead.Step(ctx, s.event("hamlet"))
	if s.event("hamlet").Room.Suspended {
		t.Fatal("the dying gateway did not switch the room on; want it dead right after")
	}
	s.until(start, living)
	if got := s.status(living); got.Phase != "up" || !strings.HasPrefix(got.Warning, rush.CapacityNotReady) {
		t.Errorf("status = %s %q; want up, with a warning", got.Phase, got.Warning)
	}
	s.quiet = true
	s.until(start.Add(2*time.Hour+time.Minute), living)
	if !s.event("hamlet").Room.Suspended {
		t.Error("the room is on; want it off as before the rush")
	}
}

// patchThen kills the gateway once it has changed an event.
type patchThen struct {
	*catalog.Catalog
	kill func()
}

func (p patchThen) Patch(ctx context.Context, organization, id string, patch []byte, version int64, by catalog.Author) (catalog.Record, error) {
	record, err := p.Catalog.Patch(ctx, organization, id, patch, version, by)
	if err == nil {
		p.kill()
	}
	return record, err
}

func TestCapacityStaysWhenTheEndIsMoved(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says    string
		most    int // instances that become ready; 0: all
		cancel  bool
		phase   string
		warning string
		scaled  string
	}{
		{"of a rush that is up", 0, false, "up", "", "done"},
		{"whose instances never were all ready", 5, false, "up", "capacity_not_ready: ready are shop 5 of 13", "waiting"},
		{"of one that was cancelled: what it has done stays", 0, true, "cancelled", "", "done"},
	} {
		s := openStage(t, hamlet)
		s.cluster.most = row.most
		gateway := s.gateway("here")
		s.until(start, gateway)
		if row.cancel {
			if _, err := gateway.Command(t.Context(), s.event("hamlet"), rush.Cancel, "box-office", "no rush"); err != nil {
				t.Fatal(err)
			}
		}
		s.patch("hamlet", `{"room":{"event_end_time":"2027-03-01T18:00:00Z"}}`, "box-office")
		s.until(start.Add(time.Minute), gateway)
		if got, want := s.claims().Until(), start.Add(8*time.Hour+2*rush.Linger); !got.Equal(want) {
			t.Errorf("%s: what is ordered lapses at %v; want %v, after the new end", row.says, got, want)
		}
		before := len(s.cluster.keys)
		s.until(start.Add(2*time.Minute), gateway)
		if got := s.status(gateway); got.Phase != row.phase || got.Warning != row.warning || got.Steps[0].State != row.scaled || s.cluster.size != 13 || len(s.cluster.keys) != before {
			t.Errorf("%s: %s %q, prescale %s, %d instances, %d orders more; want %s %q, %s, and the same 13 without another order",
				row.says, got.Phase, got.Warning, got.Steps[0].State, s.cluster.size, len(s.cluster.keys)-before, row.phase, row.warning, row.scaled)
		}
	}
}

func TestWhatACancelledRushHasNotOrderedItNeverOrders(t *testing.T) {
	t.Parallel()
	s := openStage(t, hamlet)
	s.cluster.fails = errors.New("forbidden")
	gateway := s.gateway("here")
	s.until(start, gateway)
	if _, err := gateway.Command(t.Context(), s.event("hamlet"), rush.Cancel, "box-office", "no rush"); err != nil {
		t.Fatal(err)
	}
	s.cluster.fails = nil
	s.patch("hamlet", `{"room":{"event_end_time":"2027-03-01T18:00:00Z"}}`, "box-office")
	s.until(start.Add(time.Minute), gateway)
	if s.cluster.size != 3 || len(s.cluster.keys) != 0 {
		t.Errorf("%d instances after %d orders; want the 3 that were there, and none", s.cluster.size, len(s.cluster.keys))
	}
}

func TestTwoOnsalesOnOneShopAddUp(t *testing.T) {
	t.Parallel()
	s := openStage(t, hamlet, strings.ReplaceAll(hamlet, "hamlet", "othello"))
	s.needs["othello"] = 8
	gateway := s.gateway("here")
	s.until(start, gateway)
	if s.cluster.size != 21 {
		t.Errorf("instances = %d; want 13 and 8", s.cluster.size)
	}
	if _, err := gateway.Command(t.Context(), s.event("hamlet"), rush.Revert, "box-office", ""); err != nil {
		t.Fatal(err)
	}
	s.until(start.Add(time.Minute), gateway)
	if s.cluster.size != 8 {
		t.Errorf("instances after hamlet went back = %d; want othello's 8", s.cluster.size)
	}
}

func TestAStoreThatForgetsBeginsNothingAnew(t *testing.T) {
	t.Parallel()
	s := openStage(t, hamlet, strings.ReplaceAll(hamlet, "hamlet", "othello"))
	s.needs["othello"] = 8
	gateway := s.gateway("here")
	s.until(start.Add(-25*time.Minute), gateway)
	if _, err := gateway.Command(t.Context(), s.event("hamlet"), rush.Cancel, "box-office", "the singer is ill"); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"rush:hamlet", "rush:othello", "target:shop"} {
		if err := s.store.Drop(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	s.until(start, gateway)
	if got := s.status(gateway); got.Phase != "cancelled" || got.Reason != "the singer is ill" {
		t.Errorf("status = %s %q; want cancelled, as before the loss", got.Phase, got.Reason)
	}
	if _, err := gateway.Command(t.Context(), s.event("hamlet"), rush.Revert, "box-office", ""); err != nil {
		t.Fatal(err)
	}
	s.until(start.Add(time.Minute), gateway)
	if s.cluster.size != 8 {
		t.Errorf("instances = %d; want othello's 8: its need was put back, too", s.cluster.size)
	}
}

func TestFailuresShowAndGoAway(t *testing.T) {
	t.Parallel()
	forbidden := fault.New("answered 403", errors.New("10.1.2.3: forbidden"))
	for _, row := range []struct {
		says   string
		breaks func(*stage)
		mend   func(*stage)
		words  string // for organizers
		log    string // for the operator
	}{
		{"the cluster refuses", func(s *stage) { s.cluster.fails = forbidden }, func(s *stage) { s.cluster.fails = nil }, "service shop: target shop: answered 403", "10.1.2.3: forbidden"},
		{"no plan can be made", func(s *stage) { s.needs["hamlet"] = 0 }, func(s *stage) { s.needs["hamlet"] = 13 }, "plan: nobody knows how many will come", "nobody knows"},
	} {
		s := openStage(t, hamlet)
		gateway := s.gateway("here")
		row.breaks(s)
		s.until(start.Add(-20*time.Minute), gateway)
		step := s.status(gateway).Steps[0]
		if step.LastError != row.words || step.Attempts < 3 {
			t.Errorf("%s: last error = %q after %d attempts; want %q", row.says, step.LastError, step.Attempts, row.words)
		}
		if !strings.Contains(s.log.String(), row.log) {
			t.Errorf("%s: the log has no %q:\n%s", row.says, row.log, &s.log)
		}
		row.mend(s)
		s.until(start.Add(-19*time.Minute), gateway)
		if step := s.status(gateway).Steps[0]; step.State != "done" || step.LastError != "" {
			t.Errorf("%s: mended, prescale is %s %q; want done", row.says, step.State, step.LastError)
		}
	}
}

func TestAnEventWithoutServicesStillGetsItsQueue(t *testing.T) {
	t.Parallel()
	s := openStage(t, hamlet)
	gateway := crew.New(crew.Config{
		Store: s.store, Catalog: s.catalog, Events: noServices{s}, Member: "here", Now: s.clock,
		Chance: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler),
	})
	s.until(start.Add(-29*time.Minute), gateway)
	if got := s.status(gateway); got.Phase != "up" || s.event("hamlet").Room.Suspended {
		t.Errorf("status = %s, suspended %t; want up and on", got.Phase, s.event("hamlet").Room.Suspended)
	}
}

type noServices struct{ *stage }

func (noServices) Plan(event.Event) crew.Plan { return crew.Plan{Lead: 30 * time.Minute, Auto: true} }

func TestACommandThatDoesNotFitChangesNothing(t *testing.T) {
	t.Parallel()
	s := openStage(t, hamlet)
	gateway := s.gateway("here")
	if _, err := gateway.Command(t.Context(), s.event("hamlet"), rush.Revert, "box-office", ""); !errors.Is(err, rush.ErrRefused) {
		t.Errorf("revert of nothing = %v; want a refusal", err)
	}
	if record, err := s.store.Meet(t.Context(), "rush:hamlet", "", nil, 0); err != nil || record.Version != 0 {
		t.Errorf("record = %+v, %v; want none", record, err)
	}
}
