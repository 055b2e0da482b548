package pricing

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/shopspring/decimal"

	"github.com/bilten/rushgate/event"
)

// Number is a decimal as it was written, exact. The zero Number was not written.
type Number struct {
	decimal.Decimal
	Given bool
}

var numberForm = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,6})?$`)

// UnmarshalText reads a plain decimal: no sign, no exponent, up to six decimals.
func (n *Number) UnmarshalText(text []byte) error {
	if !numberForm.Match(text) {
		return errors.New("want a plain number as in 89.50, with at most 6 decimals")
	}
	d, err := decimal.NewFromString(string(text))
	if err != nil {
		return fmt.Errorf("want a plain number as in 89.50: %w", err)
	}
	*n = Number{d, true}
	return nil
}

// Bound is a value of a named input at which something begins: a number, or, of
// an input that is a time, its length.
type Bound struct {
	at     decimal.Decimal // seconds, if timed
	timed  bool
	given  bool
	writes string
}

// UnmarshalText reads a number or a length of time such as "90s", "24h" or "7d".
func (b *Bound) UnmarshalText(text []byte) error {
	var n Number
	if n.UnmarshalText(text) == nil {
		*b = Bound{at: n.Decimal, given: true, writes: string(text)}
		return nil
	}
	length, err := event.ParseDuration(string(text))
	if err != nil || length < 0 || length%event.Duration(time.Second) != 0 {
		return errors.New(`want a number as in 1.5, or whole seconds of time as in "90s", "24h" or "7d"`)
	}
	*b = Bound{at: decimal.New(int64(time.Duration(length)/time.Second), 0), timed: true, given: true, writes: string(text)}
	return nil
}

// String is the bound as it was written.
func (b Bound) String() string { return b.writes }
