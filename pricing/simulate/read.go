package simulate

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bilten/rushgate/pricing"
)

// maxRows and longest are how long a scenario may be.
const (
	maxRows = 100_000
	longest = 14 * 24 * time.Hour
)

// table is a CSV file with a head, whose first column is the time.
type table struct {
	head []string
	rows [][]string
	at   []time.Duration // since the first row
}

// Read reads a scenario from CSV. The first column, time or timestamp, is seconds
// or a date with its time. Beside it stand either arrivals (or value), which are
// then played through the shop; or what was recorded: waiting, active, and of each
// tier TIER.sold, TIER.held and TIER.remaining, or plainly sold, held and
// remaining if there is but one. An empty cell, and a column that is not there, is
// unknown.
func Read(r io.Reader, name string, shop Shop) (Scenario, error) {
	t, err := readTable(r)
	if err != nil {
		return Scenario{}, err
	}
	if i := slices.IndexFunc(t.head, func(s string) bool { return s == "arrivals" || s == "value" }); i > 0 {
		arrivals, err := t.arrivals(i)
		if err != nil {
			return Scenario{}, err
		}
		return shop.Sell(name, "Arrivals as they were counted, played through a shop.", arrivals), nil
	}
	return t.recorded(name, shop.Order)
}

func readTable(r io.Reader) (table, error) {
	reader := csv.NewReader(r)
	reader.TrimLeadingSpace = true
	records, err := reader.ReadAll()
	switch {
	case err != nil:
		return table{}, fmt.Errorf("not readable as CSV: %w", err)
	case len(records) < 3:
		return table{}, errors.New("want a head and at least two rows")
	case len(records) > maxRows:
		return table{}, fmt.Errorf("%d rows are too many: want at most %d", len(records), maxRows)
	case records[0][0] != "time" && records[0][0] != "timestamp":
		return table{}, fmt.Errorf("the first column is %q: want time", records[0][0])
	}
	t := table{head: records[0], rows: records[1:]}
	var first time.Time
	for i, row := range t.rows {
		at, err := readTime(row[0])
		if err != nil {
			return table{}, fmt.Errorf("line %d: time: %q: %w", i+2, row[0], err)
		}
		if i == 0 {
			first = at
		}
		t.at = append(t.at, at.Sub(first))
		if i > 0 && t.at[i] <= t.at[i-1] {
			return table{}, fmt.Errorf("line %d: time: %q: is not after the line before", i+2, row[0])
		}
		if t.at[i] > longest {
			return table{}, fmt.Errorf("line %d: time: %q: is more than %d days after the first: want seconds, and a shorter sale", i+2, row[0], longest/(24*time.Hour))
		}
	}
	return t, nil
}

func readTime(s string) (time.Time, error) {
	if seconds, err := strconv.ParseInt(s, 10, 40); err == nil {
		return time.Unix(seconds, 0), nil
	}
	for _, form := range []string{time.RFC3339, time.DateTime} {
		if at, err := time.Parse(form, s); err == nil {
			return at, nil
		}
	}
	return time.Time{}, errors.New("want seconds, or a time as in 2027-03-01T09:00:00Z or 2027-03-01 09:00:00")
}

func (t table) count(row, column int) (pricing.Reading, error) {
	cell := strings.TrimSpace(t.rows[row][column])
	if cell == "" {
		return pricing.Reading{}, nil
	}
	n, err := strconv.ParseInt(cell, 10, 64)
	reading := pricing.Count(n)
	if _, known := reading.Value(); err != nil || !known {
		return reading, fmt.Errorf("line %d: %s: %q: want a whole number from 0 to %d, or nothing if it is not known", row+2, t.head[column], cell, pricing.MaxReading)
	}
	return reading, nil
}

// arrivals spreads each count evenly over the minutes until the next row.
func (t table) arrivals(column int) ([]Arrivals, error) {
	var all []Arrivals
	for i := range t.rows {
		reading, err := t.count(i, column)
		if err != nil {
			return nil, err
		}
		n, _ := reading.Value()
		span := time.Minute
		if i+1 < len(t.rows) {
			span = t.at[i+1] - t.at[i]
		} else if i > 0 {
			span = t.at[i] - t.at[i-1]
		}
		minutes := max(1, int64(span/time.Minute))
		for m := range minutes {
			all = append(all, Arrivals{t.at[i] + time.Duration(m)*time.Minute, n*(m+1)/minutes - n*m/minutes})
		}
	}
	return all, nil
}

func (t table) recorded(name string, tiers []string) (Scenario, error) {
	if err := t.known(tiers); err != nil {
		return Scenario{}, err
	}
	scenario := Scenario{Name: name, Says: "Counts as they were recorded."}
	for i := range t.rows {
		in := pricing.Inputs{Tiers: map[string]pricing.Stock{}}
		for column := 1; column < len(t.head); column++ {
			reading, err := t.count(i, column)
			if err != nil {
				return Scenario{}, err
			}
			tier, what, dotted := strings.Cut(t.head[column], ".")
			if !dotted {
				tier, what = tiers[0], t.head[column]
			}
			stock := in.Tiers[tier]
			switch what {
			case "waiting":
				in.Waiting = reading
			case "active":
				in.Active = reading
			case "sold":
				stock.Sold = reading
			case "held":
				stock.Held = reading
			case "remaining":
				stock.Remaining = reading
			}
			in.Tiers[tier] = stock
		}
		scenario.Moments = append(scenario.Moments, Moment{t.at[i], in})
	}
	return scenario, nil
}

// known refuses columns that nobody would read.
func (t table) known(tiers []string) error {
	want := []string{"waiting", "active"}
	for _, what := range []string{"sold", "held", "remaining"} {
		if len(tiers) == 1 {
			want = append(want, what)
		}
		for _, tier := range tiers {
			want = append(want, tier+"."+what)
		}
	}
	for i, column := range t.head[1:] {
		if !slices.Contains(want, column) {
			return fmt.Errorf("column %q: want arrivals, or some of %s", column, strings.Join(want, ", "))
		}
		if slices.Contains(t.head[1:i+1], column) {
			return fmt.Errorf("column %q: is there twice", column)
		}
	}
	return nil
}
