package prescale

import (
	"errors"
	"fmt"
)

// Reason names why a plan was refused.
type Reason string

const (
	Negative        Reason = "negative"
	ZeroPerInstance Reason = "zero_per_instance"
	TooMany         Reason = "too_many"
	OutOfOrder      Reason = "out_of_order"
	OutOfBounds     Reason = "out_of_bounds"
	NoEvidence      Reason = "no_evidence"
	NoService       Reason = "no_service"
	UnknownService  Reason = "unknown_service"
	BadPrice        Reason = "bad_price"
	Overflow        Reason = "overflow"
)

// Refusal is one thing that makes a plan meaningless.
type Refusal struct {
	Reason Reason
	Field  string // as in "prescale.registrations" or "services.shop.per_instance"
	Value  any    // nil: there is none
	Want   string
}

func (r *Refusal) Error() string {
	if r.Value == nil {
		return fmt.Sprintf("%s: %s: %s", r.Field, r.Reason, r.Want)
	}
	return fmt.Sprintf("%s: %v: %s: %s", r.Field, r.Value, r.Reason, r.Want)
}

// refusals gathers all that is wrong, so that one look shows it.
type refusals []error

func (r *refusals) unless(ok bool, reason Reason, field string, value any, want string) {
	if !ok {
		*r = append(*r, &Refusal{Reason: reason, Field: field, Value: value, Want: want})
	}
}

// count refuses what no number of people can be.
func (r *refusals) count(field string, n int) {
	r.unless(n >= 0, Negative, field, n, "want 0 or more")
	r.unless(n <= MaxVisitors, TooMany, field, n, fmt.Sprintf("want at most %d", MaxVisitors))
}

func (r *refusals) err() error { return errors.Join(*r...) }
