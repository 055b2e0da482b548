package loadtest

import (
	"context"
	"slices"
	"strings"
	"testing"
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
		Tick:     20_000, Lag: 200_000,
	}
}

// visit sends a crowd to a gate and judges it.
func visit(t *testing.T, f fault, crowd Crowd, patience time.Duration) (Figures, Verdict) {
	t.Helper()
	var h invariant.History
	p := policy()
	target := Target{Gateways: startGate(t, f, p, &h), Host: "tickets.example", Path: "/buy", Event: gateRoom}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	figures, err := crowd.Visit(ctx, target, &h, func(p Progress) { t.Log(p) })
	if err != nil {
		t.Fatal(err)
	}
	return figures, Judge(figures, invariant.Check(&h, limits(p)), Tolerance{Lateness: 2 * time.Second, Failed: 0.001})
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
	figures, verdict := visit(t, honest, small(), 30*time.Second)
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
		{forgets, "visitors had a place or an admission that the gateways no longer knew"},
	} {
		t.Run(string(test.fault), func(t *testing.T) {
			t.Parallel()
			crowd := small()
			crowd.Mix.Late = 0 // who comes late only takes time here
			_, verdict := visit(t, test.fault, crowd, 4*time.Second)
			if verdict.Outlook != Broken {
				t.Errorf("Judge(a gate that %s) = %v; want broken", test.fault, verdict)
			}
			if !slices.ContainsFunc(verdict.Reasons, func(r string) bool { return strings.Contains(r, test.want) }) {
				t.Errorf("Judge(a gate that %s) gives the reasons\n%s\nwant one with %q", test.fault, strings.Join(verdict.Reasons, "\n"), test.want)
			}
		})
	}
}

func TestTheCrowdComesToThisMachineOnly(t *testing.T) {
	for _, address := range []string{"192.0.2.1:80", "tickets.example:80", "[2001:db8::1]:80", "0.0.0.0:80", ":80", "127.0.0.1"} {
		target := Target{Gateways: []string{address}, Host: "tickets.example", Path: "/buy", Event: gateRoom}
		_, err := small().Visit(t.Context(), target, &invariant.History{}, func(Progress) {})
		if err == nil {
			t.Errorf("Visit(%s) = nil; want it refused", address)
		}
	}
}
