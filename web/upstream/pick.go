package upstream

import "math"

// Algorithm chooses among the instances that may get a request.
type Algorithm string

const (
	RoundRobin       Algorithm = "round-robin"       // each in its turn
	LeastConnections Algorithm = "least-connections" // of two at random, the one with less under way for its weight
	Weighted         Algorithm = "weighted"          // each in its turn, as often as its weight says
)

const algorithms = "round-robin, least-connections or weighted"

func (a Algorithm) known() bool { return a == RoundRobin || a == LeastConnections || a == Weighted }

// pick returns the instance for this turn that was not tried yet, nil when there
// is none. It allocates nothing.
func (s *set) pick(turn uint64, tried *tried) *instance {
	n := uint64(len(s.usable))
	switch {
	case n == 0:
		return nil
	case s.algorithm == LeastConnections && n > 1:
		if in := s.lessLoaded(turn, tried); in != nil {
			return in
		}
	case len(s.sequence) > 0:
		length := uint64(len(s.sequence))
		for i := range length {
			if in := s.usable[s.sequence[(turn+i)%length]].instance; !tried.has(in) {
				return in
			}
		}
		return nil
	}
	for i := range n {
		if in := s.usable[(turn+i)%n].instance; !tried.has(in) {
			return in
		}
	}
	return nil
}

// lessLoaded is "the power of two choices" (Mitzenmacher 2001): nearly as good
// as looking at all, and many gateways that decide at once do not all choose the
// same one.
func (s *set) lessLoaded(turn uint64, tried *tried) *instance {
	n := uint64(len(s.usable))
	dice := mix(turn)
	i := dice & math.MaxUint32 * n >> 32 // a multiplication is a fair division, and far quicker
	j := dice >> 32 * (n - 1) >> 32
	if j >= i {
		j++
	}
	a, b := &s.usable[i], &s.usable[j]
	if tried.has(a.instance) || b.crowding() < a.crowding() {
		a, b = b, a
	}
	switch {
	case !tried.has(a.instance):
		return a.instance
	case !tried.has(b.instance):
		return b.instance
	}
	return nil
}

// crowding is how full an instance would be with one request more.
func (m *member) crowding() float64 { return float64(m.instance.load.Load()+1) * m.lightness }

// mix makes a die of a counter (splitmix64, Steele et al. 2014): neighbouring
// turns give unrelated numbers.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// tried are the instances that have had a request already.
type tried struct {
	list [maxAttempts]*instance
	n    int
}

func (t *tried) add(in *instance) {
	t.list[t.n] = in
	t.n++
}

func (t *tried) has(in *instance) bool {
	for _, one := range t.list[:t.n] {
		if one == in {
			return true
		}
	}
	return false
}
