package crew_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/prescale/rush"
	"github.com/bilten/rushgate/prescale/rush/crew"
)

var start = time.Date(2027, 3, 1, 10, 0, 0, 0, time.UTC)

const hamlet = `
id: hamlet
organization: acme
routes: [{host: acme.example, path: "/hamlet/**"}]
room: {suspended: true, total_active_users: 500, new_users_per_minute: 100, event_start_time: "2027-03-01T10:00:00Z", event_end_time: "2027-03-01T12:00:00Z"}
`

// stage is a town of gateways over one store, one catalog and one cluster, with
// a clock that the test moves.
type stage struct {
	t       *testing.T
	store   accord.Store
	catalog *catalog.Catalog
	cluster *cluster
	prices  *prices
	log     strings.Builder // of all gateways, one at a time
	known   atomic.Pointer[listed]

	mu    sync.Mutex
	now   time.Time
	needs map[string]int // instances, by event
	quiet bool
}

func openStage(t *testing.T, definitions ...string) *stage {
	t.Helper()
	s := &stage{t: t, now: start.Add(-time.Hour), cluster: &cluster{size: 3}, prices: &prices{}, needs: map[string]int{"hamlet": 13}}
	s.store = accord.NewMemory(s.clock)
	var err error
	s.catalog, err = catalog.New(catalog.NewMemory(), map[string][]string{"acme": {"acme.example"}}, nil, s.clock)
	if err != nil {
		t.Fatal(err)
	}
	for _, definition := range definitions {
		parsed, err := event.Parse([]byte(definition))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.catalog.Put(t.Context(), "acme", parsed.ID, []byte(definition), catalog.NewVersion, catalog.Author{Name: "box-office"}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// listed are the events at a revision of the catalog.
type listed struct {
	revision int64
	events   []event.Event
}

func (s *stage) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *stage) set(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

// All, Plan and Quiet are crew.Events.
func (s *stage) All() ([]event.Event, bool) {
	revision, err := s.catalog.Revision(context.Background())
	if known := s.known.Load(); err == nil && known != nil && revision == known.revision {
		return known.events, true
	}
	view, err := s.catalog.All(context.Background())
	if err != nil {
		return nil, false
	}
	fresh := &listed{revision: revision}
	for _, record := range view.Records {
		fresh.events = append(fresh.events, record.Event)
	}
	s.known.Store(fresh)
	return fresh.events, true
}

func (s *stage) Plan(e event.Event) crew.Plan {
	return crew.Plan{Lead: 30 * time.Minute, Auto: true, Services: func() ([]rush.Service, error) {
		if s.needs[e.ID] == 0 {
			return nil, errors.New("nobody knows how many will come")
		}
		return []rush.Service{{Name: "shop", Target: "shop", Instances: s.needs[e.ID], Most: 50}}, nil
	}}
}

func (s *stage) Quiet(string) bool { return s.quiet }

func (s *stage) gateway(name string) *crew.Keeper { return s.gatewayOn(name, s.store) }

func (s *stage) gatewayOn(name string, store accord.Store) *crew.Keeper {
	return crew.New(crew.Config{
		Store: store, Catalog: s.catalog, Events: s, Targets: map[string]crew.Target{"shop": s.cluster}, Pricing: s.prices,
		Member: name, Now: s.clock, Chance: func() float64 { return 0.5 }, Log: slog.New(slog.NewTextHandler(&s.log, nil)),
	})
}

// until has every gateway look up to a moment: now and then, and each second in
// the last minute.
func (s *stage) until(at time.Time, gateways ...*crew.Keeper) {
	s.t.Helper()
	for s.clock().Before(at) {
		for _, gateway := range gateways {
			events, _ := s.All()
			for _, e := range events {
				_ = gateway.Step(s.t.Context(), e) // what fails is tried again, and shows
			}
		}
		pause := time.Second
		if at.Sub(s.clock()) > time.Minute {
			pause = 15 * time.Second
		}
		s.set(s.clock().Add(pause))
	}
}

func (s *stage) event(id string) event.Event {
	s.t.Helper()
	record, err := s.catalog.Find(s.t.Context(), "acme", id)
	if err != nil {
		s.t.Fatal(err)
	}
	return record.Event
}

func (s *stage) status(gateway *crew.Keeper) rush.Status {
	s.t.Helper()
	status, err := gateway.Status(s.t.Context(), s.event("hamlet"))
	if err != nil {
		s.t.Fatal(err)
	}
	return status
}

// claims are who needs how many of the shop.
func (s *stage) claims() rush.Claims {
	s.t.Helper()
	record, err := s.store.Meet(s.t.Context(), "target:shop", "", nil, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	var claims rush.Claims
	if err := json.Unmarshal(record.Data, &claims); err != nil {
		s.t.Fatal(err)
	}
	return claims
}

func (s *stage) patch(id, patch, by string) {
	s.t.Helper()
	if _, err := s.catalog.Patch(s.t.Context(), "acme", id, []byte(patch), catalog.AnyVersion, catalog.Author{Name: by}); err != nil {
		s.t.Fatal(err)
	}
}

// cluster is a target whose instances are ready at once, up to most. It obeys
// orders as a target must: by version, not by when they come.
type cluster struct {
	mu      sync.Mutex
	size    int
	most    int // 0: no bound
	version int64
	keys    []string
	fails   error
	dies    func() // instead of the next answer, once
}

func (c *cluster) Scale(_ context.Context, o rush.Order) error   { return c.obey(o, o.Instances) }
func (c *cluster) Release(_ context.Context, o rush.Order) error { return c.obey(o, 3) }

func (c *cluster) obey(o rush.Order, size int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fails != nil {
		return c.fails
	}
	c.keys = append(c.keys, o.Key)
	if o.Version >= c.version {
		c.size, c.version = size, o.Version
	}
	if dies := c.dies; dies != nil {
		c.dies = nil
		dies()
	}
	return nil
}

func (c *cluster) Ready(context.Context, rush.Order) (rush.Readiness, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.most > 0 {
		return rush.Readiness{Ready: min(c.size, c.most)}, c.fails
	}
	return rush.Readiness{Ready: c.size}, c.fails
}

// prices counts what it was told, by key.
type prices struct {
	mu  sync.Mutex
	on  map[string]int
	off map[string]int
}

func (p *prices) Activate(_ context.Context, _, key string) error   { return p.tell(&p.on, key) }
func (p *prices) Deactivate(_ context.Context, _, key string) error { return p.tell(&p.off, key) }

func (p *prices) tell(where *map[string]int, key string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if *where == nil {
		*where = map[string]int{}
	}
	(*where)[key]++
	return nil
}
