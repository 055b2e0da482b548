package room

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/queue"
)

var nine = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

// general is a snapshot of one line in which so many were called and wait.
func general(seq, serving, waiting int64, at time.Time) queue.Snapshot {
	s := queue.Snapshot{Generation: 7, Roots: []uint32{0}, Seq: seq, Version: 1, Budget: queue.Budget{Rate: queue.MaxRate, Cap: queue.Base}, At: at.UnixMilli()}
	s.Lines = []queue.LineView{{Name: "general", Issued: serving + waiting, Serving: serving, Waiting: waiting}}
	if serving > 0 {
		s.Lines[0].CalledOrder = queue.Base + serving
	}
	return s
}

// life is s in another life of the room.
func life(generation uint64, s queue.Snapshot) queue.Snapshot {
	s.Generation = generation
	return s
}

// after is the view that these snapshots make, each seen when it was made.
func after(t testing.TB, patch string, snapshots ...queue.Snapshot) *View {
	r := record(t, 0, patch)
	p := policyOf(r)
	v := blindView(r, false, nine)
	for _, s := range snapshots {
		v = newView(v, r, p, Budget{}, s, time.UnixMilli(s.At))
	}
	return v
}

func holder(number int64) Held {
	return Held{Generation: 7, Line: "general", Order: queue.Base + number, Number: number}
}

func TestPlace(t *testing.T) {
	now := after(t, "", general(1, 1000, 500, nine)) // 300 a minute
	paused := after(t, `{"room": {"paused": true}}`, general(1, 1000, 500, nine))
	closedAtFive := after(t, `{"room": {"event_start_time": "2027-03-01T17:00:00Z"}}`, general(1, 0, 0, nine))
	tests := []struct {
		name string
		view *View
		held Held
		want Place
	}{
		{"in the line", now, holder(1301), Place{
			State: Waiting, Number: 1301, Serving: 1000, Ahead: 300,
			Wait: Wait{Known: true, P50: 60200 * time.Millisecond, P90: 136822 * time.Millisecond}, RetryAfter: 6020 * time.Millisecond,
		}},
		{"next in line", now, holder(1001), Place{
			State: Waiting, Number: 1001, Serving: 1000,
			Wait: Wait{Known: true, P50: 200 * time.Millisecond, P90: 2712 * time.Millisecond}, RetryAfter: time.Second,
		}},
		{"the turn has come", now, holder(1000), Place{State: Turn, Number: 1000, Serving: 1000, RetryAfter: time.Second}},
		{"the turn came long ago: the store knows whether too long", now, holder(3), Place{State: Turn, Number: 3, Serving: 1000, RetryAfter: time.Second}},
		{"a pass of another room", now, Held{Generation: 6 << 32, Line: "general", Order: queue.Base + 9, Number: 9}, Place{State: None, Number: 9, RetryAfter: time.Second}},
		{"a pass of a line that is not", now, Held{Generation: 7, Line: "presale", Order: queue.Base + 9, Number: 9}, Place{State: None, Number: 9, RetryAfter: time.Second}},
		{"no pass", now, Held{}, Place{State: None, RetryAfter: time.Second}},
		{"paused: nobody knows how long", paused, holder(1301), Place{
			State: Waiting, Number: 1301, Serving: 1000, Ahead: 300, Wait: Wait{Reason: "paused"}, RetryAfter: 4 * time.Second,
		}},
		{"paused, far from the front", paused, holder(1 << 51), Place{
			State: Waiting, Number: 1 << 51, Serving: 1000, Ahead: 1<<51 - 1001, Wait: Wait{Reason: "paused"}, RetryAfter: 20 * time.Second,
		}},
		{"before the start", closedAtFive, Held{}, Place{State: None, RetryAfter: 30 * time.Second}},
		{"the store was never seen", after(t, ""), holder(1301), Place{State: Unknown, Number: 1301, RetryAfter: 5 * time.Second}},
		{"no pass, and the store was never seen", after(t, ""), Held{}, Place{State: None, RetryAfter: 5 * time.Second}},
		{"on hold", heldView(now, record(t, 0, ""), ReasonStoreError, nine), holder(1301), Place{
			State: Waiting, Number: 1301, Serving: 1000, Ahead: 300, Wait: Wait{Reason: "store_error"}, RetryAfter: 5 * time.Second,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.want.Line = test.held.Line
			got := test.view.Place(test.held, nine)
			got.Wait.P50, got.Wait.P90 = got.Wait.P50.Round(time.Millisecond), got.Wait.P90.Round(time.Millisecond)
			got.RetryAfter = got.RetryAfter.Round(time.Millisecond)
			if got != test.want {
				t.Errorf("Place(%+v) = %+v; want %+v", test.held, got, test.want)
			}
		})
	}
}

