package loadtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bilten/rushgate/invariant"
)

func TestWatchWritesDownTheRoom(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	answers := 0
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers++
		switch {
		case r.Header.Get("Authorization") != "Bearer rgk_1":
			w.WriteHeader(http.StatusUnauthorized)
		case answers == 1:
			w.WriteHeader(http.StatusServiceUnavailable) // not live yet
		default:
			_, _ = w.Write([]byte(`{"at":"2027-03-01T09:00:00.25Z","in_force":3,"called":2,"active":4,"late":1,
				"lines":[{"name":"general","issued":9,"serving":5,"waiting":4}]}`))
			if answers == 3 {
				cancel()
			}
		}
	}))
	defer api.Close()
	var h invariant.History
	if err := Watch(ctx, api.URL, "rgk_1", time.Millisecond, &h); err != nil {
		t.Fatalf("Watch = %v; want nil", err)
	}
	if h.Len() < 1 {
		t.Fatalf("Watch wrote %d descriptions; want at least 1", h.Len())
	}
	// Six slots are taken, so a cap of five must be seen to be broken.
	limits := invariant.Limits{Policies: []invariant.Policy{{PerMinute: 60, Burst: 1, Cap: 5}}}
	if found := invariant.Check(&h, limits); len(found) == 0 || found[0].ID != invariant.Cap {
		t.Errorf("Check(what Watch wrote) = %v; want the cap broken", found)
	}
}

func TestWatchSaysWhenItSawNothing(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	defer api.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := Watch(ctx, api.URL, "wrong", time.Millisecond, &invariant.History{}); err == nil {
		t.Error("Watch(wrong key) = nil; want an error")
	}
}
