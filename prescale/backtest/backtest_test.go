package backtest

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/prescale"
)

func load(t *testing.T) Traffic {
	t.Helper()
	traffic, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return traffic
}

func TestTheCountsAreWhole(t *testing.T) {
	traffic := load(t)
	if want := 34 * 24 * 60; len(traffic.Requests) != want {
		t.Errorf("%d minutes; want %d, 9 June to 12 July", len(traffic.Requests), want)
	}
	most := 0
	for _, n := range traffic.Requests {
		most = max(most, n)
	}
	if most != 229_426 {
		t.Errorf("the busiest minute has %d requests; the published counts have 229,426", most)
	}
	if !strings.Contains(Notice, "Martin\nArlitt") || !strings.Contains(License, "MIT License") {
		t.Error("the notice or the licence of the counts is missing")
	}
}

// The data does not say in which zone its clock runs. Traffic rises at kick-off,
// and of all whole hours UTC alone puts the rises there.
func TestTheClockIsUTC(t *testing.T) {
	traffic := load(t)
	rise := func(shift time.Duration) float64 {
		var sum float64
		for _, m := range GroupStage() {
			at := m.KickOff.Add(shift)
			sum += math.Log(traffic.level(at.Add(20*time.Minute)) / traffic.level(at.Add(-5*time.Minute)))
		}
		return sum / float64(len(GroupStage()))
	}
	here := rise(0)
	for hours := -6; hours <= 6; hours++ {
		if there := rise(time.Duration(hours) * time.Hour); hours != 0 && there > here/2 {
			t.Errorf("a clock %+d h off UTC would show a rise of %.2f at kick-off, UTC %.2f", hours, there, here)
		}
	}
}

// Each match shows at the hour that is stated: the busiest minute is the final
// whistle, two hours after kick-off, or after extra time.
func TestKickOffsAreInTheCounts(t *testing.T) {
	traffic := load(t)
	for _, m := range append(GroupStage(), KnockOuts()...) {
		peak, at := traffic.peak(m.KickOff), 0
		for i, n := range traffic.during(m.KickOff, m.KickOff.Add(window)) {
			if n == peak {
				at = i
			}
		}
		if at < 105 || at > 125 && at < 145 || at > 170 {
			t.Errorf("%s: the peak is %d min after the stated kick-off", m.Name, at)
		}
	}
	if n, k := len(GroupStage()), len(KnockOuts()); n != 40 || k != 16 {
		t.Errorf("%d group-stage kick-offs and %d knock-outs; want 40 and 16", n, k)
	}
}

func TestTheGoalIsMet(t *testing.T) {
	result, err := Play(func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range result.Of("forecast") {
		last, yesterday := result.Of("(a) last value")[i], result.Of("(b) same hours yesterday")[i]
		if s.Coverage() < Goal {
			t.Errorf("%v before: %.0f %% of the peaks carried; want %.0f %%", s.Lead, s.Coverage()*100, Goal*100)
		}
		if s.MAPE() >= last.MAPE() || s.MAPE() >= yesterday.MAPE() {
			t.Errorf("%v before: MAPE %.2f; last value %.2f, yesterday %.2f", s.Lead, s.MAPE(), last.MAPE(), yesterday.MAPE())
		}
	}
	above := map[int]bool{}
	for _, f := range result.Of("(c) always 50")[0].Forecasts {
		if !f.Covered() {
			above[f.Match.KickOff.YearDay()] = true
		}
	}
	if len(above) != 5 {
		t.Errorf("50 instances are too few on %d knock-out days; the introduction says five", len(above))
	}
	var text, page bytes.Buffer
	if err := Print(&text, result); err != nil {
		t.Fatal(err)
	}
	if err := Page(&page, result); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"This is no ticket onsale", "60 min before: goal met", "Brazil – France"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("Print says nothing of %q", want)
		}
	}
	if strings.Contains(page.String(), "NaN") || !strings.Contains(page.String(), "Hewlett-Packard") {
		t.Error("the page has a value that is none, or lacks the notice")
	}
}

// The half-life is the best of the four on the group stage, where it was chosen.
func TestHowFastToForgetWasChosenWithoutTheKnockOuts(t *testing.T) {
	traffic, group := load(t), GroupStage()
	all := append(GroupStage(), KnockOuts()...)
	known := func(at time.Time) []Match { return Over(group, at) }
	mean := func(halfLife float64) float64 {
		var sum float64
		for _, lead := range Leads() {
			sum += traffic.Run(traffic.Ours("", known, all, halfLife), group[trained:], lead).MAPE()
		}
		return sum / float64(len(Leads()))
	}
	chosen := mean(prescale.HalfLife)
	for _, other := range []float64{4, 8, math.Inf(1)} {
		if got := mean(other); got < chosen {
			t.Errorf("half-life %v has MAPE %.3f on the group stage; the chosen one %.3f", other, got, chosen)
		}
	}
}

// The table of the page that people read is what comes out.
func TestTheDocumentedTableIsTrue(t *testing.T) {
	page, err := os.ReadFile("../../docs/prescale.md")
	if err != nil {
		t.Fatal(err)
	}
	result, err := Play(func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range result.Of("forecast") {
		last, yesterday, always := result.Of("(a) last value")[i], result.Of("(b) same hours yesterday")[i], result.Of("(c) always 50")[i]
		carriedOf := func(s Score) string { return strings.Split(carried(s), " (")[0] }
		row := "| " + strings.Join([]string{
			minutes(s.Lead), percent(s.MAPE()), percent(last.MAPE()), percent(yesterday.MAPE()), percent(s.Under90()), carriedOf(s), carriedOf(always),
		}, " | ") + " |"
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/prescale.md lacks the row %s", row)
		}
	}
}