func TestRetryBeforeTheStart(t *testing.T) {
	view := after(t, `{"room": {"event_start_time": "2027-03-01T17:00:00Z"}}`, general(1, 0, 0, nine))
	start := view.Event.Room.EventStartTime
	for _, test := range []struct{ left, want time.Duration }{
		{time.Hour, 30 * time.Second}, {time.Minute, 6 * time.Second}, {3 * time.Second, time.Second},
	} {
		view.Seen = start.Add(-test.left)
		if got := view.Place(Held{}, view.Seen).RetryAfter; got != test.want {
			t.Errorf("RetryAfter(%v before the start) = %v; want %v", test.left, got, test.want)
		}
	}
}

func TestViewForgetsWhatIsTooOld(t *testing.T) {
	view := after(t, "", general(1, 10, 5, nine))
	if mode, _ := view.ModeAt(nine.Add(StaleAfter)); mode != Normal {
		t.Errorf("ModeAt(%v later) = %s; want normal", StaleAfter, mode)
	}
	if mode, reason := view.ModeAt(nine.Add(StaleAfter + 1)); mode != Hold || reason != ReasonStoreSilent {
		t.Errorf("ModeAt(later than %v) = %s, %s; want hold, store_silent", StaleAfter, mode, reason)
	}
	if wait := view.Place(holder(14), nine.Add(time.Minute)).Wait; wait.Known || wait.Reason != string(ReasonStoreSilent) {
		t.Errorf("Place(a minute later).Wait = %+v; want unknown, store_silent", wait)
	}
}

func TestViewMapsTimeToTheStores(t *testing.T) {
	r := record(t, 0, `{"room": {"event_start_time": "2027-03-01T09:00:00Z"}}`)
	// This gateway's clock is a minute slow: by the store's the sale is open.
	local := nine.Add(-time.Minute)
	v := newView(blindView(r, false, local), r, policyOf(r), Budget{}, general(1, 0, 0, nine), local)
	if v.Phase != event.Open || v.Stance.Reason != event.ReasonOpen {
		t.Errorf("phase %s, stance %s; want open by the store's clock", v.Phase, v.Stance.Reason)
	}
	if got, want := v.StoreTime(local.Add(time.Second)), nine.Add(time.Second).UnixMilli(); got != want {
		t.Errorf("StoreTime(a second later) = %d; want %d", got, want)
	}
}

func TestViewFollowsTheNewestSnapshot(t *testing.T) {
	second := func(n int) time.Time { return nine.Add(time.Duration(n) * time.Second) }
	elsewhere := general(1, 2, 5, second(2))
	elsewhere.Generation, elsewhere.Roots = 8<<32, []uint32{8}
	tests := []struct {
		name      string
		snapshots []queue.Snapshot
		serving   int64
		seq       int64
	}{
		{"newer", []queue.Snapshot{general(5, 10, 5, second(1)), general(9, 12, 5, second(2))}, 12, 9},
		{"older: ignored", []queue.Snapshot{general(5, 10, 5, second(1)), general(4, 9, 5, second(2))}, 10, 5},
		{"another life of the same room shows no lower number", []queue.Snapshot{general(5, 10, 5, second(1)), life(8, general(6, 8, 5, second(4)))}, 10, 6},
		{"another room begins anew", []queue.Snapshot{general(5, 10, 5, second(1)), elsewhere}, 2, 1},
	}
	for _, test := range tests {
		v := after(t, "", test.snapshots...)
		if v.Snapshot.Lines[0].Serving != test.serving || v.Snapshot.Seq != test.seq {
			t.Errorf("%s: serving %d, seq %d; want %d, %d", test.name, v.Snapshot.Lines[0].Serving, v.Snapshot.Seq, test.serving, test.seq)
		}
	}
}

func TestHoldKeepsWhatWasKnown(t *testing.T) {
	before := after(t, "", general(1, 10, 5, nine))
	got := heldView(before, record(t, 3, `{"room": {"paused": true}}`), ReasonStoreError, nine)
	if got.Mode != Hold || got.Version != 3 || got.Stance.Reason != event.ReasonPaused || got.Snapshot.Lines[0].Serving != 10 {
		t.Errorf("heldView() = mode %s, version %d, stance %s, serving %d; want hold, 3, paused, 10",
			got.Mode, got.Version, got.Stance.Reason, got.Snapshot.Lines[0].Serving)
	}
	if before.Mode != Normal {
		t.Error("heldView() changed the view before it; want views that never change")
	}
}

func TestWaitFollowsTheLinesShare(t *testing.T) {
	lines := `{"room": {"lines": [{"name": "general", "weight": 1}, {"name": "presale", "weight": 2}]}}`
	s := general(1, 0, 100, nine)
	s.Lines = append(s.Lines, queue.LineView{Name: "presale"})
	alone := after(t, lines, s).WaitFor("general")
	s.Lines[1].Waiting = 50
	shared := after(t, lines, s).WaitFor("general")
	if shared.P50.Round(time.Millisecond) != 3*alone.P50.Round(time.Millisecond) {
		t.Errorf("WaitFor(general) = %v alone, %v beside presale of weight 2; want three times as long", alone.P50, shared.P50)
	}
}

