package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bilten/rushgate/admission"
)

// rushgate runs a command and returns its status and everything it said.
func rushgate(t *testing.T, args ...string) (status int, said string) {
	t.Helper()
	var out bytes.Buffer
	status = run(t.Context(), args, func(string) string { return "" }, &out, &out)
	return status, out.String()
}

// F27 with two real gateways, one of which is a step behind: nothing signs
// before both verify it, and nothing goes while one still signs with it.
func TestF27NoKeySignsBeforeEveryGatewayHasIt(t *testing.T) {
	t.Parallel()
	file, _ := install(t)
	keys := filepath.Join(filepath.Dir(file), "keys.yaml")
	here, there := startGateway(t, file), startGateway(t, file)
	before, err := readKeyFile(keys)
	if err != nil {
		t.Fatal(err)
	}
	old := before.Pass[0].ID
	gateways := []string{"--gateway", here.doors[2].url(), "--gateway", there.doors[2].url()}
	expect := func(wantStatus int, want string, args ...string) {
		t.Helper()
		if status, said := rushgate(t, append(append([]string{"keys"}, args...), gateways...)...); status != wantStatus || !strings.Contains(said, want) {
			t.Errorf("keys %v = %d, %s; want %d, %q", args, status, said, wantStatus, want)
		}
	}
	reload := func(gateways ...*life) { // as a SIGHUP does
		for _, gateway := range gateways {
			for _, again := range gateway.reloads {
				again()
			}
		}
	}

	if status, said := rushgate(t, "keys", "add", keys, "--kind", "pass"); status != 0 {
		t.Fatalf("keys add = %d, %s", status, said)
	}
	added, err := readKeyFile(keys)
	if err != nil {
		t.Fatal(err)
	}
	fresh := added.Pass[1].ID
	reload(here)
	expect(1, there.doors[2].url()+": lacks pass key "+fresh, "promote", keys, fresh)
	expect(1, "lacks pass key "+fresh, "list", keys)
	if now, err := readKeyFile(keys); err != nil || now.Pass[0].ID != old {
		t.Errorf("after a refused promotion %s signs, %v; want %s as before", now.Pass[0].ID, err, old)
	}
	reload(there)
	expect(0, fresh+" signs once every gateway has this file", "promote", keys, fresh)
	expect(1, "still signs with "+old, "retire", keys, old)
	reload(here, there)
	expect(0, "pass key "+old+" retired. With the next SIGHUP of each gateway end the places", "retire", keys, old)
}

func TestAGatewayThatCannotBeAskedStopsAPromotion(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.yaml")
	file, err := admission.GenerateKeys(admission.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	file, id, err := file.AddPass()
	if err != nil {
		t.Fatal(err)
	}
	if err := writeKeyFile(keys, file); err != nil {
		t.Fatal(err)
	}
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"ready":true,"findings":[]}`))
	}))
	defer old.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for gateway, want := range map[string]string{
		old.URL:            "names no keys",
		gone.URL:           "did not answer",
		"10.0.0.1:9090":    "must be the URL of an ops listener",
		"ftp://10.0.0.1/x": "must be the URL of an ops listener",
	} {
		if status, said := rushgate(t, "keys", "promote", keys, id, "--gateway", gateway); status != 1 || !strings.Contains(said, gateway+": ") || !strings.Contains(said, want) {
			t.Errorf("promote with --gateway %s = %d, %s; want 1, %q", gateway, status, said, want)
		}
	}
	if now, err := readKeyFile(keys); err != nil || now.Pass[0].ID == id {
		t.Errorf("after refused promotions %s signs, %v; want the old key", now.Pass[0].ID, err)
	}
}

func TestRevokeSaysWhoLosesWhat(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.yaml")
	if status, said := rushgate(t, "keys", "new", keys); status != 0 {
		t.Fatalf("keys new = %d, %s", status, said)
	}
	file, err := readKeyFile(keys)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string][]string{
		file.Pass[0].ID:      {"end the places and visitor cookies", "signs. Until every gateway has it"},
		file.Admission[0].ID: {"end the admissions that it signed", "signs. Until every gateway has it"},
		file.Draw[0].ID:      {"end the draws of its time", "draws from 20"},
	} {
		status, said := rushgate(t, "keys", "revoke", keys, id)
		for _, part := range want {
			if status != 0 || !strings.Contains(said, part) {
				t.Errorf("revoke %s = %d, %s; want %q", id, status, said, part)
			}
		}
		data, err := os.ReadFile(keys)
		if err != nil || strings.Count(string(data), "secret: ") != 2 || strings.Count(string(data), "key: ") != 1 {
			t.Errorf("after revoking %s the file is\n%s, %v; want one usable key of each kind", id, data, err)
		}
	}
}
