package organizer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/pricing/board"
	"github.com/bilten/rushgate/web/organizer"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	acmeKey   = "rgk_acme"
	globexKey = "rgk_globex"

	events = "/v1/organizations/acme/events"
	summer = events + "/summer" // a file's
	spring = events + "/spring" // made by API
)

const springDefinition = `{"id":"spring","organization":"acme","name":"Spring","routes":[{"host":"acme.example","path":"/spring/**"}],` +
	`"room":{"total_active_users":500,"new_users_per_minute":100}}`

// house is an API over a real catalog, with rooms that a test sets.
type house struct {
	handler   http.Handler
	contract  contract
	rooms     map[string]organizer.LiveView
	logged    *bytes.Buffer
	stockroom *stockroom
	market    *board.Keeper
	desk      *desk
}

var quiet = slog.New(slog.DiscardHandler)

func (h *house) Live(id string) (organizer.LiveView, bool) {
	view, ok := h.rooms[id]
	return view, ok
}

func open(t *testing.T) *house {
	t.Helper()
	file, err := event.Parse([]byte("id: summer\norganization: acme\nname: Summer\nroutes: [{host: acme.example, path: /summer/**}]\n" +
		"room: {total_active_users: 500, new_users_per_minute: 100}\n"))
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return noon }
	hosts := map[string][]string{"acme": {"acme.example"}, "globex": {"globex.example"}}
	definitions, err := catalog.New(catalog.NewMemory(), hosts, []event.Event{file}, now)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{contract: readContract(t), rooms: map[string]organizer.LiveView{}, logged: &bytes.Buffer{}}
	store, stocks := newStockroom(now)
	h.stockroom, h.market = store, newMarket(store, definitions)
	h.desk = openDesk(definitions, now)
	h.handler = organizer.New(definitions, []organizer.Key{
		{Name: "box-office", Organization: "acme", SHA256: sha256.Sum256([]byte(acmeKey))},
		{Name: "rival", Organization: "globex", SHA256: sha256.Sum256([]byte(globexKey))},
	}, h, organizer.Installation{
		Pool: func(string, string) (organizer.Pool, bool) {
			return organizer.Pool{Name: "shop", Ready: 2, Instances: 2}, true
		},
		StoreTime:  func(context.Context) (time.Time, error) { return noon, nil },
		SharedKeys: true, TrustedProxies: true,
		Keepers: organizer.Keepers{
			Fleets: map[string]organizer.Fleet{"shop": openFleet(t, now)},
			Prices: h.market, Leases: agreed{}, Shelf: stocks, Rushes: h.desk, Scaling: scaling{h.desk},
		},
	}, now, slog.New(slog.NewTextHandler(h.logged, nil))).Handler()
	return h
}

// ask is one request; header lines as in "If-Match: 7".
func (h *house) ask(t *testing.T, key, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	h.handler.ServeHTTP(recorder, request)
	h.contract.check(t, request, body, recorder)
	return recorder
}

func want(t *testing.T, answer *httptest.ResponseRecorder, status int, code string) map[string]any {
	t.Helper()
	body := map[string]any{}
	if answer.Body.Len() > 0 {
		if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
			t.Fatalf("answer is no JSON: %v: %s", err, answer.Body)
		}
	}
	got, _ := body["code"].(string)
	if answer.Code != status || got != code {
		t.Fatalf("answer = %d %q %s; want %d %q", answer.Code, got, answer.Body, status, code)
	}
	return body
}

