package organizer_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/stock"
	"github.com/bilten/rushgate/stock/shelf"
)

// stockroom is a real shelf over a store that can fall asleep.
type stockroom struct {
	accord.Store
	asleep atomic.Bool
}

func (s *stockroom) Meet(ctx context.Context, key, member string, report []byte, fresh time.Duration) (accord.Record, error) {
	if s.asleep.Load() {
		return accord.Record{}, context.DeadlineExceeded
	}
	return s.Store.Meet(ctx, key, member, report, fresh)
}

func (s *stockroom) Log(ctx context.Context, key, after string, most int) ([]accord.Entry, error) {
	if s.asleep.Load() {
		return nil, context.DeadlineExceeded
	}
	return s.Store.Log(ctx, key, after, most)
}

func newStockroom(now func() time.Time) (*stockroom, *shelf.Shelf) {
	store := &stockroom{Store: accord.NewMemory(now)}
	return store, shelf.New(shelf.Config{
		Store: store, Events: func() []event.Event { return nil }, Now: now, Log: slog.New(slog.DiscardHandler),
		Enforce: func(context.Context, event.Event, event.Availability, stock.Reason) error { return nil },
	})
}

func TestInventory(t *testing.T) {
	t.Parallel()
	h := open(t)
	tiered := strings.Replace(springDefinition, `"name":"Spring"`, `"name":"Spring","tiers":[{"name":"floor"},{"name":"balcony"}]`, 1)
	want(t, h.ask(t, acmeKey, http.MethodPost, events, tiered), http.StatusCreated, "")
	at := noon.Format(time.RFC3339)
	for _, row := range []struct {
		says   string
		method string
		body   string
		status int
		code   string
		want   map[string]any // nil: not looked at
	}{
		{"nothing is known at first", http.MethodGet, "", 200, "",
			map[string]any{"event": "spring", "known": false, "remaining": 0.0, "held": 0.0, "tiers": map[string]any{}}},
		{"one tier is not all", http.MethodPost, `{"tiers":{"floor":{"remaining":100,"held":10}}}`, 200, "",
			map[string]any{"event": "spring", "known": false, "remaining": 0.0, "held": 0.0,
				"tiers": map[string]any{"floor": map[string]any{"remaining": 100.0, "held": 10.0, "at": at}}}},
		{"the others make it whole", http.MethodPost, `{"tiers":{"balcony":{"remaining":20}}}`, 200, "", nil},
		{"and everybody may read it", http.MethodGet, "", 200, "",
			map[string]any{"event": "spring", "known": true, "remaining": 120.0, "held": 10.0, "tiers": map[string]any{
				"floor": map[string]any{"remaining": 100.0, "held": 10.0, "at": at}, "balcony": map[string]any{"remaining": 20.0, "held": 0.0, "at": at}}}},
		{"less than nothing is refused", http.MethodPost, `{"remaining":-1}`, 422, "invalid_inventory", nil},
		{"so is a tier of another event", http.MethodPost, `{"tiers":{"garden":{"remaining":1}}}`, 422, "invalid_inventory", nil},
		{"and a tier without a number", http.MethodPost, `{"tiers":{"floor":{"held":1}}}`, 422, "invalid_inventory", nil},
		{"and a number too large", http.MethodPost, `{"remaining":1000000001}`, 422, "invalid_inventory", nil},
		{"and the whole beside a tier", http.MethodPost, `{"remaining":1,"tiers":{"floor":{"remaining":1}}}`, 422, "invalid_inventory", nil},
		{"and nothing at all", http.MethodPost, `{}`, 422, "invalid_inventory", nil},
		{"and a field that is none", http.MethodPost, `{"left":3}`, 400, "invalid_json", nil},
		{"none of which changed anything", http.MethodGet, "", 200, "",
			map[string]any{"event": "spring", "known": true, "remaining": 120.0, "held": 10.0, "tiers": map[string]any{
				"floor": map[string]any{"remaining": 100.0, "held": 10.0, "at": at}, "balcony": map[string]any{"remaining": 20.0, "held": 0.0, "at": at}}}},
		{"the whole takes the place of the tiers", http.MethodPost, `{"remaining":7,"held":2}`, 200, "",
			map[string]any{"event": "spring", "known": true, "remaining": 7.0, "held": 2.0, "tiers": map[string]any{}}},
		{"it can be taken back", http.MethodDelete, "", 204, "", nil},
		{"and is not known then", http.MethodGet, "", 200, "",
			map[string]any{"event": "spring", "known": false, "remaining": 0.0, "held": 0.0, "tiers": map[string]any{}}},
	} {
		got := want(t, h.ask(t, acmeKey, row.method, spring+"/inventory", row.body), row.status, row.code)
		if diff := cmp.Diff(row.want, got); row.want != nil && diff != "" {
			t.Errorf("%s: %s %s (-want +got)\n%s", row.says, row.method, row.body, diff)
		}
	}
	want(t, h.ask(t, globexKey, http.MethodGet, spring+"/inventory", ""), http.StatusNotFound, "not_found")
	want(t, h.ask(t, globexKey, http.MethodPost, spring+"/inventory", `{"remaining":0}`), http.StatusNotFound, "not_found")
	want(t, h.ask(t, globexKey, http.MethodDelete, spring+"/inventory", ""), http.StatusNotFound, "not_found")
	h.stockroom.asleep.Store(true)
	want(t, h.ask(t, acmeKey, http.MethodPost, spring+"/inventory", `{"remaining":0}`), http.StatusServiceUnavailable, "store_unavailable")
	want(t, h.ask(t, acmeKey, http.MethodDelete, spring+"/inventory", ""), http.StatusServiceUnavailable, "store_unavailable")
	if !strings.Contains(h.logged.String(), "action=inventory by=box-office") {
		t.Errorf("the log says %s; want who told the stock", h.logged)
	}
}
