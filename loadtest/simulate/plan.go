package simulate

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/bilten/rushgate/queue"
)

// Plan is who comes to which room. It is written as YAML; [Defaults] holds what
// a file leaves out.
type Plan struct {
	Visitors  int       `yaml:"visitors" json:"visitors"`
	Seed      uint64    `yaml:"seed" json:"seed"`
	Arrivals  Arrivals  `yaml:"arrivals" json:"arrivals"`
	Room      Room      `yaml:"room" json:"room"`
	Behaviour Behaviour `yaml:"behaviour" json:"behaviour"`
	Gateway   Gateway   `yaml:"gateway" json:"gateway"`
	WhatIf    WhatIf    `yaml:"what_if" json:"what_if"`
}

// Room has the knobs of an event's room, by the same names.
type Room struct {
	NewUsersPerMinute int           `yaml:"new_users_per_minute" json:"new_users_per_minute"`
	TotalActiveUsers  int           `yaml:"total_active_users" json:"total_active_users"`
	TurnTTL           time.Duration `yaml:"turn_ttl" json:"turn_ttl"`
	LateGrace         time.Duration `yaml:"late_grace" json:"late_grace"`
	SessionDuration   time.Duration `yaml:"session_duration" json:"session_duration"`
	SessionMax        time.Duration `yaml:"session_max" json:"session_max"`
	NoSessionRenewal  bool          `yaml:"disable_session_renewal" json:"disable_session_renewal"`
	Lines             []Line        `yaml:"lines" json:"lines"`
}

// Line is a line of the room and the share of the visitors who join it.
type Line struct {
	Name   string  `yaml:"name" json:"name"`
	Weight int     `yaml:"weight" json:"weight"`
	Share  float64 `yaml:"share" json:"share"`
}

// Behaviour says which share of the visitors does what. The first four exclude
// each other; the rest comes on top of them.
type Behaviour struct {
	NoShow  float64 `yaml:"no_show" json:"no_show"` // take a place and are never seen again
	Late    float64 `yaml:"late" json:"late"`       // come LateAfter after the turn has lapsed
	Leave   float64 `yaml:"leave" json:"leave"`     // give the place up, after LeaveAfter on average
	Wanders float64 `yaml:"wanders" json:"wanders"` // shop and never complete: the slot is held until the session ends

	Hidden     float64       `yaml:"hidden" json:"hidden"` // wait in a tab in the background, which asks once a minute
	LateAfter  time.Duration `yaml:"late_after" json:"late_after"`
	LeaveAfter time.Duration `yaml:"leave_after" json:"leave_after"`
	Shop       Shop          `yaml:"shop" json:"shop"`
}

// Shop is how long a visitor shops: fixed, exponential or lognormal, the last
// with Spread as the standard deviation of the logarithm.
type Shop struct {
	Shape  string        `yaml:"shape" json:"shape"`
	Mean   time.Duration `yaml:"mean" json:"mean"`
	Spread float64       `yaml:"spread" json:"spread"`
}

// Gateway is what the number of gateways is reckoned from: the CPU time of one
// request of each kind, and how busy a core may be at the peak.
type Gateway struct {
	PollCPU  time.Duration `yaml:"poll_cpu" json:"poll_cpu"`
	JoinCPU  time.Duration `yaml:"join_cpu" json:"join_cpu"`
	ClaimCPU time.Duration `yaml:"claim_cpu" json:"claim_cpu"`
	Cores    int           `yaml:"cores" json:"cores"`
	Busy     float64       `yaml:"busy" json:"busy"`
}

// WhatIf lists what else to try; every combination becomes a scenario. An empty
// list stands for the value in the plan.
type WhatIf struct {
	NewUsersPerMinute []int           `yaml:"new_users_per_minute" json:"new_users_per_minute,omitempty"`
	TotalActiveUsers  []int           `yaml:"total_active_users" json:"total_active_users,omitempty"`
	NoShow            []float64       `yaml:"no_show" json:"no_show,omitempty"`
	SessionDuration   []time.Duration `yaml:"session_duration" json:"session_duration,omitempty"`
}

// Defaults is the plan that a file is laid upon. The CPU times are of one core
// of a 2026 cloud machine with HTTP in Go; measure yours with 'make bench'.
func Defaults() Plan {
	return Plan{
		Seed:     1,
		Arrivals: Arrivals{Shape: "spike", Over: 10 * time.Minute, First: 0.3, Spikes: 5, Width: 30 * time.Second},
		Room: Room{
			TurnTTL: 3 * time.Minute, LateGrace: 15 * time.Minute,
			SessionDuration: 5 * time.Minute, SessionMax: time.Hour,
			Lines: []Line{{Name: "general", Weight: 1, Share: 1}},
		},
		Behaviour: Behaviour{
			LateAfter: time.Minute, LeaveAfter: 10 * time.Minute,
			Shop: Shop{Shape: "exponential", Mean: 3 * time.Minute, Spread: 0.6},
		},
		Gateway: Gateway{
			PollCPU: 30 * time.Microsecond, JoinCPU: 90 * time.Microsecond, ClaimCPU: 120 * time.Microsecond,
			Cores: 2, Busy: 0.5,
		},
	}
}

const (
	maxVisitors  = 20_000_000
	maxScenarios = 64
)

