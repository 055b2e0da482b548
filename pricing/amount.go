package pricing

import (
	"errors"
	"fmt"

	"github.com/bojanz/currency"
	"github.com/shopspring/decimal"
)

// Currency is one of ISO 4217 with its number of decimals: 2 for EUR, 0 for JPY,
// 3 for KWD. All prices are whole numbers of its minor unit.
type Currency struct {
	Code   string `json:"code"`
	Digits int    `json:"digits"`
}

// ParseCurrency knows the currencies of today, by their three capitals.
func ParseCurrency(code string) (Currency, bool) {
	digits, ok := currency.GetDigits(code)
	return Currency{Code: code, Digits: int(digits)}, ok
}

// Text writes an amount in minor units as people do: "89.00 EUR".
func (c Currency) Text(minor int64) string { return c.Plain(minor) + " " + c.Code }

// Plain is Text without the currency: "89.00".
func (c Currency) Plain(minor int64) string {
	return decimal.New(minor, -int32(c.Digits)).StringFixed(int32(c.Digits))
}

// Minor reads an amount as organizers write it, "89.50", as minor units. It is
// false for more decimals than the currency has.
func (c Currency) Minor(n Number) (int64, bool) {
	shifted := n.Shift(int32(c.Digits))
	return shifted.IntPart(), shifted.IsInteger()
}

// Parse reads an amount as organizers write it, "89.50", as minor units.
func (c Currency) Parse(text string) (int64, error) {
	var n Number
	if err := n.UnmarshalText([]byte(text)); err != nil {
		return 0, err
	}
	minor, ok := c.Minor(n)
	if !ok {
		return 0, errors.New(c.tooFine())
	}
	return minor, nil
}

// unit is the smallest amount, as organizers write it.
func (c Currency) unit() string { return decimal.New(1, -int32(c.Digits)).String() }

func (c Currency) tooFine() string {
	return fmt.Sprintf("%s has no smaller amount than %s", c.Code, c.unit())
}
