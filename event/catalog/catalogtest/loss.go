package catalogtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
)

// store is a backend that can lose what it holds.
type store struct {
	catalog.Backend
	t    *testing.T
	open func(*testing.T) catalog.Backend
	now  atomic.Int64 // milliseconds that have passed
}

func openStore(t *testing.T, open func(*testing.T) catalog.Backend) *store {
	return &store{Backend: open(t), t: t, open: open}
}

// clock is one that all gateways agree on, and that never stands still.
func (s *store) clock() time.Time {
	return time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC).Add(time.Duration(s.now.Add(1)) * time.Millisecond)
}

func (s *store) empty() { s.Backend = s.open(s.t) }

// fallBack makes the store an older copy of itself.
func (s *store) fallBack(documents map[string]catalog.Document, revision int64) {
	s.empty()
	w := catalog.Write{Next: revision}
	for id, d := range documents {
		w.Changes = append(w.Changes, catalog.Change{ID: id, Document: d, Entry: catalog.Entry{Changed: []byte(`{}`), Undo: []byte(`{}`)}})
	}
	must(s.t, s.Write(s.t.Context(), w))
}

// starts a gateway with these files, announced.
func (s *store) starts(files ...string) gateway {
	s.t.Helper()
	c, err := catalog.New(s, map[string][]string{"globe": {"globe.example"}}, parsed(s.t, files), s.clock)
	must(s.t, err)
	must(s.t, c.Announce(s.t.Context()))
	return gateway{s.t, c}
}

func play(id string) string {
	return fmt.Sprintf(`{"id":%q,"organization":"globe","routes":[{"host":"globe.example","path":"/%s/**"}],"room":{"total_active_users":100,"new_users_per_minute":60}}`, id, id)
}

func (g gateway) puts(id string) catalog.Record {
	g.Helper()
	r, err := g.Put(g.Context(), "globe", id, []byte(play(id)), catalog.NewVersion, boxOffice)
	must(g.T, err)
	return r
}

func (g gateway) changes(id, patch string) catalog.Record {
	g.Helper()
	r, err := g.Patch(g.Context(), "globe", id, []byte(patch), catalog.AnyVersion, boxOffice)
	must(g.T, err)
	return r
}

func (g gateway) deletes(id string) {
	g.Helper()
	must(g.T, g.Delete(g.Context(), "globe", id, catalog.AnyVersion, boxOffice))
}

// knows are the events of the gateway, by id, with their versions.
func (g gateway) knows() map[string]int64 {
	g.Helper()
	view, err := g.All(g.Context())
	must(g.T, err)
	versions := map[string]int64{}
	for _, r := range view.Records {
		versions[r.Event.ID] = r.Version
	}
	return versions
}

func (g gateway) knowsOnly(say string, ids ...string) {
	g.Helper()
	if got := slices.Sorted(maps.Keys(g.knows())); !slices.Equal(got, ids) {
		g.Errorf("%s: the gateway knows %v; want %v", say, got, ids)
	}
}

// losses are what a catalog must survive on every backend.
func losses() map[string]func(*testing.T, *store) {
	return map[string]func(*testing.T, *store){
		"an emptied store gets its events back":                       emptied,
		"a deleted event does not come back with a loss":              deletionSurvives,
		"a store that lost one document gets that back":               oneDocument,
		"a store that fell back to an older copy catches up":          olderCopy,
		"two changes on either side of a failover both stay":          forked,
		"what was made after the loss stays":                          madeMeanwhile,
		"a file announced to an emptied store keeps its overrides":    overridesSurvive,
		"gateways that put back at once end in the newest versions":   putBackRace,
		"what was recalled serves until the store answers":            recalled,
		"what was recalled comes back to an emptied store":            recalledComesBack,
		"versions rise across a loss that nobody remembers":           versionsRise,
		"a deletion is forgotten when nobody can remember the event":  deletionForgotten,
		"a gateway that knows less than the store takes nothing away": knowsLess,
	}
}

func emptied(t *testing.T, s *store) {
	g := s.starts(slow)
	g.puts("lear")
	paused := g.changes("lear", `{"room":{"paused":true}}`)
	g.changes("hamlet", `{"room":{"new_users_per_minute":5}}`)
	before := g.knows()
	s.empty()
	if after := g.knows(); !maps.Equal(after, before) {
		t.Errorf("after the loss the gateway knows %v; want %v", after, before)
	}
	stranger := s.starts(slow)
	if after := stranger.knows(); !maps.Equal(after, before) {
		t.Errorf("a gateway that starts now knows %v; want %v: no version goes back, none is announced again", after, before)
	}
	r, err := stranger.Find(t.Context(), "globe", "lear")
	if err != nil || !r.Event.Room.Paused || r.ChangedBy != "box office" || !r.ChangedAt.Equal(paused.ChangedAt) {
		t.Errorf("Find(lear) = %+v, %v; want it paused by box office, as before", r, err)
	}
	entries, err := stranger.Log(t.Context(), "globe", "lear", 10)
	if err != nil || len(entries) != 1 || entries[0].Action != "put_back" || entries[0].By != "rushgate" {
		t.Errorf("Log(lear) = %+v, %v; want that it was put back", entries, err)
	}
	if g.PutBack() != 2 || stranger.PutBack() != 0 {
		t.Errorf("put back %d and %d documents; want 2 and 0", g.PutBack(), stranger.PutBack())
	}
}

