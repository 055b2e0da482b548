package rehearsal

import (
	"fmt"
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
//	poisson  each by themselves, so at random gaps
//	csv      as counted: visitors per second, from a file, times people, at speed
type Arrivals struct {
	Shape  string        `yaml:"shape"`
	Over   time.Duration `yaml:"over"`
	First  float64       `yaml:"first"`  // spike
	Spikes int           `yaml:"spikes"` // spikes
	Width  time.Duration `yaml:"width"`  // spikes
	File   string        `yaml:"file"`   // csv
	People float64       `yaml:"people"` // csv: 2 brings twice as many as were counted
	Speed  float64       `yaml:"speed"`  // csv: 10 plays ten minutes in one
	Counts []int         `yaml:"-"`      // of File, per second
}

// shapes are the names that a plan may use.
var shapes = []string{"step", "even", "ramp", "spike", "spikes", "poisson", "csv"}

func (a Arrivals) validate(c *complaints) {
	c.oneOf("arrivals.shape", a.Shape, shapes...)
	c.span("arrivals.over", a.Over)
	c.share("arrivals.first", a.First)
	c.within("arrivals.spikes", a.Spikes, 1, 1000)
	c.span("arrivals.width", a.Width)
	if a.Shape == "spikes" && time.Duration(a.Spikes)*a.Width > a.Over {
		c.add("arrivals.width", a.Width, "so many spikes of this width do not fit into arrivals.over")
	}
	if a.Shape != "csv" {
		return
	}
	if !(a.People > 0 && a.People <= 1e6 && a.Speed > 0 && a.Speed <= 1e6) {
		c.add("arrivals", fmt.Sprintf("people %v, speed %v", a.People, a.Speed), "both must be more than 0")
		return
	}
	if n := float64(sum(a.Counts)) * a.People; n < 1 || n > maxVisitors {
		c.add("arrivals.file", a.File, fmt.Sprintf("brings %.0f visitors; must be from 1 to %d", n, maxVisitors))
	}
}

// shape is the arrivals of n visitors, and how many come: a replay brings its own.
func (a Arrivals) shape(n int, seed uint64) (loadtest.Shape, int) {
	switch a.Shape {
	case "step":
		return loadtest.Step{}, n
	case "ramp":
		return loadtest.Ramp{Over: a.Over}, n
	case "spike":
		return loadtest.Spike{Over: a.Over, First: a.First}, n
	case "spikes":
		return loadtest.Spikes{Over: a.Over, N: a.Spikes, Width: a.Width}, n
	case "poisson":
		return loadtest.Poisson(n, a.Over, seed), n
	case "csv":
		moments := loadtest.Replay(a.Counts, a.People, a.Speed)
		return moments, len(moments)
	default:
		return loadtest.Even{Over: a.Over}, n
	}
}

func sum(counts []int) int {
	n := 0
	for _, count := range counts {
		n += count
	}
	return n
}
