package rush_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/prescale/rush"
)

var (
	start = time.Date(2027, 3, 1, 10, 0, 0, 0, time.UTC)
	facts = rush.Facts{Lead: 30 * time.Minute, Auto: true, StartAt: start, EndAt: start.Add(2 * time.Hour)}
)

// tape is one rush as it happens to one gateway that looks every second.
type tape struct {
	t     *testing.T
	state rush.State
	facts rush.Facts
	now   time.Time
	// does says what comes of a task; nil: it goes well.
	does func(rush.Task) rush.Outcome
	told []string
}

func newTape(t *testing.T, at time.Time) *tape { return &tape{t: t, facts: facts, now: at} }

// until looks every second up to a moment.
func (p *tape) until(at time.Time) *tape {
	for ; p.now.Before(at); p.now = p.now.Add(time.Second) {
		p.look("gateway-1", true)
	}
	return p
}

// look is one tick; without an end the gateway dies in the step it has claimed.
func (p *tape) look(who string, ends bool) *rush.Task {
	old := p.state
	next, task := rush.Decide(p.state, p.facts, who, p.now)
	p.set(next, old)
	if task == nil || !ends {
		return task
	}
	p.finish(*task)
	return task
}

func (p *tape) finish(task rush.Task) bool {
	var o rush.Outcome
	if p.does != nil {
		o = p.does(task)
	}
	old := p.state
	next, ours := rush.Finish(p.state, task, o, p.now)
	p.set(next, old)
	return ours
}

func (p *tape) set(next, old rush.State) {
	for _, note := range rush.Notes(old, next, p.now) {
		p.told = append(p.told, strings.TrimSpace(fmt.Sprintf("%s %s %s", p.now.Format("15:04:05"), note.What, note.Is)))
	}
	p.state = next
}

func (p *tape) command(c rush.Command) error {
	p.t.Helper()
	old := p.state
	next, err := rush.Apply(p.state, c, p.facts, "box-office", "because", p.now)
	if err == nil {
		p.set(next, old)
	}
	return err
}

func (p *tape) want(lines ...string) {
	p.t.Helper()
	if got := strings.Join(p.told, "\n"); got != strings.Join(lines, "\n") {
		p.t.Errorf("the log says\n%s\nwant\n%s", got, strings.Join(lines, "\n"))
	}
}

func at(clock string) time.Time {
	t, err := time.Parse("15:04:05", clock)
	if err != nil {
		panic(err)
	}
	return time.Date(2027, 3, 1, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

func notReadyBefore(ready time.Time, p *tape) func(rush.Task) rush.Outcome {
	return func(t rush.Task) rush.Outcome {
		if t.Name != rush.Prescale {
			return rush.Outcome{}
		}
		one := rush.Service{Name: "shop", Target: "shop", Instances: 13, Level: 13, Ordered: true, Ready: 7}
		if !p.now.Before(ready) {
			one.Ready = 13
		}
		return rush.Outcome{Waiting: one.Ready < 13, Scaling: []rush.Service{one}}
	}
}

func TestASaleFromItsPlanToItsEnd(t *testing.T) {
	t.Parallel()
	p := newTape(t, at("09:20:00"))
	p.does = notReadyBefore(at("09:34:00"), p)
	p.until(at("12:00:05"))
	p.facts.Quiet = true
	p.until(at("12:01:00"))
	p.want(
		"09:20:00 phase armed",
		"09:30:00 phase rising",
		"09:30:00 prescale begun",
		"09:30:00 prescale waiting",
		"09:34:00 prescale done",
		"09:34:01 enable_queue begun",
		"09:34:01 enable_queue done",
		"09:34:02 activate_pricing begun",
		"09:34:02 activate_pricing done",
		"09:34:03 phase up",
		"12:00:05 phase falling",
		"12:00:05 deactivate_pricing begun",
		"12:00:05 deactivate_pricing done",
		"12:00:06 restore_queue begun",
		"12:00:06 restore_queue done",
		"12:00:07 scale_down begun",
		"12:00:07 scale_down done",
		"12:00:08 phase over",
	)
}

func TestTheQueueIsOnBeforeTheFirstVisitorWhateverBecomesOfTheCapacity(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says     string
		change   func(*rush.Facts)
		does     func(*tape) func(rush.Task) rush.Outcome
		queueOn  string
		prescale rush.Standing // at the end
	}{
		{"capacity never becomes ready", nil,
			func(p *tape) func(rush.Task) rush.Outcome { return notReadyBefore(at("23:00:00"), p) }, "09:59:30", rush.Waiting},
		{"capacity cannot even be ordered", nil,
			func(*tape) func(rush.Task) rush.Outcome {
				return func(t rush.Task) rush.Outcome {
					if t.Name == rush.Prescale {
						return rush.Outcome{Error: "the API server is away"}
					}
					return rush.Outcome{}
				}
			}, "09:59:30", rush.Pending},
		{"people may join an hour before the start", func(f *rush.Facts) { f.PrequeueAt = at("09:00:00") },
			func(p *tape) func(rush.Task) rush.Outcome { return notReadyBefore(at("23:00:00"), p) }, "08:59:30", rush.Waiting},
		{"capacity comes after the queue", nil,
			func(p *tape) func(rush.Task) rush.Outcome { return notReadyBefore(at("09:59:50"), p) }, "09:59:30", rush.Done},
		{"the store had lost the rush, and it is late", func(f *rush.Facts) { f.StartAt = at("08:10:00") },
			func(p *tape) func(rush.Task) rush.Outcome { return notReadyBefore(at("23:00:00"), p) }, "08:20:00", rush.Waiting},
		{"the switch itself fails a few times", nil,
			func(p *tape) func(rush.Task) rush.Outcome {
				return func(t rush.Task) rush.Outcome {
					if t.Name == rush.EnableQueue && t.Attempt < 4 {
						return rush.Outcome{Error: "the catalog is away"}
					}
					return notReadyBefore(at("23:00:00"), p)(t)
				}
			}, "09:59:37", rush.Waiting},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			p := newTape(t, at("08:20:00"))
			if row.change != nil {
				row.change(&p.facts)
			}
			p.does = row.does(p)
			p.until(at("10:05:00"))
			log := strings.Join(p.told, "\n")
			if !strings.Contains(log, row.queueOn+" enable_queue done") {
				t.Errorf("the queue is not on at %s:\n%s", row.queueOn, log)
			}
			if !strings.Contains(log, "warning "+rush.CapacityNotReady) {
				t.Errorf("nobody was warned:\n%s", log)
			}
			if p.state.Phase != rush.Up || p.state.Steps[0].Standing != row.prescale {
				t.Errorf("afterwards the rush is %s and prescale %s; want up and %s", p.state.Phase, p.state.Steps[0].Standing, row.prescale)
			}
			if warned := p.state.Warning != ""; warned != (row.prescale != rush.Done) {
				t.Errorf("warning = %q; want one as long as the capacity is not ready", p.state.Warning)
			}
		})
	}
}

