package loadtest

import (
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/invariant"
)

func TestJudge(t *testing.T) {
	fine := Figures{Requests: 10_000, Outcomes: map[Outcome]int{Shopped: 900, Left: 50, NoShow: 50}}
	late := fine
	late.Lateness.P99 = time.Second
	lost := fine
	lost.Outcomes = map[Outcome]int{Shopped: 999, Lost: 1}
	unfinished := fine
	unfinished.Outcomes = map[Outcome]int{Shopped: 999, Unfinished: 1}
	failing := fine
	failing.Failed = 11
	inversion := []invariant.Violation{{ID: invariant.Order, What: "b before a"}}
	for _, test := range []struct {
		name       string
		figures    Figures
		violations []invariant.Violation
		want       string
	}{
		{"everybody was treated fairly", fine, nil, "clean: 0 inversions, 0 doubles, 0 over a cap, 0 lost, 0 other broken promises"},
		{"a late crowd proves nothing", late, nil, "invalid: 0 inversions, 0 doubles, 0 over a cap, 0 lost, 0 other broken promises"},
		{"a proven wrong stays one in a late crowd", late, inversion, "broken: 1 inversions, 0 doubles, 0 over a cap, 0 lost, 0 other broken promises"},
		{"one visitor was lost", lost, nil, "broken: 0 inversions, 0 doubles, 0 over a cap, 1 lost, 0 other broken promises"},
		{"one visitor never came in", unfinished, nil, "broken: 0 inversions, 0 doubles, 0 over a cap, 0 lost, 0 other broken promises"},
		{"more than one request in a thousand failed", failing, nil, "broken: 0 inversions, 0 doubles, 0 over a cap, 0 lost, 0 other broken promises"},
		{"nobody asked anything", Figures{}, nil, "broken: 0 inversions, 0 doubles, 0 over a cap, 0 lost, 0 other broken promises"},
	} {
		v := Judge(test.figures, test.violations, Strict)
		if v.String() != test.want {
			t.Errorf("Judge(%s) = %v; want %s", test.name, v, test.want)
		}
		if (v.Outlook == Clean) != (len(v.Reasons) == 0) {
			t.Errorf("Judge(%s) gives the reasons %q; want some unless clean", test.name, v.Reasons)
		}
	}
}

func TestABrokenRunStaysReadable(t *testing.T) {
	violations := make([]invariant.Violation, 1000)
	for i := range violations {
		violations[i] = invariant.Violation{ID: invariant.Cap, What: "too many"}
	}
	v := Judge(Figures{Requests: 1}, violations, Strict)
	if len(v.Reasons) != maxReasons+1 || v.Reasons[maxReasons] != "I1: 995 more" || v.OverCap != 1000 {
		t.Errorf("Judge(1000 violations) = %v with the reasons\n%s\nwant %d and how many more", v, strings.Join(v.Reasons, "\n"), maxReasons)
	}
}

func TestQuantilesAreNearestRank(t *testing.T) {
	var micros []int64
	for i := range int64(200) {
		micros = append(micros, 200-i)
	}
	want := Quantiles{P50: 100 * time.Microsecond, P95: 190 * time.Microsecond, P99: 198 * time.Microsecond, Max: 200 * time.Microsecond}
	if got := quantiles(micros); got != want {
		t.Errorf("quantiles(1 to 200 µs) = %v; want %v", got, want)
	}
	if got := quantiles(nil); got != (Quantiles{}) {
		t.Errorf("quantiles(nothing) = %v; want zeros", got)
	}
}
