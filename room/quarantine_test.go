package room

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/bilten/rushgate/event"
)

// F40: one event's definition makes the gateway panic.
func TestAPoisonEventIsQuarantinedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lear, err := event.Parse([]byte(strings.NewReplacer("hamlet", "lear", "/buy/", "/lear/").Replace(hamlet)))
		if err != nil {
			t.Fatal(err)
		}
		b := setup(t, record(t, 0, "").Event, lear)
		b.config.Budget = func(e event.Event) Budget {
			if e.ID == "hamlet" && e.Page.Message == "poison" {
				panic("poison")
			}
			return unmeasured(e)
		}
		k := run(t, New(b.config))
		seenRoom(t, k)
		b.patch(t, `{"page": {"message": "poison"}}`)
		pass(t, 10*time.Second)
		r, _, ok := k.Lookup("tickets.example", "/buy/1")
		if !ok {
			t.Fatal("Lookup finds nothing: the shop is open; want the event protected")
		}
		if mode, _ := r.View().ModeAt(time.Now()); mode != Hold || r.View().Event.Page.Message != "" {
			t.Errorf("the poisoned room is in mode %s with message %q; want it on hold, with the definition as it was", mode, r.View().Event.Page.Message)
		}
		other, _ := k.Room("lear")
		if mode, _ := other.View().ModeAt(time.Now()); mode != Normal {
			t.Errorf("the other room is in mode %s; want normal", mode)
		}
		if n := testutil.ToFloat64(k.house.metrics.quarantined); n != 1 {
			t.Errorf("%v rooms quarantined; want 1, once", n)
		}
		b.patch(t, `{"page": {"message": "mended"}}`)
		pass(t, time.Second)
		if r := seenRoom(t, k); r.View().Mode != Normal || r.View().Event.Page.Message != "mended" {
			t.Errorf("mended: mode %s, message %q; want it to work again", r.View().Mode, r.View().Event.Page.Message)
		}
	})
}
