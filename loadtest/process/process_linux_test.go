package process

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestReadStat(t *testing.T) {
	tests := []struct {
		sentence string
		text     string
		group    int
		used     time.Duration
		ok       bool
	}{
		{
			"own and children's time, user and system",
			"7 (nginx) S 1 42 7 0 -1 4194560 6006 173287 0 82 1 4 174 53 20 0 1 0 405093", 42, 2320 * time.Millisecond, true,
		},
		{
			"a name like a trap",
			"7 (a) S 9 9 (b) S 1 42 7 0 -1 4194560 6006 173287 0 82 1 0 0 0 20 0 1 0 405093", 42, 10 * time.Millisecond, true,
		},
		{"cut short", "7 (nginx) S 1 42 7 0", 0, 0, false},
		{"nothing", "", 0, 0, false},
	}
	for _, tt := range tests {
		group, used, err := readStat(tt.text)
		if group != tt.group || used != tt.used || (err == nil) != tt.ok {
			t.Errorf("%s: readStat = %d, %v, %v; want %d, %v, ok %v", tt.sentence, group, used, err, tt.group, tt.used, tt.ok)
		}
	}
}

func TestAProcessFromStartToEnd(t *testing.T) {
	p, err := Start(t.TempDir(), "spin", "sh", "-c", "echo spinning; while :; do :; done")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	err = p.Await(t.Context(), func() error {
		if used, err := p.CPU(); err != nil || used < 2*jiffy {
			return errors.Join(err, errors.New("has not used any time yet"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Tail(); !strings.Contains(got, "spinning") {
		t.Errorf("Tail = %q; want what it printed", got)
	}
	p.Stop()
	if _, err := p.CPU(); err == nil {
		t.Error("CPU(stopped) = nil; want an error: its time is lost")
	}
}

func TestAProgramThatIsNotThere(t *testing.T) {
	if _, err := Start(t.TempDir(), "none", "rushgate-no-such-program"); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("Start(no such program) = %v; want exec.ErrNotFound", err)
	}
}

func TestAProcessThatDies(t *testing.T) {
	p, err := Start(t.TempDir(), "dies", "sh", "-c", "echo no room left; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	err = p.Await(t.Context(), func() error { return errors.New("not yet") })
	if !errors.Is(err, errEnded) || !strings.Contains(err.Error(), "no room left") {
		t.Errorf("Await(a process that dies) = %v; want errEnded and its last words", err)
	}
}
