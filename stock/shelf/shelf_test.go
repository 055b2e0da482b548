package shelf_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/stock"
	"github.com/bilten/rushgate/stock/shelf"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sleeper is a store that can fall asleep.
type sleeper struct {
	accord.Store
	asleep atomic.Bool
	swaps  atomic.Int64
}

var errAsleep = errors.New("store asleep")

func (s *sleeper) Meet(ctx context.Context, key, member string, report []byte, fresh time.Duration) (accord.Record, error) {
	if s.asleep.Load() {
		return accord.Record{}, errAsleep
	}
	return s.Store.Meet(ctx, key, member, report, fresh)
}

func (s *sleeper) Swap(ctx context.Context, key string, version int64, data []byte, entries ...[]byte) (int64, error) {
	s.swaps.Add(1)
	return s.Store.Swap(ctx, key, version, data, entries...)
}

// program is the event that all gateways serve, and what was brought into force.
type program struct {
	mu     sync.Mutex
	events []event.Event
	told   []event.Availability
	why    []stock.Reason
	refuse bool // the catalog does not take a change
}

func (p *program) served() []event.Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]event.Event(nil), p.events...)
}

func (p *program) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *program) enforce(_ context.Context, e event.Event, is event.Availability, why stock.Reason) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.refuse:
		return errors.New("the event has changed meanwhile")
	case len(p.events) > 0 && p.events[0].Room.Availability != is:
		p.events[0].Room.Availability = is
		p.told, p.why = append(p.told, is), append(p.why, why)
	}
	return nil
}

func (p *program) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var words []string
	for _, is := range p.told {
		words = append(words, string(is))
	}
	return strings.Join(words, " ")
}

type stage struct {
	*testing.T
	store   *sleeper
	program *program
	hamlet  event.Event
	ctx     context.Context
	running sync.WaitGroup
}

// play runs f with a store and an event in time that passes by itself.
func play(t *testing.T, f func(*stage)) {
	synctest.Test(t, func(t *testing.T) {
		hamlet := event.Event{ID: "hamlet", Tiers: []event.Tier{{Name: "floor"}}, Room: event.Room{Availability: event.Available}}
		s := &stage{T: t, store: &sleeper{Store: accord.NewMemory(time.Now)}, program: &program{events: []event.Event{hamlet}}, hamlet: hamlet}
		ctx, stop := context.WithCancel(t.Context())
		s.ctx = ctx
		f(s)
		stop()
		s.running.Wait()
	})
}

func (s *stage) gateway(metrics prometheus.Registerer) *shelf.Shelf {
	g := shelf.New(shelf.Config{
		Store: s.store, Events: s.program.served, Enforce: s.program.enforce, Now: time.Now, Log: slog.New(slog.DiscardHandler), Metrics: metrics,
	})
	s.running.Go(func() { g.Run(s.ctx) })
	return g
}

func (s *stage) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func remaining(g *shelf.Shelf) int64 {
	is := g.Stock("hamlet")
	if is == nil {
		return -1
	}
	return is.Counts[0].Remaining
}

func TestWhatOneGatewayHearsAllKnowAndOneTellsTheLine(t *testing.T) {
	play(t, func(s *stage) {
		a, b := s.gateway(nil), s.gateway(nil)
		a.Hear(s.hamlet, []string{"floor=12;held=3"})
		s.pass(2 * time.Second)
		if remaining(a) != 12 || remaining(b) != 12 {
			s.Errorf("remaining at a %d, at b %d; want 12 at both", remaining(a), remaining(b))
		}
		b.Hear(s.hamlet, []string{"0"})
		s.pass(10 * time.Second)
		if got := s.program.log(); got != "all_held sold_out" {
			s.Errorf("the line was told %q; want that all is held, then sold out, once each", got)
		}
		a.Hear(s.hamlet, []string{"2"})
		s.pass(2 * time.Second)
		if got := s.program.log(); got != "all_held sold_out available" {
			s.Errorf("after two tickets came back the line was told %q", got)
		}
	})
}

func TestABusyShopIsOneReportEachHalfSecond(t *testing.T) {
	play(t, func(s *stage) {
		g := s.gateway(nil)
		for n := range 1000 {
			g.Hear(s.hamlet, []string{"floor=" + string(rune('0'+n%10))})
			s.pass(10 * time.Millisecond)
		}
		if swaps := s.store.swaps.Load(); swaps < 15 || swaps > 25 {
			s.Errorf("a thousand reports in ten seconds made %d writes; want about 20", swaps)
		}
	})
}

func TestTheStoreIsAwayAndComesBackEmpty(t *testing.T) {
	play(t, func(s *stage) {
		a, b := s.gateway(nil), s.gateway(nil)
		a.Hear(s.hamlet, []string{"floor=12"})
		s.pass(2 * time.Second)
		s.store.asleep.Store(true)
		a.Hear(s.hamlet, []string{"floor=9"})
		if _, err := a.Put(s.Context(), s.hamlet, stock.Report{Counts: []stock.Count{{Remaining: 1}}}); !errors.Is(err, stock.ErrAway) {
			s.Errorf("an organizer's word with the store away = %v; want ErrAway", err)
		}
		s.pass(5 * time.Second)
		if remaining(a) != 12 || remaining(b) != 12 {
			s.Errorf("with the store away a knows %d, b %d; want what was known, 12", remaining(a), remaining(b))
		}
		if err := s.store.Drop(s.Context(), "stock:hamlet"); err != nil {
			s.Fatal(err)
		}
		s.store.asleep.Store(false)
		s.pass(3 * time.Second)
		if remaining(a) != 9 || remaining(b) != 9 {
			s.Errorf("after the loss a knows %d, b %d; want what was heard meanwhile, 9", remaining(a), remaining(b))
		}
	})
}