// Validate names everything that is wrong: field, value, reason.
func (p Plan) Validate() error {
	var v complaints
	v.within("visitors", float64(p.Visitors), 1, maxVisitors)
	p.Arrivals.validate(&v, p.Visitors)
	p.Room.validate(&v)
	p.Behaviour.validate(&v)
	v.span("gateway.poll_cpu", p.Gateway.PollCPU)
	v.span("gateway.join_cpu", p.Gateway.JoinCPU)
	v.span("gateway.claim_cpu", p.Gateway.ClaimCPU)
	v.within("gateway.cores", float64(p.Gateway.Cores), 1, 1024)
	v.within("gateway.busy", p.Gateway.Busy, 0.01, 1)
	p.validateWhatIf(&v)
	return errors.Join(v...)
}

func (r Room) validate(v *complaints) {
	v.within("room.new_users_per_minute", float64(r.NewUsersPerMinute), 1, float64(queue.MaxRate)/1000)
	v.within("room.total_active_users", float64(r.TotalActiveUsers), 1, maxVisitors)
	v.span("room.turn_ttl", r.TurnTTL)
	v.span("room.late_grace", r.LateGrace)
	v.span("room.session_duration", r.SessionDuration)
	v.span("room.session_max", r.SessionMax)
	if r.SessionMax < r.SessionDuration {
		v.add("room.session_max", r.SessionMax, "must not be shorter than session_duration")
	}
	if len(r.Lines) < 1 || len(r.Lines) > queue.MaxLines {
		v.add("room.lines", len(r.Lines), fmt.Sprintf("must be 1 to %d lines", queue.MaxLines))
	}
	var shares float64
	var names []string
	for i, line := range r.Lines {
		field := fmt.Sprintf("room.lines[%d].", i)
		if line.Name == "" || slices.Contains(names, line.Name) {
			v.add(field+"name", line.Name, "must be a name that no other line has")
		}
		names = append(names, line.Name)
		v.within(field+"weight", float64(line.Weight), 1, 1_000_000)
		v.within(field+"share", line.Share, 0, 1)
		shares += line.Share
	}
	if len(r.Lines) > 0 && math.Abs(shares-1) > 1e-6 {
		v.add("room.lines", shares, "the shares of the lines must add up to 1")
	}
}

func (b Behaviour) validate(v *complaints) {
	v.within("behaviour.no_show", b.NoShow, 0, 1)
	v.within("behaviour.late", b.Late, 0, 1)
	v.within("behaviour.leave", b.Leave, 0, 1)
	v.within("behaviour.wanders", b.Wanders, 0, 1)
	v.within("behaviour.hidden", b.Hidden, 0, 1)
	if sum := b.NoShow + b.Late + b.Leave + b.Wanders; sum > 1 {
		v.add("behaviour", sum, "no_show, late, leave and wanders add up to more than 1")
	}
	v.span("behaviour.late_after", b.LateAfter)
	v.span("behaviour.leave_after", b.LeaveAfter)
	v.span("behaviour.shop.mean", b.Shop.Mean)
	v.within("behaviour.shop.spread", b.Shop.Spread, 0, 3)
	v.oneOf("behaviour.shop.shape", b.Shop.Shape, "fixed", "exponential", "lognormal")
}

func (p Plan) validateWhatIf(v *complaints) {
	for i, n := range p.WhatIf.NewUsersPerMinute {
		v.within(fmt.Sprintf("what_if.new_users_per_minute[%d]", i), float64(n), 1, float64(queue.MaxRate)/1000)
	}
	for i, n := range p.WhatIf.TotalActiveUsers {
		v.within(fmt.Sprintf("what_if.total_active_users[%d]", i), float64(n), 1, maxVisitors)
	}
	for i, share := range p.WhatIf.NoShow {
		field := fmt.Sprintf("what_if.no_show[%d]", i)
		v.within(field, share, 0, 1)
		if b := p.Behaviour; share+b.Late+b.Leave+b.Wanders > 1 {
			v.add(field, share, "with late, leave and wanders adds up to more than 1")
		}
	}
	for i, d := range p.WhatIf.SessionDuration {
		field := fmt.Sprintf("what_if.session_duration[%d]", i)
		v.span(field, d)
		if d > p.Room.SessionMax {
			v.add(field, d, "must not be longer than room.session_max")
		}
	}
	if n := len(p.Scenarios()); n > maxScenarios {
		v.add("what_if", n, fmt.Sprintf("too many combinations: want at most %d", maxScenarios))
	}
}

// complaints are what is wrong with a plan.
type complaints []error

func (v *complaints) add(field string, value any, reason string) {
	if s, ok := value.(string); ok {
		value = fmt.Sprintf("%q", s)
	}
	*v = append(*v, fmt.Errorf("%s: %v: %s", field, value, reason))
}

func (v *complaints) within(field string, value, low, high float64) {
	if !(value >= low && value <= high) { // so that NaN is refused too
		v.add(field, value, fmt.Sprintf("must be %.10g to %.10g", low, high))
	}
}

// longest keeps every time of a plan far from what a room cannot hold.
const longest = 7 * 24 * time.Hour

func (v *complaints) span(field string, d time.Duration) {
	if d < time.Microsecond || d > longest {
		v.add(field, d, "must be above 0 and at most a week")
	}
}

func (v *complaints) oneOf(field, value string, known ...string) {
	if !slices.Contains(known, value) {
		v.add(field, value, fmt.Sprintf("must be one of %v", known))
	}
}
