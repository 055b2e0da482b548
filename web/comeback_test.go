package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/draw"
	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/web/page"
)

// lose empties the store, as FLUSHALL does.
func (h *house) lose(t testing.TB) {
	t.Helper()
	before := h.view().Snapshot.Generation
	if err := h.store.Drop(context.Background(), "hamlet"); err != nil {
		t.Fatal(err)
	}
	h.until("the loss is noticed", func() bool { return h.view().Snapshot.Generation != before })
}

// cookie is what the browser keeps under a name.
func (f *fan) cookie(name string) string {
	f.h.t.Helper()
	for pair := range strings.SplitSeq(cookies(f), "; ") {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	f.h.t.Fatalf("the browser has no cookie %s", name)
	return ""
}

func (f *fan) admission() admission.Admission { return f.h.verify(f.cookie("rg_adm_hamlet")) }

func (h *house) verify(token string) admission.Admission {
	h.t.Helper()
	a, err := h.keys.Verify(token, admission.Want{Event: "hamlet", Organization: "globe", Now: h.now().UnixMilli(), Ahead: time.Second})
	if err != nil {
		h.t.Fatalf("admission %q: %v", token, err)
	}
	return a
}

func (h *house) publishedDraw() draw.Published {
	h.t.Helper()
	answer := h.script().get("/_rushgate/hamlet/draw")
	if answer.StatusCode == http.StatusServiceUnavailable { // it is being counted
		return draw.Published{}
	}
	p, err := draw.ParsePublished([]byte(answer.body))
	if err != nil {
		h.t.Fatalf("the published draw %s: %v", answer.body, err)
	}
	return p
}

func TestNobodyLosesAPlaceWhenTheStoreLosesEverything(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	var crowd []*fan
	for i := range 5 {
		crowd = append(crowd, h.browser())
		crowd[i].get("/buy")
		_, p := crowd[i].call("join")
		equal(t, "number before", p.Number, int64(i+1))
	}
	h.lose(t)

	newcomer := h.browser()
	newcomer.get("/buy")
	for i := len(crowd) - 1; i >= 0; i-- { // the last come back first
		_, p := crowd[i].call("status")
		equal(t, "state after", p.State, page.StateWaiting)
		equal(t, "number after", p.Number, int64(i+1))
		equal(t, "ahead after", p.Ahead, int64(i))
	}
	_, p := newcomer.call("join")
	equal(t, "a newcomer's number", p.Number, int64(6))

	asked := h.store.applied.Load()
	for range 5 {
		crowd[0].call("status")
	}
	equal(t, "questions to the store once a pass is renewed", h.store.applied.Load()-asked, int64(0))
}

func TestWhoeverIsInStaysInWithTheSameAdmission(t *testing.T) {
	h := openHouse(t, "")
	in := h.browser()
	in.get("/buy").want(t, "in", 200)
	before := in.admission()
	h.lose(t)
	equal(t, "after the loss", in.get("/buy").body, "the shop")
	h.until("the store knows the session again", func() bool { return h.view().Snapshot.Active == 1 })
	after := in.admission()
	equal(t, "the session's name", after.ID(), before.ID())
	h.browser().get("/buy").want(t, "the slot is still taken", 200)
	equal(t, "sessions", h.view().Snapshot.Active, int64(1))
}

func TestWhoeverWasInDoesNotComeInTwice(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	f := h.browser()
	f.get("/buy")
	f.call("join")
	kept := f.cookie("rg_pass_hamlet")
	h.change(`{"room":{"queue_all":false}}`)
	h.until("called", func() bool { _, p := f.call("status"); return p.State == page.StateTurn })
	_, p := f.call("claim")
	equal(t, "claimed", p.State, page.StateAdmitted)
	h.lose(t)

	cheat := h.browser() // another device with the old pass alone
	r, p := cheat.call("claim", passHeader, kept, wantTokens, "1")
	equal(t, "state of who was in, shown by the pass alone", p.State, page.StateAdmitted)
	first, second := f.admission(), h.verify(r.Header.Get(admissionHeader))
	equal(t, "the admission that the pass gives", second.ID(), first.ID())

	h.shop.answers(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Rushgate-Command", "complete") })
	f.get("/buy")
	h.until("completed", func() bool { return h.view().Snapshot.Active == 0 })
	r, _ = cheat.call("claim", passHeader, kept)
	equal(t, "status of the pass after that", r.StatusCode == http.StatusGone || r.StatusCode == http.StatusNotFound, true)
}

func TestWhoComesWhileTheStoreIsAwayGetsAPlaceAndTheNumberLater(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	first, second, third := h.browser(), h.browser(), h.browser()
	for _, f := range []*fan{first, second, third} {
		f.get("/buy")
	}
	h.store.asleep.Store(true)
	h.until("on hold", func() bool {
		_, p := first.call("join")
		return p.State == page.StateWaiting && p.Mode == page.ModeHold
	})
	time.Sleep(5 * time.Millisecond) // a clock of milliseconds tells them apart
	second.call("join")
	h.store.asleep.Store(false)
	h.until("the room is back", func() bool { _, p := second.call("status"); return p.Mode != page.ModeHold })
	first.call("status")
	third.call("join")
	h.until("the room gathers", func() bool { return h.view().Snapshot.Gathering > 0 && h.view().Snapshot.Arrived == 3 })
	_, p := third.call("status")
	equal(t, "number before everybody could come back", p.Number, int64(0))
	if left := time.Until(time.UnixMilli(h.view().Snapshot.Gathering)); left > 12*time.Second {
		t.Errorf("the room gathers for %s; want some 10 s", left)
	}
}

func TestWhoComesToAGatewayThatHasJustStartedHoldsAPlace(t *testing.T) {
	for _, tt := range []struct {
		sentence string
		store    func(*sleeper) // on the gateway's start
		number   int64          // that the answer to the join tells
	}{
		{"the store answers in a moment: a number at once", func(s *sleeper) { s.late.Store(int64(200 * time.Millisecond)) }, 2},
		{"the store is away: a place, and the number later", func(s *sleeper) { s.asleep.Store(true) }, 0},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			h := openHouse(t, `{"room":{"queue_all":true}}`)
			first, second := h.browser(), h.browser()
			first.get("/buy")
			first.call("join")
			second.get("/buy")
			tt.store(h.store)
			h.serve()
			_, p := second.call("join")
			equal(t, "state", p.State, page.StateWaiting)
			equal(t, "number", p.Number, tt.number)
			h.store.asleep.Store(false)
			h.until("the room answers", func() bool { return h.keeper.Ready() == nil })
			r, p := second.call("status")
			r.want(t, "when asked again", http.StatusOK)
			equal(t, "state when asked again", p.State, page.StateWaiting)
		})
	}
}

