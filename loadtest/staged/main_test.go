package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/bilten/rushgate/loadtest/command"
)

func TestAProgramIsRunWhileTheStageStands(t *testing.T) {
	if testing.Short() {
		t.Skip("builds rushgate and runs it")
	}
	tests := []struct {
		name   string
		script string
		status int
		stdout string
	}{
		{"it is told where the gateways are and what the event promises",
			`echo "$TARGET_HOST $TARGET_EVENT $TARGET_PATH $PER_MINUTE $BURST"; case $TARGET in http://127.0.0.1:*,http://127.0.0.1:*) ;; *) exit 9 ;; esac`,
			0, "tickets.localhost rush /buy 600 14"},
		{"its exit status is ours", "exit 99", 99, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status, err := run(t.Context(), []string{"-per-minute", "600", "--", "sh", "-c", test.script}, &stdout, &stderr)
			if got := strings.TrimSpace(stdout.String()); err != nil || status != test.status || got != test.stdout {
				t.Errorf("run(%s) = %d, %v and printed %q; want %d, nil, %q\n%s",
					test.script, status, err, got, test.status, test.stdout, stderr.String())
			}
		})
	}
}

func TestNothingIsStartedForNothing(t *testing.T) {
	var stderr bytes.Buffer
	for _, args := range [][]string{{}, {"-per-minute", "60"}, {"-no-such-flag", "--", "true"}} {
		status, err := run(t.Context(), args, &stderr, &stderr)
		if err == nil || status != command.Failed || strings.Contains(stderr.String(), "building") {
			t.Errorf("run(%q) = %d, %v; want %d, an error, and no stage", args, status, err, command.Failed)
		}
	}
}
