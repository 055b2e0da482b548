package loadtest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/queue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// policy admits a crowd of 300 within a few seconds.
func policy() queue.Policy {
	return queue.Policy{
		Version: 1, Gates: queue.Gates{Calls: true, Claims: true, Direct: true, Renew: true},
		Rate: queue.PerMinute(6000), Cap: 40,
		Times: queue.Times{Turn: 700, Grace: 5000, Session: 10_000, SessionMax: 60_000, Probation: 10_000},
		Lines: []queue.Line{{Name: "general", Weight: 1}},
	}
}

func limits(p queue.Policy) invariant.Limits {
	perMinute := int64(p.Rate) / 1000
	return invariant.Limits{
		Policies: []invariant.Policy{{PerMinute: perMinute, Burst: 1 + perMinute/60 + perMinute/600, Cap: p.Cap}}, // a tick in 100 ms
		Tick:     20_000, Lag: 200_000, Turn: p.Times.Turn * 1000,
	}
}

// tolerance is for a machine that does other things as well.
var tolerance = Tolerance{Lateness: 2 * time.Second, Failed: 0.001}

// visit sends a crowd to a gate in a bubble, where time passes only while
// everybody waits, and checks all that is known of it.
func visit(t *testing.T, f fault, crowd Crowd) (figures Figures, found []invariant.Violation) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var h invariant.History
		target := startGate(t, f, policy(), &h).inMemory(t)
		target.Complete = "/buy" + Done
		figures = goes(t, crowd, target, &h, 3*time.Second)
		found = invariant.Check(&h, limits(policy()))
	})
	return figures, found
}

// visitFromOutside checks what visitors saw alone.
func visitFromOutside(t *testing.T, f fault, crowd Crowd) (figures Figures, found []invariant.Violation) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var inside, h invariant.History
		target := startGate(t, f, policy(), &inside).inMemory(t)
		target.Outside = true
		figures = goes(t, crowd, target, &h, 4*time.Second)
		found = invariant.Check(&h, limits(policy()))
	})
	return figures, found
}

// goes is a crowd's visit, for as long as its patience lasts.
func goes(t *testing.T, crowd Crowd, target Target, h *invariant.History, patience time.Duration) Figures {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	figures, err := crowd.Visit(ctx, target, h, func(p Progress) { t.Log(p) })
	if err != nil {
		t.Fatal(err)
	}
	return figures
}

func small() Crowd {
	mix := Usual()
	mix.Wanders = 0
	return Crowd{
		Visitors: 300, Shape: Spike{Over: time.Second, First: 0.5}, Mix: mix, Seed: 1,
		Pace: 0.3, Think: 20 * time.Millisecond, TurnTTL: 700 * time.Millisecond, Connections: 32,
	}
}

func TestAnHonestGateIsClean(t *testing.T) {
	t.Parallel()
	var h invariant.History
	target := startGate(t, honest, policy(), &h).overTCP(t)
	target.Complete = "/buy" + Done
	figures := goes(t, small(), target, &h, 30*time.Second)
	verdict := Judge(figures, invariant.Check(&h, limits(policy())), tolerance)
	if verdict.Outlook != Clean {
		t.Errorf("Judge = %v; want clean\n%s", verdict, strings.Join(verdict.Reasons, "\n"))
	}
	if n := figures.Outcomes[Shopped] + figures.Outcomes[Left] + figures.Outcomes[NoShow]; n != 300 {
		t.Errorf("outcomes = %v; want 300 who shopped, left or never came back", figures.Outcomes)
	}
	for _, o := range []Outcome{Shopped, Left, NoShow} {
		if figures.Outcomes[o] == 0 {
			t.Errorf("outcomes = %v; want somebody who %v", figures.Outcomes, o)
		}
	}
	if figures.Abandoned == 0 {
		t.Error("no reply was abandoned; want some")
	}
	if err := figures.Print(t.Output()); err != nil {
		t.Error(err)
	}
}

