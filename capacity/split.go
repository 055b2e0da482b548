package capacity

// claimant is one event's part in a split, of a rate or of sessions.
type claimant struct {
	pools   []int   // that it needs, as indices of the limits
	weights []int64 // its weight in each

	most int64 // that it may ever have
	need int64 // that it can use now; with a line waiting, most

	order int64 // that it has been given last
	bound int64 // that may be in force or occupied there, at the most; >= order
	held  bool  // it may be given less, but not more
}

// reservePart of its fair share is what an event keeps that does nothing, so that
// it can start: an eighth.
const reservePart = 8

// grains is into how many steps a limit is divided for what an event can use, so
// that an order does not change with every visitor.
const grains = 64

// targets are the shares of the claimants, if all obeyed at once. In each pool they
// are weighted max-min fair: an event that needs less than its share leaves the rest
// to those who need more, and nobody can get more without taking from one who has
// less by weight. What nobody needs is given out as well, by weight, up to most.
func targets(limits []int64, all []claimant) []int64 {
	most := make([]int64, len(all))
	for i, c := range all {
		most[i] = max(0, c.most)
	}
	shares := splitOnce(limits, all, most)
	for i, c := range all {
		if len(c.pools) > 1 { // what the narrowest of its pools refuses, the others may give away
			most[i] = shares[i]
		}
	}
	return splitOnce(limits, all, most)
}

// splitOnce shares out each pool by itself; who needs several gets the least.
func splitOnce(limits []int64, all []claimant, most []int64) []int64 {
	shares := make([]int64, len(all))
	copy(shares, most)
	for pool, limit := range limits {
		var who []int
		var weights, wants, ceilings []int64
		var total int64
		each(all, pool, func(i int, weight int64) {
			who, weights, ceilings = append(who, i), append(weights, weight), append(ceilings, most[i])
			total += weight
		})
		grain := max(1, limit/grains)
		for k, i := range who {
			reserve := limit * weights[k] / total / reservePart
			need := (max(0, all[i].need) + grain - 1) / grain * grain
			wants = append(wants, min(ceilings[k], max(need, reserve)))
		}
		first := fill(limit, weights, wants)
		var given int64
		for k := range who {
			given += first[k]
			ceilings[k] -= first[k]
		}
		rest := fill(limit-given, weights, ceilings)
		for k, i := range who {
			shares[i] = min(shares[i], first[k]+rest[k])
		}
	}
	return shares
}

// each calls f for every claimant of a pool, with its weight there.
func each(all []claimant, pool int, f func(i int, weight int64)) {
	for i, c := range all {
		for k, p := range c.pools {
			if p == pool {
				f(i, c.weights[k])
			}
		}
	}
}

// fill pours total into vessels of these sizes, each as wide as its weight: the level
// rises evenly, and what runs over goes to the rest. The sum is the lesser of total
// and all sizes, exactly. Weights are at least 1; total * weight must fit.
func fill(total int64, weights, sizes []int64) []int64 {
	got := make([]int64, len(sizes))
	open := make([]int, 0, len(sizes))
	var width int64
	for i, size := range sizes {
		if size > 0 {
			open, width = append(open, i), width+weights[i]
		}
	}
	total = max(0, total)
	for len(open) > 0 {
		var still []int
		left, narrower := total, width
		for _, i := range open {
			if sizes[i] <= total/width*weights[i]+total%width*weights[i]/width {
				got[i] = sizes[i]
				left, narrower = left-sizes[i], narrower-weights[i]
			} else {
				still = append(still, i)
			}
		}
		if len(still) == len(open) {
			break
		}
		open, total, width = still, left, narrower
	}
	left := total
	for _, i := range open {
		got[i] = total/width*weights[i] + total%width*weights[i]/width
		left -= got[i]
	}
	for _, i := range open { // fewer than there are vessels
		if left == 0 {
			break
		}
		got[i]++
		left--
	}
	return got
}

// allot is the next order of each claimant: towards its target, at once if that is
// lower, and upwards only out of what is certainly free. What is certainly free of a
// pool is what remains when everybody uses all that may be in force there.
func allot(limits []int64, all []claimant, target []int64) []int64 {
	next := make([]int64, len(all))
	needs := make([]int64, len(all))
	free := append([]int64(nil), limits...)
	for i, c := range all {
		next[i] = min(c.order, target[i])
		if !c.held {
			next[i] = max(next[i], min(target[i], c.bound))
			needs[i] = max(0, target[i]-c.bound)
		}
		for _, p := range c.pools {
			free[p] -= c.bound
		}
	}
	gifts := append([]int64(nil), needs...)
	for pool := range limits {
		var who []int
		var weights, sizes []int64
		each(all, pool, func(i int, weight int64) {
			who, weights, sizes = append(who, i), append(weights, weight), append(sizes, needs[i])
		})
		for k, got := range fill(free[pool], weights, sizes) {
			gifts[who[k]] = min(gifts[who[k]], got)
		}
	}
	for i := range all {
		next[i] += gifts[i]
	}
	return next
}
