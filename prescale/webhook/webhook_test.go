package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bilten/rushgate/prescale/fault"
	"github.com/bilten/rushgate/prescale/rush"
	"github.com/bilten/rushgate/prescale/webhook"
)

var (
	now    = time.Date(2027, 3, 1, 9, 30, 0, 0, time.UTC)
	secret = []byte("a secret of at least thirty-two bytes")
	order  = rush.Order{Target: "shop", Instances: 13, Version: 7, Key: "hamlet/prescale/1/shop/7", Event: "hamlet", Until: now.Add(4 * time.Hour)}
)

// other is the operator's side: it checks what comes and answers as its script
// says, the last line again and again.
type other struct {
	t      *testing.T
	script []func(http.ResponseWriter, *http.Request)

	mu     sync.Mutex
	calls  []webhook.Call
	keys   []string
	paused []time.Duration
}

func answers(status int, header, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if name, value, ok := strings.Cut(header, ": "); ok {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func (o *other) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	stamp := r.Header.Get(webhook.HeaderTimestamp)
	if got := r.Header.Get(webhook.HeaderSignature); got != webhook.Sign(secret, stamp, body) || stamp != fmt.Sprint(now.Unix()) {
		o.t.Errorf("signature %q over %q does not verify", got, stamp)
	}
	var call webhook.Call
	if err := json.Unmarshal(body, &call); err != nil {
		o.t.Errorf("body %s: %v", body, err)
	}
	o.mu.Lock()
	o.calls, o.keys = append(o.calls, call), append(o.keys, r.Header.Get(webhook.HeaderKey))
	say := o.script[min(len(o.calls), len(o.script))-1]
	o.mu.Unlock()
	say(w, r)
}

func (o *other) open(t *testing.T) *webhook.Target {
	t.Helper()
	o.t = t
	server := httptest.NewServer(o)
	t.Cleanup(server.Close)
	return webhook.New(webhook.Config{
		URL: server.URL, Secret: func() ([]byte, error) { return secret, nil }, Now: func() time.Time { return now },
		Chance: func() float64 { return 1 },
		Pause: func(d time.Duration) <-chan time.Time {
			o.paused = append(o.paused, d)
			return time.After(0)
		},
	})
}

func TestACallIsRepeatedUntilItsAnswerMeansSomething(t *testing.T) {
	t.Parallel()
	fine := answers(200, "", `{"ready": 7, "detail": "six boot"}`)
	cut := func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}
	for _, row := range []struct {
		says   string
		script []func(http.ResponseWriter, *http.Request)
		calls  int
		paused []time.Duration
		err    string
	}{
		{"it answers", []func(http.ResponseWriter, *http.Request){fine}, 1, nil, ""},
		{"it is away for two calls", []func(http.ResponseWriter, *http.Request){answers(503, "", ""), cut, fine}, 3, []time.Duration{250 * time.Millisecond, 500 * time.Millisecond}, ""},
		{"it says when to come again", []func(http.ResponseWriter, *http.Request){answers(429, "Retry-After: 2", ""), fine}, 2, []time.Duration{2 * time.Second}, ""},
		{"at a moment", []func(http.ResponseWriter, *http.Request){answers(503, "Retry-After: "+now.Add(3*time.Second).Format(http.TimeFormat), ""), fine}, 2, []time.Duration{3 * time.Second}, ""},
		{"or far too late", []func(http.ResponseWriter, *http.Request){answers(429, "Retry-After: 3600", ""), fine}, 2, []time.Duration{5 * time.Second}, ""},
		{"it stays away", []func(http.ResponseWriter, *http.Request){answers(500, "", "")}, 4, []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second}, "answered 500"},
		{"it forbids", []func(http.ResponseWriter, *http.Request){answers(403, "", ""), fine}, 1, nil, "answered 403"},
		{"it sends elsewhere", []func(http.ResponseWriter, *http.Request){answers(307, "Location: http://example.invalid/", "")}, 4, []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second}, "redirects"},
		{"it answers a page", []func(http.ResponseWriter, *http.Request){answers(200, "Content-Type: text/html", "<p>")}, 1, nil, "want Content-Type application/json"},
		{"it answers nonsense", []func(http.ResponseWriter, *http.Request){answers(200, "", "ready")}, 1, nil, "answer: invalid"},
		{"it answers without end", []func(http.ResponseWriter, *http.Request){answers(200, "", strings.Repeat(" ", 70<<10))}, 1, nil, "more than 65536 bytes"},
		{"it forgets what it was asked", []func(http.ResponseWriter, *http.Request){answers(200, "", "{}")}, 1, nil, `names no "ready"`},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			o := &other{script: row.script}
			ready, err := o.open(t).Ready(t.Context(), order)
			if row.err == "" && (err != nil || ready.Ready != 7 || ready.Detail != "six boot") || row.err != "" && (err == nil || !strings.Contains(err.Error(), row.err)) {
				t.Errorf("Ready = %+v, %v; want 7 of the answer, or %q", ready, err, row.err)
			}
			if len(o.calls) != row.calls || fmt.Sprint(o.paused) != fmt.Sprint(row.paused) {
				t.Errorf("%d calls after %v; want %d after %v", len(o.calls), o.paused, row.calls, row.paused)
			}
			for _, key := range o.keys {
				if key != "status/"+order.Key {
					t.Errorf("key %q; want that of the order each time", key)
				}
			}
		})
	}
}

