package event

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

func in(d time.Duration) Time { return Time{noon.Add(d)} }

func TestStance(t *testing.T) {
	for _, test := range []struct {
		say     string
		room    Room
		waiting int64
		want    Reason
	}{
		{"an open room with nothing set lets newcomers enter", Room{}, 0, ReasonOpen},
		{"an open room stays open while people wait", Room{}, 5, ReasonOpen},
		{"queue_all stops calling", Room{QueueAll: true}, 0, ReasonQueueAll},
		{"reject refuses newcomers", Room{QueueingMethod: Reject}, 5, ReasonRejected},
		{"reject and queue_all hold together", Room{QueueingMethod: Reject, QueueAll: true}, 5, ReasonRejectedQueueAll},
		{"sold out, the line is told so and kept", Room{Availability: SoldOut}, 5, ReasonSoldOut},
		{"sold out is stronger than reject and queue_all", Room{Availability: SoldOut, QueueingMethod: Reject, QueueAll: true}, 5, ReasonSoldOut},
		{"while all tickets are held nobody is called", Room{Availability: AllHeld}, 5, ReasonAllHeld},
		{"who refuses newcomers goes on to while all tickets are held", Room{Availability: AllHeld, QueueingMethod: Reject}, 5, ReasonRejectedQueueAll},
		{"suspend opens a room that is sold out", Room{Availability: SoldOut, Suspended: true}, 0, ReasonSuspended},
		{"pause is stronger than sold out", Room{Availability: SoldOut, Paused: true}, 5, ReasonPaused},
		{"sold out before the start waits for it", Room{Availability: SoldOut, EventStartTime: in(time.Hour)}, 0, ReasonNotOpenYet},
		{"suspended with nobody waiting is off", Room{Suspended: true}, 0, ReasonSuspended},
		{"suspended drains the line first", Room{Suspended: true}, 1, ReasonDraining},
		{"suspend is stronger than queue_all", Room{Suspended: true, QueueAll: true}, 1, ReasonDraining},
		{"suspend is stronger than reject", Room{Suspended: true, QueueingMethod: Reject}, 0, ReasonSuspended},
		{"passthrough is off", Room{QueueingMethod: Passthrough}, 0, ReasonPassthrough},
		{"passthrough drains the line first", Room{QueueingMethod: Passthrough}, 3, ReasonDraining},
		{"an ended event is off", Room{EventEndTime: in(0)}, 0, ReasonEnded},
		{"an ended event drains the line first", Room{EventEndTime: in(-time.Hour)}, 3, ReasonDraining},
		{"released opens at once, whoever waits", Room{Released: true}, 3, ReasonReleased},
		{"released is stronger than suspended", Room{Released: true, Suspended: true}, 3, ReasonReleased},
		{"pause brakes an open room", Room{Paused: true}, 0, ReasonPaused},
		{"pause brakes a suspended room", Room{Paused: true, Suspended: true}, 0, ReasonPaused},
		{"pause brakes a released room and keeps its line", Room{Paused: true, Released: true}, 3, ReasonPaused},
		{"pause is stronger than queue_all", Room{Paused: true, QueueAll: true}, 3, ReasonPaused},
		{"close refuses newcomers", Room{Closed: true}, 3, ReasonClosed},
		{"close holds in a suspended room", Room{Closed: true, Suspended: true}, 0, ReasonClosed},
		{"close and pause hold together", Room{Closed: true, Paused: true}, 3, ReasonClosedPaused},
		{"before the start the page counts down", Room{EventStartTime: in(time.Second)}, 0, ReasonNotOpenYet},
		{"at the start the room opens", Room{EventStartTime: in(0)}, 0, ReasonOpen},
		{"who waits when the start is moved goes on waiting", Room{EventStartTime: in(time.Hour)}, 3, ReasonNotOpenYet},
		{"queue_all gives no places before the start", Room{EventStartTime: in(time.Hour), QueueAll: true}, 0, ReasonNotOpenYet},
		{"reject does not hide the countdown", Room{EventStartTime: in(time.Hour), QueueingMethod: Reject}, 0, ReasonNotOpenYet},
		{"pause gives no places before the start", Room{EventStartTime: in(time.Hour), Paused: true}, 0, ReasonNotOpenYet},
		{"suspended before the start is off", Room{EventStartTime: in(time.Hour), Suspended: true}, 0, ReasonSuspended},
		{"pause brakes a room that is off before the start", Room{EventStartTime: in(time.Hour), Suspended: true, Paused: true}, 0, ReasonNotOpenYet},
		{"close is said before the start already", Room{EventStartTime: in(time.Hour), Closed: true}, 0, ReasonClosed},
		{"before_start: passthrough lets everybody pass", Room{EventStartTime: in(time.Hour), BeforeStart: StartPassthrough}, 0, ReasonBeforeStart},
		{"before_start: passthrough drains a line left from an earlier start", Room{EventStartTime: in(time.Hour), BeforeStart: StartPassthrough}, 2, ReasonDraining},
		{"pause brakes before_start: passthrough", Room{EventStartTime: in(time.Hour), BeforeStart: StartPassthrough, Paused: true}, 0, ReasonNotOpenYet},
	} {
		if got := (Event{Room: test.room}).Stance(noon, test.waiting).Reason; got != test.want {
			t.Errorf("%s: Stance(%+v, waiting %d) = %s; want %s", test.say, test.room, test.waiting, got, test.want)
		}
	}
}

