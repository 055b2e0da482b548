package event

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The rows are the test cases of RFC 7396, appendix A, that are about objects.
func TestMergePatch(t *testing.T) {
	for _, test := range []struct{ document, patch, want string }{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`{"e":null}`, `{"a":1}`, `{"a":1,"e":null}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
		{`{"a":"foo"}`, `{"a":{"b":1}}`, `{"a":{"b":1}}`},
		{`{"n":12345678901234567890}`, `{}`, `{"n":12345678901234567890}`},
	} {
		got, err := MergePatch([]byte(test.document), []byte(test.patch))
		if err != nil || string(got) != test.want {
			t.Errorf("MergePatch(%s, %s) = %s, %v; want %s", test.document, test.patch, got, err, test.want)
		}
	}
	for _, patch := range []string{"", "null", "[]", `"x"`, `{"a":1`, `{} {}`, `{}x`, `{}]`, `{"a":1,"a":2}`, `{"a":{"b":1,"b":null}}`} {
		if got, err := MergePatch([]byte(`{}`), []byte(patch)); err == nil {
			t.Errorf("MergePatch({}, %q) = %s; want an error", patch, got)
		}
	}
}

func TestDiffIsTheWayFromOneToTheOther(t *testing.T) {
	value := rapid.SampledFrom([]any{"x", "y", true, 1.0, []any{"x"}, map[string]any{}, map[string]any{"p": "x"}, map[string]any{"p": "y", "q": true}})
	object := rapid.MapOf(rapid.SampledFrom([]string{"a", "b", "c"}), value)
	rapid.Check(t, func(t *rapid.T) {
		from, _ := json.Marshal(object.Draw(t, "from"))
		to, _ := json.Marshal(object.Draw(t, "to"))
		patch, err := Diff(from, to)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := MergePatch(from, patch); err != nil || string(got) != string(to) {
			t.Fatalf("MergePatch(%s, Diff = %s) = %s, %v; want %s", from, patch, got, err, to)
		}
	})
}

func TestPatchEvent(t *testing.T) {
	e, err := Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	changed, err := e.Patch([]byte(`{"room":{"paused":true,"total_active_users":200}}`))
	if err != nil || !changed.Room.Paused || changed.Room.TotalActiveUsers != 200 || changed.Room.NewUsersPerMinute != 60 {
		t.Errorf("Patch(paused, 200) = %+v, %v; want both changed and the rest kept", changed.Room, err)
	}
	back, err := changed.Patch([]byte(`{"room":{"paused":null,"turn_ttl":"4m"}}`))
	if err != nil || back.Room.Paused || back.Room.TurnTTL.String() != "4m" {
		t.Errorf("Patch(paused: null) = %+v, %v; want the default again", back.Room, err)
	}
	if _, err := e.Patch([]byte(`{"room":{"total_active_users":-1}}`)); err == nil || !strings.Contains(err.Error(), "room.total_active_users: -1") {
		t.Errorf("Patch(total_active_users: -1) = %v; want it refused by name", err)
	}
	if _, err := e.Patch([]byte(`{"room":{"speed":1}}`)); err == nil || !strings.Contains(err.Error(), "room.speed: unknown field") {
		t.Errorf("Patch(speed) = %v; want it refused by name", err)
	}
}

func TestCheckLive(t *testing.T) {
	for _, field := range LiveControls {
		patch := `{"` + strings.ReplaceAll(field, ".", `":{"`) + `":null` + strings.Repeat("}", strings.Count(field, ".")+1)
		if err := CheckLive([]byte(patch)); err != nil {
			t.Errorf("CheckLive(%s) = %v; want it allowed", field, err)
		}
	}
	for patch, want := range map[string]string{
		`{"id":"x"}`:                         "id: belongs to the event's file",
		`{"room":null}`:                      "room: belongs to the event's file",
		`{"room":{"turn_ttl":"1m"}}`:         "room.turn_ttl: belongs to the event's file",
		`{"page":{"theme":{"text":"#fff"}}}`: "page.theme.text: belongs to the event's file",
		`[]`:                                 "want a JSON object",
	} {
		if err := CheckLive([]byte(patch)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("CheckLive(%s) = %v; want %q", patch, err, want)
		}
	}
}
