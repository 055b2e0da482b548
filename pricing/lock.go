package pricing

// Lock is what a fan's place holds the price to.
type Lock string

const (
	// LockTurn: never above the upper end of the range seen on joining; what is
	// published when the turn comes is the price, for turn and session.
	LockTurn Lock = "turn"
	// LockJoin: never above the price seen on joining.
	LockJoin Lock = "join"
)

// Ceiling is what a fan who was shown this offer on joining pays at most, in
// minor units. It is bound to the place.
func (l Lock) Ceiling(shown Offer) int64 {
	if l == LockJoin {
		return shown.Price
	}
	return shown.Range.High
}

// Charge is what that fan pays while price is what is published: the lower of
// price and ceiling.
func (l Lock) Charge(shown Offer, price int64) int64 { return min(price, l.Ceiling(shown)) }
