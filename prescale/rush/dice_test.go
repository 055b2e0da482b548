package rush_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bilten/rushgate/prescale/rush"
)

// dice is a rush with several gateways that look, work, fail and die by chance,
// over one record that is swapped as the store does it.
type dice struct {
	state   rush.State
	version int
	facts   rush.Facts
	now     time.Time
	at      []work // steps that gateways are at
	did     map[rush.Name]int
}

// work is a claimed step and when its gateway will be done with it.
type work struct {
	task  rush.Task
	lease time.Time
}

func (d *dice) swap(version int, s rush.State) bool {
	if version != d.version {
		return false
	}
	d.state, d.version = s, version+1
	return true
}

var opposite = map[rush.Name]rush.Name{
	rush.DeactivatePricing: rush.ActivatePricing, rush.RestoreQueue: rush.EnableQueue, rush.ScaleDown: rush.Prescale,
}

// Two gateways are never at one step while its lease runs, nor is one at a step
// while another takes it back; and whatever is refused, lost or done twice,
// nothing is in force when the rush is over.
func TestAnyInterleavingKeepsOneGatewayAtAStep(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := &dice{facts: facts, now: at("09:25:00"), did: map[rush.Name]int{}}
		who := rapid.SampledFrom([]string{"a", "b", "c"})
		t.Repeat(map[string]func(*rapid.T){
			"time passes": func(t *rapid.T) {
				d.now = d.now.Add(time.Duration(rapid.SampledFrom([]int{1, 1, 1, 5, 16, 600}).Draw(t, "seconds")) * time.Second)
			},
			"two look at once": func(t *rapid.T) {
				version, seen := d.version, d.state
				for range 2 {
					next, task := rush.Decide(seen, d.facts, who.Draw(t, "who"), d.now)
					if swapped := d.swap(version, next); swapped && task != nil {
						d.begin(t, *task)
					}
				}
			},
			"one ends": func(t *rapid.T) {
				if len(d.at) == 0 {
					t.Skip()
				}
				i := rapid.IntRange(0, len(d.at)-1).Draw(t, "which")
				w := d.at[i]
				d.at = slices.Delete(d.at, i, i+1)
				o := rapid.SampledFrom([]rush.Outcome{{}, {}, {Error: "no"}, {Waiting: w.task.Name == rush.Prescale}}).Draw(t, "outcome")
				if next, ours := rush.Finish(d.state, w.task, o, d.now); ours {
					d.swap(d.version, next)
					if o.Error == "" && !o.Waiting {
						d.did[w.task.Name]++
					}
				}
			},
			"one dies": func(t *rapid.T) {
				if len(d.at) == 0 {
					t.Skip()
				}
				i := rapid.IntRange(0, len(d.at)-1).Draw(t, "which")
				d.at = slices.Delete(d.at, i, i+1)
			},
			"somebody asks": func(t *rapid.T) {
				c := rapid.SampledFrom(rush.Commands).Draw(t, "command")
				if next, err := rush.Apply(d.state, c, d.facts, "box-office", "", d.now); err == nil {
					d.swap(d.version, next)
				}
			},
			"": func(t *rapid.T) { d.check(t) },
		})
	})
}

func (d *dice) begin(t *rapid.T, task rush.Task) {
	for _, w := range d.at {
		if !d.now.Before(w.lease) {
			continue // it should have ended; its word does not count any more
		}
		if w.task.Name == task.Name || opposite[task.Name] == w.task.Name {
			t.Fatalf("%s began %s while %s is at %s", task.By, task.Name, w.task.By, w.task.Name)
		}
	}
	d.at = append(d.at, work{task, d.now.Add(rush.Lease)})
}

func (d *dice) check(t *rapid.T) {
	if d.state.Phase != rush.Over || len(d.state.Steps) == 0 {
		return
	}
	for _, step := range d.state.Steps {
		if was := step.Name; opposite[was] != "" && step.Standing != rush.Done && step.Standing != rush.Skipped {
			t.Fatalf("the rush is over, and %s is %s", was, step.Standing)
		}
	}
}

// With one gateway alive that looks every few seconds and a switch that works
// at last, the queue is on when the first visitor may join, whenever gateways
// died before and whatever the capacity did.
func TestTheQueueIsOnInTimeByAnyDice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := &dice{facts: facts, now: at("09:20:00"), did: map[rush.Name]int{}}
		healthy := at("09:59:30").Add(time.Duration(rapid.IntRange(0, 10).Draw(t, "healthy")) * time.Second)
		for d.now.Before(start) {
			next, task := rush.Decide(d.state, d.facts, "a", d.now)
			d.swap(d.version, next)
			if task != nil {
				o := rush.Outcome{Waiting: task.Name == rush.Prescale}
				dies := false
				if d.now.Before(healthy) {
					o.Error = rapid.SampledFrom([]string{"", "no"}).Draw(t, "error")
					dies = rapid.IntRange(0, 9).Draw(t, "dies") == 0
				}
				if next, ours := rush.Finish(d.state, *task, o, d.now); ours && !dies {
					d.swap(d.version, next)
				}
			}
			d.now = d.now.Add(time.Duration(rapid.IntRange(800, 1200).Draw(t, "ms")) * time.Millisecond)
		}
		if len(d.state.Steps) < 2 || d.state.Steps[1].Standing != rush.Done {
			t.Fatalf("at the start the queue is not on: %+v", d.state)
		}
	})
}
