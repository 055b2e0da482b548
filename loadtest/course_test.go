package loadtest

import (
	"math"
	"testing"
	"time"
)

func TestTau(t *testing.T) {
	for _, test := range []struct {
		name   string
		values []int64
		want   float64
	}{
		{"nobody to compare", []int64{5}, 1},
		{"in order", []int64{1, 2, 3, 4}, 1},
		{"all at once", []int64{2, 2, 2}, 1},
		{"the last came first", []int64{4, 3, 2, 1}, -1},
		{"one pair of six", []int64{2, 1, 3, 4}, 1 - 2.0/6},
	} {
		if got := tau(test.values); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%s: tau = %v; want %v", test.name, got, test.want)
		}
	}
}

func TestCourseCountsEverybodyOnce(t *testing.T) {
	tally := tally{opened: 1e9}
	at := func(seconds float64) int64 { return 1e9 + int64(seconds*1e6) }
	tally.latency[status].add(at(1.5)-tally.opened, 3000)
	trips := []trip{
		{came: at(0.1), placed: at(0.2), admitted: at(2.5), gone: at(3.1), outcome: Shopped},
		{came: at(0.3), placed: at(1.2), gone: at(2.2), outcome: Left},
		{came: at(1.1), admitted: at(1.2), gone: at(1.9), outcome: Shopped}, // straight in
		{}, // the time was up before
	}
	got := tally.course(trips, 3500*time.Millisecond)
	want := []Moment{
		{Second: 0, Came: 2, Placed: 1, Waiting: 1},
		{Second: 1, Came: 1, Placed: 1, Waiting: 2, Admitted: 1, Polls: 1, P50: 3 * time.Millisecond, P99: 3 * time.Millisecond},
		{Second: 2, Admitted: 1, Inside: 1},
		{Second: 3},
		{Second: 4},
	}
	if len(got) != len(want) {
		t.Fatalf("course has %d seconds; want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("second %d = %+v; want %+v", i, got[i], want[i])
		}
	}
}