func TestAnEventFromBirthToDeath(t *testing.T) {
	t.Parallel()
	h := open(t)
	created := h.ask(t, acmeKey, http.MethodPost, events, springDefinition)
	want(t, created, http.StatusCreated, "")
	if created.Header().Get("Location") != spring || created.Header().Get("Rushgate-Owner") != "api" {
		t.Errorf("create says %v; want its address and owner", created.Header())
	}
	read := h.ask(t, acmeKey, http.MethodGet, spring, "")
	want(t, read, http.StatusOK, "")
	if !cmp.Equal(read.Body.String(), created.Body.String()) || read.Header().Get("ETag") != created.Header().Get("ETag") {
		t.Errorf("read differs from created: %s", cmp.Diff(read.Body.String(), created.Body.String()))
	}

	replaced := h.ask(t, acmeKey, http.MethodPut, spring, read.Body.String(), "If-Match: "+read.Header().Get("ETag"))
	want(t, replaced, http.StatusOK, "")
	patched := h.ask(t, acmeKey, http.MethodPatch, spring, `{"room":{"new_users_per_minute":60}}`,
		"If-Match: "+replaced.Header().Get("ETag"), "Content-Type: application/merge-patch+json")
	if room := want(t, patched, http.StatusOK, "")["room"].(map[string]any); room["new_users_per_minute"] != 60.0 || room["total_active_users"] != 500.0 {
		t.Errorf("patched room = %v; want 60 a minute and the cap as it was", room)
	}
	if list := want(t, h.ask(t, acmeKey, http.MethodGet, events, ""), http.StatusOK, "")["events"].([]any); len(list) != 2 {
		t.Errorf("list has %d events; want 2", len(list))
	}

	want(t, h.ask(t, acmeKey, http.MethodDelete, spring, "", "If-Match: "+patched.Header().Get("ETag")), http.StatusNoContent, "")
	want(t, h.ask(t, acmeKey, http.MethodGet, spring, ""), http.StatusNotFound, "not_found")
}

func TestYAMLIsTheSameSchema(t *testing.T) {
	t.Parallel()
	h := open(t)
	definition := "id: spring\norganization: acme\nname: Spring\nroutes: [{host: acme.example, path: /spring/**}]\nroom: {total_active_users: 500, new_users_per_minute: 100}\n"
	inYAML := h.ask(t, acmeKey, http.MethodPost, events, definition, "Content-Type: application/yaml")
	want(t, inYAML, http.StatusCreated, "")
	inJSON := open(t).ask(t, acmeKey, http.MethodPost, events, springDefinition)
	if inYAML.Body.String() != inJSON.Body.String() {
		t.Errorf("YAML and JSON differ: %s", cmp.Diff(inYAML.Body.String(), inJSON.Body.String()))
	}
}

func TestEveryControlTurnsAndTurnsBack(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		on, off, control string
		set, unset       any
	}{
		{"suspend", "resume", "suspended", true, false},
		{"pause", "unpause", "paused", true, false},
		{"queue-all", "unqueue", "queue_all", true, false},
		{"close", "reopen", "closed", true, false},
		{"reject", "accept", "queueing_method", "reject", "fifo"},
	} {
		h := open(t)
		for _, turn := range []struct {
			action string
			want   any
		}{{row.on, row.set}, {row.on, row.set}, {row.off, row.unset}} {
			room := want(t, h.ask(t, acmeKey, http.MethodPost, summer+"/"+turn.action, ""), http.StatusOK, "")["room"].(map[string]any)
			if room[row.control] != turn.want {
				t.Errorf("after %s: %s = %v; want %v", turn.action, row.control, room[row.control], turn.want)
			}
		}
	}
}

func TestRateAndMessage(t *testing.T) {
	t.Parallel()
	h := open(t)
	room := want(t, h.ask(t, acmeKey, http.MethodPost, summer+"/rate", `{"new_users_per_minute":30}`), http.StatusOK, "")["room"].(map[string]any)
	if room["new_users_per_minute"] != 30.0 || room["total_active_users"] != 500.0 {
		t.Errorf("rate alone: room = %v; want 30 a minute, the cap as it was", room)
	}
	room = want(t, h.ask(t, acmeKey, http.MethodPost, summer+"/rate", `{"total_active_users":40}`), http.StatusOK, "")["room"].(map[string]any)
	if room["new_users_per_minute"] != 30.0 || room["total_active_users"] != 40.0 {
		t.Errorf("cap alone: room = %v; want 40 inside, the rate as it was", room)
	}
	page := want(t, h.ask(t, acmeKey, http.MethodPost, summer+"/message", `{"message":"Encore added"}`), http.StatusOK, "")["page"].(map[string]any)
	if page["message"] != "Encore added" {
		t.Errorf("page = %v; want the message", page)
	}
	want(t, h.ask(t, acmeKey, http.MethodPost, summer+"/rate", `{}`), http.StatusUnprocessableEntity, "invalid_event")
	want(t, h.ask(t, acmeKey, http.MethodPost, summer+"/rate", `{"new_users_per_minute":-1}`), http.StatusUnprocessableEntity, "invalid_event")
	want(t, h.ask(t, acmeKey, http.MethodPost, summer+"/rate", `{"new_users":1}`), http.StatusBadRequest, "invalid_json")
	want(t, h.ask(t, acmeKey, http.MethodPost, summer+"/message", `{}`), http.StatusUnprocessableEntity, "invalid_event")
}

