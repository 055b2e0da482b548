package event

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time that reads and writes as "90s", "15m" or "7d".
type Duration time.Duration

// Day is the one unit that Go's own syntax lacks.
const Day = 24 * time.Hour

// ParseDuration reads Go's syntax ("1h30m") or a whole number of days ("7d").
func ParseDuration(s string) (Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseInt(days, 10, 32)
		if err != nil || n < 0 || n > maxDays {
			return 0, fmt.Errorf("want whole days from 0d to %dd", maxDays)
		}
		return Duration(n) * Duration(Day), nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, errors.New(`want a number with a unit, as in "90s", "15m", "2h" or "7d"`)
	}
	return Duration(d), nil
}

// maxDays keeps any number of days far from the end of an int64.
const maxDays = 36500

// String writes the shortest form: "7d", "1h30m", "90s".
func (d Duration) String() string {
	if d != 0 && d%Duration(Day) == 0 {
		return strconv.FormatInt(int64(d/Duration(Day)), 10) + "d"
	}
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// MarshalText writes d as String does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := ParseDuration(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
