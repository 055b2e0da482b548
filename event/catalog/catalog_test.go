package catalog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
)

var (
	organizations = map[string][]string{"globe": {"tickets.globe.example", "globe.example"}, "rose": {"tickets.rose.example"}}
	clerk         = catalog.Author{Name: "box office", Reason: "the director asked"}
	nine          = time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC)
)

func definition(organization, id, path string) []byte {
	return fmt.Appendf(nil, `{"id":%q,"organization":%q,"routes":[{"host":"tickets.%s.example","path":%q}],
		"room":{"total_active_users":100,"new_users_per_minute":60}}`, id, organization, organization, path)
}

func parse(t *testing.T, data []byte) event.Event {
	t.Helper()
	e, err := event.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// open returns a catalog with one event of a file: macbeth, of globe.
func open(t *testing.T, backend catalog.Backend) *catalog.Catalog {
	t.Helper()
	files := []event.Event{parse(t, definition("globe", "macbeth", "/macbeth/**"))}
	c, err := catalog.New(backend, organizations, files, func() time.Time { return nine })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func create(t *testing.T, c *catalog.Catalog, organization, id, path string) catalog.Record {
	t.Helper()
	record, err := c.Put(t.Context(), organization, id, definition(organization, id, path), catalog.NewVersion, clerk)
	if err != nil {
		t.Fatal(err)
	}
	return record
}

func TestNewRefusesFiles(t *testing.T) {
	hamlet := definition("globe", "hamlet", "/hamlet")
	for _, test := range []struct {
		say           string
		organizations map[string][]string
		files         [][]byte
		want          string
	}{
		{"a host of two organizations", map[string][]string{"globe": {"a.example"}, "rose": {"A.example"}}, nil,
			"organization rose: host a.example: organization globe has it already"},
		{"one id in two files", organizations, [][]byte{hamlet, hamlet}, "event hamlet: two files declare it"},
		{"an organization nobody declared", map[string][]string{}, [][]byte{hamlet},
			`event hamlet: routes[0].host: "tickets.globe.example": is not a host of organization globe`},
		{"a host of somebody else", map[string][]string{"globe": nil, "rose": {"tickets.globe.example"}}, [][]byte{hamlet},
			`event hamlet: routes[0].host: "tickets.globe.example": is not a host of organization globe`},
		{"two events on one route", organizations, [][]byte{hamlet, definition("globe", "lear", "/HAMLET")},
			"event lear: route tickets.globe.example/HAMLET: event hamlet has it already, as tickets.globe.example/hamlet"},
	} {
		var files []event.Event
		for _, f := range test.files {
			files = append(files, parse(t, f))
		}
		if _, err := catalog.New(catalog.NewMemory(), test.organizations, files, time.Now); err == nil || err.Error() != test.want {
			t.Errorf("%s: New() = %v; want %s", test.say, err, test.want)
		}
	}
}

func TestLifeOfAnEvent(t *testing.T) {
	c, ctx := open(t, catalog.NewMemory()), t.Context()
	made := create(t, c, "globe", "hamlet", "/hamlet")
	if made.Version != 2 || made.Owner != catalog.API || made.ChangedBy != "box office" || !made.ChangedAt.Equal(nine) {
		t.Errorf("Put(new) = %+v; want version 2 of the API by box office at nine", made)
	}
	paused, err := c.Patch(ctx, "globe", "hamlet", []byte(`{"room":{"paused":true}}`), made.Version, clerk)
	if err != nil || !paused.Event.Room.Paused || paused.Version != 4 {
		t.Errorf("Patch(paused) = %+v, %v; want it paused at version 4", paused, err)
	}
	found, err := c.Find(ctx, "globe", "hamlet")
	if diff := cmp.Diff(paused, found); err != nil || diff != "" {
		t.Errorf("Find() = %v; want what Patch returned (-want +got):\n%s", err, diff)
	}
	moved, err := c.Put(ctx, "globe", "hamlet", definition("globe", "hamlet", "/other"), 4, clerk)
	if err != nil || moved.Event.Room.Paused || moved.Version != 6 {
		t.Errorf("Put(again) = %+v, %v; want the new definition alone at version 6", moved, err)
	}
	if err := c.Delete(ctx, "globe", "hamlet", 6, clerk); err != nil {
		t.Errorf("Delete() = %v; want nil", err)
	}
	if _, err := c.Find(ctx, "globe", "hamlet"); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("Find(deleted) = %v; want ErrNotFound", err)
	}
	if _, err := c.Put(ctx, "rose", "hamlet", definition("rose", "hamlet", "/hamlet"), catalog.NewVersion, clerk); !errors.Is(err, catalog.ErrForeign) {
		t.Errorf("Put(another organization, after Delete) = %v; want ErrForeign: what is kept of the event is not theirs", err)
	}
	if again := create(t, c, "globe", "hamlet", "/hamlet"); again.Version != 10 {
		t.Errorf("Put(after Delete) is version %d; want 10: versions never fall", again.Version)
	}
}

func TestChangesRefused(t *testing.T) {
	c, ctx := open(t, catalog.NewMemory()), t.Context()
	create(t, c, "globe", "hamlet", "/hamlet")
	put := func(organization, id, path string, version int64) error {
		_, err := c.Put(ctx, organization, id, definition(organization, id, path), version, clerk)
		return err
	}
	patch := func(organization, id, patch string, version int64) error {
		_, err := c.Patch(ctx, organization, id, []byte(patch), version, clerk)
		return err
	}
	_, foreignBody := c.Put(ctx, "rose", "lear", definition("globe", "hamlet", "/x"), catalog.NewVersion, clerk)
	_, foreignHost := c.Put(ctx, "rose", "lear", []byte(strings.ReplaceAll(string(definition("rose", "lear", "/x")), "tickets.rose", "tickets.globe")), 0, clerk)
	for _, test := range []struct {
		say  string
		got  error
		is   error
		want string
	}{
		{"create what exists", put("globe", "hamlet", "/x", catalog.NewVersion), catalog.ErrConflict, "it is at version 2"},
		{"replace an old version", put("globe", "hamlet", "/x", 7), catalog.ErrConflict, "it is at version 2"},
		{"replace what is not there", put("globe", "lear", "/x", 7), catalog.ErrConflict, "there is none"},
		{"take another's id", put("rose", "hamlet", "/x", catalog.NewVersion), catalog.ErrForeign, ""},
		{"take another's id whatever the version", put("rose", "hamlet", "/x", catalog.AnyVersion), catalog.ErrForeign, ""},
		{"replace a file's event", put("globe", "macbeth", "/x", catalog.AnyVersion), catalog.ErrFileOwned, "change the file"},
		{"delete a file's event", c.Delete(ctx, "globe", "macbeth", catalog.AnyVersion, clerk), catalog.ErrFileOwned, ""},
		{"change a file's field", patch("globe", "macbeth", `{"room":{"turn_ttl":"1m"}}`, 0), catalog.ErrFileOwned, "room.turn_ttl"},
		{"change another's event", patch("rose", "hamlet", `{"room":{"paused":true}}`, catalog.AnyVersion), catalog.ErrNotFound, ""},
		{"change another's file's event", patch("rose", "macbeth", `{"room":{"paused":true}}`, catalog.AnyVersion), catalog.ErrNotFound, ""},
		{"delete another's event", c.Delete(ctx, "rose", "hamlet", catalog.AnyVersion, clerk), catalog.ErrNotFound, ""},
		{"change what is not there", patch("globe", "lear", `{}`, catalog.AnyVersion), catalog.ErrNotFound, ""},
		{"change an old version", patch("globe", "hamlet", `{}`, 7), catalog.ErrConflict, ""},
		{"move to another organization", patch("globe", "hamlet", `{"organization":"rose"}`, 2), nil, "organization"},
		{"rename", patch("globe", "hamlet", `{"id":"ophelia"}`, 2), nil, `id: "ophelia": want "hamlet"`},
		{"another address than the body's", foreignBody, nil, `id: "hamlet": want "lear"`},
		{"another organization's host", foreignHost, nil, "is not a host of organization rose"},
		{"what is not valid", patch("globe", "hamlet", `{"room":{"total_active_users":-1}}`, 2), nil, "room.total_active_users: -1"},
		{"a file's event to what is not valid", patch("globe", "macbeth", `{"room":{"total_active_users":-1}}`, 0), nil, "room.total_active_users: -1"},
		{"a route that is taken", put("globe", "lear", "/Macbeth/**", 0), nil, "event macbeth has it already"},
		{"no patch at all", patch("globe", "hamlet", `[]`, 2), nil, "want a JSON object"},
		{"a reason without end", c.Delete(ctx, "globe", "hamlet", 2, catalog.Author{Reason: strings.Repeat("x", 501)}), nil, "reason: 501 characters"},
	} {
		if test.got == nil || test.is != nil && !errors.Is(test.got, test.is) || !strings.Contains(test.got.Error(), test.want) {
			t.Errorf("%s: %v; want %v with %q", test.say, test.got, test.is, test.want)
		}
	}
	if revision, err := c.Revision(ctx); err != nil || revision != 2 {
		t.Errorf("Revision() = %d, %v; want 2: what is refused changes nothing", revision, err)
	}
}

func TestOverridesOfAFile(t *testing.T) {
	backend, ctx := catalog.NewMemory(), t.Context()
	c := open(t, backend)
	if r, err := c.Find(ctx, "globe", "macbeth"); err != nil || r.Owner != catalog.File || r.Version != 0 {
		t.Fatalf("Find(macbeth) = %+v, %v; want the file's at version 0", r, err)
	}
	for _, patch := range []string{`{"room":{"paused":true,"new_users_per_minute":5}}`, `{"page":{"message":"soon"}}`} {
		if _, err := c.Patch(ctx, "globe", "macbeth", []byte(patch), catalog.AnyVersion, clerk); err != nil {
			t.Fatal(err)
		}
	}
	changed := parse(t, definition("globe", "macbeth", "/moved"))
	changed.Room.NewUsersPerMinute, changed.Room.TotalActiveUsers = 30, 40
	restarted, err := catalog.New(backend, organizations, []event.Event{changed}, func() time.Time { return nine })
	if err != nil {
		t.Fatal(err)
	}
	r, err := restarted.Find(ctx, "globe", "macbeth")
	if room := r.Event.Room; err != nil || !room.Paused || room.NewUsersPerMinute != 5 || room.TotalActiveUsers != 40 || r.Event.Page.Message != "soon" || r.Event.Routes[0].Path != "/moved" {
		t.Errorf("after a restart with a new file: %+v, %v; want overrides kept and the rest from the file", r.Event, err)
	}
	r, err = restarted.Patch(ctx, "globe", "macbeth", []byte(`{"room":{"new_users_per_minute":null,"paused":null}}`), r.Version, clerk)
	if room := r.Event.Room; err != nil || room.Paused || room.NewUsersPerMinute != 30 || r.Event.Page.Message != "soon" {
		t.Errorf("Patch(null) = %+v, %v; want the file's values again", r.Event, err)
	}
}

// Applying each entry's undo, the newest first, leads back to the beginning.
func TestLogLeadsBack(t *testing.T) {
	c, ctx := open(t, catalog.NewMemory()), t.Context()
	first := create(t, c, "globe", "hamlet", "/hamlet")
	for _, patch := range []string{`{"room":{"paused":true}}`, `{"page":{"title":"Hamlet"},"room":{"event_end_time":"2027-04-01T00:00:00Z"}}`} {
		if _, err := c.Patch(ctx, "globe", "hamlet", []byte(patch), catalog.AnyVersion, clerk); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := c.Log(ctx, "globe", "hamlet", 10)
	if err != nil || len(entries) != 3 {
		t.Fatalf("Log() = %v, %v; want 3 entries", entries, err)
	}
	newest := entries[0]
	if newest.By != "box office" || newest.Reason != "the director asked" || newest.Action != "patch" || newest.Version != 6 || !newest.At.Equal(nine) ||
		string(newest.Changed) != `{"page":{"title":"Hamlet"},"room":{"event_end_time":"2027-04-01T00:00:00Z"}}` {
		t.Errorf("newest entry = %+v, changed %s; want who, why, what", newest, newest.Changed)
	}
	for _, entry := range entries[:2] {
		if _, err := c.Patch(ctx, "globe", "hamlet", entry.Undo, catalog.AnyVersion, clerk); err != nil {
			t.Fatalf("Patch(%s) = %v", entry.Undo, err)
		}
	}
	r, err := c.Find(ctx, "globe", "hamlet")
	if diff := cmp.Diff(first.Event, r.Event); err != nil || diff != "" {
		t.Errorf("after undoing all: %v (-first +now):\n%s", err, diff)
	}
	if string(entries[2].Undo) != "null" || entries[2].Action != "create" {
		t.Errorf("oldest entry = %s, undo %s; want create, null", entries[2].Action, entries[2].Undo)
	}
}

func TestDocumentsThatDoNotFitAreLeftOut(t *testing.T) {
	backend, ctx := catalog.NewMemory(), t.Context()
	c := open(t, backend)
	for i, id := range []string{"good", "macbeth", "clash", "broken", "stranger", "alias"} {
		organization, body := "globe", definition("globe", id, "/"+id)
		switch id {
		case "clash":
			body = definition("globe", id, "/macbeth/**")
		case "broken":
			body = []byte(`{"id":"broken"}`)
		case "stranger":
			organization, body = "gone", definition("gone", id, "/x")
		case "alias":
			body = definition("globe", "other", "/alias")
		}
		version := int64(i+1) * catalog.Step
		document := catalog.Document{Organization: organization, Owner: catalog.API, Version: version, Body: body}
		if err := backend.Write(ctx, catalog.Write{Revision: version - catalog.Step, Next: version, Changes: []catalog.Change{{ID: id, Document: document}}}); err != nil {
			t.Fatal(err)
		}
	}
	view, err := c.All(ctx)
	var ids []string
	for _, r := range view.Records {
		ids = append(ids, r.Event.ID)
	}
	if diff := cmp.Diff([]string{"good", "macbeth"}, ids); err != nil || diff != "" || len(view.Problems) != 5 {
		t.Errorf("All() = %v, problems %v (-want +got):\n%s", err, view.Problems, diff)
	}
	for _, name := range []string{"macbeth", "clash", "broken", "stranger", "alias"} {
		if !slices.ContainsFunc(view.Problems, func(p catalog.Problem) bool { return p.Event == name }) {
			t.Errorf("problems %v do not name %s", view.Problems, name)
		}
	}
	if _, err := c.Put(ctx, "globe", "broken", definition("globe", "broken", "/broken"), 8, clerk); err != nil {
		t.Errorf("Put(broken) = %v; want its owner to be able to mend it", err)
	}
	if err := c.Delete(ctx, "globe", "clash", catalog.AnyVersion, clerk); err != nil {
		t.Errorf("Delete(clash) = %v; want its owner to be able to delete it", err)
	}
}

// Two organizers who want the same route at once: one gets it.
func TestRacingForARoute(t *testing.T) {
	backend := catalog.NewMemory()
	var group sync.WaitGroup
	won := make(chan string, 8)
	for i := range 8 {
		c := open(t, backend)
		group.Go(func() {
			id := fmt.Sprint("event-", i)
			if _, err := c.Put(t.Context(), "globe", id, definition("globe", id, "/same"), catalog.NewVersion, clerk); err == nil {
				won <- id
			}
		})
	}
	group.Wait()
	if len(won) != 1 {
		t.Errorf("%d events got the route; want 1", len(won))
	}
	if view, err := open(t, backend).All(t.Context()); err != nil || len(view.Problems) != 0 || len(view.Records) != 2 {
		t.Errorf("All() = %+v, %v; want macbeth and the winner, no problems", view, err)
	}
}

// Changes that hold whatever else changes all get through.
func TestRacingControls(t *testing.T) {
	backend := catalog.NewMemory()
	create(t, open(t, backend), "globe", "hamlet", "/hamlet")
	var group sync.WaitGroup
	for _, control := range []string{"paused", "closed", "queue_all", "suspended"} {
		c := open(t, backend)
		group.Go(func() {
			if _, err := c.Patch(t.Context(), "globe", "hamlet", []byte(`{"room":{"`+control+`":true}}`), catalog.AnyVersion, clerk); err != nil {
				t.Errorf("Patch(%s) = %v; want nil", control, err)
			}
		})
	}
	group.Wait()
	r, err := open(t, backend).Find(t.Context(), "globe", "hamlet")
	if room := r.Event.Room; err != nil || !room.Paused || !room.Closed || !room.QueueAll || !room.Suspended {
		t.Errorf("after four changes at once: %+v, %v; want all four", room, err)
	}
}

// ailing is a backend that can fall silent or forget.
type ailing struct {
	catalog.Backend
	silent bool
}

func (a *ailing) Load(ctx context.Context) (map[string]catalog.Document, int64, error) {
	if a.silent {
		return nil, 0, errors.New("no answer")
	}
	return a.Backend.Load(ctx)
}

func TestSilenceIsNotEmptiness(t *testing.T) {
	backend := &ailing{Backend: catalog.NewMemory()}
	c := open(t, backend)
	create(t, c, "globe", "hamlet", "/hamlet")
	backend.silent = true
	if _, err := c.All(t.Context()); !errors.Is(err, catalog.ErrNoBackend) {
		t.Errorf("All() of a silent backend = %v; want ErrNoBackend", err)
	}
}

func Example() {
	files := []event.Event{}
	hosts := map[string][]string{"globe": {"tickets.example"}}
	c, err := catalog.New(catalog.NewMemory(), hosts, files, func() time.Time { return nine })
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	by := catalog.Author{Name: "box office"}
	made, err := c.Put(ctx, "globe", "hamlet", []byte(`
id: hamlet
organization: globe
routes: [{host: tickets.example, path: /buy/**}]
room: {total_active_users: 100, new_users_per_minute: 60}
`), catalog.NewVersion, by)
	fmt.Println(made.Version, err)

	by.Reason = "payment provider is slow"
	paused, err := c.Patch(ctx, "globe", "hamlet", []byte(`{"room":{"paused":true}}`), made.Version, by)
	fmt.Println(paused.Version, paused.Event.Room.Paused, err)

	_, err = c.Patch(ctx, "globe", "hamlet", []byte(`{"room":{"paused":false}}`), made.Version, by)
	fmt.Println(err)

	entries, err := c.Log(ctx, "globe", "hamlet", 1)
	line, _ := json.Marshal(entries[0].Changed)
	fmt.Println(entries[0].By, entries[0].Reason, string(line), err)
	// Output:
	// 2 <nil>
	// 4 true <nil>
	// event hamlet: the event has changed meanwhile: it is at version 4
	// box office payment provider is slow {"room":{"paused":true}} <nil>
}
