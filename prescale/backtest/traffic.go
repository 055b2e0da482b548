package backtest

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the counts and their notice
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// Notice goes with the counts wherever they go, unmodified.
//
//go:embed data/NOTICE.txt
var Notice string

// License is of the counts per minute that ours are taken from.
//
//go:embed data/LICENSE
var License string

//go:embed data/requests.gz
var packed []byte

// begin is the first minute of the packed counts; data/README.md says how they
// were made, and how it is known that their clock is UTC.
var begin = time.Date(1998, time.June, 9, 0, 0, 0, 0, time.UTC)

// Traffic is requests per minute from Begin on, without a gap.
type Traffic struct {
	Begin    time.Time
	Requests []int
}

// Load reads the counts that are part of the program.
func Load() (Traffic, error) {
	requests, err := unpack(bytes.NewReader(packed))
	return Traffic{Begin: begin, Requests: requests}, err
}

// unpack reads gzipped zigzag varints, each the difference to the minute before.
func unpack(r io.Reader) ([]int, error) {
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("counts: %w", err)
	}
	data, err := io.ReadAll(unzipped)
	if err != nil {
		return nil, fmt.Errorf("counts: %w", err)
	}
	var requests []int
	n := int64(0)
	for len(data) > 0 {
		step, length := binary.Varint(data)
		if length <= 0 {
			return nil, fmt.Errorf("counts: minute %d cannot be read", len(requests))
		}
		n += step
		requests, data = append(requests, int(n)), data[length:]
	}
	return requests, nil
}

// minute is the index of a moment; ok is false outside of the counts.
func (t Traffic) minute(at time.Time) (int, bool) {
	i := int(at.Sub(t.Begin) / time.Minute)
	return i, !at.Before(t.Begin) && i < len(t.Requests)
}

// during is the counts from one moment to another, as far as there are any.
func (t Traffic) during(from, to time.Time) []int {
	var counts []int
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		if i, ok := t.minute(at); ok {
			counts = append(counts, t.Requests[i])
		}
	}
	return counts
}

// levelSpan smooths the level of the moment.
const levelSpan = 5 * time.Minute

// level is the mean of the minutes that have just passed.
func (t Traffic) level(at time.Time) float64 {
	counts := t.during(at.Add(-levelSpan), at)
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return float64(sum) / float64(max(len(counts), 1))
}

// window is how long after kick-off the peak is looked for: 90 minutes, the
// break, extra time, penalties, and those who look at the result.
const window = 3 * time.Hour

// peak is the busiest minute of a match.
func (t Traffic) peak(kickOff time.Time) int {
	most := 0
	for _, n := range t.during(kickOff, kickOff.Add(window)) {
		most = max(most, n)
	}
	return most
}
