package event

import (
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // so that every machine knows the same zones
)

// Time is one instant together with the offset it was written in, so that it is
// shown to people as they wrote it. The zero Time is no time at all.
type Time struct{ time.Time }

const (
	localForm      = "2006-01-02 15:04"
	secondsForm    = "2006-01-02 15:04:05"
	minYear        = 2000
	maxYear        = 2199
	errTimeForm    = `want RFC 3339 as in "2027-03-28T09:00:00+01:00", or a local time with its zone as in "2027-03-28 09:00 Europe/London"`
	errTimeNoZone  = `has no zone: add an offset as in "2027-03-28T09:00:00+01:00", or a name as in "2027-03-28 09:00 Europe/London"`
	errTimeSeconds = "want whole seconds"
)

// ParseTime reads RFC 3339 ("2027-03-28T09:00:00+01:00") or a local time with an
// IANA zone ("2027-03-28 09:00 Europe/London"). A local time that a clock change
// skips or repeats is refused, and the error names both readings.
func ParseTime(s string) (Time, error) {
	t, err := parseInstant(s)
	if err != nil {
		return Time{}, err
	}
	if t.Nanosecond() != 0 {
		return Time{}, errors.New(errTimeSeconds)
	}
	if y := t.Year(); y < minYear || y > maxYear {
		return Time{}, fmt.Errorf("want a year from %d to %d", minYear, maxYear)
	}
	return Time{atOffset(t)}, nil
}

func parseInstant(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	if _, err := parseWall(s); err == nil {
		return time.Time{}, errors.New(errTimeNoZone)
	}
	i := max(strings.LastIndexByte(s, ' '), 0)
	wall, err := parseWall(s[:i])
	if err != nil {
		return time.Time{}, errors.New(errTimeForm)
	}
	location, err := loadZone(s[i+1:])
	if err != nil {
		return time.Time{}, err
	}
	return resolve(wall, location)
}

// parseWall reads a clock's face; the answer's UTC fields are what it showed.
func parseWall(s string) (time.Time, error) {
	s = strings.Replace(s, "T", " ", 1)
	if t, err := time.Parse(localForm, s); err == nil {
		return t, nil
	}
	return time.Parse(secondsForm, s)
}

// loadZone takes full IANA names alone: abbreviations such as EST or CET mean
// different things to different people.
func loadZone(name string) (*time.Location, error) {
	if name != "UTC" && !strings.Contains(name, "/") {
		return nil, fmt.Errorf("%q is not a zone: want an IANA name as in Europe/London", name)
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%q is not a known zone: want an IANA name as in Europe/London", name)
	}
	return location, nil
}

// resolve finds the one instant at which clocks in location show wall.
func resolve(wall time.Time, location *time.Location) (time.Time, error) {
	// Offsets in force around that time. No zone changes twice within two days.
	before := wall.Add(-Day).In(location)
	after := wall.Add(Day).In(location)
	early, late := withOffsetOf(wall, before), withOffsetOf(wall, after)
	earlyShows, lateShows := shows(early, wall), shows(late, wall)
	switch {
	case earlyShows && lateShows && !early.Equal(late):
		return time.Time{}, fmt.Errorf("happens twice in %s, as clocks go back: write %s or %s",
			location, rfc3339(early), rfc3339(late))
	case earlyShows:
		return early, nil
	case lateShows:
		return late, nil
	default:
		return time.Time{}, fmt.Errorf("does not exist in %s, as clocks go forward: write %s or %s",
			location, rfc3339(late), rfc3339(early))
	}
}

// withOffsetOf returns the instant at which a clock with the offset that is in
// force at moment shows wall.
func withOffsetOf(wall, moment time.Time) time.Time {
	_, offset := moment.Zone()
	return wall.Add(-time.Duration(offset) * time.Second).In(moment.Location())
}

func shows(instant, wall time.Time) bool {
	return instant.Format(secondsForm) == wall.Format(secondsForm)
}

// atOffset keeps the offset and forgets the zone: what is stored is an instant.
func atOffset(t time.Time) time.Time {
	_, offset := t.Zone()
	if offset == 0 {
		return t.UTC()
	}
	return t.In(time.FixedZone("", offset))
}

func rfc3339(t time.Time) string { return t.Format(time.RFC3339) }

// String writes RFC 3339 with the offset it was written in; no time is "".
func (t Time) String() string {
	if t.IsZero() {
		return ""
	}
	return rfc3339(t.Time)
}

// MarshalText writes what String writes.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what ParseTime reads; nothing is no time.
func (t *Time) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*t = Time{}
		return nil
	}
	parsed, err := ParseTime(string(text))
	if err != nil {
		return err
	}
	*t = parsed
	return nil
}

// MarshalJSON and UnmarshalJSON keep those of time.Time from being promoted.
func (t Time) MarshalJSON() ([]byte, error) { return []byte(`"` + t.String() + `"`), nil }

// UnmarshalJSON reads a JSON string as UnmarshalText does.
func (t *Time) UnmarshalJSON(data []byte) error {
	if len(data) < 2 || data[0] != '"' {
		return errors.New(errTimeForm)
	}
	return t.UnmarshalText(data[1 : len(data)-1])
}
