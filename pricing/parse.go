package pricing

import (
	"time"

	"github.com/bilten/rushgate/event"
)

// The bounds that rules are held to.
const (
	MaxTiers      = 16
	MaxSteps      = 50
	MaxConditions = 20
	MaxAmount     = 1_000_000_000_000 // minor units
)

// Parse reads rules from YAML or JSON, fills in the defaults and validates them.
// The error joins one event.FieldError for everything that is wrong; unknown
// fields are wrong, too.
func Parse(data []byte) (Rules, error) {
	r := Rules{Period: event.Duration(time.Minute)}
	err := event.ReadDocument(data, &r, required, func() []*event.FieldError {
		r.fill()
		return r.problems()
	})
	if err != nil {
		return Rules{}, err
	}
	return r, nil
}

var required = map[string]string{
	"event":    "is missing: it says whose prices these are",
	"currency": "is missing: it is what the amounts are amounts of",
	"all_in":   "is missing: it tells fans what the prices include, as in \"all fees and taxes included\"",
	"tiers":    "is missing: it says what is sold",
}

func (r *Rules) fill() {
	for i := range r.Tiers {
		t := &r.Tiers[i]
		if t.Title == "" {
			t.Title = t.Name
		}
		if !t.Floor.Given {
			t.Floor.Decimal = t.Base.Decimal
		}
		if !t.Cap.Given {
			t.Cap.Decimal = t.Base.Decimal
			if t.CapMultiplier.Given {
				t.Cap.Decimal = t.Base.Mul(t.CapMultiplier.Decimal)
			}
		}
		if t.Pace.Decay == 0 {
			t.Pace.Decay = t.Pace.Smoothing
		}
	}
}
