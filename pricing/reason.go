package pricing

// Reason is why a price is what it is.
type Reason string

const (
	Opening         Reason = "opening"          // the first price, announced beforehand
	Raised          Reason = "raised"           // demand rose
	Lowered         Reason = "lowered"          // demand fell
	HoldsLapsed     Reason = "holds_lapsed"     // it fell, as tickets came back that nobody paid for
	Steady          Reason = "steady"           // nothing speaks for another price
	AtCap           Reason = "at_cap"           // demand would have it higher
	AtFloor         Reason = "at_floor"         // demand would have it lower
	Cooling         Reason = "cooldown"         // the last change was too short ago
	OnlyRises       Reason = "increase_only"    // demand would have it lower, and that was excluded
	OutOfReach      Reason = "no_round_price"   // no round price is within the largest step
	Frozen          Reason = "frozen"           // the organizer has stopped all changes
	Overridden      Reason = "override"         // the organizer has set it by hand
	UnknownInputs   Reason = "unknown_inputs"   // something that the rules ask for is not known
	ConditionFailed Reason = "condition_failed" // an expression could not be evaluated
	SoldOut         Reason = "sold_out"         // nothing is left to sell
	RangeChanged    Reason = "range_changed"    // the last price was outside of new rules' floor and cap
)

// Words is what a fan reads.
func (r Reason) Words() string {
	switch r {
	case Opening:
		return "This is the opening price."
	case Raised:
		return "The price rose because more tickets are wanted."
	case Lowered:
		return "The price fell because fewer tickets are wanted."
	case HoldsLapsed:
		return "The price fell because tickets came back that others had held."
	case Steady:
		return "The price has not changed."
	case AtCap:
		return "The price is the highest that the rules allow."
	case AtFloor:
		return "The price is the lowest that the rules allow."
	case Cooling:
		return "The price has just changed and stays for a while."
	case OnlyRises, OutOfReach:
		return "The price stays as it is."
	case Frozen:
		return "The organizer has fixed the price for now."
	case Overridden:
		return "The organizer has set this price."
	case UnknownInputs, ConditionFailed:
		return "The price stays as it is, because demand is not known at the moment."
	case SoldOut:
		return "There are no tickets left at the moment."
	case RangeChanged:
		return "The organizer has changed the price rules."
	}
	return ""
}
