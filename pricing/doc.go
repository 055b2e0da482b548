// Package pricing is how a price follows demand, within what the organizer has
// announced, so that nobody who waits is surprised.
//
// An [Engine] is made of an organizer's [Rules]. [Engine.Price] is a pure function
// of what is measured ([Inputs]), what was published last ([State]) and the time;
// it returns a price for each tier, the [Reason] of it, and every stage on the way:
//
//	input -> multiplier -> conditions -> smoothing -> amount -> bounds
//	      -> max step -> rises only -> rounding -> cooldown -> price
//
// The order matters. What may be inexact, or grow, comes first; each later stage
// only narrows what may be published, and the rounding looks for a price inside
// of what is left. So a price that was rounded keeps floor, cap, the largest step
// and "never falls"; where no round price is left, the last one stays.
//
// Prices are whole minor units of the currency, factors are decimals, and no
// float ever becomes a price. Who asks can't be an input: [Inputs] has no field
// for it.
package pricing
