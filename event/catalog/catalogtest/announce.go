package catalogtest

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
)

var (
	boxOffice = catalog.Author{Name: "box office"}
	slow      = hamlet(`"new_users_per_minute":60`)
	fast      = hamlet(`"new_users_per_minute":600`)
)

func hamlet(room string) string {
	return `{"id":"hamlet","organization":"globe","routes":[{"host":"globe.example","path":"/buy/**"}],"room":{"total_active_users":100,` + room + `}}`
}

// gateway is a catalog of a gateway whose only file is hamlet's.
type gateway struct {
	*testing.T
	*catalog.Catalog
}

// boot starts a gateway with a file, not announced yet.
func boot(t *testing.T, b catalog.Backend, file string) gateway {
	t.Helper()
	e, err := event.Parse([]byte(file))
	must(t, err)
	c, err := catalog.New(b, map[string][]string{"globe": {"globe.example"}}, []event.Event{e}, func() time.Time { return at })
	must(t, err)
	return gateway{t, c}
}

func start(t *testing.T, b catalog.Backend, file string) gateway {
	t.Helper()
	g := boot(t, b, file)
	must(t, g.Announce(t.Context()))
	return g
}

// sees fails unless the gateway's hamlet is as told.
func (g gateway) sees(say string, version int64, stale bool, perMinute int) catalog.Record {
	g.Helper()
	r, err := g.Find(g.Context(), "globe", "hamlet")
	must(g.T, err)
	if r.Version != version || r.Stale != stale || r.Event.Room.NewUsersPerMinute != perMinute {
		g.Errorf("%s: Find() = version %d, stale %t, %d per minute; want %d, %t, %d", say,
			r.Version, r.Stale, r.Event.Room.NewUsersPerMinute, version, stale, perMinute)
	}
	return r
}

func (g gateway) patch(patch string, version int64) catalog.Record {
	g.Helper()
	r, err := g.Patch(g.Context(), "globe", "hamlet", []byte(patch), version, boxOffice)
	must(g.T, err)
	return r
}

func (g gateway) newest() catalog.Entry {
	g.Helper()
	entries, err := g.Log(g.Context(), "globe", "hamlet", 1)
	must(g.T, err)
	if len(entries) != 1 {
		g.Fatal("Log() is empty; want an entry")
	}
	return entries[0]
}

func announcedOnce(t *testing.T, b catalog.Backend) {
	boot(t, b, slow).sees("before it is announced", 0, false, 60)
	first := start(t, b, slow)
	if r := first.sees("announced", 2, false, 60); r.Owner != catalog.File || r.ChangedBy != "file" || !r.ChangedAt.Equal(at) {
		t.Errorf("record = %+v; want it changed by file, now", r)
	}
	if e := first.newest(); e.By != "file" || e.Action != "announce" || e.Version != 2 || string(e.Undo) != "null" {
		t.Errorf("Log() = %+v; want the file's announcement with nothing before", e)
	}
	start(t, b, slow).sees("started again", 2, false, 60)
	must(t, first.Announce(t.Context()))
	if revision, err := b.Revision(t.Context()); err != nil || revision != 2 {
		t.Errorf("Revision() = %d, %v; want 2: what is announced is not written again", revision, err)
	}
}

func rollingRestart(t *testing.T, b catalog.Backend) {
	before := start(t, b, slow)
	after := start(t, b, fast)
	after.sees("the new gateway", 4, false, 600)
	before.sees("the old gateway", 3, true, 60)
	if e := after.newest(); string(e.Changed) != `{"room":{"new_users_per_minute":600}}` || string(e.Undo) != `{"room":{"new_users_per_minute":60}}` {
		t.Errorf("Log() = changed %s, undo %s; want what the edit changed", e.Changed, e.Undo)
	}
	start(t, b, slow).sees("a gateway rolled back", 6, false, 60)
	before.sees("the old gateway, its file announced again", 6, false, 60)
	after.sees("the new gateway, overtaken", 5, true, 600)
}

