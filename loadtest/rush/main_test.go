package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/bilten/rushgate/loadtest/command"
)

// The whole stage with a small crowd: real gateways, a real redis-server.
func TestASmallRushIsClean(t *testing.T) {
	if testing.Short() {
		t.Skip("builds rushgate and runs it")
	}
	var out bytes.Buffer
	status, err := run(t.Context(), []string{
		"-visitors", "400", "-over", "2s", "-per-minute", "4000", "-cap", "100", "-think", "50ms", "-seconds", "60",
		"-lateness", "5s", // tests share the machine with other tests
	}, &out)
	if err != nil || status != 0 {
		t.Fatalf("run = %d, %v; want 0, nil\n%s", status, err, out.String())
	}
	if want := "clean: 0 inversions, 0 doubles, 0 over a cap, 0 lost, 0 other broken promises"; !strings.Contains(out.String(), want) {
		t.Errorf("run printed\n%s\nwant %q", out.String(), want)
	}
}

func TestUnknownFlagsAreRefused(t *testing.T) {
	var out bytes.Buffer
	if status, err := run(t.Context(), []string{"-gateway", "192.0.2.1:80"}, &out); err == nil || status != command.Failed {
		t.Errorf("run(-gateway) = %d, %v; want %d and an error: a rush aims at what it has started", status, err, command.Failed)
	}
}
