package upstream

import (
	"math"
	"time"
)

// set is who may get requests at one moment. It is never changed: a new one
// takes its place, so that picking needs no lock.
type set struct {
	algorithm Algorithm
	usable    []member
	// sequence says whose turn it is, as indexes of usable; empty: each in turn.
	sequence []uint16
	panicked bool // too few are ready, so all are used
}

// member is an instance with the weight that it has now.
type member struct {
	instance  *instance
	weight    float64
	lightness float64 // 1 / weight: picking multiplies quicker than it divides
}

func newMember(in *instance, weight float64) member { return member{in, weight, 1 / weight} }

// newSet decides who may get requests.
func newSet(members []*instance, b Balance, now time.Time) *set {
	s := &set{algorithm: b.Algorithm}
	var proven, unproven []member // those that were ready once, and those that never were
	for _, in := range members {
		if in.drain.cause != "" {
			continue
		}
		weight := 1.0
		if b.Algorithm != RoundRobin {
			weight = float64(in.weight())
		}
		switch {
		case in.health.state == Ready:
			one := newMember(in, weight*in.health.share(b.SlowStart, now))
			s.usable, proven = append(s.usable, one), append(proven, one)
		case in.health.cause == Named:
			unproven = append(unproven, newMember(in, weight))
		default:
			proven = append(proven, newMember(in, weight))
		}
	}
	if len(s.usable) == 0 || float64(len(s.usable)) < b.Panic*float64(len(proven)) {
		s.usable, s.panicked = proven, len(proven) > 0
	}
	if len(s.usable) == 0 { // the gateway has just started: better than nobody
		s.usable = unproven
	}
	if b.Algorithm != LeastConnections {
		s.sequence = smooth(s.usable)
	}
	return s
}

const (
	// fineness is into how many steps the largest weight is divided when weights
	// are not small whole numbers.
	fineness = 20
	// longestSequence bounds the memory of a set.
	longestSequence = 4096
)

// smooth spreads the turns of each member evenly by its weight (the algorithm of
// nginx: a member gains its weight each turn, the richest is chosen and pays the
// sum). Equal weights need no sequence.
func smooth(members []member) []uint16 {
	turns, sum, equal := wholeWeights(members)
	if equal {
		return nil
	}
	sequence := make([]uint16, 0, sum)
	credit := make([]int, len(turns))
	for range sum {
		richest := 0
		for i, weight := range turns {
			credit[i] += weight
			if credit[i] > credit[richest] {
				richest = i
			}
		}
		credit[richest] -= sum
		sequence = append(sequence, uint16(richest)) //nolint:gosec // below longestSequence
	}
	return sequence
}

// wholeWeights makes weights whole numbers whose sum is bounded; each is at
// least 1.
func wholeWeights(members []member) (turns []int, sum int, equal bool) {
	largest, whole, total := 0.0, true, 0.0
	for _, m := range members {
		largest, total = max(largest, m.weight), total+m.weight
		whole = whole && m.weight == math.Trunc(m.weight)
	}
	scale := 1.0
	if !whole {
		scale = fineness / largest
	}
	if total*scale > longestSequence {
		scale = longestSequence / total
	}
	equal = true
	for i, m := range members {
		turns = append(turns, max(1, int(math.Round(m.weight*scale))))
		sum += turns[i]
		equal = equal && turns[i] == turns[0]
	}
	return turns, sum, equal
}
