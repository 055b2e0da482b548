package event

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const small = `id: hamlet
organization: globe
routes:
  - {host: tickets.example, path: /buy/**}
room:
  total_active_users: 100
  new_users_per_minute: 60
`

func TestParseFillsInDefaults(t *testing.T) {
	got, err := Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	want := Event{
		ID: "hamlet", Organization: "globe", Name: "hamlet",
		Routes: []Route{{Host: "tickets.example", Path: "/buy/**", Action: Protect}},
		Room: Room{
			Availability: Available, QueueingMethod: FIFO, TotalActiveUsers: 100, NewUsersPerMinute: 60,
			SessionDuration: Duration(5 * time.Minute), SessionMax: Duration(time.Hour), CommitGrace: Duration(15 * time.Minute),
			QueueingStatusCode: 200, BeforeStart: StartCountdown,
			TurnTTL: Duration(3 * time.Minute), LateGrace: Duration(15 * time.Minute), Outage: Outage{After: Duration(time.Minute)}, PriceLock: LockTurn,
			Lines: []Line{{Name: General, Weight: 1}},
		},
		Page: Page{Language: "en"}, Browser: Browser{SameSite: "lax"}, Retention: Duration(7 * Day),
		Identity: Identity{Mode: IdentityNone}, Proof: Proof{Mode: ProofOff, Effort: Duration(time.Second)},
		Prescale:          Prescale{TicketsPerOrder: 1, Buying: Whole, LeadTime: Duration(30 * time.Minute)},
		TicketsPerVisitor: 4,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parse(small) (-want +got):\n%s", diff)
	}
}

