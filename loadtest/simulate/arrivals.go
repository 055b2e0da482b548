package simulate

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/bilten/rushgate/loadtest"
)

// Arrivals say when the visitors come.
//
//	step     all at once
//	even     at a constant rate
//	ramp     more every second, from nobody at first
//	spike    a first share in the first tenth of the time, the rest evenly
//	spikes   in waves: so many, each so wide, spread over the time
//	poisson  each at a random moment, so at random gaps
//	csv      as counted: visitors per second, from a file
type Arrivals struct {
	Shape  string        `yaml:"shape" json:"shape"`
	Over   time.Duration `yaml:"over" json:"over"`
	First  float64       `yaml:"first" json:"first"`   // spike
	Spikes int           `yaml:"spikes" json:"spikes"` // spikes
	Width  time.Duration `yaml:"width" json:"width"`   // spikes
	File   string        `yaml:"file" json:"file,omitempty"`
	Counts []int         `yaml:"-" json:"-"` // of File, per second
}

func (a Arrivals) validate(v *complaints, visitors int) {
	v.oneOf("arrivals.shape", a.Shape, "step", "even", "ramp", "spike", "spikes", "poisson", "csv")
	v.span("arrivals.over", a.Over)
	v.within("arrivals.first", a.First, 0.01, 0.99)
	v.within("arrivals.spikes", float64(a.Spikes), 1, 1000)
	v.span("arrivals.width", a.Width)
	if a.Shape == "spikes" && time.Duration(a.Spikes)*a.Width > a.Over {
		v.add("arrivals.width", a.Width, "so many spikes of this width do not fit into arrivals.over")
	}
	var sum int
	for _, n := range a.Counts {
		sum += n
	}
	if a.Shape == "csv" && sum != visitors {
		v.add("visitors", visitors, fmt.Sprintf("arrivals.file counts %d: leave visitors out, or make them agree", sum))
	}
}

// ReadCounts reads visitors per second: one number a line, or the last of
// several columns; a first line that is no number is a heading.
func ReadCounts(from io.Reader) ([]int, error) {
	reader := csv.NewReader(from)
	reader.FieldsPerRecord = -1
	var counts []int
	for row := 1; ; row++ {
		fields, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return counts, nil
		}
		if err != nil {
			return nil, fmt.Errorf("counts per second: %w", err)
		}
		last := strings.TrimSpace(fields[len(fields)-1])
		n, err := strconv.Atoi(last)
		switch {
		case err != nil && row == 1:
		case err != nil || n < 0 || n > maxVisitors:
			return nil, fmt.Errorf("counts per second: row %d: %q: must be a whole number from 0 to %d", row, last, maxVisitors)
		case len(counts) == int(longest/time.Second):
			return nil, fmt.Errorf("counts per second: row %d: more than a week", row)
		default:
			counts = append(counts, n)
		}
	}
}

// perTick is how many come in each tick; their sum is n.
func (a Arrivals) perTick(n int, chance func(i int) float64) []int {
	if a.Shape == "csv" {
		return spreadCounts(a.Counts)
	}
	counts := make([]int, a.Over/Tick+1)
	for i := range n {
		counts[a.at(i, n, chance)/Tick]++
	}
	return counts
}

// at is when the i-th of n comes.
func (a Arrivals) at(i, n int, chance func(i int) float64) time.Duration {
	switch a.Shape {
	case "step":
		return 0
	case "ramp":
		return loadtest.Ramp{Over: a.Over}.At(i, n)
	case "spike":
		return loadtest.Spike{Over: a.Over, First: a.First}.At(i, n)
	case "spikes":
		which := i * a.Spikes / n
		first := (which*n + a.Spikes - 1) / a.Spikes
		return a.Over/time.Duration(a.Spikes)*time.Duration(which) + loadtest.Even{Over: a.Width}.At(i-first, n/a.Spikes+1)
	case "poisson": // given how many came in all, the moments of a Poisson process are uniform
		return time.Duration(chance(i) * float64(a.Over))
	default:
		return loadtest.Even{Over: a.Over}.At(i, n)
	}
}

// spreadCounts divides each second's visitors among its ticks.
func spreadCounts(perSecond []int) []int {
	const ticks = int(time.Second / Tick)
	counts := make([]int, 0, len(perSecond)*ticks)
	for _, n := range perSecond {
		for i := range ticks {
			counts = append(counts, n*(i+1)/ticks-n*i/ticks)
		}
	}
	return counts
}
