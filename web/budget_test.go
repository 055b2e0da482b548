package web

import (
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/web/page"
)

// allow gives the event another budget and waits until the store acts on it.
func (h *house) allow(b room.Budget) {
	h.t.Helper()
	b.Version = h.budget.Load().Version + 1
	h.budget.Store(&b)
	h.until("the budget is in force", func() bool { return h.view().Snapshot.Budget.Version == b.Version })
}

var (
	shopDown = room.Budget{Budget: queue.Budget{Rate: queue.MaxRate, Cap: queue.Base, Down: true}, Reason: room.ReasonDown, Known: 3}
	shopBack = room.Budget{Budget: queue.Budget{Rate: queue.MaxRate, Cap: queue.Base}, Ready: 3, Known: 3}
)

// pass lets so much time go by, in steps that a room lives as they are.
func (h *house) pass(d time.Duration) {
	h.t.Helper()
	const step = 9 * time.Second
	for ; d > 0; d -= step {
		h.ahead.Add(int64(step))
		moved := h.now()
		h.until("the room has seen the time", func() bool { return h.view().Seen.After(moved) })
	}
}

func TestWhileTheShopIsDownThePageSaysSo(t *testing.T) {
	h := openHouse(t, "")
	h.allow(shopDown)
	f := h.browser()
	f.get("/buy").want(t, "a newcomer, though nobody waits", 200)
	equal(t, "reached the shop", len(h.shop.requests()), 0)
	_, p := f.call("join")
	equal(t, "state", p.State, page.StateWaiting)
	equal(t, "number", p.Number, int64(1))
	equal(t, "mode", p.Mode, page.ModeDown)
	equal(t, "why the wait is not known", p.Wait, page.Wait{Reason: "down"})
	body := f.get("/buy").body
	if !strings.Contains(body, "catching its breath") || !strings.Contains(body, "Nobody loses a place or time") {
		t.Errorf("the page of who waits does not say that the shop is down: %s", body)
	}
	r, _ := f.call("now")
	if !strings.Contains(r.body, `"mode":"down"`) || !strings.Contains(r.body, `"reason":"down"`) {
		t.Errorf("now = %s; want it to say that the shop is down", r.body)
	}
	h.allow(shopBack)
	h.until("called when it is back", func() bool { _, p := f.call("status"); return p.State == page.StateTurn })
	equal(t, "comes in", f.get("/buy").body, "the shop")
}

func TestATurnIsKeptWhileTheShopIsDown(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true,"turn_ttl":"10s","late_grace":"10s"}}`)
	f := h.browser()
	f.get("/buy")
	f.call("join")
	h.change(`{"room":{"queue_all":false}}`)
	h.until("called", func() bool { _, p := f.call("status"); return p.State == page.StateTurn })
	h.allow(shopDown)
	r, p := f.call("claim")
	r.code(t, "claims", 429, "at_the_door")
	equal(t, "mode", p.Mode, page.ModeDown)
	equal(t, "Retry-After", r.Header.Get("Retry-After"), "5")
	h.pass(20 * time.Second)
	h.allow(shopBack)
	h.until("in", func() bool { _, p := f.call("claim"); return p.State == page.StateAdmitted })
}

func TestNobodyLosesASessionWhileTheShopIsDown(t *testing.T) {
	const short = `"session_duration":"10s","session_max":"10s","disable_session_renewal":true`
	direct := func(h *house) *fan {
		f := h.browser()
		f.get("/buy").want(t, "straight in", 200)
		return f
	}
	fromLine := func(h *house) *fan {
		h.change(`{"room":{"queue_all":true}}`)
		f := h.browser()
		f.get("/buy")
		f.call("join")
		h.change(`{"room":{"queue_all":false}}`)
		h.until("in from the line", func() bool { return f.get("/buy").body == "the shop" })
		return f
	}
	for _, test := range []struct {
		name   string
		knobs  string
		enters func(*house) *fan
		down   time.Duration
	}{
		{"straight in; the admission has ended since", short, direct, 20 * time.Second},
		{"from the line; the admission has ended since", short, fromLine, 20 * time.Second},
		{"straight in; for longer than an admission says anything by itself", short + `,"commit_grace":"10s"`, direct, 40 * time.Second},
		{"from the line; for longer than an admission says anything by itself", short + `,"commit_grace":"10s"`, fromLine, 40 * time.Second},
		{"sessions that are extended while they are used", `"session_duration":"10s"`, direct, 20 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := openHouse(t, `{"room":{`+test.knobs+`}}`)
			f := test.enters(h)
			f.get("/buy").want(t, "uses the session", 200)
			before := f.admission()
			h.allow(shopDown)
			h.pass(test.down)
			equal(t, "sessions", h.view().Snapshot.Active, int64(1))
			h.allow(shopBack)

			equal(t, "back in the shop", f.get("/buy").body, "the shop")
			after := f.admission()
			equal(t, "the session's name", after.ID(), before.ID())
			if left := time.Duration(after.Ends-h.now().UnixMilli()) * time.Millisecond; left < 5*time.Second || left > 10*time.Second {
				t.Errorf("%v are left of the session; want about what was left before", left)
			}
			equal(t, "sessions given", h.view().Snapshot.Admitted, int64(1))
			h.pass(15 * time.Second)
			equal(t, "sessions once its time is over", h.view().Snapshot.Active, int64(0))
		})
	}
}

func TestFewerInstancesMeanALongerWaitAndAReason(t *testing.T) {
	h := openHouse(t, `{"room":{"new_users_per_minute":60,"total_active_users":1}}`)
	h.browser().get("/buy").want(t, "the one who is in", 200)
	f := h.browser()
	f.get("/buy")
	f.call("join")
	h.allow(room.Budget{Budget: queue.Budget{Rate: queue.PerMinute(60) * 7 / 13, Cap: 10}, Reason: room.ReasonCapacity, Ready: 7, Known: 13})
	_, p := f.call("status")
	if p.Mode != page.ModeNormal || p.Wait.Reason != "capacity" || p.Wait.P90 == 0 {
		t.Errorf("place = %+v; want a known wait with its reason", p)
	}
	if body := f.get("/buy").body; !strings.Contains(body, "fewer people than usual") {
		t.Errorf("the page does not say why the wait is longer: %s", body)
	}
	if log := h.logged(); !strings.Contains(log, "reason=capacity") || !strings.Contains(log, "ready=7 known=13") || strings.Count(log, "what the room may let in has changed") != 1 {
		t.Errorf("the log does not say once why: %s", log)
	}
}

func TestADownShopIsNewsOnlyWhereSomebodyCouldComeIn(t *testing.T) {
	h := openHouse(t, "")
	h.allow(shopDown)
	for _, test := range []struct {
		room string
		want page.Mode
	}{
		{`"paused":true`, page.ModePaused},
		{`"paused":false,"closed":true`, page.ModeClosed},
		{`"closed":false,"queue_all":true`, page.ModeDown},
		{`"queue_all":false,"suspended":true`, page.ModeNormal},
		{`"suspended":false`, page.ModeDown},
	} {
		h.change(`{"room":{` + test.room + `}}`)
		if mode := modeOf(room.Normal, h.view()); mode != test.want {
			t.Errorf("mode with %s = %s; want %s", test.room, mode, test.want)
		}
	}
	early := openHouse(t, `{"room":{"event_start_time":"2099-01-01T00:00:00Z"}}`)
	early.allow(shopDown)
	if mode := modeOf(room.Normal, early.view()); mode != page.ModeNormal {
		t.Errorf("mode before the start = %s; want normal", mode)
	}
}