func TestReleaseAllMustNameTheLine(t *testing.T) {
	t.Parallel()
	h := open(t)
	want(t, h.ask(t, acmeKey, http.MethodPost, summer+"/release-all", `{"waiting":1}`), http.StatusServiceUnavailable, "room_not_live")
	h.rooms["summer"] = organizer.LiveView{At: noon, Mode: "normal", Late: 10, Lines: []organizer.LiveLine{{Name: "general", Waiting: 990}}}
	for _, body := range []string{`{"waiting":10}`, `{}`} {
		if told := want(t, h.ask(t, acmeKey, http.MethodPost, summer+"/release-all", body), http.StatusConflict, "release_mismatch")["waiting"]; told != 1000.0 {
			t.Errorf("release-all %s tells %v; want 1000", body, told)
		}
	}
	room := want(t, h.ask(t, acmeKey, http.MethodPost, summer+"/release-all", `{"waiting":950}`), http.StatusOK, "")["room"].(map[string]any)
	if room["released"] != true {
		t.Errorf("room = %v; want released", room)
	}
	room = want(t, h.ask(t, acmeKey, http.MethodPost, summer+"/resume", ""), http.StatusOK, "")["room"].(map[string]any)
	if room["released"] != false || room["suspended"] != false {
		t.Errorf("room = %v; want it on again", room)
	}
}

func TestConcurrentEditsAreRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	want(t, h.ask(t, acmeKey, http.MethodPost, events, springDefinition), http.StatusCreated, "")
	tag := h.ask(t, acmeKey, http.MethodGet, spring, "").Header().Get("ETag")
	want(t, h.ask(t, acmeKey, http.MethodPatch, spring, `{"name":"First"}`, "If-Match: "+tag), http.StatusOK, "")
	for _, row := range []struct{ method, body string }{
		{http.MethodPut, springDefinition},
		{http.MethodPatch, `{"name":"Second"}`},
		{http.MethodDelete, ""},
	} {
		want(t, h.ask(t, acmeKey, row.method, spring, row.body), http.StatusPreconditionRequired, "version_required")
		want(t, h.ask(t, acmeKey, row.method, spring, row.body, "If-Match: seven"), http.StatusBadRequest, "invalid_if_match")
		refused := want(t, h.ask(t, acmeKey, row.method, spring, row.body, "If-Match: "+tag), http.StatusPreconditionFailed, "version_mismatch")
		if refused["version"] == nil {
			t.Errorf("%s with an old version = %v; want it to tell the current one", row.method, refused)
		}
	}
	want(t, h.ask(t, acmeKey, http.MethodPost, spring+"/pause", "", "If-Match: "+tag), http.StatusPreconditionFailed, "version_mismatch")
	if name := want(t, h.ask(t, acmeKey, http.MethodGet, spring, ""), http.StatusOK, "")["name"]; name != "First" {
		t.Errorf("name = %v; want First", name)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	h := open(t)
	version := "If-Match: " + h.ask(t, acmeKey, http.MethodGet, summer, "").Header().Get("ETag")
	for _, row := range []struct {
		says, method, path, body string
		headers                  []string
		status                   int
		code                     string
	}{
		{"an unknown address", http.MethodGet, "/v2", "", nil, http.StatusNotFound, "not_found"},
		{"a method that is not there", http.MethodPut, events, "{}", nil, http.StatusMethodNotAllowed, "method_not_allowed"},
		{"a body that is too large", http.MethodPost, events, `{"name":"` + strings.Repeat("a", 64<<10) + `"}`, nil, http.StatusRequestEntityTooLarge, "body_too_large"},
		{"a body of another kind", http.MethodPost, events, "<event/>", []string{"Content-Type: text/xml"}, http.StatusUnsupportedMediaType, "unsupported_media_type"},
		{"JSON with a name twice", http.MethodPost, events, `{"id":"a","id":"b"}`, nil, http.StatusBadRequest, "invalid_json"},
		{"an event without id", http.MethodPost, events, `{"name":"x"}`, nil, http.StatusUnprocessableEntity, "invalid_event"},
		{"an unknown field", http.MethodPost, events, `{"id":"autumn","organization":"acme","color":"red"}`, nil, http.StatusUnprocessableEntity, "invalid_event"},
		{"an id that would be a key", http.MethodPost, events, strings.ReplaceAll(springDefinition, `"id":"spring"`, `"id":"a:b}"`), nil, http.StatusUnprocessableEntity, "invalid_event"},
		{"an event for another organization", http.MethodPost, events, strings.ReplaceAll(springDefinition, "acme\"", "globex\""), nil, http.StatusUnprocessableEntity, "invalid_event"},
		{"a host of another organization", http.MethodPost, events, strings.ReplaceAll(springDefinition, "acme.example", "globex.example"), nil, http.StatusUnprocessableEntity, "invalid_event"},
		{"routes that a file's event has", http.MethodPost, events, strings.ReplaceAll(springDefinition, "/spring/", "/summer/"), nil, http.StatusUnprocessableEntity, "invalid_event"},
		{"an id that is taken", http.MethodPost, events, strings.ReplaceAll(springDefinition, `"id":"spring"`, `"id":"summer"`), nil, http.StatusConflict, ""},
		{"more than live controls of a file's event", http.MethodPatch, summer, `{"name":"x"}`, []string{version}, http.StatusConflict, "file_owned"},
		{"a file's event replaced", http.MethodPut, summer, strings.ReplaceAll(springDefinition, "spring", "summer"), []string{version}, http.StatusConflict, "file_owned"},
		{"a file's event deleted", http.MethodDelete, summer, "", []string{version}, http.StatusConflict, "file_owned"},
		{"a control set to nonsense", http.MethodPatch, summer, `{"room":{"total_active_users":-1}}`, []string{version}, http.StatusUnprocessableEntity, "invalid_event"},
		{"a reason of two lines", http.MethodPost, summer + "/pause", "", []string{"Rushgate-Reason: a\tb"}, http.StatusBadRequest, "invalid_reason"},
		{"an action that is not there", http.MethodPost, summer + "/explode", "", nil, http.StatusNotFound, "not_found"},
		{"a log of no length", http.MethodGet, summer + "/log?limit=0", "", nil, http.StatusBadRequest, "invalid_limit"},
		{"a room not seen yet", http.MethodGet, summer + "/live", "", nil, http.StatusServiceUnavailable, "room_not_live"},
	} {
		answer := h.ask(t, acmeKey, row.method, row.path, row.body, row.headers...)
		var body struct {
			Code string `json:"code"`
			Type string `json:"type"`
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
			t.Errorf("%s: %v: %s", row.says, err, answer.Body)
			continue
		}
		if row.code == "" {
			row.code = body.Code
		}
		if answer.Code != row.status || body.Code != row.code || body.Type != "urn:rushgate:problem:"+row.code ||
			answer.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s %s = %d %s; want %d %s", row.says, row.method, row.path, answer.Code, answer.Body, row.status, row.code)
		}
	}
}

func TestChangesAreAttributed(t *testing.T) {
	t.Parallel()
	h := open(t)
	want(t, h.ask(t, acmeKey, http.MethodPost, summer+"/pause", "", "Rushgate-Reason: payment provider is down"), http.StatusOK, "")
	entries := want(t, h.ask(t, acmeKey, http.MethodGet, summer+"/log", ""), http.StatusOK, "")["entries"].([]any)
	if len(entries) != 1 {
		t.Fatalf("log = %v; want one entry", entries)
	}
	entry := entries[0].(map[string]any)
	if entry["by"] != "box-office" || entry["reason"] != "payment provider is down" {
		t.Errorf("entry = %v; want who and why", entry)
	}
	logged := h.logged.String()
	if !strings.Contains(logged, "by=box-office") || !strings.Contains(logged, "action=pause") || strings.Contains(logged, acmeKey) {
		t.Errorf("logged %s; want who and what, and never the key", logged)
	}
}

