package draw_test

import (
	"math"
	"slices"
	"testing"

	"github.com/bilten/rushgate/draw"
)

const (
	fairCrowd = 2000 // visitors of one draw
	fairDraws = 40   // each under a seed of its own
)

// early is what being early is worth over many draws: numbers(seed) gives, for
// each visitor in the order of joining, the number drawn. Both figures are in
// standard deviations of a fair draw, so that beyond 4 lies one in 16,000.
//
// rank is Spearman's correlation of joining and number, averaged over the draws:
// its standard deviation in a fair draw is 1/sqrt(crowd-1). tenth is the share of
// the best tenth of numbers that the first tenth of visitors got: a hypergeometric
// count.
func early(numbers func(seed int) []int) (rank, tenth float64) {
	n, k := float64(fairCrowd), float64(fairCrowd/10)
	var correlation, best float64
	for seed := range fairDraws {
		var squares float64
		for joined, number := range numbers(seed) {
			d := float64(joined + 1 - number)
			squares += d * d
			if joined < fairCrowd/10 && number <= fairCrowd/10 {
				best++
			}
		}
		correlation += 1 - 6*squares/(n*(n*n-1))
	}
	rank = correlation / fairDraws * math.Sqrt((n-1)*fairDraws)
	variance := k * (k / n) * (1 - k/n) * (n - k) / (n - 1)
	tenth = (best - fairDraws*k*k/n) / math.Sqrt(fairDraws*variance)
	return rank, tenth
}

func numbersIn(list draw.List, joined []draw.Entry) []int {
	at := make(map[draw.Entry]int, len(list))
	for i, e := range list {
		at[e] = i + 1
	}
	numbers := make([]int, len(joined))
	for i, e := range joined {
		numbers[i] = at[e]
	}
	return numbers
}

func TestBeingEarlyBringsNothing(t *testing.T) {
	joined := crowd("tour", fairCrowd)
	tests := []struct {
		name    string
		numbers func(seed int) []int
		fair    bool
	}{
		{"The seed alone draws.", func(seed int) []int {
			return numbersIn(seedOf(uint64(seed)).Draw(joined, ""), joined)
		}, true},
		{"A public value turns the circle.", func(seed int) []int {
			return numbersIn(seedOf(uint64(seed)).Draw(joined, "heads"), joined)
		}, true},
		{"First come, first served is found out.", func(int) []int {
			return numbersIn(joined, joined)
		}, false},
		{"Last come, first served is found out.", func(int) []int {
			backward := slices.Clone(joined)
			slices.Reverse(backward)
			return numbersIn(backward, joined)
		}, false},
		{"So is a small favour: the first hundred may draw twice.", func(seed int) []int {
			return numbersIn(favoured(joined, seedOf(uint64(seed)), 100), joined)
		}, false},
	}
	for _, tt := range tests {
		rank, tenth := early(tt.numbers)
		fair := math.Abs(rank) < 4 && math.Abs(tenth) < 4
		t.Logf("%s correlation %+.1f sd, best tenth %+.1f sd", tt.name, rank, tenth)
		if fair != tt.fair {
			t.Errorf("%s correlation %+.1f sd, best tenth %+.1f sd: fair = %t; want %t", tt.name, rank, tenth, fair, tt.fair)
		}
	}
}

// favoured lets the first few keep the better of two orders.
func favoured(joined []draw.Entry, seed draw.Seed, few int) draw.List {
	second := seedOf(1 << 40)
	order := func(i int) int64 {
		o := seed.Order(joined[i])
		if i < few {
			o = min(o, second.Order(joined[i]))
		}
		return o
	}
	places := make([]int, len(joined))
	for i := range places {
		places[i] = i
	}
	slices.SortFunc(places, func(a, b int) int { return int(order(a) - order(b)) })
	list := make(draw.List, len(joined))
	for i, place := range places {
		list[i] = joined[place]
	}
	return list
}
