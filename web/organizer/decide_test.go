package organizer

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

func TestNamesTheLine(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says        string
		named, live int64
		want        bool
	}{
		{"the exact number", 1000, 1000, true},
		{"a tenth below", 900, 1000, true},
		{"a tenth above", 1100, 1000, true},
		{"an empty line and who knows it", 0, 0, true},
		{"more than a tenth below", 899, 1000, false},
		{"more than a tenth above", 1101, 1000, false},
		{"somebody in a line thought empty", 0, 1, false},
		{"nobody in a line thought full", 1, 0, false},
		{"one of nine is more than a tenth", 8, 9, false},
		{"no number of people", -1, 0, false},
	} {
		if got := namesTheLine(row.named, row.live); got != row.want {
			t.Errorf("%s: namesTheLine(%d, %d) = %v; want %v", row.says, row.named, row.live, got, row.want)
		}
	}
}

// A65: the hash of every key is compared, in constant time.
func TestIdentify(t *testing.T) {
	t.Parallel()
	keys := []Key{
		{Name: "one", Organization: "acme", SHA256: sha256.Sum256([]byte("rgk_one"))},
		{Name: "two", Organization: "globex", SHA256: sha256.Sum256([]byte("rgk_two"))},
	}
	for _, row := range []struct{ says, token, want string }{
		{"a key is known by its hash", "rgk_two", "two"},
		{"an unknown key is nobody's", "rgk_three", ""},
		{"the hash is not the key", string(keys[0].SHA256[:]), ""},
		{"nothing is no key", "", ""},
	} {
		if got, ok := identify(keys, row.token); got.Name != row.want || ok != (row.want != "") {
			t.Errorf("%s: identify(%q) = %q, %v; want %q", row.says, row.token, got.Name, ok, row.want)
		}
	}
}

func TestCleanReason(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says, reason string
		want         bool
	}{
		{"no reason is fine", "", true},
		{"words in any script", "Zahlungsanbieter langsam, 支払い", true},
		{"as long as allowed", strings.Repeat("é", maxReason), true},
		{"too long", strings.Repeat("a", maxReason+1), false},
		{"a second line would be a forged log entry", "ok\nlevel=ERROR", false},
		{"an escape could redraw a terminal", "\x1b[2J", false},
		{"text that runs backwards", "a\u202eb", false},
		{"a Unicode line break", "a\u2028b", false},
		{"not text at all", "\xff\xfe", false},
	} {
		if _, got := cleanReason(row.reason); got != row.want {
			t.Errorf("%s: cleanReason(%q) = %v; want %v", row.says, row.reason, got, row.want)
		}
	}
}

func TestStrictJSON(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says, body string
		want       bool
	}{
		{"an object", `{"room":{"paused":true},"list":[{"a":1},{"a":2}]}`, true},
		{"white space around it", " {}\n", true},
		{"nothing", ``, false},
		{"null is no object", `null`, false},
		{"a list is no object", `[]`, false},
		{"half an object", `{"room":{"paused":true}`, false},
		{"two objects", `{}{}`, false},
		{"a name twice", `{"room":{},"room":{}}`, false},
		{"a name twice, deep inside", `{"room":{"lines":[{"name":"a","name":"b"}]}}`, false},
	} {
		if err := strictJSON([]byte(row.body)); (err == nil) != row.want {
			t.Errorf("%s: strictJSON(%s) = %v; want valid: %v", row.says, row.body, err, row.want)
		}
	}
}

func TestReadinessChecks(t *testing.T) {
	t.Parallel()
	room := func(rate, limit int, session time.Duration) event.Room {
		return event.Room{NewUsersPerMinute: rate, TotalActiveUsers: limit, SessionDuration: event.Duration(session)}
	}
	starts := func(at time.Time) event.Event {
		return event.Event{Room: event.Room{EventStartTime: event.Time{Time: at}}}
	}
	ends := event.Event{Room: event.Room{EventEndTime: event.Time{Time: noon}}}
	for _, row := range []struct {
		says  string
		check Check
		want  bool
	}{
		{"rate x session fits under the cap", checkRate(room(100, 500, 5*time.Minute)), true},
		{"a cap a little below only slows the line", checkRate(room(100, 400, 5*time.Minute)), true},
		{"a cap that halves the rate is a mistake", checkRate(room(100, 200, 5*time.Minute)), false},
		{"no rate at all", checkRate(room(0, 200, 5*time.Minute)), false},
		{"a start to come", checkStart(starts(noon.Add(time.Hour)), noon), true},
		{"open already", checkStart(starts(noon.Add(-time.Hour)), noon), true},
		{"over", checkStart(ends, noon), false},
		{"a draw to come", checkDraw(starts(noon.Add(time.Hour)), LiveView{Draw: "open", Lines: []LiveLine{{Name: "general"}}}, noon), true},
		{"a draw that was made", checkDraw(starts(noon.Add(-time.Hour)), LiveView{Draw: "drawn", Lines: []LiveLine{{Issued: 5}}}, noon), true},
		{"a draw that was made before its time, in a rehearsal", checkDraw(starts(noon.Add(time.Hour)), LiveView{Draw: "drawn"}, noon), false},
		{"a draw in a line that has given numbers", checkDraw(starts(noon.Add(time.Hour)), LiveView{Draw: "open", Lines: []LiveLine{{Issued: 1}}}, noon), false},
		{"no control is set", checkControls(event.Room{QueueingMethod: event.FIFO}), true},
		{"paused", checkControls(event.Room{Paused: true}), false},
		{"suspended", checkControls(event.Room{Suspended: true}), false},
		{"rejecting", checkControls(event.Room{QueueingMethod: event.Reject}), false},
		{"keys of its own", checkKeys(false), false},
		{"no proxies named", checkProxies(false), false},
		{"a file as announced", checkDefinition(catalog.Record{}, nil), true},
		{"a file unlike the announced one", checkDefinition(catalog.Record{Stale: true}, nil), false},
		{"overrides that do not fit the file", checkDefinition(catalog.Record{}, errors.New("stored overrides do not fit")), false},
		{"a room nobody has seen", checkLive(LiveView{}, false, 1), false},
		{"a room on hold", checkLive(LiveView{Mode: "hold", InForce: 1}, true, 1), false},
		{"a change on its way", checkLive(LiveView{Mode: "normal", InForce: 1}, true, 2), false},
		{"a room that follows", checkLive(LiveView{Mode: "normal", InForce: 2}, true, 2), true},
	} {
		if row.check.OK != row.want || row.check.Detail == "" {
			t.Errorf("%s: %+v; want ok = %v and a detail", row.says, row.check, row.want)
		}
	}
}

func TestCheckStore(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return noon }
	at := func(at time.Time, err error) func(context.Context) (time.Time, error) {
		return func(context.Context) (time.Time, error) { return at, err }
	}
	for _, row := range []struct {
		says  string
		store func(context.Context) (time.Time, error)
		want  map[string]bool
	}{
		{"in step", at(noon.Add(time.Second), nil), map[string]bool{"store": true, "clock": true}},
		{"clocks apart", at(noon.Add(-3*time.Second), nil), map[string]bool{"store": true, "clock": false}},
		{"no store", at(time.Time{}, errors.New("refused")), map[string]bool{"store": false}},
	} {
		checks := checkStore(t.Context(), row.store, now)
		if len(checks) != len(row.want) {
			t.Errorf("%s: %+v; want %v", row.says, checks, row.want)
		}
		for _, check := range checks {
			if check.OK != row.want[check.Check] {
				t.Errorf("%s: %+v; want %v", row.says, check, row.want)
			}
		}
	}
}
