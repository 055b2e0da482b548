// Package accordtest is the suite that every accord.Store passes.
package accordtest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bilten/rushgate/accord"
)

const (
	key   = "pool:shop"
	fresh = time.Minute
)

// Run runs the suite; open returns an empty store.
func Run(t *testing.T, open func(*testing.T) accord.Store) {
	for _, tt := range []struct {
		name string
		test func(*testing.T, accord.Store)
	}{
		{"who comes first finds nothing and decides", first},
		{"of many who decide at once one is followed", race},
		{"a repeated swap is beaten by itself and notes nothing more", repeated},
		{"everybody hears what everybody reports", reports},
		{"a report that is too old is not heard", stale},
		{"a log is read on from where one stopped", log},
		{"bytes are bytes", raw},
		{"keys know nothing of each other", apart},
		{"what is dropped was never there, but versions go on", drop},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, open(t)) })
	}
}

func meet(t *testing.T, s accord.Store, member string, report []byte, fresh time.Duration) accord.Record {
	t.Helper()
	r, err := s.Meet(t.Context(), key, member, report, fresh)
	if err != nil {
		t.Fatalf("Meet(%s) = %v", member, err)
	}
	return r
}

func swap(t *testing.T, s accord.Store, version int64, data string, entries ...[]byte) int64 {
	t.Helper()
	next, err := s.Swap(t.Context(), key, version, []byte(data), entries...)
	if err != nil {
		t.Fatalf("Swap(%d, %s) = %v", version, data, err)
	}
	return next
}

func first(t *testing.T, s accord.Store) {
	r := meet(t, s, "a", nil, fresh)
	if r.Version != 0 || r.Data != nil || r.Now.IsZero() || len(r.Reports) != 0 {
		t.Errorf("Meet = %+v; want no record, nobody, and the time", r)
	}
	version := swap(t, s, 0, "one")
	if version < r.Now.UnixMicro() {
		t.Errorf("Swap = %d; want at least the clock's %d", version, r.Now.UnixMicro())
	}
	if r := meet(t, s, "b", nil, fresh); r.Version != version || string(r.Data) != "one" {
		t.Errorf("Meet = %+v; want version %d, one", r, version)
	}
	if next := swap(t, s, version, "two"); next <= version {
		t.Errorf("Swap = %d; want more than %d", next, version)
	}
}

func race(t *testing.T, s accord.Store) {
	var won atomic.Int64
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			_, err := s.Swap(t.Context(), key, 0, fmt.Append(nil, i), fmt.Append(nil, i))
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, accord.ErrBeaten):
				t.Errorf("Swap = %v; want nil or ErrBeaten", err)
			}
		})
	}
	all.Wait()
	entries, err := s.Log(t.Context(), key, "", 100)
	if won.Load() != 1 || err != nil || len(entries) != 1 || string(entries[0].Data) != string(meet(t, s, "a", nil, fresh).Data) {
		t.Errorf("%d won, log %v, %v; want one, and its word noted", won.Load(), entries, err)
	}
}

func repeated(t *testing.T, s accord.Store) {
	swap(t, s, 0, "one", []byte("said"))
	if _, err := s.Swap(t.Context(), key, 0, []byte("one"), []byte("said")); !errors.Is(err, accord.ErrBeaten) {
		t.Errorf("Swap again = %v; want ErrBeaten", err)
	}
	if entries, err := s.Log(t.Context(), key, "", 100); err != nil || len(entries) != 1 {
		t.Errorf("Log = %v, %v; want one entry", entries, err)
	}
}

func reports(t *testing.T, s accord.Store) {
	meet(t, s, "a", []byte("calm"), fresh)
	meet(t, s, "b", []byte("busy"), fresh)
	meet(t, s, "a", []byte("busy, too"), fresh)
	r := meet(t, s, "c", nil, fresh)
	if len(r.Reports) != 2 || string(r.Reports["a"]) != "busy, too" || string(r.Reports["b"]) != "busy" {
		t.Errorf("Reports = %q; want the last of a and of b", r.Reports)
	}
}

func stale(t *testing.T, s accord.Store) {
	meet(t, s, "a", []byte("calm"), fresh)
	for deadline := time.Now().Add(10 * time.Second); ; {
		r := meet(t, s, "b", []byte("busy"), 5*time.Millisecond)
		if len(r.Reports) == 1 && string(r.Reports["b"]) == "busy" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("Reports = %q; want b's alone", r.Reports)
		}
	}
}

func log(t *testing.T, s accord.Store) {
	var version int64
	for i := range 5 {
		version = swap(t, s, version, "x", fmt.Append(nil, 2*i), fmt.Append(nil, 2*i+1))
	}
	var got, after string
	var last time.Time
	for {
		entries, err := s.Log(t.Context(), key, after, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 0 {
			break
		}
		for _, e := range entries {
			if e.At.Before(last) || e.At.IsZero() {
				t.Errorf("entry %s at %v, after one at %v", e.ID, e.At, last)
			}
			got, after, last = got+string(e.Data), e.ID, e.At
		}
	}
	if got != "0123456789" {
		t.Errorf("log = %s; want 0123456789", got)
	}
	if entries, err := s.Log(t.Context(), key, "", 0); err != nil || len(entries) != 0 {
		t.Errorf("Log of none = %v, %v; want none", entries, err)
	}
}

func raw(t *testing.T, s accord.Store) {
	data := "\x00 \n\xff {}"
	swap(t, s, 0, data, []byte(data))
	r := meet(t, s, "a b", []byte(data), fresh)
	entries, err := s.Log(t.Context(), key, "", 1)
	if err != nil || len(entries) != 1 {
		t.Fatalf("Log = %v, %v; want one entry", entries, err)
	}
	for what, got := range map[string][]byte{"data": r.Data, "report": r.Reports["a b"], "entry": entries[0].Data} {
		if string(got) != data {
			t.Errorf("%s = %q; want %q", what, got, data)
		}
	}
	if r := meet(t, s, "c", []byte{}, fresh); len(r.Reports) != 2 {
		t.Errorf("Reports = %q; want an empty one, too", r.Reports)
	}
}

func apart(t *testing.T, s accord.Store) {
	swap(t, s, 0, "x", []byte("x"))
	meet(t, s, "a", []byte("x"), fresh)
	r, err := s.Meet(t.Context(), "pool:other", "b", nil, fresh)
	if err != nil || r.Version != 0 || len(r.Reports) != 0 {
		t.Errorf("Meet(other) = %+v, %v; want nothing", r, err)
	}
	if entries, err := s.Log(t.Context(), "pool:other", "", 9); err != nil || len(entries) != 0 {
		t.Errorf("Log(other) = %v, %v; want nothing", entries, err)
	}
}

func drop(t *testing.T, s accord.Store) {
	version := swap(t, s, 0, "x", []byte("x"))
	meet(t, s, "a", []byte("x"), fresh)
	if err := s.Drop(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if r := meet(t, s, "b", nil, fresh); r.Version != 0 || r.Data != nil || len(r.Reports) != 0 {
		t.Errorf("Meet = %+v; want nothing", r)
	}
	if _, err := s.Swap(t.Context(), key, version, []byte("y")); !errors.Is(err, accord.ErrBeaten) {
		t.Errorf("Swap at the old version = %v; want ErrBeaten", err)
	}
	if next := swap(t, s, 0, "y"); next <= version {
		t.Errorf("Swap = %d; want more than %d", next, version)
	}
}