func TestLiveAndReadiness(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.rooms["summer"] = organizer.LiveView{At: noon, Mode: "normal", Called: 3, Active: 90, Lines: []organizer.LiveLine{{Name: "general", Issued: 700, Serving: 100, Waiting: 600}}}
	live := want(t, h.ask(t, acmeKey, http.MethodGet, summer+"/live", ""), http.StatusOK, "")
	if live["waiting"] != 600.0 || live["active"] != 90.0 || live["phase"] != "open" {
		t.Errorf("live = %v; want the room's numbers", live)
	}
	ready := want(t, h.ask(t, acmeKey, http.MethodGet, summer+"/readiness", ""), http.StatusOK, "")
	if ready["ready"] != true {
		t.Errorf("readiness = %v; want ready", ready)
	}
	want(t, h.ask(t, acmeKey, http.MethodPost, summer+"/pause", ""), http.StatusOK, "")
	if ready := want(t, h.ask(t, acmeKey, http.MethodGet, summer+"/readiness", ""), http.StatusOK, ""); ready["ready"] != false {
		t.Errorf("readiness of a paused room = %v; want not ready", ready)
	}
}

// TestIsolation walks every operation of the contract: without a key it says
// nothing, and with another organization's key an event that exists answers to
// the byte like one that does not.
// A65: what a key may not see looks like what is not there.
func TestIsolation(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.rooms["summer"] = organizer.LiveView{At: noon, Mode: "normal"}
	want(t, h.ask(t, acmeKey, http.MethodPost, events, springDefinition), http.StatusCreated, "")
	walked := 0
	for _, path := range h.contract.document.Paths.InMatchingOrder() {
		if !strings.HasPrefix(path, "/v1/organizations/") {
			continue
		}
		for method := range h.contract.document.Paths.Find(path).Operations() {
			walked++
			at := func(org, id string) string {
				return strings.NewReplacer("{org}", org, "{event}", id, "{action}", "pause").Replace(path)
			}
			body := ""
			if method != http.MethodGet && method != http.MethodDelete {
				body = `{}`
			}
			if answer := h.ask(t, "", method, at("acme", "summer"), body, "If-Match: *"); answer.Code != http.StatusUnauthorized {
				t.Errorf("%s %s without a key = %d; want 401", method, path, answer.Code)
			}
			if answer := h.ask(t, "rgk_wrong", method, at("acme", "summer"), body, "If-Match: *"); answer.Code != http.StatusUnauthorized {
				t.Errorf("%s %s with a wrong key = %d; want 401", method, path, answer.Code)
			}
			for _, tag := range []string{"If-Match: *", `If-Match: "1"`} {
				h.alike(t, method, body, tag, at("acme", "summer"), at("nobody", "nothing"))
				if strings.Contains(path, "{event}") {
					h.alike(t, method, body, tag, at("globex", "summer"), at("globex", "nothing"))
					h.alike(t, method, body, tag, at("globex", "spring"), at("globex", "nothing"))
				}
			}
		}
	}
	if walked < 10 {
		t.Errorf("walked %d operations; want all of the organizer API", walked)
	}
	if room := want(t, h.ask(t, acmeKey, http.MethodGet, summer, ""), http.StatusOK, "")["room"].(map[string]any); room["paused"] != false {
		t.Errorf("room = %v; want it untouched", room)
	}
}

// alike demands that another organization's event answers like a missing one.
func (h *house) alike(t *testing.T, method, body, tag, foreign, missing string) {
	t.Helper()
	got, want := h.ask(t, globexKey, method, foreign, body, tag), h.ask(t, globexKey, method, missing, body, tag)
	if got.Code != http.StatusNotFound || got.Body.String() != want.Body.String() {
		t.Errorf("%s %s of another organization = %d %s; want %d %s", method, foreign, got.Code, got.Body, want.Code, want.Body)
	}
}
