//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Everything once, with so few requests that the figures mean nothing.
func TestABenchFromStartToEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("builds rushgate and runs it")
	}
	file := filepath.Join(t.TempDir(), "bench.json")
	var out bytes.Buffer
	args := []string{"-rounds", "1", "-size", "1000", "-waiting", "20000", "-release", "1s", "-watch", "1s", "-json", file}
	if err := run(t.Context(), args, &out); err != nil {
		t.Fatalf("run = %v\n%s", err, out.String())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	for _, g := range r.Goals {
		if !g.Known && g.Path != "release" { // a minute is too long for a test
			t.Errorf("goal %q of %s is not measured", g.What, g.Path)
		}
	}
	if r.StatusBytes == 0 || !strings.Contains(out.String(), "pass-through") {
		t.Errorf("a status has %d bytes, and this was printed:\n%s", r.StatusBytes, out.String())
	}
}

func TestUnknownWordsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-rounds", "0"}, {"-size", "10"}, {"-gateway", "192.0.2.1:80"}, {"-only", "stats"}} {
		if err := run(t.Context(), args, &bytes.Buffer{}); err == nil {
			t.Errorf("run(%v) = nil; want an error", args)
		}
	}
}
