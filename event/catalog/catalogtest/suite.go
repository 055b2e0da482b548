// Package catalogtest is for holding every backend of the event catalog to the
// same contract.
package catalogtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bilten/rushgate/event/catalog"
)

// Run holds the backends that open returns, an empty one at each call, to the
// contract of catalog.Backend.
func Run(t *testing.T, open func(t *testing.T) catalog.Backend) {
	for name, test := range map[string]func(*testing.T, catalog.Backend){
		"an empty backend is at revision 0":                    empty,
		"what was written is read":                             roundTrip,
		"a stale write leaves no trace":                        stale,
		"a deleted event keeps its log":                        deleted,
		"logs are the organization's own":                      ownLogs,
		"of writers at once one gets through at each revision": race,
		"a file is announced once":                             announcedOnce,
		"a rolling restart, forward and back":                  rollingRestart,
		"overrides outlive an edit of the file":                overridesOutliveEdit,
		"overrides that no longer fit are a problem":           overridesNoLongerFit,
		"a control works without the announced file":           controlOnStaleGateway,
		"a file takes an event over from the API":              takeOver,
		"gateways with different files start at once":          announceRace,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
	for name, test := range losses() {
		t.Run(name, func(t *testing.T) { test(t, openStore(t, open)) })
	}
}

// at is before versions begin to count milliseconds, so that they count writes.
var at = time.Date(2025, 3, 1, 9, 0, 0, 123_000_000, time.UTC)

// write is the change that event id gets after n others.
func write(id, organization string, n int64) catalog.Write {
	revision := n * catalog.Step
	return catalog.Write{
		Revision: revision, Next: revision + catalog.Step,
		Changes: []catalog.Change{{
			ID: id,
			Document: catalog.Document{
				Organization: organization, Owner: catalog.API, Version: revision + catalog.Step, Born: 2,
				ChangedAt: at, ChangedBy: "box office", Body: json.RawMessage(`{"n":` + fmt.Sprint(n) + `}`),
			},
			Entry: catalog.Entry{
				At: at, By: "box office", Reason: "because", Action: "put", Version: revision + catalog.Step,
				Changed: json.RawMessage(`{"a":1}`), Undo: json.RawMessage(`null`),
			},
		}},
	}
}

// gone is a write that deletes.
func gone(id, organization string, n int64) catalog.Write {
	w := write(id, organization, n)
	d := &w.Changes[0].Document
	d.Owner, d.Body, d.Deleted = "", nil, true
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func empty(t *testing.T, b catalog.Backend) {
	documents, revision, err := b.Load(t.Context())
	if err != nil || len(documents) != 0 || revision != 0 {
		t.Errorf("Load() = %v, %d, %v; want nothing at revision 0", documents, revision, err)
	}
	if revision, err := b.Revision(t.Context()); err != nil || revision != 0 {
		t.Errorf("Revision() = %d, %v; want 0", revision, err)
	}
	if entries, err := b.Log(t.Context(), "globe", "hamlet", 10); err != nil || len(entries) != 0 {
		t.Errorf("Log() = %v, %v; want nothing", entries, err)
	}
}

func roundTrip(t *testing.T, b catalog.Backend) {
	w := write("hamlet", "globe", 0)
	must(t, b.Write(t.Context(), w))
	documents, revision, err := b.Load(t.Context())
	must(t, err)
	if diff := cmp.Diff(map[string]catalog.Document{"hamlet": w.Changes[0].Document}, documents); diff != "" || revision != catalog.Step {
		t.Errorf("Load() is at revision %d, want 2 (-want +got):\n%s", revision, diff)
	}
	if revision, err := b.Revision(t.Context()); err != nil || revision != catalog.Step {
		t.Errorf("Revision() = %d, %v; want 2", revision, err)
	}
	entries, err := b.Log(t.Context(), "globe", "hamlet", 10)
	must(t, err)
	if diff := cmp.Diff([]catalog.Entry{w.Changes[0].Entry}, entries); diff != "" {
		t.Errorf("Log() (-want +got):\n%s", diff)
	}
}

func stale(t *testing.T, b catalog.Backend) {
	must(t, b.Write(t.Context(), write("hamlet", "globe", 0)))
	for _, n := range []int64{0, 2, -1} {
		if err := b.Write(t.Context(), write("macbeth", "globe", n)); !errors.Is(err, catalog.ErrStale) {
			t.Errorf("Write(decided after %d writes, of 1) = %v; want ErrStale", n, err)
		}
	}
	documents, revision, err := b.Load(t.Context())
	must(t, err)
	entries, err := b.Log(t.Context(), "globe", "macbeth", 10)
	must(t, err)
	if len(documents) != 1 || revision != catalog.Step || len(entries) != 0 {
		t.Errorf("after stale writes: %d documents at revision %d, %d log entries; want 1, 2, 0", len(documents), revision, len(entries))
	}
}

func deleted(t *testing.T, b catalog.Backend) {
	must(t, b.Write(t.Context(), write("hamlet", "globe", 0)))
	must(t, b.Write(t.Context(), gone("hamlet", "globe", 1)))
	documents, revision, err := b.Load(t.Context())
	if err != nil || !documents["hamlet"].Deleted || revision != 2*catalog.Step {
		t.Errorf("Load() = %v, %d, %v; want the deletion at revision 4", documents, revision, err)
	}
	must(t, b.Write(t.Context(), write("hamlet", "globe", 2)))
	if got := versions(t, b, "globe", "hamlet", 10); !slices.Equal(got, []int64{6, 4, 2}) {
		t.Errorf("Log() has versions %v; want 6, 4, 2: the newest first", got)
	}
	if got := versions(t, b, "globe", "hamlet", 2); !slices.Equal(got, []int64{6, 4}) {
		t.Errorf("Log(limit 2) has versions %v; want the newest two", got)
	}
	if got := versions(t, b, "globe", "hamlet", 0); len(got) != 0 {
		t.Errorf("Log(limit 0) has versions %v; want none", got)
	}
}

func ownLogs(t *testing.T, b catalog.Backend) {
	must(t, b.Write(t.Context(), write("hamlet", "globe", 0)))
	must(t, b.Write(t.Context(), gone("hamlet", "globe", 1)))
	must(t, b.Write(t.Context(), write("hamlet", "rose", 2)))
	if got := versions(t, b, "rose", "hamlet", 10); !slices.Equal(got, []int64{6}) {
		t.Errorf("the log of rose has versions %v; want 6 alone, not what globe did before", got)
	}
}

func versions(t *testing.T, b catalog.Backend, organization, id string, limit int) []int64 {
	t.Helper()
	entries, err := b.Log(t.Context(), organization, id, limit)
	must(t, err)
	var all []int64
	for _, e := range entries {
		all = append(all, e.Version)
	}
	return all
}

func race(t *testing.T, b catalog.Backend) {
	const writers, rounds = 8, 10
	for round := range int64(rounds) {
		var group sync.WaitGroup
		through := make(chan string, writers)
		for i := range writers {
			group.Go(func() {
				id := fmt.Sprint("event-", i)
				switch err := b.Write(t.Context(), write(id, "globe", round)); {
				case err == nil:
					through <- id
				case !errors.Is(err, catalog.ErrStale):
					t.Errorf("Write() = %v; want nil or ErrStale", err)
				}
			})
		}
		group.Wait()
		if len(through) != 1 {
			t.Fatalf("in round %d %d writers got through; want 1", round, len(through))
		}
	}
}
