package simtest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/bilten/rushgate/queue"
)

// mutant is a store with one rule broken.
type mutant struct {
	queue.Store
	tick func(*queue.Policy, *queue.Remembered)
	deaf bool // to budgets
	ask  func(op queue.Op, visits []queue.Visit)
	tell func(op queue.Op, visits []queue.Visit, answers []queue.Answer)
}

// Tick is Store's.
func (m mutant) Tick(ctx context.Context, room string, p queue.Policy, b queue.Budget, known queue.Remembered) (queue.Snapshot, error) {
	if m.tick != nil {
		known.Lines = slices.Clone(known.Lines)
		m.tick(&p, &known)
	}
	if m.deaf {
		b = queue.Budget{}
	}
	return m.Store.Tick(ctx, room, p, b, known)
}

// Apply is Store's.
func (m mutant) Apply(ctx context.Context, room string, op queue.Op, visits []queue.Visit) ([]queue.Answer, error) {
	visits = slices.Clone(visits)
	if m.ask != nil {
		m.ask(op, visits)
	}
	answers, err := m.Store.Apply(ctx, room, op, visits)
	if err == nil && m.tell != nil {
		m.tell(op, visits, answers)
	}
	return answers, err
}

func TestEveryBrokenRuleIsCaught(t *testing.T) {
	for _, test := range []struct {
		name   string
		broken mutant
		want   string
	}{
		{"lets in more than the cap", mutant{tick: func(p *queue.Policy, _ *queue.Remembered) { p.Cap *= 3 }}, "I1"},
		{"lets in faster than the rate", mutant{tick: func(p *queue.Policy, _ *queue.Remembered) { p.Rate *= 10 }}, "I1"},
		{"forgets the slots of those who went on", mutant{
			tick: func(_ *queue.Policy, m *queue.Remembered) { m.Held = 0 },
			ask: func(op queue.Op, visits []queue.Visit) {
				for i := range visits {
					visits[i].Adopt = 0
				}
			},
		}, "I1"},
		{"waits for nobody after a loss", mutant{tick: func(_ *queue.Policy, m *queue.Remembered) { m.Window = 0 }}, "I2"},
		{"gives nothing back for a pass", mutant{ask: func(op queue.Op, visits []queue.Visit) {
			for i := range visits {
				if op == queue.Restore {
					visits[i].Order = 0
				}
			}
		}}, "I2"},
		{"gives another session to who claims again", mutant{tell: func(op queue.Op, _ []queue.Visit, answers []queue.Answer) {
			for i := range answers {
				if op == queue.Claim && answers[i].State == queue.Active {
					answers[i].Session += answers[i].Ends // that no two claims have in common
				}
			}
		}}, "I"},
		{"tells everybody that the turn has gone", mutant{tell: func(op queue.Op, _ []queue.Visit, answers []queue.Answer) {
			for i := range answers {
				if op == queue.Claim && answers[i].State == queue.Active && answers[i].Session%5 == 0 {
					answers[i] = queue.Answer{State: queue.Missed, Generation: answers[i].Generation}
				}
			}
		}}, "I2"},
		{"gives the lowest number to who comes last", mutant{tell: func(_ queue.Op, _ []queue.Visit, answers []queue.Answer) {
			for i := range answers {
				if answers[i].Number > 0 {
					answers[i].Number = 1000 - answers[i].Number
				}
			}
		}}, "I4"},
		{"heeds no budget", mutant{deaf: true}, "I1"},
		{"calls nobody", mutant{tick: func(p *queue.Policy, _ *queue.Remembered) { p.Gates.Calls = false }}, "I8"},
	} {
		t.Run(test.name, func(t *testing.T) {
			breaks := func(s queue.Store) queue.Store {
				m := test.broken
				m.Store = s
				return m
			}
			for s := uint64(20); s <= 120; s++ { // some rules bind only where somebody waits long
				found, _ := play(t, s, breaks)
				if slices.ContainsFunc(found, func(v string) bool { return strings.HasPrefix(v, test.want) }) {
					t.Logf("caught by seed %d", s)
					return
				}
			}
			t.Errorf("no rush with a store that %s breaks %s; want one to", test.name, test.want)
		})
	}
}
