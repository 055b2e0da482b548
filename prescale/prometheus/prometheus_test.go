package prometheus_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/prescale/fault"
	"github.com/bilten/rushgate/prescale/prometheus"
)

var now = time.Date(2027, 3, 1, 9, 30, 0, 0, time.UTC)

func vector(samples ...string) string {
	for i, sample := range samples {
		samples[i] = fmt.Sprintf(`{"metric":{"n":"%d"},"value":[%d,"%s"]}`, i, now.Unix(), sample)
	}
	return `{"status":"success","data":{"resultType":"vector","result":[` + strings.Join(samples, ",") + `]}}`
}

func TestAnAnswerIsOneNumberOrAReason(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says   string
		status int
		body   string
		want   float64
		err    string // in the operator's log
		words  string // for organizers
	}{
		{"a number", 200, vector("71.5"), 71.5, "", ""},
		{"not a number stays so", 200, vector("NaN"), math.NaN(), "", ""},
		{"infinity, too", 200, vector("+Inf"), math.Inf(1), "", ""},
		{"a scalar", 200, fmt.Sprintf(`{"status":"success","data":{"resultType":"scalar","result":[%d,"3"]}}`, now.Unix()), 3, "", ""},
		{"nothing measures it", 200, vector(), 0, "matches nothing", "the query matches nothing"},
		{"two measure it", 200, vector("1", "2"), 0, "more than one series: sum or select (2)", "the query matches more than one series: sum or select"},
		{"a range", 200, `{"status":"success","data":{"resultType":"matrix","result":[]}}`, 0, "no single number: a matrix", "the query's answer is no single number"},
		{"the query is wrong", 400, `{"status":"error","errorType":"bad_data","error":"parse error: unclosed"}`, 0, "parse error: unclosed", "Prometheus answered bad_data"},
		{"it is away", 503, "", 0, "503", "Prometheus answered server_error"},
		{"it answers nonsense", 200, "<p>", 0, "ask Prometheus", "Prometheus answered bad_response"},
		{"it answers without end", 200, strings.Repeat(" ", 2<<20), 0, "too large", "Prometheus: cannot be reached"},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.FormValue("query") != "avg(cpu)" || r.Header.Get("Authorization") != "Bearer abc" {
					t.Errorf("asked %q as %q; want the query and the token", r.FormValue("query"), r.Header.Get("Authorization"))
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(row.status)
				_, _ = io.WriteString(w, row.body)
			}))
			defer server.Close()
			token := filepath.Join(t.TempDir(), "token")
			if err := os.WriteFile(token, []byte("abc\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			client, err := prometheus.New(prometheus.Config{URL: server.URL, TokenFile: token, Timeout: 5 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			got, at, err := client.Value(t.Context(), "avg(cpu)", now)
			if row.err != "" {
				if err == nil || !strings.Contains(err.Error(), row.err) || fault.Words(err) != row.words {
					t.Errorf("Value = %v, %v, in words %q; want %q, in words %q", got, err, fault.Words(err), row.err, row.words)
				}
				return
			}
			same := got == row.want || math.IsNaN(got) && math.IsNaN(row.want)
			if err != nil || !same || !at.Equal(now) {
				t.Errorf("Value = %v at %s, %v; want %v at %s", got, at, err, row.want, now)
			}
		})
	}
}

func TestAPrometheusThatHangsIsLeft(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then a server notices that the client has left
		<-r.Context().Done()
	}))
	defer server.Close()
	client, err := prometheus.New(prometheus.Config{URL: server.URL, Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := client.Value(t.Context(), "up", now); err == nil || fault.Words(err) != "Prometheus: timed out" {
		t.Errorf("Value of one that hangs = %v; want it to time out", err)
	}
}

func TestATokenThatCannotBeReadAsksNothing(t *testing.T) {
	t.Parallel()
	client, err := prometheus.New(prometheus.Config{URL: "http://127.0.0.1:1", TokenFile: filepath.Join(t.TempDir(), "none"), Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := client.Value(t.Context(), "up", now); err == nil || !strings.Contains(err.Error(), "no such file") || fault.Words(err) != "Prometheus: the token cannot be read" {
		t.Errorf("Value = %v, in words %q; want the file's own error, and no path in words", err, fault.Words(err))
	}
}
