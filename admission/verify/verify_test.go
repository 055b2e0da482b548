package verify

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/admission"
)

const issuer = "https://tickets.example"

var start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

func someAdmission() admission.Admission {
	return admission.Admission{
		Event: "evt", Organization: "acme", Visitor: admission.Visitor{7},
		Generation: 0xfeed, Session: 17, IssuedAt: start.UnixMilli(), Ends: start.Add(5 * time.Minute).UnixMilli(),
		Line: "general", Number: 12, Prices: map[string]int64{"seated": 12900},
	}
}

func ephemeral(t testing.TB) *admission.Keys {
	t.Helper()
	keys, err := admission.Ephemeral(issuer)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func sign(t testing.TB, keys *admission.Keys, a admission.Admission) string {
	t.Helper()
	token, err := keys.Sign(a)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func public(t testing.TB, keys *admission.Keys) []admission.PublicKey {
	t.Helper()
	all, err := admission.ParseJWKS(keys.JWKS())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// shop answers with what it was handed.
var shop = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	a, ok := From(r.Context())
	_ = json.NewEncoder(w).Encode(map[string]any{"admitted": ok, "line": a.Line, "prices": a.Prices})
})

func get(handler http.Handler, tokens ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/buy", nil)
	for _, token := range tokens {
		r.Header.Add(Header, token)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func TestEnforceAndReport(t *testing.T) {
	keys := ephemeral(t)
	token := sign(t, keys, someAdmission())
	other := someAdmission()
	other.Event = "other"
	rival := someAdmission()
	rival.Organization = "rival"
	tests := []struct {
		name   string
		tokens []string
		now    time.Duration // after the start
		status int
		reason string
	}{
		{"a valid admission", []string{token}, time.Minute, 200, "ok"},
		{"a clock 30 s behind the gateway's", []string{token}, -30 * time.Second, 200, "ok"},
		{"a clock further behind", []string{token}, -31 * time.Second, 403, "not_yet"},
		{"none: it went round the gateway", nil, 0, 403, "missing"},
		{"two: somebody added one", []string{token, token}, 0, 403, "missing"},
		{"an empty one", []string{""}, 0, 403, "malformed"},
		{"ended", []string{token}, 6 * time.Minute, 403, "expired"},
		{"another event's", []string{sign(t, keys, other)}, 0, 403, "elsewhere"},
		{"another organization's", []string{sign(t, keys, rival)}, 0, 403, "elsewhere"},
		{"another gateway's", []string{sign(t, ephemeral(t), someAdmission())}, 0, 403, "unknown_key"},
		{"changed", []string{token[:len(token)-8] + "AAAAAAAA"}, 0, 403, "forged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			options := Options{
				Issuer: issuer, Organization: "acme", Event: "evt", Keys: public(t, keys),
				Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return start.Add(tt.now) },
			}
			w := get(guard(t, options), tt.tokens...)
			if w.Code != tt.status || tt.status == 403 && !strings.Contains(w.Body.String(), `"reason":"`+tt.reason+`"`) {
				t.Errorf("enforce = %d %s; want %d %s", w.Code, w.Body, tt.status, tt.reason)
			}
			if got := w.Header().Get("Content-Type"); tt.status == 403 && got != "application/problem+json" {
				t.Errorf("enforce Content-Type = %q; want application/problem+json", got)
			}
			options.Mode = Report
			w = get(guard(t, options), tt.tokens...)
			if got := w.Header().Get(ReportHeader); w.Code != 200 || got != tt.reason {
				t.Errorf("report = %d %s: %q; want 200 %q", w.Code, ReportHeader, got, tt.reason)
			}
			if got := strings.Contains(w.Body.String(), `"admitted":true`); got != (tt.status == 200) {
				t.Errorf("report handed on %s; want an admission only when it is valid", w.Body)
			}
		})
	}
}

func guard(t testing.TB, o Options) http.Handler {
	t.Helper()
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return g.Handler(shop)
}

func TestGraceBeforePayment(t *testing.T) {
	keys := ephemeral(t)
	options := Options{
		Issuer: issuer, Organization: "acme", Event: "evt", Keys: public(t, keys), Grace: 15 * time.Minute,
		Now: func() time.Time { return start.Add(19 * time.Minute) },
	}
	if w := get(guard(t, options), sign(t, keys, someAdmission())); w.Code != 200 {
		t.Errorf("an admission that ended 14 minutes ago = %d; want 200 with 15 minutes of grace", w.Code)
	}
}

func TestOneHandlerMaySellSeveralEvents(t *testing.T) {
	keys := ephemeral(t)
	options := Options{
		Issuer: issuer, Organization: "acme", Keys: public(t, keys), Now: func() time.Time { return start },
		EventOf: func(r *http.Request) string { return strings.TrimPrefix(r.URL.Path, "/buy/") },
	}
	handler := guard(t, options)
	for path, want := range map[string]int{"/buy/evt": 200, "/buy/other": 403, "/buy/": 403} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set(Header, sign(t, keys, someAdmission()))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("GET %s = %d; want %d", path, w.Code, want)
		}
	}
}

func TestOnErrorAnswersInsteadOf403(t *testing.T) {
	keys := ephemeral(t)
	options := Options{
		Issuer: issuer, Organization: "acme", Event: "evt", Keys: public(t, keys),
		OnError: func(w http.ResponseWriter, r *http.Request, _ error) {
			http.Redirect(w, r, "/queue", http.StatusSeeOther)
		},
	}
	if w := get(guard(t, options)); w.Code != http.StatusSeeOther {
		t.Errorf("a request without an admission = %d; want OnError's 303", w.Code)
	}
}

func TestReportLogsTheReasonAndNotTheToken(t *testing.T) {
	keys := ephemeral(t)
	token := sign(t, ephemeral(t), someAdmission())
	var log bytes.Buffer
	options := Options{
		Issuer: issuer, Organization: "acme", Event: "evt", Keys: public(t, keys), Mode: Report,
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	}
	_ = get(guard(t, options), token)
	if got := log.String(); !strings.Contains(got, "reason=unknown_key") || strings.Contains(got, token[len(token)-40:]) {
		t.Errorf("log = %s; want the reason and no token", got)
	}
}

func TestNewRefuses(t *testing.T) {
	keys := public(t, ephemeral(t))
	good := Options{Issuer: issuer, Organization: "acme", Event: "evt", Keys: keys}
	tests := []struct {
		name   string
		change func(*Options)
	}{
		{"no issuer", func(o *Options) { o.Issuer = "" }},
		{"no organization", func(o *Options) { o.Organization = "" }},
		{"no event", func(o *Options) { o.Event = "" }},
		{"two ways to tell the event", func(o *Options) { o.EventOf = func(*http.Request) string { return "" } }},
		{"no keys", func(o *Options) { o.Keys = nil }},
		{"two sources of keys", func(o *Options) { o.JWKS = "http://127.0.0.1/" }},
		{"keys in a file", func(o *Options) { o.Keys, o.JWKS = nil, "file:///keys.json" }},
		{"keys at no host", func(o *Options) { o.Keys, o.JWKS = nil, "/.well-known/jwks.json" }},
		{"an unknown mode", func(o *Options) { o.Mode = "off" }},
		{"two keys of one id", func(o *Options) { o.Keys = append(keys, keys...) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := good
			tt.change(&o)
			if _, err := New(o); err == nil {
				t.Error("New error = nil; want one")
			}
		})
	}
}