func deletionSurvives(t *testing.T, s *store) {
	deleter, sleeper := s.starts(), s.starts()
	for _, id := range []string{"hamlet", "lear"} {
		deleter.puts(id)
	}
	sleeper.knowsOnly("before", "hamlet", "lear")
	deleter.deletes("lear")
	s.empty()
	sleeper.knowsOnly("the one that slept, alone", "hamlet", "lear")
	deleter.knowsOnly("the one that deleted it", "hamlet")
	sleeper.knowsOnly("the one that slept, told", "hamlet")
	s.empty()
	sleeper.knowsOnly("after another loss", "hamlet")
	deleter.puts("lear")
	sleeper.knowsOnly("made again", "hamlet", "lear")
}

func oneDocument(t *testing.T, s *store) {
	g := s.starts()
	for _, id := range []string{"hamlet", "lear"} {
		g.puts(id)
	}
	documents, revision, err := s.Load(t.Context())
	must(t, err)
	delete(documents, "lear")
	s.fallBack(documents, revision)
	g.knowsOnly("at the same revision, a document less", "hamlet", "lear")
	if now, err := g.Revision(t.Context()); err != nil || now <= revision {
		t.Errorf("Revision() = %d, %v; want above %d, so that every gateway looks", now, err, revision)
	}
}

func olderCopy(t *testing.T, s *store) {
	g := s.starts()
	g.puts("hamlet")
	documents, revision, err := s.Load(t.Context())
	must(t, err)
	paused := g.changes("hamlet", `{"room":{"paused":true}}`)
	g.puts("lear")
	s.fallBack(documents, revision)
	after := s.starts()
	after.knowsOnly("a gateway that knows nothing", "hamlet")
	g.knowsOnly("the gateway that saw more", "hamlet", "lear")
	if got := after.knows()["hamlet"]; got != paused.Version {
		t.Errorf("hamlet is at version %d; want %d, paused", got, paused.Version)
	}
}

// A replica took over without the last change, and others went on from there.
func forked(t *testing.T, s *store) {
	here := s.starts()
	here.puts("hamlet")
	here.puts("lear")
	there := s.starts()
	documents, revision, err := s.Load(t.Context())
	must(t, err)
	here.changes("hamlet", `{"room":{"paused":true}}`)
	s.fallBack(documents, revision)
	there.changes("lear", `{"room":{"paused":true}}`)
	for _, g := range []gateway{here, there, s.starts()} {
		for _, id := range []string{"hamlet", "lear"} {
			g.knows()
			if r, err := g.Find(t.Context(), "globe", id); err != nil || !r.Event.Room.Paused {
				t.Errorf("Find(%s) = %+v, %v; want it paused on every gateway", id, r, err)
			}
		}
	}
}

func madeMeanwhile(t *testing.T, s *store) {
	g := s.starts()
	for _, id := range []string{"hamlet", "lear"} {
		g.puts(id)
	}
	g.changes("lear", `{"room":{"paused":true}}`)
	s.empty()
	stranger := s.starts()
	stranger.puts("macbeth")
	anew := stranger.puts("lear")
	g.knowsOnly("both sides together", "hamlet", "lear", "macbeth")
	r, err := g.Find(t.Context(), "globe", "lear")
	if err != nil || r.Version != anew.Version || r.Event.Room.Paused {
		t.Errorf("Find(lear) = %+v, %v; want what was made after the loss", r, err)
	}
}

func overridesSurvive(t *testing.T, s *store) {
	g := s.starts(slow)
	was := g.changes("hamlet", `{"room":{"paused":true}}`)
	s.empty()
	stranger := s.starts(fast)
	g.knows()
	for say, one := range map[string]gateway{"the gateway that remembers": g, "the one that knew nothing": stranger} {
		r, err := one.Find(t.Context(), "globe", "hamlet")
		if err != nil || !r.Event.Room.Paused || r.Version <= was.Version {
			t.Errorf("%s: Find(hamlet) = %+v, %v; want it paused, above version %d", say, r, err, was.Version)
		}
	}
	if r, err := stranger.Find(t.Context(), "globe", "hamlet"); err != nil || r.Stale || r.Event.Room.NewUsersPerMinute != 600 {
		t.Errorf("Find(hamlet) = %+v, %v; want the file announced last in force", r, err)
	}
	g.changes("hamlet", `{"room":{"paused":null}}`)
	s.starts(slow).knows()
	if r, err := g.Find(t.Context(), "globe", "hamlet"); err != nil || r.Event.Room.Paused {
		t.Errorf("Find(hamlet) = %+v, %v; want what was taken back to stay so", r, err)
	}
}