// Whatever is switched on, in whatever combination, these hold.
func TestStanceKeepsItsPromises(t *testing.T) {
	for bits := range 1 << 7 {
		on := func(i int) bool { return bits&(1<<i) != 0 }
		for i, method := range slices.Repeat([]Method{FIFO, Passthrough, Reject}, 3) {
			availability := []Availability{Available, AllHeld, SoldOut}[i/3]
			for _, waiting := range []int64{0, 7} {
				room := Room{
					Suspended: on(0), Released: on(1), QueueAll: on(2), Paused: on(3), Closed: on(4), QueueingMethod: method,
					Availability: availability,
				}
				if on(5) {
					room.EventStartTime = in(time.Hour)
				}
				if on(6) {
					room.BeforeStart = StartPassthrough
				}
				s := Event{Room: room}.Stance(noon, waiting)
				lets := s.Newcomer == Through || s.Newcomer == Enter
				off := room.Suspended || room.Released || method == Passthrough || on(5) && on(6)
				for broken, yes := range map[string]bool{
					"paused lets somebody in":                  room.Paused && (lets || s.Calls || s.Claims || s.Release),
					"closed takes somebody":                    room.Closed && (lets || s.Newcomer == Queue || s.Calls || s.Release),
					"a place is given before the start":        on(5) && s.Newcomer == Queue && s.Reason != ReasonDraining,
					"the line is let go without release-all":   s.Release && !room.Released,
					"newcomers overtake those who wait":        s.Newcomer == Through && waiting > 0 && !s.Release,
					"queue_all calls in a room that is on":     room.QueueAll && s.Calls && !(room.Suspended || method == Passthrough || on(5) && on(6)),
					"a shop without tickets takes somebody":    availability != Available && (lets || s.Calls) && !off,
					"somebody is called who may not come in":   s.Calls && !s.Claims,
					"a refusal or a wait that nobody explains": s.Newcomer != Enter && s.Page == "" && s.Reason != ReasonDraining,
				} {
					if yes {
						t.Errorf("%s: Stance(%+v, waiting %d) = %+v", broken, room, waiting, s)
					}
				}
			}
		}
	}
}

// docs/controls.md and the code are one table.
func TestControlsDocument(t *testing.T) {
	text, err := os.ReadFile("../docs/controls.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented [][]string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		documented = append(documented, cells)
	}
	if len(documented) != len(rules) {
		t.Fatalf("docs/controls.md has %d rows; want %d, one per rule", len(documented), len(rules))
	}
	for i, r := range rules {
		when := documented[i][1] // prose
		want := []string{"`" + string(r.Reason) + "`", when, string(r.Newcomer), waitingWord(r.Stance), calledWord(r.Stance), "stays", orDash(r.Page), orDash(r.Undo)}
		if got := strings.Join(documented[i], " | "); got != strings.Join(want, " | ") {
			t.Errorf("docs/controls.md row %d\n got %s\nwant %s", i+1, got, strings.Join(want, " | "))
		}
	}
}

func waitingWord(s Stance) string {
	switch {
	case s.Release:
		return "let go"
	case s.Calls:
		return "called"
	default:
		return "held"
	}
}

func calledWord(s Stance) string {
	if s.Claims {
		return "come in"
	}
	return "held"
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