// Between two polls a place can be numbered and called.
func TestWhoIsCalledBeforeTheNumberWasToldIsTold(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	f := h.browser()
	f.get("/buy")
	_, p := f.call("join")
	equal(t, "number", p.Number, int64(1))
	pass, err := h.keys.OpenPass("hamlet", f.cookie("rg_pass_hamlet"))
	if err != nil {
		t.Fatal(err)
	}
	pass.Order, pass.Number = 0, 0 // as it was given while nobody got a number
	h.change(`{"room":{"queue_all":false}}`)
	h.until("called", func() bool { return h.view().Snapshot.Called == 1 })
	r, p := h.script().call("status", passHeader, h.keys.SealPass(pass), wantTokens, "1")
	equal(t, "state", p.State, page.StateTurn)
	_, p = h.script().call("claim", passHeader, r.Header.Get(passHeader))
	equal(t, "state of who claims", p.State, page.StateAdmitted)
}

func TestBypassIsTheOrganizersChoiceAndEndsByItself(t *testing.T) {
	for _, tt := range []struct {
		sentence string
		patch    string
		want     string
	}{
		{"nobody passes a store that is away", `{"room":{"queue_all":true}}`, ""},
		{"everybody does where the organizer wants it", `{"room":{"outage":{"after":"5s","bypass":"10s"}}}`, "the shop"},
		{"but not while the organizer keeps people out", `{"room":{"paused":true,"outage":{"after":"5s","bypass":"10s"}}}`, ""},
	} {
		t.Run(tt.sentence, func(t *testing.T) {
			h := openHouse(t, tt.patch)
			view := h.view()
			silent := view.Seen.Add(8 * time.Second)
			mode, _ := view.ModeAt(silent)
			equal(t, "bypassed after 8 s of silence", mode == "bypass", tt.want != "")
			mode, _ = view.ModeAt(view.Seen.Add(3 * time.Second))
			equal(t, "mode after 3 s", string(mode), "hold")
			mode, _ = view.ModeAt(view.Seen.Add(16 * time.Second))
			equal(t, "mode after 16 s", string(mode), "hold")
		})
	}
}