func putBackRace(t *testing.T, s *store) {
	var gateways []gateway
	want := map[string]int64{}
	for i := range 4 {
		g := s.starts()
		id := fmt.Sprint("event-", i)
		want[id] = g.puts(id).Version
		want["event-0"] = g.changes("event-0", fmt.Sprintf(`{"page":{"message":"%d"}}`, i)).Version
		gateways = append(gateways, g) // each knows more than the one before
	}
	s.empty()
	var group sync.WaitGroup
	for _, g := range gateways {
		group.Go(func() {
			if _, err := g.All(t.Context()); err != nil {
				t.Errorf("All() = %v; want nil", err)
			}
		})
	}
	group.Wait()
	for _, g := range append(gateways, s.starts()) {
		if got := g.knows(); !maps.Equal(got, want) {
			t.Errorf("a gateway knows %v; want %v", got, want)
		}
	}
}

// shy is a store as one gateway sees it: it can be away.
type shy struct {
	*store
	away atomic.Bool
}

var errAway = errors.New("i/o timeout")

func (s *shy) Load(ctx context.Context) (map[string]catalog.Document, int64, error) {
	if s.away.Load() {
		return nil, 0, errAway
	}
	return s.store.Load(ctx)
}

func (s *shy) Revision(ctx context.Context) (int64, error) {
	if s.away.Load() {
		return 0, errAway
	}
	return s.store.Revision(ctx)
}

// boots a gateway that recalls what an earlier one held; nothing is announced.
func (s *store) boots(held catalog.Held, files ...string) (gateway, *shy) {
	s.t.Helper()
	data, err := held.Encode(s.clock())
	must(s.t, err)
	if held, err = catalog.DecodeHeld(data, s.clock()); err != nil {
		s.t.Fatal(err)
	}
	seen := &shy{store: s}
	c, err := catalog.New(seen, map[string][]string{"globe": {"globe.example"}}, parsed(s.t, files), s.clock)
	must(s.t, err)
	c.Recall(held)
	return gateway{s.t, c}, seen
}

func parsed(t *testing.T, files []string) []event.Event {
	t.Helper()
	var events []event.Event
	for _, file := range files {
		e, err := event.Parse([]byte(file))
		must(t, err)
		events = append(events, e)
	}
	return events
}

func recalled(t *testing.T, s *store) {
	before := s.starts()
	before.puts("hamlet")
	next, silent := s.boots(before.Held())
	silent.away.Store(true)
	next.knowsOnly("while the store is away", "hamlet")
	if revision, err := next.Revision(t.Context()); err != nil || revision != before.Held().Revision {
		t.Errorf("Revision() = %d, %v; want %d, the recalled one", revision, err, before.Held().Revision)
	}
	if _, err := next.Put(t.Context(), "globe", "lear", []byte(play("lear")), catalog.NewVersion, boxOffice); !errors.Is(err, catalog.ErrNoBackend) {
		t.Errorf("Put() while the store is away = %v; want ErrNoBackend: nothing is decided without it", err)
	}
	before.puts("macbeth")
	silent.away.Store(false)
	next.knowsOnly("when it answers", "hamlet", "macbeth")
	silent.away.Store(true)
	if _, err := next.All(t.Context()); !errors.Is(err, catalog.ErrNoBackend) {
		t.Errorf("All() of a store that fell silent = %v; want ErrNoBackend: whoever asks holds a newer view", err)
	}
}

func recalledComesBack(t *testing.T, s *store) {
	before := s.starts(slow)
	before.puts("lear")
	before.changes("hamlet", `{"room":{"paused":true}}`)
	before.puts("othello")
	before.deletes("othello")
	want := before.knows()
	s.empty()
	next, _ := s.boots(before.Held(), slow)
	must(t, next.Announce(t.Context()))
	if got := next.knows(); !maps.Equal(got, want) {
		t.Errorf("the next process knows %v; want %v", got, want)
	}
}

func versionsRise(t *testing.T, s *store) {
	was := s.starts().puts("hamlet")
	s.empty()
	if is := s.starts().puts("hamlet"); is.Version <= was.Version {
		t.Errorf("made anew it is at version %d; want above %d", is.Version, was.Version)
	}
}

func deletionForgotten(t *testing.T, s *store) {
	g := s.starts()
	g.puts("hamlet")
	g.deletes("hamlet")
	s.now.Add((catalog.LogKept + time.Hour).Milliseconds())
	g.puts("lear")
	documents, _, err := s.Load(t.Context())
	must(t, err)
	if _, still := documents["hamlet"]; still || len(documents) != 1 {
		t.Errorf("Load() = %v; want lear alone", documents)
	}
	g.knowsOnly("afterwards", "lear")
}

func knowsLess(t *testing.T, s *store) {
	g := s.starts()
	g.puts("hamlet")
	early := g.Held()
	g.changes("hamlet", `{"room":{"paused":true}}`)
	g.puts("lear")
	want := g.knows()
	next, _ := s.boots(early)
	if got := next.knows(); !maps.Equal(got, want) || next.PutBack() != 0 {
		t.Errorf("a gateway that recalls less knows %v and put back %d; want %v, 0", got, next.PutBack(), want)
	}
}
