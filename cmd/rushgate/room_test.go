package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/stock/shelf"
	"github.com/bilten/rushgate/web/organizer"
)

// fixedRooms shows the same room for every event.
type fixedRooms struct{ view organizer.LiveView }

func (f fixedRooms) Live(string) (organizer.LiveView, bool) { return f.view, true }

// openOrganizer serves the demo's event and returns a command line that reaches it.
func openOrganizer(t *testing.T) func(args ...string) (code int, stdout, stderr string) {
	t.Helper()
	declared, err := event.Parse(demoEvent)
	if err != nil {
		t.Fatal(err)
	}
	events, err := catalog.New(catalog.NewMemory(), map[string][]string{"demo": {"127.0.0.1", "localhost"}}, []event.Event{declared},
		func() time.Time { return time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC) }) // before versions count milliseconds
	if err != nil {
		t.Fatal(err)
	}
	rooms := fixedRooms{organizer.LiveView{At: time.Now(), Mode: "normal", InForce: 99, WaitP50: 25, WaitP90: 35, PerMinute: 60,
		Limits: organizer.LiveLimits{PerMinute: 420, Sessions: 70, Reason: "capacity", Ready: 7, Known: 13},
		Lines:  []organizer.LiveLine{{Name: "general", Waiting: 4321}}}}
	api := organizer.New(events, []organizer.Key{{Name: "me", Organization: "demo", SHA256: sha256.Sum256([]byte("rgk_test"))}}, rooms, organizer.Installation{
		Pool: func(string, string) (organizer.Pool, bool) {
			return organizer.Pool{Name: "shop", Ready: 1, Instances: 1}, true
		},
		StoreTime: func(context.Context) (time.Time, error) { return time.Now(), nil },
		Keepers: organizer.Keepers{Shelf: shelf.New(shelf.Config{
			Store: accord.NewMemory(time.Now), Events: func() []event.Event { return nil }, Enforce: enforceStock(events),
			Now: time.Now, Log: slog.New(slog.DiscardHandler),
		})},
		SharedKeys: true, TrustedProxies: true,
	}, time.Now, slog.New(slog.DiscardHandler))
	server := httptest.NewServer(api.Handler())
	t.Cleanup(server.Close)
	environment := map[string]string{"RUSHGATE_API_URL": server.URL, "RUSHGATE_API_KEY": "rgk_test"}
	return func(args ...string) (int, string, string) {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), args, func(name string) string { return environment[name] }, &stdout, &stderr)
		return code, stdout.String(), stderr.String()
	}
}

func TestRoomSteers(t *testing.T) {
	t.Parallel()
	rushgate := openOrganizer(t)
	for _, row := range []struct {
		says, line string
		code       int
		out        string
	}{
		{"ready as it is", "readiness", 0, "ok      rate_and_cap"},
		{"a control", "pause", 0, "demo: pause done, version 2"},
		{"the same again", "pause", 0, "demo: pause done, version 4"},
		{"a paused room is not ready", "readiness", exitFailed, "NOT OK  controls: paused"},
		{"and back", "unpause --reason provider-is-back", 0, "demo: unpause done"},
		{"a rate", "rate 120", 0, "demo: rate done"},
		{"a cap", "cap 50", 0, "demo: cap done"},
		{"a message", "message Encore!", 0, "demo: message done"},
		{"sold out, by hand", "sold-out", 0, "demo: sold-out done"},
		{"a sold out room is not ready", "readiness", exitFailed, "NOT OK  controls: sold_out"},
		{"and on sale again", "on-sale", 0, "demo: on-sale done"},
		{"nobody has told the stock", "stock", 0, "demo: the stock is not known"},
		{"an organizer does", "stock 120;held=14", 0, "120 remaining         14 held"},
		{"and everybody may ask", "stock", 0, "120 remaining         14 held"},
		{"a stock that cannot be", "stock -- -3", exitFailed, "remaining: -3: want 0 to 1000000000"},
		{"a stock that is none", "stock plenty", exitFailed, `stock: "plenty"`},
		{"a tier that the event has not", "stock garden=3", exitFailed, `"garden": is no tier of the event`},
		{"a word too much", "stock 3 4", exitFailed, `"4": takes no such value`},
		{"taken back", "stock unknown", 0, "demo: the stock is not known"},
		{"the whole line, by whoever knows it", "release-all 4300", 0, "demo: release-all done"},
		{"the whole line, by whoever does not", "release-all 10", exitFailed, "4321 people wait"},
		{"two lines of the room", "watch --count 1", 0, "4321"},
		{"why fewer come in than the organizer set", "watch --count 1", 0, "capacity: 420 a minute, 70 inside, 7 of 13 instances ready"},
		{"a number is needed", "rate", exitFailed, "rate: needs a value"},
		{"a whole number is needed", "rate many", exitFailed, `"many": must be a whole number`},
		{"a value too much", "pause now", exitFailed, `"now": takes no such value`},
		{"a rate that cannot be", "rate -- -5", exitFailed, "room.new_users_per_minute"},
		{"an action that is not there", "explode", exitUsage, "explode"},
	} {
		code, stdout, stderr := rushgate(append([]string{"room", "demo"}, strings.Fields(row.line)...)...)
		if code != row.code || !strings.Contains(stdout+stderr, row.out) {
			t.Errorf("%s: rushgate room demo %s = %d\n%s%s; want %d and %q", row.says, row.line, code, stdout, stderr, row.code, row.out)
		}
	}
	if code, _, stderr := rushgate("room", "nothing", "pause"); code != exitFailed || !strings.Contains(stderr, "no such event") {
		t.Errorf("rushgate room nothing pause = %d %s; want a refusal", code, stderr)
	}
	if code, _, stderr := rushgate("room", "demo", "pause", "--key", "rgk_wrong"); code != exitFailed || !strings.Contains(stderr, "API key") {
		t.Errorf("with a wrong key = %d %s; want a refusal", code, stderr)
	}
}
