package capacity_test

import (
	"testing"
	"time"

	"github.com/bilten/rushgate/capacity"
)

func TestHealthStep(t *testing.T) {
	const now = 1_000_000
	second := int64(now - 1000)
	tests := []struct {
		name   string
		health capacity.Health
		load   capacity.Load
		policy capacity.Policy
		factor int64
		want   capacity.Condition
	}{
		{"a pool in full health stays there", capacity.Health{Factor: 1000, At: second},
			capacity.Load{Requests: 1000, P95: 100 * time.Millisecond}, capacity.Policy{}, 1000, capacity.Fine},
		{"a pool that is well again gets a fiftieth more each second", capacity.Health{Factor: 400, At: second},
			capacity.Load{Requests: 1000, P95: 100 * time.Millisecond}, capacity.Policy{}, 420, capacity.Fine},
		{"a pause is not made good for in one step", capacity.Health{Factor: 400, At: now - 3_600_000},
			capacity.Load{Requests: 1000, P95: 100 * time.Millisecond}, capacity.Policy{}, 460, capacity.Fine},
		{"nobody asks for anything, so nothing is wrong", capacity.Health{Factor: 50, At: second},
			capacity.Load{}, capacity.Policy{}, 70, capacity.Unproven},
		{"two failures of two requests are noise", capacity.Health{Factor: 1000, At: second},
			capacity.Load{Requests: 2, Failed: 2, P95: 10 * time.Second}, capacity.Policy{}, 1000, capacity.Unproven},
		{"one request in ten fails: a cut to seven tenths", capacity.Health{Factor: 1000, At: second},
			capacity.Load{Requests: 1000, Failed: 100}, capacity.Policy{}, 700, capacity.Failing},
		{"every second request fails: a cut to four tenths", capacity.Health{Factor: 1000, At: second},
			capacity.Load{Requests: 1000, Failed: 500}, capacity.Policy{}, 400, capacity.Failing},
		{"one in a hundred fails in any shop", capacity.Health{Factor: 500, At: second},
			capacity.Load{Requests: 1000, Failed: 10}, capacity.Policy{}, 520, capacity.Fine},
		{"three in a hundred are no reason for less, nor for more", capacity.Health{Factor: 500, At: second},
			capacity.Load{Requests: 1000, Failed: 30}, capacity.Policy{}, 500, capacity.Strained},
		{"slower than the operator's target: a cut", capacity.Health{Factor: 1000, At: second},
			capacity.Load{Requests: 1000, P95: 900 * time.Millisecond}, capacity.Policy{Target: 800 * time.Millisecond}, 700, capacity.Slow},
		{"slowed to ten seconds: a cut to four tenths", capacity.Health{Factor: 1000, At: second},
			capacity.Load{Requests: 1000, P95: 10 * time.Second}, capacity.Policy{Target: 800 * time.Millisecond}, 400, capacity.Slow},
		{"three times as slow as in quiet times: a cut", capacity.Health{Factor: 1000, At: second, Base: 400 * time.Millisecond},
			capacity.Load{Requests: 1000, P95: 1300 * time.Millisecond}, capacity.Policy{}, 700, capacity.Slow},
		{"a shop that answers in 20 ms may still take a second", capacity.Health{Factor: 500, At: second, Base: 20 * time.Millisecond},
			capacity.Load{Requests: 1000, P95: 790 * time.Millisecond}, capacity.Policy{}, 520, capacity.Fine},
		{"the last cut has not shown yet", capacity.Health{Factor: 500, At: second, Rest: now + 1},
			capacity.Load{Requests: 1000, Failed: 500}, capacity.Policy{}, 500, capacity.Failing},
		{"nor is there more right after a cut", capacity.Health{Factor: 500, At: second, Rest: now + 1},
			capacity.Load{Requests: 1000, P95: time.Millisecond}, capacity.Policy{}, 500, capacity.Fine},
		{"and it still fails: another cut", capacity.Health{Factor: 500, At: second, Rest: now, Trouble: 10_000},
			capacity.Load{Requests: 1000, Failed: 500}, capacity.Policy{}, 200, capacity.Failing},
		{"it gets better by itself: no other cut", capacity.Health{Factor: 500, At: second, Rest: now, Trouble: 10_000},
			capacity.Load{Requests: 1000, Failed: 400}, capacity.Policy{}, 500, capacity.Failing},
		{"it has become twice as bad: another cut, however soon", capacity.Health{Factor: 700, At: second, Rest: now + 9000, Trouble: 2000},
			capacity.Load{Requests: 1000, Failed: 200}, capacity.Policy{}, 280, capacity.Failing},
		{"two failures right after a cut are noise, too", capacity.Health{Factor: 700, At: second, Rest: now + 9000, Trouble: 2000},
			capacity.Load{Requests: 2, Failed: 2}, capacity.Policy{}, 700, capacity.Unproven},
		{"near to where it went wrong the factor rises slowly", capacity.Health{Factor: 800, At: second, Knee: 700},
			capacity.Load{Requests: 1000, P95: time.Millisecond}, capacity.Policy{}, 802, capacity.Fine},
		{"and quickly up to there", capacity.Health{Factor: 690, At: second, Knee: 700},
			capacity.Load{Requests: 1000, P95: time.Millisecond}, capacity.Policy{}, 700, capacity.Fine},
		{"however bad, a twentieth goes in, or nobody would notice that it is well again", capacity.Health{Factor: 60, At: second},
			capacity.Load{Requests: 1000, Failed: 1000}, capacity.Policy{}, 50, capacity.Failing},
		{"a clock that fell back does not stop cuts", capacity.Health{Factor: 1000, At: now + 3_600_000, Rest: now},
			capacity.Load{Requests: 1000, Failed: 100}, capacity.Policy{}, 700, capacity.Failing},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, condition := test.health.Step(test.load, test.policy, now)
			if got.Factor != test.factor || condition != test.want || got.At != now {
				t.Errorf("%+v.Step(%+v) = %+v, %s; want factor %d, %s", test.health, test.load, got, condition, test.factor, test.want)
			}
		})
	}
}

