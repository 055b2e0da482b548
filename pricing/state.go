package pricing

import (
	"time"

	"github.com/shopspring/decimal"
)

// State is what the next price needs to know of the last one. It is kept as JSON.
type State struct {
	Tiers  map[string]TierState `json:"tiers"`
	Frozen *Act                 `json:"frozen,omitempty"` // nil: prices may change
}

// TierState is one tier's.
type TierState struct {
	Price      int64           `json:"price"`              // last published, in minor units
	Reason     Reason          `json:"reason"`             // of the last change
	Words      string          `json:"words"`              // of the last change, for fans
	Changed    time.Time       `json:"changed"`            // when the price was first published
	Multiplier decimal.Decimal `json:"multiplier"`         // smoothed
	Looked     time.Time       `json:"looked"`             // when the multiplier was last moved
	Held       Reading         `json:"held"`               // at the last look
	Sold       Reading         `json:"sold"`               // at the last look
	Override   *Override       `json:"override,omitempty"` // nil: the rules decide
}

// Override is a price set by hand.
type Override struct {
	Price int64 `json:"price"`
	Act
}

// Act is what an organizer did, with a name to it.
type Act struct {
	By  string    `json:"by"`
	Why string    `json:"why"`
	At  time.Time `json:"at"`
}
