package organizer_test

import (
	"net/http"
	"testing"

	"github.com/bilten/rushgate/capacity"
)

// agreed is a pool of 13 of which 7 are ready.
type agreed struct{}

func (agreed) Status(string) capacity.EventStatus {
	state := capacity.State{
		Grants: map[string]capacity.Grant{"spring": {Room: capacity.Room{Event: "spring", Pools: []string{"shop"}}}},
		Pools:  map[string]capacity.Pool{"shop": {Ready: 7000, Known: 13, Health: capacity.Health{Factor: capacity.Full}, Condition: capacity.Fine}},
	}
	return state.Status("spring", map[string]capacity.Policy{"shop": {Sessions: 1000, PerMinute: 60}})
}

func TestAnOrganizerSeesWhatCarriesTheEvent(t *testing.T) {
	t.Parallel()
	h := open(t)
	want(t, h.ask(t, acmeKey, http.MethodPost, events, springDefinition), http.StatusCreated, "")
	got := want(t, h.ask(t, acmeKey, http.MethodGet, spring+"/capacity", ""), http.StatusOK, "")
	pools, _ := got["pools"].([]any)
	if len(pools) != 1 {
		t.Fatalf("capacity = %v; want one pool", got)
	}
	pool, _ := pools[0].(map[string]any)
	if pool["name"] != "shop" || pool["ready"] != 7.0 || pool["known"] != 13.0 || pool["per_minute"] != 420.0 {
		t.Errorf("pool = %v; want shop, 7 of 13 ready, 420 a minute", pool)
	}
	want(t, h.ask(t, globexKey, http.MethodGet, spring+"/capacity", ""), http.StatusNotFound, "not_found")
}