func TestParseReadsJSONAsYAML(t *testing.T) {
	want, err := Parse([]byte(small + "page: {title: \"Caf\\u00e9 / \U0001f3ad\"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse([]byte(`{"id":"hamlet",	"organization":"globe","routes":[{"host":"Tickets.Example","path":"\/buy\/**"}],
		"room":{"total_active_users":100,"new_users_per_minute":60,"lines":null},"page":{"title":"Caf\u00e9 \/ \ud83c\udfad"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parse(JSON) differs from Parse(YAML) (-yaml +json):\n%s", diff)
	}
}

// Each row changes the small event by replacing one text with another.
func TestParseRefuses(t *testing.T) {
	for _, test := range []struct{ say, old, new, want string }{
		{"an unknown field, with its line and path", "total_active_users", "total_active_user",
			"room.total_active_users: is missing: it says how many people the shop can take at once\nline 6: room.total_active_user: unknown field"},
		{"an unknown field in a list", "path: /buy/**", "path: /buy/**, pool: x", "line 4: routes[0].pool: unknown field"},
		{"an unknown field that would fake a line of a log", "room:", "\"x\\nINFO all is well\": 1\nroom:", `line 5: "x\nINFO all is well": unknown field`},
		{"a pre-queue before nothing", "room:", "room:\n  prequeue_start_time: 2027-03-01T09:00:00Z",
			"line 6: room.prequeue_start_time: 2027-03-01T09:00:00Z: is of no use without event_start_time"},
		{"a pre-queue after the start", "room:", "room:\n  prequeue_start_time: 2027-03-01T09:00:00Z\n  event_start_time: 2027-03-01T09:00:00Z",
			"line 6: room.prequeue_start_time: 2027-03-01T09:00:00Z: is not before event_start_time, 2027-03-01T09:00:00Z"},
		{"a draw of nobody", "room:", "room:\n  shuffle_at_event_start: true",
			"line 6: room.shuffle_at_event_start: true: is of no use without prequeue_start_time"},
		{"a public value that nobody named beforehand", "room:", "room:\n  draw: {value: '4 8 15'}",
			`line 6: room.draw.value: "4 8 15": has no draw.source: a value counts only if it was named before anybody knew it`},
		{"a public value as it is copied", "room:", "room:\n  prequeue_start_time: 2027-03-01T09:00:00Z\n  event_start_time: 2027-03-01T10:00:00Z\n  shuffle_at_event_start: true\n  draw: {source: lottery, value: \"4 8 15\\n\"}",
			`line 9: room.draw.value: "4 8 15\n": has white space around it, which nobody sees and everybody hashes`},
		{"letting people through for a week", "room:", "room:\n  outage: {bypass: 7d}", "line 6: room.outage.bypass: 7d: want 0s to 6h in whole seconds"},
		{"what is not built: random", "room:", "room:\n  queueing_method: random",
			`line 6: room.queueing_method: "random": is not built: want fifo, passthrough or reject; shuffle_at_event_start draws among those who come early`},
		{"a number below its bounds", "100", "-1", "line 6: room.total_active_users: -1: want 1 to 10000000"},
		{"a number above its bounds", "60", "10000001", "line 7: room.new_users_per_minute: 10000001: want 0 to 10000000"},
		{"a number in quotes", "100", `"100"`, `line 6: room.total_active_users: "100": want a whole number`},
		{"a fraction", "100", "1e3", `line 6: room.total_active_users: "1e3": want a whole number`},
		{"an octal number", "100", "0o17", `line 6: room.total_active_users: "0o17": want a whole number`},
		{"a word for a number", "100", "many", `line 6: room.total_active_users: "many": want a whole number`},
		{"yes for true", "room:", "room:\n  paused: yes", `line 6: room.paused: "yes": want true or false`},
		{"a list for a value", "100", "[1]", "line 6: room.total_active_users: want a single value"},
		{"a value for a list", "room:", "room:\n  lines: general", `line 6: room.lines: "general": want a list`},
		{"a value for fields", "room:", "page: hello\nroom:", `line 5: page: "hello": want fields with values`},
		{"a field written twice", "organization: globe", "organization: globe\nid: x", "line 3: id: is written twice"},
		{"a tag", "globe", "!!str globe", `line 2: organization: "globe": tags are not read: write the plain value`},
		{"an anchor", "globe", "&a globe", `line 2: organization: "globe": anchors and aliases are not read: write the value out`},
		{"a second document", "60\n", "60\n---\nid: x\n", "line 8: a second document begins here: want one document"},
		{"a missing id", "id: hamlet\n", "", "id: is missing: it names cookies, keys and addresses"},
		{"an id with a colon", "hamlet", "a:b", `line 1: id: "a:b": want 1 to 40 of a-z, 0-9 and -`},
		{"an id with a hash tag", "hamlet", `"{x}"`, `line 1: id: "{x}": want 1 to 40 of a-z, 0-9 and -`},
		{"an id with a newline", "hamlet", `"a\n"`, `line 1: id: "a\n": want 1 to 40 of a-z, 0-9 and -`},
		{"an id that the gateway uses", "hamlet", "check", `line 1: id: "check": is an address of the gateway's own: choose another`},
		{"an id of 10 kB, shown short", "hamlet", strings.Repeat("a", 10_000), `line 1: id: "` + strings.Repeat("a", 60) + `…": want 1 to 40 of a-z, 0-9 and -`},
		{"a host with a port", "host: tickets.example", "host: tickets.example:8080",
			`line 4: routes[0].host: "tickets.example:8080": want a host name as in tickets.example: no scheme, port or wildcard, and letters beyond a-z as xn--`},
		{"a path that would never match", "/buy/**", "/buy/", `line 4: routes[0].path: "/buy/": leave out the final "/": it makes no difference to what is matched`},
		{"the same route twice", "room:", "  - {host: tickets.example, path: /BUY/**, action: bypass}\nroom:",
			"line 5: routes[1]: tickets.example/BUY/**: is the same as routes[0]; letter case makes no difference"},
		{"routes that protect nothing", "path: /buy/**", "path: /buy/**, action: bypass", "line 4: routes: protect nothing: want at least one with action protect"},
		{"an unknown action", "path: /buy/**", "path: /buy/**, action: allow", `line 4: routes[0].action: "allow": want protect, bypass, commit`},
		{"a length without a unit", "room:", "room:\n  turn_ttl: 90", `line 6: room.turn_ttl: "90": want a number with a unit, as in "90s", "15m", "2h" or "7d"`},
		{"a turn too short to take", "room:", "room:\n  turn_ttl: 1s", "line 6: room.turn_ttl: 1s: want 10s to 1h in whole seconds"},
		{"half seconds", "room:", "room:\n  turn_ttl: 10.5s", "line 6: room.turn_ttl: 10.5s: want 10s to 1h in whole seconds"},
		{"a session longer than the longest", "room:", "room:\n  session_duration: 90", "room.session_max: 1h: is less than session_duration, 1h30m"},
		{"an end before the start", "room:", "room:\n  event_start_time: 2027-03-01T09:00:00Z\n  event_end_time: 2027-03-01T10:00:00+01:00",
			"line 7: room.event_end_time: 2027-03-01T10:00:00+01:00: is not after event_start_time, 2027-03-01T09:00:00Z"},
		{"lines without general", "room:", "room:\n  lines: [{name: vip}]", "line 6: room.lines: lack general, the line that anybody may join"},
		{"a line twice", "room:", "room:\n  lines: [{name: general}, {name: general, weight: 2}]", `line 6: room.lines[1].name: "general": is there already`},
		{"more lines than a room can keep", "room:", "room:\n  lines: [{name: general}, {name: a}, {name: b}, {name: c}, {name: d}, {name: e}, {name: f}, {name: g}, {name: h}]",
			"line 6: room.lines: 9: want 1 to 8"},
		{"a tier twice", "room:", "tiers: [{name: floor}, {name: floor}]\nroom:", `line 5: tiers[1].name: "floor": is there already`},
		{"a tier that no header can name", "room:", "tiers: [{name: 1st-row}]\nroom:", `line 5: tiers[0].name: "1st-row": want a letter and up to 19 of a-z, 0-9 and -`},
		{"more tickets for one than anybody buys", "room:", "tickets_per_visitor: 101\nroom:", "line 5: tickets_per_visitor: 101: want 1 to 100"},
		{"an availability that does not exist", "room:", "room:\n  availability: few", `line 6: room.availability: "few": want available, all_held, sold_out`},
		{"a line that weighs nothing", "room:", "room:\n  lines: [{name: general, weight: 0}]", "line 6: room.lines[0].weight: 0: want 1 to 1000"},
		{"CSS for a colour", "room:", "page: {theme: {accent: 'red;}'}}\nroom:", `line 5: page.theme.accent: "red;}": want #rrggbb`},
		{"a script for a link", "room:", "page: {help_url: 'javascript:alert(1)'}\nroom:",
			`line 5: page.help_url: "javascript:alert(1)": want a full address as in https://tickets.example/help`},
		{"text that turns the reading direction", "room:", "page: {message: \"a\\u202Eb\"}\nroom:",
			`line 5: page.message: "a\u202eb": holds control characters: want plain text`},
		{"a cookie domain that covers no route", "room:", "browser: {cookie_domain: other.example}\nroom:",
			`line 5: browser.cookie_domain: "other.example": does not cover routes[0], tickets.example`},
		{"A43 a header in a cookie domain", "room:", "browser: {cookie_domain: \"example\\r\\nX: y\"}\nroom:",
			`line 5: browser.cookie_domain: "example\r\nx: y": want a host name as in tickets.example: no scheme, port or wildcard, and letters beyond a-z as xn--`},
		{"A43 a header in an origin", "room:", "browser: {cors_origins: [\"https://a.example\\r\\nX: y\"]}\nroom:",
			`line 5: browser.cors_origins[0]: "https://a.example\r\nX: y": want one exact origin as in https://www.example: no path, no wildcard`},
		{"any origin", "room:", "browser: {cors_origins: ['*']}\nroom:",
			`line 5: browser.cors_origins[0]: "*": want one exact origin as in https://www.example: no path, no wildcard`},
	} {
		document := strings.Replace(small, test.old, test.new, 1)
		if _, err := Parse([]byte(document)); err == nil || err.Error() != test.want {
			t.Errorf("%s: Parse refuses with\n got %v\nwant %s", test.say, err, test.want)
		}
	}
}

func TestParseRefusesDocuments(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for i, last := 0, "a"; i < 8; i++ {
		name := string(rune('b' + i))
		bomb += name + ": &" + name + " [" + strings.Repeat("*"+last+",", 9) + "]\n"
		last = name
	}
	for _, test := range []struct{ say, document, want string }{
		{"nothing", "", "the document is empty"},
		{"a comment alone", "# hello\n", "the document is empty"},
		{"JSON null", "null", "id: is missing"},
		{"a list", "[1]", "want fields with values"},
		{"a document of 10 MB", strings.Repeat("#", 10<<20), "10485760 bytes are too many: want at most 65536"},
		{"bytes that are no text", "id: \xff", "is not UTF-8 text"},
		{"bad YAML, with its line", "id: hamlet\nroom: [", "line 3: not readable as YAML: did not find expected node content"},
		{"an alias bomb", bomb, "unknown field"},
		{"an alias", "id: &x hamlet\norganization: *x\n", "anchors and aliases are not read"},
		{"a merge key", "room: {<<: {paused: true}}", `room."<<": unknown field`},
		{"deep nesting", strings.Repeat("[", 30_000), "not readable as YAML"},
		{"a JSON field twice", `{"id":"a","id":"b"}`, "id: is written twice"},
	} {
		if _, err := Parse([]byte(test.document)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Parse refuses with %v; want %q in it", test.say, err, test.want)
		}
	}
}

func TestProblemsAreAllThere(t *testing.T) {
	_, err := Parse([]byte("id: A\nroom: {paused: maybe, turn_ttl: 1s}\nextra: 1\n"))
	var fields []string
	for _, p := range Problems(err) {
		fields = append(fields, p.Field)
	}
	want := []string{"organization", "room.new_users_per_minute", "room.total_active_users", "routes", "id", "room.paused", "room.turn_ttl", "extra"}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("Problems(%v) (-want +got):\n%s", err, diff)
	}
}

// The example shows every field, and its comments tell the true defaults.
func TestExampleFile(t *testing.T) {
	text, err := os.ReadFile("../deploy/examples/hamlet.yaml")
	if err != nil {
		t.Fatal(err)
	}
	asIs, err := Parse(text)
	if err != nil {
		t.Fatalf("Parse(hamlet.yaml) = %v", err)
	}
	commented := regexp.MustCompile(`(?m)^( *)# ( *(?:- )?[a-z_]+:( |$))`)
	spelledOut, err := Parse(commented.ReplaceAll(text, []byte("$1$2")))
	if err != nil {
		t.Fatalf("Parse(hamlet.yaml with its defaults spelled out) = %v", err)
	}
	if diff := cmp.Diff(asIs, spelledOut); diff != "" {
		t.Errorf("hamlet.yaml shows other defaults than there are (-default +shown):\n%s", diff)
	}
	definition, err := json.Marshal(asIs)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"([a-z_]+)":`).FindAllSubmatch(definition, -1) {
		if !regexp.MustCompile(`(?m)^[ #-]*` + string(m[1]) + `:`).Match(text) {
			t.Errorf("hamlet.yaml does not show the field %s", m[1])
		}
	}
	if !bytes.Contains(text, []byte("cors_origins:")) {
		t.Error("hamlet.yaml does not show the field cors_origins")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(small + "page: {theme: {accent: '#102030'}}\nbrowser: {cors_origins: [], samesite: none}\nretention: 1h\n"))
	f.Add([]byte(strings.Replace(small, "room:", "room:\n  event_start_time: 2027-03-28 10:00 Europe/London\n  session_duration: 7", 1)))
	f.Add([]byte(`{"id":"a","organization":"b","routes":[{"host":"H","path":"/"}],"room":{"total_active_users":1,"new_users_per_minute":0}}`))
	if text, err := os.ReadFile("../deploy/examples/hamlet.yaml"); err == nil {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := Parse(data)
		if err != nil {
			if len(Problems(err)) == 0 {
				t.Fatalf("Parse(%q) names no field: %v", data, err)
			}
			return
		}
		written, err := json.Marshal(first)
		if err != nil {
			t.Fatalf("Marshal(%+v) = %v", first, err)
		}
		if len(written) > MaxSize {
			return
		}
		second, err := Parse(written)
		if err != nil {
			t.Fatalf("Parse(%s) = %v", written, err)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Fatalf("Parse(Marshal(x)) differs (-x +parsed):\n%s", diff)
		}
		if _, err := NewRoutes([]Event{first}); err != nil {
			t.Fatalf("a valid event clashes with itself: %v", err)
		}
	})
}