// Each dishonest gate must be found out, and for what it does.
func TestDishonestGatesAreFoundOut(t *testing.T) {
	for _, test := range []struct {
		fault fault
		want  string // begins some reason
	}{
		{overRate, "I1: visitor"},
		{overCap, "I1: "},
		{secondPlace, "I3: visitor"},
		{secondTicket, "I3: visitor"},
		{backwards, "I4: visitor"},
		{favourites, "I4: visitor"},
		{runsBack, "I5: visitor"},
		{openDoor, "I6: a request reached the shop without an admission"},
		{asleep, "I8: nobody was called"},
		{oldPolicy, "I12: the room obeyed"},
		{turnsAway, "I7: visitor"},
		{forgets, "visitors had a place or an admission that the gateways no longer knew"},
	} {
		t.Run(string(test.fault), func(t *testing.T) {
			t.Parallel()
			crowd := small()
			crowd.Mix.Late = 0 // who comes late only takes time here
			figures, found := visit(t, test.fault, crowd)
			verdict := Judge(figures, found, tolerance)
			if verdict.Outlook != Broken {
				t.Errorf("Judge(a gate that %s) = %v; want broken", test.fault, verdict)
			}
			if !slices.ContainsFunc(verdict.Reasons, func(r string) bool { return strings.Contains(r, test.want) }) {
				t.Errorf("Judge(a gate that %s) gives the reasons\n%s\nwant one with %q", test.fault, strings.Join(verdict.Reasons, "\n"), test.want)
			}
		})
	}
}

// Who asks again when the turn has come already did not wait until then, and who
// clicks twice may have the place from the click that is answered last.
func TestAskingTwiceAccusesNobody(t *testing.T) {
	crowd := small()
	crowd.Pace = 3 // hears of the turn late
	crowd.Mix = Mix{SecondTab: 1, DoubleClick: 0.5, LostReply: 0.2}
	synctest.Test(t, func(t *testing.T) {
		var h invariant.History
		target := startGate(t, honest, policy(), &h).inMemory(t)
		target.Complete = "/buy" + Done
		goes(t, crowd, target, &h, 20*time.Second)
		l := limits(policy())
		l.Lag = 21_000 // the gate's snapshots are not older here
		if found := invariant.Check(&h, l); len(found) != 0 {
			t.Errorf("Check(an honest gate, everybody asks twice) = %v; want none", found)
		}
	})
}

// Who goes straight in is in the shop before the answer that says so. If it never
// comes, nobody has lied.
func TestAPageThatBreaksOffAccusesNobody(t *testing.T) {
	crowd := small()
	crowd.Mix.DoubleClick = 0 // who has no page yet, and so no cookie, would be two visitors
	figures, found := visit(t, breaksOff, crowd)
	if len(found) != 0 || figures.Failed == 0 {
		t.Errorf("Check(a gate that %s, %d times here) = %v; want none", breaksOff, figures.Failed, found)
	}
}

// One broken rule for each invariant that a rehearsal judges, by HTTP alone.
func TestDishonestGatesAreFoundOutFromOutside(t *testing.T) {
	for _, test := range []struct {
		fault fault
		want  string // begins some violation; "" for none
	}{
		{honest, ""},
		{overRate, "I1: visitor"},
		{overCap, "I1: visitor"},
		{secondPlace, "I3: visitor"},
		{secondTicket, "I3: visitor"},
		{backwards, "I4: visitor"},
		{favourites, "I4: visitor"},
		{runsBack, "I5: visitor"},
		{openDoor, "I6: a request reached the shop without an admission"},
		{turnsAway, "I7: visitor"},
		{asleep, "I8: nobody was called"},
	} {
		t.Run(string(test.fault), func(t *testing.T) {
			t.Parallel()
			crowd := small()
			crowd.Mix.Late, crowd.Mix.NoShow = 0, 0 // they only take time here
			crowd.Sources = 3
			figures, found := visitFromOutside(t, test.fault, crowd)
			if test.want == "" {
				if len(found) != 0 || figures.Public.Shown < 2 {
					t.Errorf("Check(an honest gate, seen %d times) = %v; want none", figures.Public.Shown, found)
				}
				return
			}
			if !slices.ContainsFunc(found, func(v invariant.Violation) bool { return strings.HasPrefix(v.String(), test.want) }) {
				t.Errorf("Check(a gate that %s) = %v; want one that begins with %q", test.fault, found[:min(5, len(found))], test.want)
			}
		})
	}
}
