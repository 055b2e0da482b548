package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/loadtest"
	"github.com/bilten/rushgate/loadtest/command"
)

func TestJudge(t *testing.T) {
	tests := []struct {
		sentence string
		report   string
		outlook  loadtest.Outlook
		reason   string // of the first
	}{
		{"everybody was answered in time", `{"requests":100,"rate":100.1,"status_codes":{"200":100},"latencies":{"99th":2000000}}`, loadtest.Clean, ""},
		{"a place was not known", `{"requests":100,"rate":100,"status_codes":{"200":99,"404":1}}`, loadtest.Broken, "99 of 100 answers were 200"},
		{"a gateway hung up", `{"requests":100,"rate":100,"status_codes":{"0":100},"errors":["EOF"]}`, loadtest.Broken, "0 of 100 answers were 200"},
		{"a redirect is no answer", `{"requests":1,"rate":100,"status_codes":{"302":1}}`, loadtest.Broken, "0 of 1 answers were 200"},
		{"nothing was sent", `{}`, loadtest.Broken, "0 of 0 answers were 200"},
		{"vegeta could not keep its rate, so its latencies are its own", `{"requests":90,"rate":90,"status_codes":{"200":90},"latencies":{"99th":9000000000}}`,
			loadtest.Invalid, "vegeta sent 90 requests a second of 100: the machine is too small for it"},
		{"answers were slow", `{"requests":100,"rate":100,"status_codes":{"200":100},"latencies":{"99th":251000000}}`,
			loadtest.Broken, "one answer in a hundred took 251ms or more (250ms is allowed)"},
	}
	for _, test := range tests {
		var r report
		if err := json.Unmarshal([]byte(test.report), &r); err != nil {
			t.Fatal(err)
		}
		outlook, reasons := promise{perSecond: 100, p99: 250 * time.Millisecond}.judge(r)
		if first := strings.Join(reasons[:min(1, len(reasons))], ""); outlook != test.outlook || first != test.reason {
			t.Errorf("%s: judge = %v, %q; want %v, %q", test.sentence, outlook, reasons, test.outlook, test.reason)
		}
	}
}

func TestAim(t *testing.T) {
	tests := []struct {
		sentence string
		target   string
		mayLoad  string
		ok       bool
	}{
		{"this machine", "http://127.0.0.1:8080,http://[::1]:8080", "", true},
		{"somebody else's", "http://192.0.2.7", "", false},
		{"one of two is somebody else's", "http://127.0.0.1:8080,https://tickets.example", "", false},
		{"named a second time", "https://Tickets.example", "tickets.example", true},
		{"another one was named", "https://tickets.example", "staging.tickets.example", false},
		{"a name that only begins like this machine", "http://127.0.0.1.example", "", false},
		{"a user that looks like this machine", "http://127.0.0.1@192.0.2.7", "192.0.2.7", false},
	}
	for _, test := range tests {
		env := map[string]string{"TARGET": test.target, "MAY_LOAD": test.mayLoad}
		if _, err := readAim(func(name string) string { return env[name] }); (err == nil) != test.ok {
			t.Errorf("%s: readAim(%s) = %v; want ok %v", test.sentence, test.target, err, test.ok)
		}
	}
}

// room gives every join a place of its own, by cookie.
func room(t *testing.T, state string) (url string) {
	joined := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/_rushgate/evening/join" || r.Host != "tickets.localhost" {
			http.NotFound(w, r)
			return
		}
		joined++
		http.SetCookie(w, &http.Cookie{Name: "rg_visitor", Value: "v"})
		http.SetCookie(w, &http.Cookie{Name: "rg_pass_evening", Value: strings.Repeat("p", joined)})
		_ = json.NewEncoder(w).Encode(map[string]string{"state": state})
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestTargetsAreDistinctVisitorsAtEveryGateway(t *testing.T) {
	url := room(t, "waiting")
	env := map[string]string{"TARGET": url + "," + url, "TARGET_HOST": "tickets.localhost", "TARGET_EVENT": "evening", "VISITORS": "2"}
	var out bytes.Buffer
	status, err := run(t.Context(), []string{"targets", "status"}, func(name string) string { return env[name] }, nil, &out)
	if status != 0 || err != nil {
		t.Fatalf("run(targets status) = %d, %v; want 0, nil", status, err)
	}
	var got []string
	for lines := json.NewDecoder(&out); lines.More(); {
		var one target
		if err := lines.Decode(&one); err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join([]string{one.Method, strings.TrimPrefix(one.URL, url), one.Header.Get("Host"), one.Header.Get("Cookie")}, " "))
	}
	first := "GET /_rushgate/evening/status tickets.localhost rg_visitor=v; rg_pass_evening=p"
	if want := []string{first, first, first + "p", first + "p"}; !slices.Equal(got, want) {
		t.Errorf("run(targets status) printed %q; want %q", got, want)
	}
}

func TestAVisitorWhoDoesNotWaitIsNoTarget(t *testing.T) {
	a := aim{gateways: []string{room(t, "admitted")}, host: "tickets.localhost", event: "evening", visitors: 1}
	if err := a.print(t.Context(), new(bytes.Buffer), "status"); !errors.Is(err, errNoPlace) {
		t.Errorf("print(status) in a room that nobody waits for = %v; want errNoPlace", err)
	}
}

func TestJudgeSaysWhatItCouldNotRead(t *testing.T) {
	status, err := run(t.Context(), []string{"judge", "-rate", "1"}, nil, strings.NewReader("not a report"), new(bytes.Buffer))
	if status != command.Failed || err == nil {
		t.Errorf("run(judge) = %d, %v; want %d and an error", status, err, command.Failed)
	}
}