// A shop that slowly drowns is not taken for a slow shop.
func TestBaselineIsNotWornDown(t *testing.T) {
	h := capacity.Health{Factor: capacity.Full}
	p95, now := 200*time.Millisecond, int64(0)
	for minute := range 20 { // 10 % slower each minute
		for range 60 {
			now += 1000
			h, _ = h.Step(capacity.Load{Requests: 1000, P95: p95}, capacity.Policy{}, now)
		}
		if h.Factor < capacity.Full {
			t.Logf("cut in minute %d, at a p95 of %v, target %v", minute, p95, h.Target(capacity.Policy{}))
			return
		}
		p95 += p95 / 10
	}
	t.Errorf("no cut until a p95 of %v, target %v", p95, h.Target(capacity.Policy{}))
}

// What the baseline was learned from was a bad moment: it comes down within a minute.
func TestBaselineComesDown(t *testing.T) {
	h := capacity.Health{Factor: capacity.Full, Base: 4 * time.Second}
	for now := int64(1000); now <= 60_000; now += 1000 {
		h, _ = h.Step(capacity.Load{Requests: 100, P95: 150 * time.Millisecond}, capacity.Policy{}, now)
	}
	if got := h.Target(capacity.Policy{}); got != capacity.LeastTarget {
		t.Errorf("Target = %v; want %v", got, capacity.LeastTarget)
	}
}

// Quiet times were quicker than any sale can be. The shop is cut, but not for ever.
func TestWhatIsSlowWithHardlyAnybodyIsNotOverloaded(t *testing.T) {
	h := capacity.Health{Factor: capacity.Full, Base: 50 * time.Millisecond}
	least := int64(capacity.Full)
	for now := int64(0); now <= 300_000; now += 1000 {
		h, _ = h.Step(capacity.Load{Requests: 1000, P95: 1400 * time.Millisecond}, capacity.Policy{}, now)
		least = min(least, h.Factor)
	}
	if least != capacity.Floor || h.Factor != capacity.Full {
		t.Errorf("factor fell to %d and is %d after five minutes; want %d, then %d", least, h.Factor, capacity.Floor, capacity.Full)
	}
}

// But nothing above MostTarget is ever taken for normal.
func TestTenSecondsAreNeverNormal(t *testing.T) {
	h := capacity.Health{Factor: capacity.Full, Base: 50 * time.Millisecond}
	for now := int64(0); now <= 600_000; now += 1000 {
		h, _ = h.Step(capacity.Load{Requests: 1000, P95: 10 * time.Second}, capacity.Policy{}, now)
	}
	if h.Factor != capacity.Floor {
		t.Errorf("factor %d after ten minutes; want %d", h.Factor, capacity.Floor)
	}
}

// A clock that falls back by an hour stops cuts for ten seconds, not for an hour.
func TestRestAfterAClockFellBack(t *testing.T) {
	h := capacity.Health{Factor: capacity.Full, At: 3_600_000, Rest: 3_605_000}
	for now := int64(0); now <= 10_000; now += 1000 {
		h, _ = h.Step(capacity.Load{Requests: 1000, Failed: 100}, capacity.Policy{}, now)
	}
	if h.Factor != 700 {
		t.Errorf("factor %d after ten seconds of failures; want one cut, to 700", h.Factor)
	}
}
