package prescale

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/currency"
)

// Price of one instance for one hour, in millionths of the currency: the cloud
// sells by fractions of a cent. The zero Price is none.
type Price struct {
	Micros   int64
	Currency string // ISO 4217, as in EUR
}

// Cost is a sum of money in the currency's own minor unit.
type Cost struct {
	Currency string `json:"currency"`
	Minor    int64  `json:"minor"`  // cents, where the currency has cents
	Digits   int    `json:"digits"` // of the minor unit: 2 for EUR, 0 for JPY
}

var amount = regexp.MustCompile(`^(\d{1,6})(?:\.(\d{1,6}))?$`)

// ParsePrice reads "0.192" and "EUR". Both empty: there is none.
func ParsePrice(perHour, code string) (Price, error) {
	if perHour == "" && code == "" {
		return Price{}, nil
	}
	found := amount.FindStringSubmatch(perHour)
	if found == nil {
		return Price{}, fmt.Errorf("%q: want an amount as in 0.192, up to 6 digits on each side of the point", perHour)
	}
	if _, err := currency.ParseISO(code); err != nil || code != strings.ToUpper(code) {
		return Price{}, fmt.Errorf("%q: want a currency by its three letters, as in EUR", code)
	}
	micros, err := strconv.ParseInt(found[1]+(found[2] + "000000")[:6], 10, 64)
	if err != nil {
		return Price{}, err
	}
	return Price{Micros: micros, Currency: code}, nil
}

// of is what so many instance-seconds cost, rounded half up. ok is false
// where the sum leaves the range of Cost.
func (p Price) of(instanceSeconds int64) (cost Cost, ok bool) {
	unit, err := currency.ParseISO(p.Currency)
	if err != nil {
		return Cost{}, false
	}
	digits, _ := currency.Standard.Rounding(unit)
	// micros x seconds x 10^digits / (10^6 x 3600)
	sum := new(big.Int).Mul(big.NewInt(p.Micros), big.NewInt(instanceSeconds))
	sum.Mul(sum, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil))
	const per = 1_000_000 * 3600
	sum.Add(sum, big.NewInt(per/2)).Div(sum, big.NewInt(per))
	return Cost{Currency: p.Currency, Minor: sum.Int64(), Digits: digits}, sum.IsInt64()
}

// String writes "12.34 EUR".
func (c Cost) String() string {
	digits := fmt.Sprintf("%0*d", c.Digits+1, c.Minor)
	whole, part := digits[:len(digits)-c.Digits], digits[len(digits)-c.Digits:]
	if part != "" {
		whole += "." + part
	}
	return whole + " " + c.Currency
}
