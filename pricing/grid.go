package pricing

// grid is the prices that may be published: offset + k * step, in minor units,
// k = 0, 1, 2 …; 0 <= offset < step.
type grid struct{ step, offset int64 }

// below is the highest price of the grid at or below v, above the lowest at or
// above. Both may be outside of the grid's own beginning only where v is.
func (g grid) below(v int64) int64 { return v - mod(v-g.offset, g.step) }
func (g grid) above(v int64) int64 { return v + mod(g.offset-v, g.step) }

func (g grid) has(v int64) bool { return mod(v-g.offset, g.step) == 0 }

// nearest is the price of the grid in [low, high] that is nearest to v; of two
// the higher one. It is false if the grid has none there.
func (g grid) nearest(v, low, high int64) (int64, bool) {
	lowest, highest := g.above(low), g.below(high)
	if lowest > highest {
		return 0, false
	}
	down, up := g.below(v), g.above(v)
	near := up
	if v-down < up-v {
		near = down
	}
	return min(max(near, lowest), highest), true
}

// mod is never negative; b > 0.
func mod(a, b int64) int64 { return ((a % b) + b) % b }
