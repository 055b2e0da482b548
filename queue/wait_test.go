package queue_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bilten/rushgate/queue"
)

const slot = 10_000 // ms

// watch observes a line that is called as often in each slot as counts says,
// from unix ms 1 on, and returns the meter when the last slot is over.
func watch(m queue.Meter, busy bool, counts ...int64) queue.Meter {
	at, serving := int64(1), int64(0)
	m = m.Observe(at, serving, busy)
	for _, n := range counts {
		for i := range int64(4) {
			at += slot / 4
			if i == 3 {
				at-- // still in this slot
			}
			serving += n / 4
			if i == 0 {
				serving += n % 4
			}
			m = m.Observe(at, serving, busy)
		}
		at++
		m = m.Observe(at, serving, busy)
	}
	return m
}

func TestMeterWait(t *testing.T) {
	steady := []int64{50, 50, 50, 50, 50, 50}
	tests := []struct {
		name     string
		meter    queue.Meter
		ahead    int64
		prior    queue.Rate
		p50, p90 time.Duration // 0: not known
	}{
		{"a steady line: 300 at 50 a slot, and at 50 * (1 - 0.5 * 2^(-6/4)) if it slows down", watch(queue.Meter{}, true, steady...), 299, queue.PerMinute(1), 60 * time.Second, 72_884 * time.Millisecond},
		{"the first in line waits for one call", watch(queue.Meter{}, true, steady...), 0, 0, 200 * time.Millisecond, 243 * time.Millisecond},
		{"an uneven line: p90 solves 100 = 50 * (1 - 0.5 * 2^(-3/4)) k - 1.2816 * 10 * sqrt(k)", watch(queue.Meter{}, true, 40, 50, 60), 99, 0, 20 * time.Second, 35_317 * time.Millisecond},
		{"nothing measured yet: the rate stands in, and half of it for p90", queue.Meter{}, 99, queue.PerMinute(600), 10 * time.Second, 24_960 * time.Millisecond},
		{"one slot of three measured", watch(queue.Meter{}, true, 40), 199, queue.PerMinute(600), 25 * time.Second, 69_391 * time.Millisecond},
		{"nobody was called while people waited", watch(queue.Meter{}, true, 0, 0, 0), 5, queue.PerMinute(600), 0, 0},
		{"no rate and nothing measured", queue.Meter{}, 5, 0, 0, 0},
		{"slots in which nobody waited tell nothing", watch(queue.Meter{}, false, 1, 0, 2, 0), 99, queue.PerMinute(600), 10 * time.Second, 24_960 * time.Millisecond},
		{"what was measured at another rate is forgotten", watch(queue.Meter{}, true, steady...).Forget(), 99, queue.PerMinute(600), 10 * time.Second, 24_960 * time.Millisecond},
		{"an estimate has an end", queue.Meter{}, 1 << 50, 1, queue.LongestWait, queue.LongestWait},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p50, p90, ok := test.meter.Wait(test.ahead, test.prior)
			if p50.Round(time.Millisecond) != test.p50 || p90.Round(time.Millisecond) != test.p90 || ok != (test.p50 > 0) {
				t.Errorf("Wait(%d, %d) = %v, %v, %v; want %v, %v", test.ahead, test.prior, p50, p90, ok, test.p50, test.p90)
			}
		})
	}
}

func TestMeterPerMinute(t *testing.T) {
	tests := []struct {
		name  string
		meter queue.Meter
		want  int64
	}{
		{"nothing seen", queue.Meter{}, 0},
		{"the first slot is not over", watch(queue.Meter{}, true), 0},
		{"one slot", watch(queue.Meter{}, true, 5), 30},
		{"the last minute counts", watch(queue.Meter{}, true, 90, 90, 1, 2, 3, 4, 5, 6), 21},
		{"also while nobody was kept waiting", watch(queue.Meter{}, false, 1, 2, 3, 4, 5, 6), 21},
		{"also after the rate was changed", watch(queue.Meter{}, true, 1, 2, 3, 4, 5, 6).Forget(), 21},
		{"nobody looked for an hour: old slots are gone", watch(queue.Meter{}, true, 90, 90).Observe(3_600_000, 180, true), 0},
	}
	for _, test := range tests {
		if got := test.meter.PerMinute(); got != test.want {
			t.Errorf("%s: PerMinute() = %d; want %d", test.name, got, test.want)
		}
	}
}

func TestMeterProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m queue.Meter
		at, serving := rapid.Int64Range(0, 1<<41).Draw(t, "start"), int64(0)
		for range rapid.IntRange(0, 100).Draw(t, "observations") {
			at += rapid.Int64Range(-5_000, 30_000).Draw(t, "ms")
			serving += rapid.Int64Range(-3, 500).Draw(t, "called")
			m = m.Observe(at, serving, rapid.Bool().Draw(t, "busy"))
			if m.PerMinute() < 0 {
				t.Fatalf("PerMinute() = %d; want no negative rate", m.PerMinute())
			}
		}
		prior := queue.Rate(rapid.Int64Range(0, 1e7).Draw(t, "prior"))
		var last50, last90 time.Duration
		for _, ahead := range []int64{-1, 0, 1, 2, 10, 1000, 1_000_000, 1 << 52} {
			p50, p90, ok := m.Wait(ahead, prior)
			if p50 > p90 || p50 < last50 || p90 < last90 || ok != (p50 > 0) {
				t.Fatalf("Wait(%d, %d) = %v, %v, %v after %v, %v; want p50 <= p90, neither shorter than for fewer ahead",
					ahead, prior, p50, p90, ok, last50, last90)
			}
			last50, last90 = p50, p90
		}
	})
}

func ExampleMeter() {
	var m queue.Meter
	for second := range int64(140) {
		m = m.Observe(second*1000, second*5, true) // five a second
	}
	p50, p90, ok := m.Wait(599, queue.PerMinute(300))
	fmt.Println(m.PerMinute(), p50, p90, ok)
	// Output: 300 2m0s 2m8s true
}