func TestAWarningSaysWhatIsReady(t *testing.T) {
	t.Parallel()
	p := newTape(t, at("09:50:00"))
	p.does = notReadyBefore(at("23:00:00"), p)
	p.until(at("10:00:00"))
	if want := "capacity_not_ready: ready are shop 7 of 13"; p.state.Warning != want {
		t.Errorf("warning = %q; want %q", p.state.Warning, want)
	}
}

func TestAGatewayThatDiesInAStepIsReplaced(t *testing.T) {
	t.Parallel()
	p := newTape(t, at("09:30:00"))
	dead := p.look("gateway-1", false)
	if dead == nil || dead.Name != rush.Prescale {
		t.Fatalf("first task = %+v; want prescale", dead)
	}
	for range 14 {
		p.now = p.now.Add(time.Second)
		if task := p.look("gateway-2", true); task != nil {
			t.Fatalf("at %s gateway-2 was given %s; want nothing while the lease runs", p.now, task.Name)
		}
	}
	p.now = p.now.Add(time.Second)
	taken := p.look("gateway-2", false)
	if taken == nil || taken.Name != rush.Prescale || taken.Attempt != 2 {
		t.Fatalf("after the lease gateway-2 was given %+v; want prescale, attempt 2", taken)
	}
	if p.finish(*dead) {
		t.Error("the dead gateway's word counts; want it ignored, the step is another's")
	}
	if !p.finish(*taken) || p.state.Steps[0].Standing != rush.Done {
		t.Errorf("prescale = %s; want done by gateway-2", p.state.Steps[0].Standing)
	}
	p.want("09:30:00 phase rising", "09:30:00 prescale begun", "09:30:15 prescale taken over", "09:30:15 prescale done")
}

func TestOneStepThatCannotBeTakenBackKeepsNoOtherFromIt(t *testing.T) {
	t.Parallel()
	p := newTape(t, at("09:30:00"))
	p.until(at("11:00:00"))
	p.does = func(t rush.Task) rush.Outcome {
		if t.Name == rush.DeactivatePricing {
			return rush.Outcome{Error: "prices are away"}
		}
		return rush.Outcome{}
	}
	if err := p.command(rush.Revert); err != nil {
		t.Fatal(err)
	}
	p.until(at("11:01:00"))
	if p.state.Phase != rush.Falling {
		t.Errorf("phase = %s; want falling until prices are off", p.state.Phase)
	}
	for _, step := range p.state.Steps[4:] {
		if step.Standing != rush.Done {
			t.Errorf("%s = %s; want done", step.Name, step.Standing)
		}
	}
	p.does = nil
	p.until(at("11:03:00"))
	if p.state.Phase != rush.Over {
		t.Errorf("phase = %s; want over once prices answered", p.state.Phase)
	}
}

