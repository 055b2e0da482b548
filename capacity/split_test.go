package capacity

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestTargets(t *testing.T) {
	on := func(weight, need, most int64) claimant {
		return claimant{pools: []int{0}, weights: []int64{weight}, need: need, most: most}
	}
	tests := []struct {
		name  string
		limit int64
		all   []claimant
		want  []int64
	}{
		{"one event takes what the organizer wants, not all", 1000, []claimant{on(1, 300, 300)}, []int64{300}},
		{"two that wait share evenly", 1000, []claimant{on(1, 9000, 9000), on(1, 9000, 9000)}, []int64{500, 500}},
		{"or by weight", 1000, []claimant{on(3, 9000, 9000), on(1, 9000, 9000)}, []int64{750, 250}},
		{"who needs less leaves the rest to the others", 1000, []claimant{on(1, 128, 128), on(1, 9000, 9000)}, []int64{128, 872}},
		{"who does nothing keeps an eighth of a fair share", 1600, []claimant{on(1, 0, 9000), on(1, 9000, 9000)}, []int64{100, 1500}},
		{"what nobody needs is given out all the same", 1000, []claimant{on(1, 0, 9000), on(1, 0, 9000)}, []int64{500, 500}},
		{"up to what each may have", 1000, []claimant{on(1, 0, 100), on(1, 0, 9000)}, []int64{100, 900}},
		{"a pool that is down gives nothing", 0, []claimant{on(1, 5, 5), on(1, 0, 9)}, []int64{0, 0}},
		{"one place among three", 1, []claimant{on(1, 5, 5), on(1, 5, 5), on(1, 5, 5)}, []int64{1, 0, 0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := targets([]int64{test.limit}, test.all); !slices.Equal(got, test.want) {
				t.Errorf("targets(%d, %+v) = %v; want %v", test.limit, test.all, got, test.want)
			}
		})
	}
}

func TestTargetsOfSeveralPools(t *testing.T) {
	all := []claimant{
		{pools: []int{0, 1}, weights: []int64{1, 1}, need: 9000, most: 9000},
		{pools: []int{1}, weights: []int64{1}, need: 9000, most: 9000},
	}
	got := targets([]int64{100, 1000}, all)
	if want := []int64{100, 900}; !slices.Equal(got, want) {
		t.Errorf("targets = %v; want %v: an event is as fast as its narrowest pool, and the other pool's rest is not wasted", got, want)
	}
}

func TestFillPoursOutAllThatFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 6).Draw(t, "n")
		weights := rapid.SliceOfN(rapid.Int64Range(1, mostWeight), n, n).Draw(t, "weights")
		sizes := rapid.SliceOfN(rapid.Int64Range(0, 2*noLimit), n, n).Draw(t, "sizes")
		total := rapid.Int64Range(-5, noLimit).Draw(t, "total")
		got := fill(total, weights, sizes)
		var sum, room int64
		for i := range got {
			sum, room = sum+got[i], room+sizes[i]
			if got[i] < 0 || got[i] > sizes[i] {
				t.Fatalf("fill = %v; want 0 to %v", got, sizes)
			}
		}
		if sum != min(max(0, total), room) {
			t.Fatalf("fill(%d, %v, %v) = %v; want the sum to be %d", total, weights, sizes, got, min(max(0, total), room))
		}
		for i := range got { // nobody is full of what another lacks
			for k := range got {
				if got[k] < sizes[k] && got[i]/weights[i] > got[k]/weights[k]+1 {
					t.Fatalf("fill(%d, %v, %v) = %v: %d has more by weight than %d, which wants more", total, weights, sizes, got, i, k)
				}
			}
		}
	})
}

func TestAllotGivesOnlyWhatIsFree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := []int64{rapid.Int64Range(0, 1000).Draw(t, "first"), rapid.Int64Range(0, 1000).Draw(t, "second")}
		var all []claimant
		for range rapid.IntRange(1, 5).Draw(t, "n") {
			order := rapid.Int64Range(0, 600).Draw(t, "order")
			c := claimant{
				order: order, bound: order + rapid.Int64Range(0, 200).Draw(t, "above"), held: rapid.Bool().Draw(t, "held"),
				need: rapid.Int64Range(0, 900).Draw(t, "need"), most: rapid.Int64Range(0, 900).Draw(t, "most"),
			}
			for _, pool := range rapid.SampledFrom([][]int{{0}, {1}, {0, 1}}).Draw(t, "pools") {
				c.pools, c.weights = append(c.pools, pool), append(c.weights, rapid.Int64Range(1, 4).Draw(t, "weight"))
			}
			all = append(all, c)
		}
		want := targets(limits, all)
		got := allot(limits, all, want)
		for pool, limit := range limits {
			var shares, before, after int64
			for i, c := range all {
				if slices.Contains(c.pools, pool) {
					shares, before, after = shares+want[i], before+c.bound, after+max(c.bound, got[i])
				}
			}
			if shares > limit {
				t.Fatalf("targets = %v: %d of pool %d; want at most %d", want, shares, pool, limit)
			}
			if after > max(limit, before) {
				t.Fatalf("allot = %v: up to %d may be in use of pool %d; want at most %d", got, after, pool, max(limit, before))
			}
		}
		for i, c := range all {
			if got[i] > max(c.order, want[i]) || got[i] < min(c.order, want[i]) || c.held && got[i] > c.order {
				t.Fatalf("allot = %v; want each between its order and its target %v, and no more for who is held: %+v", got, want, all)
			}
		}
	})
}
