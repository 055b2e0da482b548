package event

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Prescale is what the organizer knows of the crowd that will come, so that
// capacity is there before it is needed. It names services, never an address:
// what a service is, and what it costs, is the operator's.
type Prescale struct {
	Registrations   int         `json:"registrations" yaml:"registrations"`         // people who have said that they want to come; 0: unknown
	ShowUp          ShowUp      `json:"show_up" yaml:"show_up"`                     // default: as at past events
	Tickets         int         `json:"tickets" yaml:"tickets"`                     // what can be sold; 0, the default: unknown, so it limits nothing
	TicketsPerOrder int         `json:"tickets_per_order" yaml:"tickets_per_order"` // on average; default 1
	Buying          Percent     `json:"buying" yaml:"buying"`                       // share of sessions that buy; default 100%
	SessionLength   Duration    `json:"session_length" yaml:"session_length"`       // how long a session really lasts, where it is known; default room.session_duration
	LeadTime        Duration    `json:"lead_time" yaml:"lead_time"`                 // before event_start_time, capacity begins to grow; default 30m
	Services        []string    `json:"services" yaml:"services"`                   // default: all of the operator's
	Past            []PastEvent `json:"past" yaml:"past"`                           // events like this one, oldest first
}

// ShowUp is visitors per registration: half of all such events stay below P50,
// nine in ten below P90. It may pass 100%, for others come, too.
type ShowUp struct {
	P50 Percent `json:"p50" yaml:"p50"`
	P90 Percent `json:"p90" yaml:"p90"`
}

// PastEvent is what was counted at an event like this one.
type PastEvent struct {
	Name          string `json:"name" yaml:"name"`
	Registrations int    `json:"registrations" yaml:"registrations"` // 0: unknown
	Visitors      int    `json:"visitors" yaml:"visitors"`
	Course        []Mark `json:"course" yaml:"course"` // how many had come by when; may be empty
}

// Mark says how many had come at a moment, counted from the start: "-10m" is
// before it.
type Mark struct {
	At       Duration `json:"at" yaml:"at"`
	Visitors int      `json:"visitors" yaml:"visitors"`
}

// The bounds of what may be declared.
const (
	MaxVisitors = 100_000_000
	MaxShowUp   = 10 * Whole
	MaxPast     = 50
	MaxMarks    = 50
	MaxServices = 20
)

// Percent is a share in hundredths of a percent; it reads and writes as "35%"
// or "12.5%".
type Percent int

// Whole is 100%.
const Whole Percent = 100 * 100

var percentPattern = regexp.MustCompile(`^(\d{1,6})(?:\.(\d{1,2}))?%$`)

// Of is the share as a factor: 0.35.
func (p Percent) Of() float64 { return float64(p) / float64(Whole) }

// String writes the shortest form.
func (p Percent) String() string {
	return strconv.FormatFloat(float64(p)/100, 'f', -1, 64) + "%"
}

// MarshalText writes p as String does.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads "35%", with up to two digits behind a point.
func (p *Percent) UnmarshalText(text []byte) error {
	found := percentPattern.FindStringSubmatch(string(text))
	if found == nil {
		return errors.New(`want a percentage, as in "35%" or "12.5%"`)
	}
	n, err := strconv.Atoi(found[1] + (found[2] + "00")[:2])
	if err != nil {
		return err
	}
	*p = Percent(n)
	return nil
}

func (c *checks) prescale(p Prescale) {
	c.between("prescale.registrations", p.Registrations, 0, MaxVisitors)
	c.between("prescale.tickets", p.Tickets, 0, MaxVisitors)
	c.between("prescale.tickets_per_order", p.TicketsPerOrder, 1, 1000)
	c.unless(p.Buying > 0 && p.Buying <= Whole, "prescale.buying", p.Buying.String(), "want more than 0% and at most 100%")
	shown := fmt.Sprintf("p50 %v, p90 %v", p.ShowUp.P50, p.ShowUp.P90)
	c.unless(p.ShowUp == ShowUp{} || p.ShowUp.P50 > 0 && p.ShowUp.P50 <= p.ShowUp.P90 && p.ShowUp.P90 <= MaxShowUp, "prescale.show_up", shown,
		"want p50 above 0%, and p90 from p50 to "+MaxShowUp.String())
	if p.SessionLength != 0 {
		c.length("prescale.session_length", p.SessionLength, 10*time.Second, Day)
	}
	c.length("prescale.lead_time", p.LeadTime, 0, 7*Day)
	c.between("prescale.services", len(p.Services), 0, MaxServices)
	seen := map[string]bool{}
	for i, name := range p.Services {
		at := fmt.Sprintf("prescale.services[%d]", i)
		c.unless(namePattern.MatchString(name), at, quote(name), "want the name of one of the operator's services, never an address")
		c.unless(!seen[name], at, quote(name), "is there already")
		seen[name] = true
	}
	c.between("prescale.past", len(p.Past), 0, MaxPast)
	for i, past := range p.Past {
		c.pastEvent(fmt.Sprintf("prescale.past[%d]", i), past)
	}
}

func (c *checks) pastEvent(at string, p PastEvent) {
	c.text(at+".name", p.Name, 200)
	c.between(at+".registrations", p.Registrations, 0, MaxVisitors)
	c.between(at+".visitors", p.Visitors, 1, MaxVisitors)
	c.between(at+".course", len(p.Course), 0, MaxMarks)
	before := Mark{At: math.MinInt64}
	for i, mark := range p.Course {
		here := fmt.Sprintf("%s.course[%d]", at, i)
		c.length(here+".at", mark.At, -30*Day, 30*Day)
		c.unless(mark.At > before.At, here+".at", mark.At.String(), "is not after the mark before it: want them in order")
		c.between(here+".visitors", mark.Visitors, before.Visitors, p.Visitors)
		before = mark
	}
}

// fill lets nothing differ between a list that is empty and one that is not
// there.
func (p *Prescale) fill() {
	p.Services, p.Past = noneIfEmpty(p.Services), noneIfEmpty(p.Past)
	for i := range p.Past {
		p.Past[i].Name = strings.TrimSpace(p.Past[i].Name)
		p.Past[i].Course = noneIfEmpty(p.Past[i].Course)
	}
}

func noneIfEmpty[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}
