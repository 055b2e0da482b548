package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/pricing/board"
)

// Rules that nobody has read must not come into force by somebody's approval.
func TestOnlyRulesThatWereReadAreApproved(t *testing.T) {
	t.Parallel()
	const mine = "event: spring\ncurrency: EUR\nall_in: all in\ntiers: [{name: floor, base: 80}]\n"
	file := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(file, []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		say, drafted string // what waits as draft 7 when the API answers
		args         []string
		approved     string
		says         string
	}{
		{"what was published is approved", mine, []string{"publish", "spring", file, "--waiver", "late"}, `{"version":7,"waiver":"late"}`, ""},
		{"what somebody else drafted meanwhile is not", strings.Replace(mine, "80", "800", 1), []string{"publish", "spring", file}, "", "somebody else"},
		{"a draft is approved by its number", mine, []string{"approve", "spring", "6"}, `{"version":6,"waiver":""}`, ""},
		{"and not without", mine, []string{"approve", "spring"}, "", "version"},
	} {
		approved := ""
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := any(map[string]string{"organization": "globe"})
			switch r.URL.Path[strings.LastIndex(r.URL.Path, "/"):] {
			case "/rules":
				answer = standingPrices{Event: "spring", Standing: board.Standing{Draft: &board.Rules{Version: 7, Document: test.drafted}}}
			case "/approve":
				body, _ := io.ReadAll(r.Body)
				approved = string(body)
			}
			_ = json.NewEncoder(w).Encode(answer) // the client has gone
		}))
		var stdout, stderr bytes.Buffer
		environment := map[string]string{"RUSHGATE_API_URL": server.URL, "RUSHGATE_API_KEY": "rgk_test"}
		code := run(t.Context(), append([]string{"pricing"}, test.args...), func(name string) string { return environment[name] }, &stdout, &stderr)
		server.Close()
		if approved != test.approved || (code == 0) != (test.approved != "") || !strings.Contains(stderr.String(), test.says) {
			t.Errorf("%s: approved %q, exit code %d, %s; want %q and %q", test.say, approved, code, &stderr, test.approved, test.says)
		}
	}
}

func TestShowPrintsWhatIsToBeKnownBeforeAnApproval(t *testing.T) {
	t.Parallel()
	drafted := time.Date(2027, 3, 1, 12, 0, 0, 0, time.Local)
	draft := &board.Rules{Version: 7, Document: "event: spring\ntiers: [{name: floor, base: 80}]\n", Drafted: pricing.Act{By: "anna", Why: "as agreed", At: drafted}}
	for _, test := range []struct {
		say  string
		is   board.Standing
		says string
	}{
		{"nothing waits", board.Standing{}, "spring: no rules, no draft\n"},
		{"the start was moved", board.Standing{Rules: &board.Rules{Version: 6, Drafted: pricing.Act{By: "bea"}, Missed: "the start was moved"}}, `spring: rules version 6 by bea, no draft
  WARNING the notice of 24 hours is not kept: the start was moved
`},
		{"a draft waits", board.Standing{Draft: draft}, `spring: no rules, draft version 7 by anna

draft version 7, by anna at 2027-03-01 12:00:00: as agreed

    event: spring
    tiers: [{name: floor, base: 80}]

Whoever has read it brings it into force: rushgate pricing approve spring 7
`},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := any(map[string]string{"organization": "globe"})
			if strings.HasSuffix(r.URL.Path, "/pricing") {
				answer = standingPrices{Event: "spring", Standing: test.is}
			}
			_ = json.NewEncoder(w).Encode(answer) // the client has gone
		}))
		var stdout, stderr bytes.Buffer
		environment := map[string]string{"RUSHGATE_API_URL": server.URL, "RUSHGATE_API_KEY": "rgk_test"}
		code := run(t.Context(), []string{"pricing", "show", "spring"}, func(name string) string { return environment[name] }, &stdout, &stderr)
		server.Close()
		if stdout.String() != test.says || code != 0 {
			t.Errorf("%s: show prints\n%s(%d, %s); want\n%s", test.say, &stdout, code, &stderr, test.says)
		}
	}
}
