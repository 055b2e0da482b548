package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bilten/rushgate/event"
)

// withScaling gives an installation a service, a dry target and a room that is off.
func withScaling(t *testing.T, file string) {
	t.Helper()
	settings, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	settings = append(settings, []byte("services: {tickets: {target: cluster}}\nscaling: {targets: {cluster: {dry_run: true}}}\n")...)
	spring := strings.Replace(springEvent, "room: {", "prescale: {registrations: 20000, show_up: {p50: 40%, p90: 60%}}\nroom: {suspended: true, ", 1)
	for path, text := range map[string]string{file: string(settings), filepath.Join(filepath.Dir(file), "spring.yaml"): spring} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestARushRunsOnWhicheverGatewayComesFirst(t *testing.T) {
	t.Parallel()
	file, key := install(t)
	withScaling(t, file)
	here, there := startGateway(t, file), startGateway(t, file)
	for _, gateway := range []*life{here, there} {
		eventually(t, "a gateway is ready", func() bool { return status(t, gateway.doors[2].url()+"/readyz") == http.StatusOK })
	}
	rushgate := func(gateway *life, args ...string) string {
		var out bytes.Buffer
		environment := map[string]string{"RUSHGATE_API_URL": gateway.doors[1].url(), "RUSHGATE_API_KEY": key}
		run(t.Context(), append([]string{"rush", "spring"}, args...), func(name string) string { return environment[name] }, &out, &out)
		return out.String()
	}
	if got := rushgate(here); !strings.Contains(got, "spring: idle") {
		t.Errorf("before: %s; want idle", got)
	}
	if got := rushgate(here, "revert"); !strings.Contains(got, "there is nothing to take back") {
		t.Errorf("revert of nothing: %s; want a refusal", got)
	}
	if got := rushgate(here, "start", "--reason", "rehearsal"); !strings.Contains(got, "spring: rising") || !strings.Contains(got, "box-office: rehearsal") {
		t.Errorf("start: %s; want rising, by whom and why", got)
	}
	eventually(t, "the rush is up, seen from there", func() bool { return strings.Contains(rushgate(there), "spring: up") })
	if got := rushgate(there); !strings.Contains(got, "ready on target cluster") || !strings.Contains(got, "enable_queue       done") {
		t.Errorf("up: %s; want every step and what was scaled", got)
	}
	suspended := func() bool {
		api, err := dialOrganizer(t.Context(), there.doors[1].url(), key, "")
		if err != nil {
			t.Fatal(err)
		}
		var e event.Event
		if _, err := api.do(t.Context(), http.MethodGet, "spring", nil, &e); err != nil {
			t.Fatal(err)
		}
		return e.Room.Suspended
	}
	if suspended() {
		t.Error("the room is off; want it on by the rush")
	}
	rushgate(there, "revert")
	eventually(t, "the rush is over, seen from here", func() bool { return strings.Contains(rushgate(here), "spring: over") })
	if !suspended() {
		t.Error("the room is on; want it off as it was before the rush")
	}
}

func TestATriggersTargetIsShownToThoseWhoShareIt(t *testing.T) {
	t.Parallel()
	alone, among := map[string]Organization{"globe": {}}, map[string]Organization{"globe": {}, "rose": {}}
	for _, row := range []struct {
		says          string
		organizations map[string]Organization
		named         []string
		shown         bool
	}{
		{"there is nobody else", alone, nil, true},
		{"there are others, and nobody is named", among, nil, false},
		{"others are named", among, []string{"rose"}, false},
		{"it is named with others", among, []string{"rose", "globe"}, true},
	} {
		c := Config{Organizations: row.organizations, Scaling: Scaling{Targets: map[string]ScalingTarget{"replicas": {DryRun: true, Organizations: row.named}}}}
		if got := c.sharesTarget("replicas", "globe"); got != row.shown {
			t.Errorf("%s: shown = %t; want %t", row.says, got, row.shown)
		}
	}
}
