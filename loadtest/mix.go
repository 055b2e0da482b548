package loadtest

import "math/rand/v2"

// Mix says how much of a crowd behaves in which way: shares from 0 to 1.
type Mix struct {
	// Of these a visitor does at most one; their sum is at most 1. The others
	// wait for their turn, shop and complete.
	Leave   float64 // give the place up while waiting
	NoShow  float64 // take a place and are never seen again
	Late    float64 // let the turn lapse, then claim it
	Wanders float64 // shop, but never complete: the session runs out

	// These come on top of anything.
	SecondTab   float64 // open the page and join again while waiting
	DoubleClick float64 // send two joins at once
	LostReply   float64 // hang up before the answer to the join, or to the claim, then try again
}

// Usual is a crowd as an onsale sees it.
func Usual() Mix {
	return Mix{Leave: 0.03, NoShow: 0.03, Late: 0.02, Wanders: 0.03, SecondTab: 0.05, DoubleClick: 0.05, LostReply: 0.05}
}

// ending is what becomes of a visitor's place.
type ending uint8

const (
	buys ending = iota
	leaves
	noShow
	late
	wanders
)

// behaviour is what one visitor will do.
type behaviour struct {
	ending      ending
	secondTab   bool
	doubleClick bool
	lostJoin    bool
	lostClaim   bool
}

// draw picks one visitor's behaviour.
func (m Mix) draw(r *rand.Rand) behaviour {
	b := behaviour{
		secondTab:   r.Float64() < m.SecondTab,
		doubleClick: r.Float64() < m.DoubleClick,
		lostJoin:    r.Float64() < m.LostReply,
		lostClaim:   r.Float64() < m.LostReply,
	}
	p := r.Float64()
	for _, one := range []struct {
		share  float64
		ending ending
	}{{m.Leave, leaves}, {m.NoShow, noShow}, {m.Late, late}, {m.Wanders, wanders}} {
		if p < one.share {
			b.ending = one.ending
			return b
		}
		p -= one.share
	}
	return b
}
