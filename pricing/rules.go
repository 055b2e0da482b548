package pricing

import "github.com/bilten/rushgate/event"

// Rules are one event's price rules, as an organizer writes them. Amounts are in
// major units with their decimals ("89.50"); the zero value is not valid.
type Rules struct {
	Event    string         `yaml:"event"`    // id of the event
	Currency string         `yaml:"currency"` // ISO 4217, for all tiers
	AllIn    string         `yaml:"all_in"`   // what the prices include, as fans read it
	Period   event.Duration `yaml:"period"`   // how often prices are looked at; default 1m
	Tiers    []Tier         `yaml:"tiers"`
}

// Tier is how the price of one group of like tickets is made. Without Demand and
// Conditions it is Base, whatever happens.
type Tier struct {
	Name          string      `yaml:"name"`           // [a-z0-9-]{1,20}
	Title         string      `yaml:"title"`          // as fans read it; default: the name
	Base          Number      `yaml:"base"`           // the price at the opening, and what multipliers multiply
	Floor         Number      `yaml:"floor"`          // default: base
	Cap           Number      `yaml:"cap"`            // default: base, or what cap_multiplier says
	CapMultiplier Number      `yaml:"cap_multiplier"` // of the base; the lower of both caps holds
	Demand        Demand      `yaml:"demand"`
	Conditions    []Condition `yaml:"conditions"` // all that hold multiply
	Rounding      Rounding    `yaml:"rounding"`
	Pace          Pace        `yaml:"pace"`
}

// Demand turns one input into a multiplier, by steps or by a curve.
type Demand struct {
	Input    Input    `yaml:"input"`
	Steps    []Step   `yaml:"steps"`
	Curve    []Point  `yaml:"curve"`
	Monotone Monotone `yaml:"monotone"` // what the organizer says of it, and Validate checks
}

// Step holds from From (included) to To (excluded). The last step has no To.
type Step struct {
	From       Bound  `yaml:"from"`
	To         Bound  `yaml:"to"`
	Multiplier Number `yaml:"multiplier"`
}

// Point of a curve. Between two points the multiplier is on the straight line,
// beyond the first and the last it is theirs.
type Point struct {
	At         Bound  `yaml:"at"`
	Multiplier Number `yaml:"multiplier"`
}

// Monotone says in which direction multipliers go.
type Monotone string

const (
	AnyWay  Monotone = ""
	Rising  Monotone = "rising"  // never less where the input is more
	Falling Monotone = "falling" // never more where the input is more
)

// Condition multiplies while its CEL expression holds.
type Condition struct {
	When       string `yaml:"when"`
	Multiplier Number `yaml:"multiplier"`
	Reason     string `yaml:"reason"` // in words that fans read
}

// Rounding names the prices that may be published: Ending, Ending + To, Ending +
// 2 To and so on. By default every minor unit.
type Rounding struct {
	To     Number `yaml:"to"`
	Ending Number `yaml:"ending"`
}

// Pace is how quickly a price may move.
type Pace struct {
	Smoothing    event.Duration `yaml:"smoothing"` // time constant of the multiplier; 0: at once
	Decay        event.Duration `yaml:"decay"`     // the same when it falls, as when holds lapse; default: smoothing
	MaxStep      Number         `yaml:"max_step"`  // amount, against the price last published; default: any
	Cooldown     event.Duration `yaml:"cooldown"`  // between two changes, at least
	IncreaseOnly bool           `yaml:"increase_only"`
}

// Input is a number that a multiplier may follow.
type Input string

const (
	DemandRatio     Input = "demand_ratio"      // visitors waiting for each ticket that remains, of all tiers
	SellThrough     Input = "sell_through"      // share sold or held of all tickets, 0 to 1
	TierSellThrough Input = "tier_sell_through" // the same of this tier
	TimeToStart     Input = "time_to_start"     // until event_start_time; 0 from then on
	TimeOnSale      Input = "time_on_sale"      // since event_start_time; 0 before
)

func (i Input) timed() bool { return i == TimeToStart || i == TimeOnSale }