func TestWhatIsDueIsBroughtIntoForceByAnother(t *testing.T) {
	play(t, func(s *stage) {
		g := s.gateway(nil)
		s.program.change(func() { s.program.refuse = true })
		g.Hear(s.hamlet, []string{"0"})
		s.pass(10 * time.Second)
		if got := s.program.log(); got != "" {
			s.Fatalf("told %q; want nothing while the event takes no change", got)
		}
		s.gateway(nil)
		s.program.change(func() { s.program.refuse = false })
		s.pass(3 * time.Second)
		if got := s.program.log(); got != "sold_out" {
			s.Errorf("told %q; want sold_out", got)
		}
	})
}

func TestAnOrganizersHandStaysUntilTheStockSaysSomethingElse(t *testing.T) {
	play(t, func(s *stage) {
		g := s.gateway(nil)
		g.Hear(s.hamlet, []string{"0"})
		s.pass(10 * time.Second)
		s.program.change(func() { s.program.events[0].Room.Availability = event.Available })
		g.Hear(s.hamlet, []string{"0"})
		s.pass(10 * time.Second)
		if got := s.program.served()[0].Room.Availability; got != event.Available {
			s.Errorf("availability %s; want the organizer's, available", got)
		}
		if err := g.Forget(s.Context(), s.hamlet); err != nil || g.Stock("hamlet") != nil {
			s.Errorf("Forget = %v, and %v is known; want nothing", err, g.Stock("hamlet"))
		}
		s.pass(5 * time.Second)
		if g.Stock("hamlet") != nil {
			s.Error("what was forgotten is known again")
		}
	})
}

func TestForgettingLetsASoldOutLineGoOn(t *testing.T) {
	play(t, func(s *stage) {
		a, b := s.gateway(nil), s.gateway(nil)
		if _, err := a.Put(s.Context(), s.hamlet, stock.Report{Counts: []stock.Count{{Tier: "floor"}}}); err != nil {
			s.Fatal(err)
		}
		s.pass(10 * time.Second)
		if err := b.Forget(s.Context(), s.hamlet); err != nil {
			s.Fatal(err)
		}
		s.pass(5 * time.Second)
		if got := s.program.log(); got != "all_held sold_out available" || a.Stock("hamlet") != nil {
			s.Errorf("told %q, and a knows %v; want the line going on and nothing known", got, a.Stock("hamlet"))
		}
	})
}

func TestAnEventThatGoesTakesItsStockAlong(t *testing.T) {
	play(t, func(s *stage) {
		a, b := s.gateway(nil), s.gateway(nil)
		a.Hear(s.hamlet, []string{"0"})
		s.pass(10 * time.Second)
		s.program.change(func() { s.program.events = nil })
		s.pass(2 * time.Second)
		s.program.change(func() { s.program.events = []event.Event{s.hamlet} })
		s.pass(10 * time.Second)
		if a.Stock("hamlet") != nil || b.Stock("hamlet") != nil {
			s.Errorf("an event made anew knows %v and %v; want nothing", a.Stock("hamlet"), b.Stock("hamlet"))
		}
	})
}

func TestJunkChangesNothingAndIsCounted(t *testing.T) {
	play(t, func(s *stage) {
		metrics := prometheus.NewRegistry()
		g := s.gateway(metrics)
		g.Hear(s.hamlet, []string{"floor=5;seq=7"})
		s.pass(time.Second)
		for _, line := range []string{"many", "floor=-1", "garden=3", "floor=9;seq=6"} {
			g.Hear(s.hamlet, []string{line})
		}
		s.pass(2 * time.Second)
		if remaining(g) != 5 {
			s.Errorf("remaining %d; want 5", remaining(g))
		}
		want := `
# HELP rushgate_stock_remaining Tickets that are free to take; an empty tier is the whole event.
# TYPE rushgate_stock_remaining gauge
rushgate_stock_remaining{event="hamlet",tier="floor"} 5
# HELP rushgate_stock_reports_total Stocks that shops told in their answers, by what became of them.
# TYPE rushgate_stock_reports_total counter
rushgate_stock_reports_total{event="hamlet",result="malformed"} 1
rushgate_stock_reports_total{event="hamlet",result="old"} 1
rushgate_stock_reports_total{event="hamlet",result="out_of_range"} 1
rushgate_stock_reports_total{event="hamlet",result="taken"} 1
rushgate_stock_reports_total{event="hamlet",result="unknown_tier"} 1
`
		if err := testutil.GatherAndCompare(metrics, strings.NewReader(want), "rushgate_stock_remaining", "rushgate_stock_reports_total"); err != nil {
			s.Error(err)
		}
	})
}
