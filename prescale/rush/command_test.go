package rush_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/prescale/rush"
)

func TestCommandsFitTheState(t *testing.T) {
	t.Parallel()
	undeclared := rush.Facts{StartAt: start, EndAt: start.Add(2 * time.Hour)}
	for _, row := range []struct {
		says    string
		facts   rush.Facts
		before  []rush.Command // a look of a gateway after each
		at      string
		command rush.Command
		want    rush.Phase
		refused string
	}{
		{"a rush that nobody planned is started", undeclared, nil, "09:00:00", rush.Start, rush.Rising, ""},
		{"a rush without a lead time has no hour", undeclared, nil, "09:00:00", rush.Arm, rush.Idle, "no lead time"},
		{"nothing is armed that could be cancelled", undeclared, nil, "09:00:00", rush.Cancel, rush.Idle, "nothing is armed"},
		{"nor done that could be taken back", undeclared, nil, "09:00:00", rush.Revert, rush.Idle, "nothing to take back"},
		{"the schedule is started early", facts, nil, "09:00:00", rush.Start, rush.Rising, ""},
		{"starting twice is as good as once", facts, []rush.Command{rush.Start}, "09:00:00", rush.Start, rush.Rising, ""},
		{"arming what is armed changes nothing", facts, []rush.Command{rush.Cancel, rush.Arm}, "09:00:00", rush.Arm, rush.Armed, ""},
		{"a cancelled schedule is armed again", facts, []rush.Command{rush.Cancel}, "09:00:00", rush.Arm, rush.Armed, ""},
		{"a cancelled schedule is started", facts, []rush.Command{rush.Cancel}, "09:00:00", rush.Start, rush.Rising, ""},
		{"what is armed has nothing to take back", facts, []rush.Command{rush.Cancel, rush.Arm}, "09:00:00", rush.Revert, rush.Armed, "cancel calls it off"},
		{"what is under way cannot be armed", facts, []rush.Command{rush.Start}, "09:00:00", rush.Arm, rush.Rising, "under way already"},
		{"what is under way is cancelled", facts, []rush.Command{rush.Start}, "09:00:00", rush.Cancel, rush.Cancelled, ""},
		{"and then goes on", facts, []rush.Command{rush.Start, rush.Cancel}, "09:00:00", rush.Start, rush.Rising, ""},
		{"or is taken back", facts, []rush.Command{rush.Start, rush.Cancel}, "09:00:00", rush.Revert, rush.Falling, ""},
		{"but is not armed over what was done", facts, []rush.Command{rush.Start, rush.Cancel}, "09:00:00", rush.Arm, rush.Cancelled, "still in force"},
		{"the way back is not cancelled", facts, []rush.Command{rush.Start, rush.Revert}, "09:00:00", rush.Cancel, rush.Falling, "way back is under way"},
		{"taking back twice is as good as once", facts, []rush.Command{rush.Start, rush.Revert}, "09:00:00", rush.Revert, rush.Falling, ""},
		{"who took back by mistake starts again", facts, []rush.Command{rush.Start, rush.Revert}, "09:00:00", rush.Start, rush.Rising, ""},
		{"an open event is not armed", rush.Facts{Lead: time.Hour, StartAt: start, EndAt: start.Add(time.Minute)}, nil, "11:00:00", rush.Arm, rush.Idle, "opened already"},
		{"a sale under way can still be started", undeclared, nil, "10:30:00", rush.Start, rush.Rising, ""},
		{"one that is over cannot", undeclared, nil, "12:31:00", rush.Start, rush.Idle, "over"},
		{"another word is none", facts, nil, "09:00:00", "explode", rush.Idle, "want arm, start, cancel or revert"},
	} {
		p := newTape(t, at(row.at))
		p.facts = row.facts
		for _, c := range row.before {
			if p.look("gateway-1", true); p.command(c) != nil {
				t.Fatalf("%s: before: %s was refused", row.says, c)
			}
		}
		err := p.command(row.command)
		if p.state.Phase != row.want {
			t.Errorf("%s: phase = %q; want %q", row.says, p.state.Phase, row.want)
		}
		if row.refused == "" && err != nil || row.refused != "" && (err == nil || !strings.Contains(err.Error(), row.refused)) {
			t.Errorf("%s: error = %v; want %q", row.says, err, row.refused)
		}
		if row.refused != "" && row.command != "explode" && !errors.Is(err, rush.ErrRefused) {
			t.Errorf("%s: %v is no refusal", row.says, err)
		}
		if err == nil && len(row.before) == 0 && p.state.By != "box-office" {
			t.Errorf("%s: by %q; want the one who asked", row.says, p.state.By)
		}
	}
}

func TestWhatTheQueueWasBeforeOutlivesARestartOfTheRush(t *testing.T) {
	t.Parallel()
	p := newTape(t, at("09:30:00"))
	p.does = func(task rush.Task) rush.Outcome {
		if task.Name == rush.EnableQueue {
			p.state, _ = rush.Remember(p.state, task, rush.Queue{Suspended: true, Version: 7})
		}
		if task.Name == rush.RestoreQueue {
			return rush.Outcome{Error: "not yet"}
		}
		return rush.Outcome{}
	}
	p.until(at("09:30:10"))
	if err := p.command(rush.Revert); err != nil {
		t.Fatal(err)
	}
	p.until(at("09:30:20"))
	if err := p.command(rush.Start); err != nil {
		t.Fatal(err)
	}
	p.until(at("09:30:30"))
	if b := p.state.Before; b == nil || !b.Suspended || b.Version != 7 {
		t.Errorf("before = %+v; want what it was before the first run", b)
	}
	if _, again := rush.Remember(p.state, rush.Task{Name: rush.EnableQueue}, rush.Queue{}); again {
		t.Error("it was remembered twice; want the first to stay")
	}
}

func TestNeedsOfOneTargetAddUp(t *testing.T) {
	t.Parallel()
	now := start
	later := now.Add(time.Hour)
	hamlet := rush.Claim{Instances: 13, Most: 50, Until: later}
	for _, row := range []struct {
		says   string
		claims rush.Claims
		want   int
	}{
		{"nobody needs any", rush.Claims{}, 0},
		{"one onsale", rush.Claims{}.With("hamlet/shop", hamlet), 13},
		{"the same again", rush.Claims{}.With("hamlet/shop", hamlet).With("hamlet/shop", hamlet), 13},
		{"two on one shop", rush.Claims{}.With("hamlet/shop", hamlet).With("othello/shop", rush.Claim{Instances: 8, Most: 50, Until: later}), 21},
		{"one of them goes", rush.Claims{}.With("hamlet/shop", hamlet).With("othello/shop", rush.Claim{Instances: 8, Until: later}).Without("hamlet/shop", now), 8},
		{"more than there may be", rush.Claims{}.With("hamlet/shop", hamlet).With("othello/shop", rush.Claim{Instances: 45, Most: 50, Until: later}), 50},
		{"one that was forgotten", rush.Claims{}.With("hamlet/shop", rush.Claim{Instances: 13, Until: now}), 0},
	} {
		if got := row.claims.Level(now); got != row.want {
			t.Errorf("%s: Level = %d; want %d", row.says, got, row.want)
		}
	}
}
