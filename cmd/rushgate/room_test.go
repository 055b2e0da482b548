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

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
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
	rooms := fixedRooms{organizer.LiveView{At: time.Now(), Mode: "normal", InForce: 99, WaitP50: 25, WaitP90: 35, PerMinute: 60, Lines: []organizer.LiveLine{{Name: "general", Waiting: 4321}}}}
	api := organizer.New(events, []organizer.Key{{Name: "me", Organization: "demo", SHA256: sha256.Sum256([]byte("rgk_test"))}}, rooms, organizer.Installation{
		Pool: func(string, string) (organizer.Pool, bool) {
			return organizer.Pool{Name: "shop", Ready: 1, Instances: 1}, true
		},
		StoreTime:  func(context.Context) (time.Time, error) { return time.Now(), nil },
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
		{"the whole line, by whoever knows it", "release-all 4300", 0, "demo: release-all done"},
		{"the whole line, by whoever does not", "release-all 10", exitFailed, "4321 people wait"},
		{"two lines of the room", "watch --count 1", 0, "4321"},
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
