package simulate

import (
	"math"
	"time"
)

// draws are the random numbers of one visitor each: the same for the same seed,
// visitor and question, whatever else happens, so that scenarios can be compared.
type draws uint64

type question uint64

const (
	whenComes question = iota + 1
	whichLine
	whichEnding
	isHidden
	howSoon
	whichGateway
	howLate
	leavesAfter
	shopsFor
)

// chance is in [0, 1). The mixing is that of SplitMix64 (Steele, Lea, Flood 2014).
func (d draws) chance(who uint32, q question) float64 {
	x := uint64(d)*0xd1342543de82ef95 + uint64(who)<<8 + uint64(q)
	for range 2 {
		x += 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		x ^= x >> 31
	}
	return float64(x>>11) / (1 << 53)
}

// exponential has the given mean.
func exponential(mean time.Duration, u float64) time.Duration {
	return time.Duration(-math.Log1p(-u) * float64(mean))
}

// length is how long a visitor shops.
func (s Shop) length(u float64) time.Duration {
	switch s.Shape {
	case "fixed":
		return s.Mean
	case "lognormal": // the mean of a lognormal is exp(mu + sigma^2/2)
		normal := math.Sqrt2 * math.Erfinv(2*u-1)
		factor := math.Exp(s.Spread*normal - s.Spread*s.Spread/2)
		return time.Duration(min(factor*float64(s.Mean), float64(longest)))
	default:
		return exponential(s.Mean, u)
	}
}

// ending is what becomes of a visitor's place.
type ending uint8

const (
	buys ending = iota
	noShow
	comesLate
	leaves
	wanders
)

func (b Behaviour) ending(u float64) ending {
	for _, one := range []struct {
		share float64
		ending
	}{{b.NoShow, noShow}, {b.Late, comesLate}, {b.Leave, leaves}, {b.Wanders, wanders}} {
		if u < one.share {
			return one.ending
		}
		u -= one.share
	}
	return buys
}