// Somebody has tried the room out under the id of the sale. Places of the draw would
// stand behind what was called then, and nobody would ever be called from it.
func TestNobodyIsTakenIntoADrawThatCannotBeHeld(t *testing.T) {
	h := openHouse(t, `{"room":{"prequeue_start_time":"2026-01-01T00:00:00Z","shuffle_at_event_start":true,"event_start_time":"2036-01-01T00:00:00Z"}}`)
	rm, _ := h.keeper.Room("hamlet")
	for _, tt := range []struct {
		say  string
		line queue.LineView
		want string
	}{
		{"a line that is new", queue.LineView{Name: "general"}, ""},
		{"a line that has been called", queue.LineView{Name: "general", Issued: 1, Serving: 1, CalledOrder: queue.Base + 1}, "draw_impossible"},
	} {
		v, err := h.gateway.newVisit(httptest.NewRequest(http.MethodPost, "http://tickets.example/", nil), rm, nil)
		if err != nil {
			t.Fatal(err)
		}
		view := *v.view
		view.Snapshot.Lines, v.view = []queue.LineView{tt.line}, &view
		_, err = v.joining("general")
		var told *problem
		if errors.As(err, &told); tt.want == "" && err != nil || tt.want != "" && (told == nil || told.code != tt.want) {
			t.Errorf("joining %s: %v; want %q", tt.say, err, tt.want)
		}
	}
}

// A gateway that counts for the first time while places come back waits for them,
// and believes no list that is shorter than the draw was.
func TestADrawIsNotCountedWhilePlacesComeBack(t *testing.T) {
	start := time.Now().Add(2 * time.Second).Truncate(time.Second)
	h := openHouse(t, `{"room":{"prequeue_start_time":"2026-01-01T00:00:00Z","shuffle_at_event_start":true,"event_start_time":"`+
		start.UTC().Format(time.RFC3339)+`","new_users_per_minute":0}}`)
	for range 3 {
		h.script().joinBy("")
	}
	h.until("the draw is closed", func() bool { return h.view().Snapshot.Drawn && h.view().Snapshot.Gathering == 0 })
	rm, _ := h.keeper.Room("hamlet")
	gathers, shrunk := *h.view(), *h.view()
	gathers.Snapshot.Gathering = 1
	shrunk.Snapshot.Lines = []queue.LineView{{Name: "general", Drawn: 4}}
	for say, view := range map[string]*room.View{"gathers": &gathers, "has lost somebody": &shrunk} {
		var d draws
		if list := d.begin(rm, view); list != nil {
			<-list.ready
		}
		if _, err := d.of(rm, view); !errors.Is(err, errNotCounted) {
			t.Errorf("a room that %s is counted: %v; want %v", say, err, errNotCounted)
		}
	}
	h.until("the draw is counted", func() bool { return h.publishedDraw().Phase == draw.Drawn })
	equal(t, "entries", h.publishedDraw().Entries.Count, 3)
}

// What the numbers follow from is what the room was told first, whatever the event
// says later.
func TestAPublicValueThatIsChangedAfterwardsIsNotPublished(t *testing.T) {
	start := time.Now().Add(2 * time.Second).Truncate(time.Second)
	h := openHouse(t, `{"room":{"prequeue_start_time":"2026-01-01T00:00:00Z","shuffle_at_event_start":true,"draw":{"source":"a lottery","value":"4 8 15"},"event_start_time":"`+
		start.UTC().Format(time.RFC3339)+`","new_users_per_minute":0,"lines":[{"name":"general"},{"name":"presale","code":true}]}}`)
	_, p := h.script().joinBy("")
	if p.Receipt == "" {
		t.Error("no receipt for a place in the draw")
	}
	f := h.script()
	_, p = f.joinBy(`{"code":"` + h.code("presale", 1, 1) + `"}`)
	equal(t, "state of a code's place", p.State, page.StateDraw)
	equal(t, "receipt of a draw that is not published", p.Receipt, "")
	h.until("the draw is counted", func() bool { return h.publishedDraw().Phase == draw.Drawn })
	equal(t, "entries", h.publishedDraw().Entries.Count, 1)
	h.change(`{"room":{"draw":{"value":"16 23 42"}}}`)
	h.script().do("GET", "/_rushgate/hamlet/draw", "").code(t, "another value", 503, "draw_value_changed")
	h.script().do("GET", "/_rushgate/hamlet/draw/list", "").code(t, "and its list", 503, "draw_value_changed")
	h.change(`{"room":{"draw":{"value":"4 8 15"}}}`)
	equal(t, "with the first one", h.publishedDraw().Phase, draw.Drawn)
}