func TestWaitStartsAnewWhenTheRateChanges(t *testing.T) {
	fast := record(t, 0, "")
	v := blindView(fast, false, nine)
	at := nine
	for i := range int64(150) { // two a second
		at = at.Add(time.Second)
		v = newView(v, fast, policyOf(fast), Budget{}, general(i+1, 2*i, 1000, at), at)
	}
	before := v.Place(holder(498), at).Wait.P50
	slow := record(t, 0, `{"room": {"new_users_per_minute": 60}}`)
	v = newView(v, slow, policyOf(slow), Budget{}, general(151, 298, 1000, at), at)
	after := v.Place(holder(498), at).Wait.P50
	if before.Round(time.Second) != 100*time.Second || after.Round(time.Second) != 200*time.Second {
		t.Errorf("wait of 200 people = %v at 120 a minute, %v after the rate fell to 60; want 1m40s, 3m20s", before, after)
	}
	if v.PerMinute("general") != 120 {
		t.Errorf("PerMinute = %d; want 120: they were called, whatever the rate is now", v.PerMinute("general"))
	}
}

func TestPlaceProperties(t *testing.T) {
	now := after(t, "", general(1, 1000, 1<<40, nine))
	rapid.Check(t, func(t *rapid.T) {
		ahead := rapid.Int64Range(1, 1<<40).Draw(t, "number")
		behind := ahead + rapid.Int64Range(1, 1<<20).Draw(t, "behind")
		a, b := now.Place(holder(ahead), nine), now.Place(holder(behind), nine)
		if a.Ahead < 0 || a.Ahead > b.Ahead || a.Wait.P50 > b.Wait.P50 || a.Wait.P90 > b.Wait.P90 || a.RetryAfter > b.RetryAfter {
			t.Fatalf("Place(%d) = %+v, Place(%d) = %+v; want nobody behind to wait less", ahead, a, behind, b)
		}
		if b.RetryAfter < retryNear || b.RetryAfter > retryFar {
			t.Fatalf("RetryAfter = %v; want %v to %v", b.RetryAfter, retryNear, retryFar)
		}
	})
}

func BenchmarkPlace(b *testing.B) {
	now := after(b, "", general(1, 1000, 5000, nine))
	b.ReportAllocs()
	for b.Loop() {
		now.Place(holder(4000), nine)
	}
}

func ExampleJitter() {
	for _, random := range []float64{0, 0.5, 0.999} {
		fmt.Println(Jitter(10*time.Second, random).Round(10 * time.Millisecond))
	}
	// Output:
	// 8s
	// 10s
	// 12s
}

func TestTheViewDoesNotWaitForATickToStart(t *testing.T) {
	v := after(t, `{"room": {"before_start": "passthrough", "event_start_time": "2027-03-01T09:00:00Z", "event_end_time": "2027-03-01T10:00:00Z"}}`,
		general(1, 0, 0, nine.Add(-time.Second)))
	tests := []struct {
		name  string
		local time.Time
		want  event.Newcomer
	}{
		{"before the start everybody passes", nine.Add(-time.Millisecond), event.Through},
		{"at the start the gate closes", nine, event.Enter},
		{"at the end it opens", nine.Add(time.Hour), event.Through},
	}
	for _, tt := range tests {
		if at := v.At(tt.local); at.Stance.Newcomer != tt.want || at.Phase != v.Event.Phase(tt.local) {
			t.Errorf("%s: At(%s) is %s in phase %s; want %s", tt.name, tt.local, at.Stance.Newcomer, at.Phase, tt.want)
		}
	}
	if at := v.At(nine.Add(-time.Millisecond)); at != v {
		t.Error("At within the snapshot's phase made a new view; want the same one")
	}
}

// A pass of a root that the room does not know shows that the store has forgotten
// the room, if it can be of it: see queue.Forgotten.
func TestAPassShowsThatTheStoreHasForgotten(t *testing.T) {
	begun := nine.UnixMilli()
	hour := time.Hour.Milliseconds()
	for _, tt := range []struct {
		name     string
		age      time.Duration // of the room
		joinedAt int64
		want     bool
	}{
		{"of a minute before the store made the room", time.Minute, begun - 60_000, true},
		{"of the week before: another sale", time.Minute, begun - 7*24*hour, false},
		{"of half an hour later, by a clock that was lost as well", time.Minute, begun + hour/2, true},
		{"of a day later: no clock is so wrong", time.Minute, begun + 24*hour, false},
		{"shown when the sale has long gone on", time.Hour, begun - 60_000, false},
	} {
		s := general(1, 0, 0, nine.Add(tt.age))
		s.Begun = begun
		if got := after(t, "", s).forgot(9<<32, tt.joinedAt); got != tt.want {
			t.Errorf("%s: forgot() = %v; want %v", tt.name, got, tt.want)
		}
		held, state := Held{Generation: 9 << 32, Line: "general", Order: queue.Base + 1, JoinedAt: tt.joinedAt}, None
		if tt.want { // until the store has been told
			state = Unknown
		}
		if got := after(t, "", s).Place(held, nine).State; got != state {
			t.Errorf("%s: the place is %s; want %s", tt.name, got, state)
		}
	}
}
