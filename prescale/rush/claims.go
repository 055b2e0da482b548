package rush

import (
	"maps"
	"slices"
	"time"
)

// Claims are who needs how many of one target. Two onsales on one shop add up:
// each brings its own crowd. The zero value is a target that nobody needs.
type Claims struct {
	Held map[string]Claim `json:"held"` // by who holds it: "event/service"
}

// Claim is one need.
type Claim struct {
	Instances int       `json:"instances"`
	Most      int       `json:"most,omitempty"` // that the target may ever have; 0: no bound
	Until     time.Time `json:"until"`          // when it lapses, whoever forgot it
}

// With returns the claims with one more, or with holder's replaced.
func (c Claims) With(holder string, claim Claim) Claims {
	held := maps.Clone(c.Held)
	if held == nil {
		held = map[string]Claim{}
	}
	held[holder] = claim
	return Claims{held}
}

// Without returns the claims without holder's and without what has lapsed.
func (c Claims) Without(holder string, now time.Time) Claims {
	held := maps.Clone(c.Held)
	maps.DeleteFunc(held, func(name string, claim Claim) bool { return name == holder || !now.Before(claim.Until) })
	return Claims{held}
}

// Lapsed says that a claim has outlived its time.
func (c Claims) Lapsed(now time.Time) bool {
	for _, claim := range c.Held {
		if !now.Before(claim.Until) {
			return true
		}
	}
	return false
}

// Level is how many instances all claims need together, within the largest
// bound that any of them names; 0: nobody needs any.
func (c Claims) Level(now time.Time) int {
	level, most := 0, 0
	for _, holder := range slices.Sorted(maps.Keys(c.Held)) {
		claim := c.Held[holder]
		if !now.Before(claim.Until) {
			continue
		}
		level += claim.Instances
		most = max(most, claim.Most)
	}
	if most > 0 {
		level = min(level, most)
	}
	return level
}

// Until is when the last claim lapses.
func (c Claims) Until() time.Time {
	var until time.Time
	for _, claim := range c.Held {
		if claim.Until.After(until) {
			until = claim.Until
		}
	}
	return until
}