func TestTheDrawFromTheFirstJoinToTheCheckedList(t *testing.T) {
	start := time.Now().Add(3 * time.Second).Truncate(time.Second)
	h := openHouse(t, `{"room":{"prequeue_start_time":"2026-01-01T00:00:00Z","shuffle_at_event_start":true,"draw":{"source":"a lottery"},"event_start_time":"`+
		start.UTC().Format(time.RFC3339)+`","new_users_per_minute":0}}`)
	var crowd []*fan
	for i := range 8 {
		crowd = append(crowd, h.browser())
		crowd[i].get("/buy")
		_, p := crowd[i].call("join")
		equal(t, "state", p.State, page.StateDraw)
		equal(t, "number", p.Number, int64(0))
		if r, err := draw.ParseReceipt(p.Receipt); err != nil || r.Number != 0 {
			t.Fatalf("receipt %q = %+v, %v; want one without a number", p.Receipt, r, err)
		}
	}
	if p := h.publishedDraw(); p.Phase != draw.Open || p.Seed != nil || p.Entries != nil {
		t.Errorf("published before the start: %+v; want the commitment alone", p)
	}
	h.lose(t) // the passes bring everybody back into the draw
	for _, f := range crowd {
		f.call("status")
	}
	h.until("the draw is closed", func() bool { return h.view().Snapshot.Drawn })
	h.until("and counted", func() bool { return h.publishedDraw().Phase == draw.Closed })
	h.change(`{"room":{"draw":{"value":"4 8 15 16 23 42"}}}`)
	h.until("numbers are drawn", func() bool { _, p := crowd[0].call("status"); return p.Number > 0 })
	late := h.browser()
	late.get("/buy")
	_, p := late.call("join")
	equal(t, "number of who comes after the start", p.Number, int64(9))

	var published draw.Published
	h.until("the draw is counted", func() bool {
		published = h.publishedDraw()
		return published.Phase == draw.Drawn
	})
	answer := h.browser().get("/_rushgate/hamlet/draw/list")
	list, err := draw.ReadList(strings.NewReader(answer.body))
	if err != nil {
		t.Fatal(err)
	}
	if err := draw.Check(published, list); err != nil {
		t.Errorf("Check(published, list) = %v", err)
	}
	for i, f := range crowd {
		_, p := f.call("status")
		receipt, err := draw.ParseReceipt(p.Receipt)
		if err == nil {
			_, err = draw.CheckReceipt(receipt, published, list)
		}
		if err != nil {
			t.Errorf("visitor %d with number %d: %v", i, p.Number, err)
		}
	}
}

func TestAnAdmissionTellsWhichPlaceLedToIt(t *testing.T) {
	const root, life = 7 << 32, 7<<32 | 1
	told := admission.Pass{Generation: root, Line: "general", Order: queue.Base + 3, Number: 3, JoinedAt: 100}
	untold := admission.Pass{Generation: root, Line: "general", Order: queue.Base + 3, JoinedAt: 100}
	for _, tt := range []struct {
		name string
		p    admission.Pass
		a    admission.Admission
		want bool
	}{
		{"the place of its number", told, admission.Admission{Generation: root, Line: "general", Number: 3, IssuedAt: 200}, true},
		{"in another life of the room, too", told, admission.Admission{Generation: life, Line: "general", Number: 3, IssuedAt: 200}, true},
		{"another place: the visitor has queued again", told, admission.Admission{Generation: root, Line: "general", Number: 2, IssuedAt: 200}, false},
		{"a place of another line", told, admission.Admission{Generation: root, Line: "presale", Number: 3, IssuedAt: 200}, false},
		{"another sale's", told, admission.Admission{Generation: 8 << 32, Line: "general", Number: 3, IssuedAt: 200}, false},
		{"who was called before the number was told", untold, admission.Admission{Generation: root, Line: "general", IssuedAt: 200}, true},
		{"the same who has queued again since", untold, admission.Admission{Generation: root, Line: "general", IssuedAt: 99}, false},
		{"who went straight in, and queued later", untold, admission.Admission{Generation: root, IssuedAt: 200}, false},
		{"a place that has no order yet", admission.Pass{Generation: root, Line: "general", JoinedAt: 100}, admission.Admission{Generation: root, Line: "general", IssuedAt: 200}, false},
		{"no admission", told, admission.Admission{}, false},
	} {
		if got := ledTo(tt.p, tt.a); got != tt.want {
			t.Errorf("%s: ledTo() = %v; want %v", tt.name, got, tt.want)
		}
	}
}
