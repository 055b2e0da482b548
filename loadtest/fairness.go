package loadtest

import (
	"cmp"
	"slices"
)

// Fairness says how far the order in which people came in was the order in which
// they came. Both are Kendall's tau: 1 when every pair kept its order, 0 when it
// is a lottery, -1 when the last came first. Joins of one moment may stand in any
// order, and a turn is noticed only at the next poll, so a fair room is close to
// 1, not at it; what is provably out of order, invariant I4 counts.
type Fairness struct {
	Pairs   int     // visitors compared
	Numbers float64 // order of joining against numbers
	Turns   float64 // numbers against the order in which turns were learned of
}

func fairness(trips []trip) Fairness {
	var placed []trip
	for _, t := range trips {
		if t.number > 0 && t.turned > 0 {
			placed = append(placed, t)
		}
	}
	numbers, turns := make([]int64, len(placed)), make([]int64, len(placed))
	slices.SortFunc(placed, func(a, b trip) int { return cmp.Compare(a.asked, b.asked) })
	for i, t := range placed {
		numbers[i] = t.number
	}
	slices.SortFunc(placed, func(a, b trip) int { return cmp.Compare(a.number, b.number) })
	for i, t := range placed {
		turns[i] = t.turned
	}
	return Fairness{Pairs: len(placed), Numbers: tau(numbers), Turns: tau(turns)}
}

// tau is Kendall's between the order of the slice and of its values; pairs of
// equal values count as in order. It sorts the slice.
func tau(values []int64) float64 {
	n := int64(len(values))
	if n < 2 {
		return 1
	}
	return 1 - 4*float64(inversions(values, make([]int64, n)))/float64(n*(n-1))
}

// inversions counts the pairs out of order while it merge-sorts.
func inversions(values, spare []int64) int64 {
	if len(values) < 2 {
		return 0
	}
	half := len(values) / 2
	count := inversions(values[:half], spare[:half]) + inversions(values[half:], spare[half:])
	a, b, out := values[:half], values[half:], spare[:0]
	for len(a) > 0 && len(b) > 0 {
		if a[0] <= b[0] {
			out, a = append(out, a[0]), a[1:]
			continue
		}
		count += int64(len(a))
		out, b = append(out, b[0]), b[1:]
	}
	out = append(append(out, a...), b...)
	copy(values, out)
	return count
}