func TestTheOtherSideIsToldAllItNeeds(t *testing.T) {
	t.Parallel()
	o := &other{script: []func(http.ResponseWriter, *http.Request){answers(200, "", "{}")}}
	target := o.open(t)
	if err := target.Scale(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	if err := target.Release(t.Context(), rush.Order{Target: "shop", Version: 9, Key: "k"}); err != nil {
		t.Fatal(err)
	}
	scale, release := o.calls[0], o.calls[1]
	if scale.Action != "scale" || scale.Instances != 13 || scale.Version != 7 || scale.Event != "hamlet" || scale.Until == nil || !scale.Until.Equal(order.Until) {
		t.Errorf("scale = %+v; want the order", scale)
	}
	if release.Action != "release" || release.Instances != 0 || release.Version != 9 || release.Until != nil {
		t.Errorf("release = %+v; want the end of it", release)
	}
}

func TestACallThatHangsEndsWithItsContext(t *testing.T) {
	t.Parallel()
	arrived, gone := make(chan struct{}), make(chan struct{})
	o := &other{script: []func(http.ResponseWriter, *http.Request){func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(gone)
	}}}
	target := o.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	if err := target.Scale(ctx, order); !errors.Is(err, context.Canceled) {
		t.Errorf("Scale = %v; want it cancelled", err)
	}
	<-gone
}

func TestPlainHTTPStaysAtHome(t *testing.T) {
	t.Parallel()
	target := webhook.New(webhook.Config{
		URL: "http://192.0.2.1:9/", Secret: func() ([]byte, error) { return secret, nil }, Now: func() time.Time { return now },
		Chance: func() float64 { return 0 }, Pause: func(time.Duration) <-chan time.Time { return time.After(0) },
	})
	if err := target.Scale(t.Context(), order); err == nil || !strings.Contains(err.Error(), "plain_http_networks") {
		t.Errorf("Scale over http to a public address = %v; want a refusal before anything is sent", err)
	}
}

func TestASecretThatCannotBeReadSendsNothing(t *testing.T) {
	t.Parallel()
	o := &other{t: t, script: []func(http.ResponseWriter, *http.Request){answers(200, "", "{}")}}
	server := httptest.NewServer(o)
	defer server.Close()
	target := webhook.New(webhook.Config{URL: server.URL, Secret: func() ([]byte, error) { return nil, errors.New("/etc/rushgate/secret: no such file") }})
	if err := target.Scale(t.Context(), order); err == nil || len(o.calls) > 0 || fault.Words(err) != "the secret that signs calls cannot be read" {
		t.Errorf("Scale = %v after %d calls; want an error after none, and no path in its words", err, len(o.calls))
	}
}

// Many a webhook's address is its password, and a log is read by many. Organizers
// read what their rush failed with, and not where.
func TestAnErrorHoldsNoAddress(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	target := webhook.New(webhook.Config{
		URL: server.URL + "/hooks/t0ken?key=s3cret", Secret: func() ([]byte, error) { return secret, nil }, Now: func() time.Time { return now },
		Chance: func() float64 { return 0 }, Pause: func(time.Duration) <-chan time.Time { return time.After(0) },
	})
	if err := target.Scale(t.Context(), order); err == nil || strings.Contains(err.Error(), "t0ken") || strings.Contains(err.Error(), "s3cret") || fault.Words(err) != "cannot be reached" {
		t.Errorf("Scale = %v, in words %q; want an error that gives no address away", err, fault.Words(err))
	}
}