func TestTheWayBackWaitsForWhoeverIsStillAtAStep(t *testing.T) {
	t.Parallel()
	p := newTape(t, at("09:30:00"))
	p.look("gateway-1", false) // prescale is claimed, and takes its time
	if err := p.command(rush.Revert); err != nil {
		t.Fatal(err)
	}
	p.until(at("09:30:14"))
	for _, note := range p.told {
		if strings.Contains(note, "scale_down begun") {
			t.Fatalf("scale_down began while prescale was under way:\n%s", strings.Join(p.told, "\n"))
		}
	}
	p.until(at("09:30:20"))
	if p.state.Phase != rush.Over {
		t.Errorf("phase = %s; want over after the lease", p.state.Phase)
	}
}

func TestWhatWasEndedByHandDoesNotBeginAgainByItself(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says string
		do   func(*tape) error
		want rush.Phase
	}{
		{"a cancelled schedule stays so", func(p *tape) error { p.until(at("09:10:00")); return p.command(rush.Cancel) }, rush.Cancelled},
		{"one that was cancelled half way, too", func(p *tape) error { p.until(at("09:30:01")); return p.command(rush.Cancel) }, rush.Cancelled},
		{"and one that was taken back before the start", func(p *tape) error { p.until(at("09:40:00")); return p.command(rush.Revert) }, rush.Over},
	} {
		p := newTape(t, at("09:00:00"))
		if err := row.do(p); err != nil {
			t.Fatalf("%s: %v", row.says, err)
		}
		if p.until(at("10:10:00")); p.state.Phase != row.want {
			t.Errorf("%s: phase at the start = %s; want %s", row.says, p.state.Phase, row.want)
		}
	}
	p := newTape(t, at("09:00:00"))
	p.until(at("13:00:00"))
	p.facts.StartAt, p.facts.EndAt = start.AddDate(0, 0, 7), start.AddDate(0, 0, 7).Add(time.Hour)
	if p.until(at("13:00:05")); p.state.Phase != rush.Armed {
		t.Errorf("with a new start the rush is %s; want armed", p.state.Phase)
	}
}

func TestAStartThatMovesTakesTheRushWithIt(t *testing.T) {
	t.Parallel()
	p := newTape(t, at("09:00:00"))
	p.until(at("09:20:00"))
	p.facts.StartAt = start.Add(time.Hour)
	if p.until(at("10:29:59")); p.state.Phase != rush.Armed {
		t.Errorf("phase = %s; want armed until half an hour before the new start", p.state.Phase)
	}
	if p.until(at("10:30:01")); p.state.Phase != rush.Rising {
		t.Errorf("phase = %s; want rising", p.state.Phase)
	}
}

func TestAnEventThatIsDeletedGivesEverythingBack(t *testing.T) {
	t.Parallel()
	p := newTape(t, at("09:30:00"))
	p.until(at("10:10:00"))
	p.facts.Gone = true
	if p.until(at("10:11:00")); p.state.Phase != rush.Over {
		t.Errorf("phase = %s; want over", p.state.Phase)
	}
}

func TestPeopleWhoStillBuyAreNotPulledTheRugAway(t *testing.T) {
	t.Parallel()
	p := newTape(t, at("09:30:00"))
	if p.until(at("12:29:59")); p.state.Phase != rush.Up {
		t.Errorf("phase half an hour after the end, with people inside = %s; want up", p.state.Phase)
	}
	if p.until(at("12:30:10")); p.state.Phase != rush.Over {
		t.Errorf("phase after that = %s; want over", p.state.Phase)
	}
}

func TestAnEventThatIsMadeAnewHasARushOfItsOwn(t *testing.T) {
	t.Parallel()
	p := newTape(t, start.Add(-20*time.Minute)).until(start.Add(-19 * time.Minute))
	p.facts.Gone = true
	p.until(start.Add(-18 * time.Minute))
	if p.state.Phase != rush.Over {
		t.Fatalf("phase = %s; want over with the event", p.state.Phase)
	}
	p.facts.Gone = false
	p.until(start.Add(-17 * time.Minute))
	if p.state.Phase != rush.Up {
		t.Errorf("made anew with the same start: %s; want up, as the first one was", p.state.Phase)
	}
}