func overridesOutliveEdit(t *testing.T, b catalog.Backend) {
	before := start(t, b, slow)
	if r := before.patch(`{"room":{"new_users_per_minute":5}}`, 2); r.Version != 4 || r.Stale {
		t.Errorf("Patch() = version %d, stale %t; want 4 and not stale", r.Version, r.Stale)
	}
	start(t, b, slow).sees("started again", 4, false, 5)
	after := start(t, b, hamlet(`"new_users_per_minute":600,"turn_ttl":"1m"`))
	if r := after.sees("edited", 6, false, 5); r.Event.Room.TurnTTL != event.Duration(time.Minute) {
		t.Errorf("turn_ttl = %v; want the new file's", r.Event.Room.TurnTTL)
	}
	if e := after.newest(); string(e.Changed) != `{"room":{"turn_ttl":"1m"}}` {
		t.Errorf("Log() = changed %s; want what the edit changed in force", e.Changed)
	}
	after.patch(`{"room":{"new_users_per_minute":null}}`, 6)
	after.sees("override taken back", 8, false, 600)
}

func overridesNoLongerFit(t *testing.T, b catalog.Backend) {
	w := write("hamlet", "globe", 0)
	d := &w.Changes[0].Document
	d.Owner, d.Body = catalog.File, []byte(`{"room":{"queueing_method":"lottery"}}`)
	must(t, b.Write(t.Context(), w))
	g := start(t, b, slow)
	g.sees("the file without its overrides", 4, false, 60)
	view, err := g.All(t.Context())
	must(t, err)
	if len(view.Problems) != 1 || !strings.Contains(view.Problems[0].Error(), "event hamlet: stored overrides do not fit: ") {
		t.Errorf("problems = %v; want the overrides that do not fit", view.Problems)
	}
	if documents, _, err := b.Load(t.Context()); err != nil || string(documents["hamlet"].Body) != string(d.Body) {
		t.Errorf("Load() = %s, %v; want the overrides kept for a file that they fit", documents["hamlet"].Body, err)
	}
}

// A new gateway came, announced and went. Pausing on the others must reach the
// store, which has the policy of version 4 in force.
func controlOnStaleGateway(t *testing.T, b catalog.Backend) {
	before := start(t, b, slow)
	after := start(t, b, fast)
	r := before.patch(`{"room":{"paused":true}}`, 3)
	if r.Version != 5 || !r.Stale || !r.Event.Room.Paused {
		t.Errorf("Patch() = version %d, stale %t, paused %t; want it paused at 5: above all before, below the announced file's", r.Version, r.Stale, r.Event.Room.Paused)
	}
	before.sees("the old gateway", 5, true, 60)
	if r := after.sees("the new gateway", 6, false, 600); !r.Event.Room.Paused {
		t.Error("the new gateway is not paused; want the override of the old one")
	}
	if _, err := before.Patch(t.Context(), "globe", "hamlet", []byte(`{}`), 4, boxOffice); !errors.Is(err, catalog.ErrConflict) {
		t.Errorf("Patch(the other gateway's version) = %v; want ErrConflict: its definition is another", err)
	}
}

func takeOver(t *testing.T, b catalog.Backend) {
	c, err := catalog.New(b, map[string][]string{"globe": {"globe.example"}}, nil, func() time.Time { return at })
	must(t, err)
	_, err = c.Put(t.Context(), "globe", "hamlet", []byte(slow), catalog.NewVersion, boxOffice)
	must(t, err)
	g := start(t, b, fast)
	if r := g.sees("declared by a file", 4, false, 600); r.Owner != catalog.File {
		t.Errorf("owner = %s; want file", r.Owner)
	}
	if e := g.newest(); string(e.Undo) != `{"room":{"new_users_per_minute":60}}` {
		t.Errorf("Log() = undo %s; want the way back to what the API made", e.Undo)
	}
}

// Each announces once, so that they don't overtake one another for ever.
func announceRace(t *testing.T, b catalog.Backend) {
	gateways := []gateway{boot(t, b, slow), boot(t, b, fast), boot(t, b, slow), boot(t, b, fast)}
	var group sync.WaitGroup
	for _, g := range gateways {
		group.Go(func() {
			if err := g.Announce(t.Context()); err != nil {
				t.Errorf("Announce() = %v; want nil", err)
			}
		})
	}
	group.Wait()
	stale := 0
	for _, g := range gateways {
		r, err := g.Find(t.Context(), "globe", "hamlet")
		must(t, err)
		if r.Stale {
			stale++
		}
	}
	if stale != 2 {
		t.Errorf("%d of 4 gateways are stale; want the 2 whose file was not the last", stale)
	}
}
