package prescale

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Request is what a plan is made from.
type Request struct {
	Event    string
	Start    time.Time // zero: not known yet
	Lead     time.Duration
	Evidence Evidence
	Sale     Sale
	Services []Service
}

// Service is one thing that must grow with the sessions.
type Service struct {
	Name        string `json:"name"`
	PerInstance int    `json:"per_instance"` // sessions that one instance carries
	Min         int    `json:"min"`
	Max         int    `json:"max"`
	Boot        Span   `json:"boot_s"` // from being asked for to ready, warm-up included
	Price       Price  `json:"-"`
	Target      string `json:"target"` // what drives it; empty: somebody scales by hand
}

// Plan is how many instances of what, from when to when, and what it costs.
type Plan struct {
	Event    string           `json:"event"`
	Start    time.Time        `json:"start,omitzero"`
	Forecast Forecast         `json:"forecast"`
	Demand   Demand           `json:"demand"`
	Services []ServicePlan    `json:"services"`
	Capacity int              `json:"capacity"` // sessions at once that the scarcest service carries
	Schedule Schedule         `json:"schedule"`
	Costs    []Cost           `json:"costs"` // one for each currency
	Advice   []Recommendation `json:"recommendations"`
}

// Clamp says which bound of a service the plan met.
type Clamp string

const (
	Unclamped Clamp = ""
	AtMin     Clamp = "min"
	AtMax     Clamp = "max"
)

// ServicePlan is one row of the plan.
type ServicePlan struct {
	Service
	Needed    int    `json:"needed"`    // ceil(required / per instance), whatever the bounds
	Instances int    `json:"instances"` // Needed within the bounds
	Clamp     Clamp  `json:"clamp"`
	ActsAt    int    `json:"acts_at"` // sessions per instance to give an autoscaler as its target
	Lead      Span   `json:"lead_s"`  // from the first word to the last instance ready
	Up        []Step `json:"up"`
	Down      []Step `json:"down"`
	Cost      *Cost  `json:"cost"` // nil: no price is known

	spent int64 // instance-seconds
}

// Schedule is when capacity is there, counted from the start; negative before.
type Schedule struct {
	ScaleUp  Span `json:"scale_up_s"`
	Ready    Span `json:"ready_s"`    // all instances, if nothing goes wrong
	Clears   Span `json:"clears_s"`   // p90 of visitors let in, or the stock sold; 0: not within a day
	Release  Span `json:"release_s"`  // from then on capacity is given back
	Finished Span `json:"finished_s"` // back at the minimum
}

// NewPlan refuses what makes no sense by name, all of it at once.
func NewPlan(req Request) (Plan, error) {
	if err := req.check(); err != nil {
		return Plan{}, err
	}
	p := Plan{Event: req.Event, Start: req.Start}
	var err error
	if p.Forecast, err = NewForecast(req.Evidence); err != nil {
		return Plan{}, err
	}
	if p.Demand, err = NewDemand(p.Forecast, req.Sale); err != nil {
		return Plan{}, err
	}
	p.Capacity = math.MaxInt
	for _, s := range req.Services {
		row := newServicePlan(s, p.Demand.Required)
		p.Services = append(p.Services, row)
		p.Capacity = min(p.Capacity, row.Instances*s.PerInstance)
	}
	p.schedule(req)
	if err := p.price(); err != nil {
		return Plan{}, err
	}
	p.Advice = advice(req, p)
	return p, nil
}

func newServicePlan(s Service, required int) ServicePlan {
	row := ServicePlan{Service: s, ActsAt: max(1, ActsAt(s.PerInstance))}
	row.Needed = (required + s.PerInstance - 1) / s.PerInstance
	row.Instances = min(max(row.Needed, s.Min), s.Max)
	switch {
	case row.Needed > s.Max:
		row.Clamp = AtMax
	case row.Needed < s.Min:
		row.Clamp = AtMin
	}
	row.Up, row.Down = up(s.Min, row.Instances), down(row.Instances, s.Min)
	if len(row.Up) > 0 {
		row.Lead = Span(last(row.Up)) + s.Boot
	}
	return row
}

// schedule begins early enough for the slowest service, and ends one session
// after the line has cleared: those let in last must finish, too.
func (p *Plan) schedule(req Request) {
	var lead, fall time.Duration
	for _, row := range p.Services {
		lead, fall = max(lead, time.Duration(row.Lead)), max(fall, last(row.Down))
	}
	begin := max(lead, req.Lead)
	clears, ok := p.Forecast.clearsIn(p.Forecast.Visitors.P90, p.Demand.Useful, p.passing(req.Sale), req.Sale.Session)
	release := clears + req.Sale.Session
	if !ok {
		release = longestHold
	}
	p.Schedule = Schedule{ScaleUp: Span(-begin), Ready: Span(lead - begin), Clears: Span(clears), Release: Span(release), Finished: Span(release + fall)}
	for i, row := range p.Services {
		hold := release + begin
		p.Services[i].spent = spent(row.Min, row.Up, hold) + spent(row.Instances, row.Down, fall)
	}
}

// passing is how many sessions at once really pass: capacity, or what the room
// lets in.
func (p *Plan) passing(s Sale) int {
	n := p.Capacity
	if s.Cap > 0 {
		n = min(n, s.Cap)
	}
	if rate := s.byRate(); rate > 0 {
		n = min(n, rate)
	}
	return n
}

func (p *Plan) price() error {
	totals := map[string]Cost{}
	for i := range p.Services {
		row := &p.Services[i]
		if row.Price == (Price{}) {
			continue
		}
		cost, ok := row.Price.of(row.spent)
		total := totals[cost.Currency]
		if sum := total.Minor + cost.Minor; !ok || sum < total.Minor {
			return &Refusal{Reason: Overflow, Field: "services." + row.Name + ".price_per_hour", Want: "the cost is beyond counting"}
		}
		row.Cost = &cost
		totals[cost.Currency] = Cost{cost.Currency, total.Minor + cost.Minor, cost.Digits}
	}
	for _, code := range sorted(totals) {
		p.Costs = append(p.Costs, totals[code])
	}
	return nil
}

func (r Request) check() error {
	var all refusals
	all.unless(r.Lead >= 0, Negative, "prescale.lead_time", r.Lead, "want 0 or more")
	all.unless(r.Lead <= longestAhead, OutOfBounds, "prescale.lead_time", r.Lead, fmt.Sprintf("want at most %v", longestAhead))
	all.unless(len(r.Services) > 0, NoService, "services", nil, "want at least one to scale")
	for _, s := range r.Services {
		s.check(&all)
	}
	return all.err()
}

// Validate names everything that no plan can be made with.
func (s Service) Validate() error {
	var r refusals
	s.check(&r)
	return r.err()
}

func (s Service) check(r *refusals) {
	at := "services." + s.Name
	r.unless(s.PerInstance != 0, ZeroPerInstance, at+".per_instance", 0, "an instance that carries nobody is never enough")
	r.unless(s.PerInstance >= 0, Negative, at+".per_instance", s.PerInstance, "want 1 or more")
	r.unless(s.PerInstance <= MaxPer, OutOfBounds, at+".per_instance", s.PerInstance, fmt.Sprintf("want at most %d", MaxPer))
	r.unless(s.Min >= 0, Negative, at+".min", s.Min, "want 1 or more")
	r.unless(s.Min != 0, OutOfBounds, at+".min", s.Min, "want 1 or more")
	r.unless(s.Max >= s.Min && s.Max <= MaxInstances, OutOfBounds, at+".max", s.Max, fmt.Sprintf("want min, %d, to %d", s.Min, MaxInstances))
	r.unless(s.Boot >= 0, Negative, at+".boot", s.Boot, "want 0 or more")
	r.unless(time.Duration(s.Boot) <= longestBoot, OutOfBounds, at+".boot", s.Boot, fmt.Sprintf("want at most %v", longestBoot))
	r.unless(s.Price.Micros >= 0, Negative, at+".price_per_hour", s.Price.Micros, "want 0 or more")
	_, priced := s.Price.of(0)
	r.unless(s.Price == (Price{}) || priced, BadPrice, at+".currency", s.Price.Currency, "want a currency by its three letters, as in EUR")
}

// Pick takes the named ones of the operator's services, in the order named; no
// names at all mean every service.
func Pick(services []Service, names []string) ([]Service, error) {
	if len(names) == 0 {
		return services, nil
	}
	var (
		picked []Service
		r      refusals
	)
	for i, name := range names {
		k := slices.IndexFunc(services, func(s Service) bool { return s.Name == name })
		r.unless(k >= 0, UnknownService, fmt.Sprintf("prescale.services[%d]", i), name, "is not among the operator's services")
		if k >= 0 {
			picked = append(picked, services[k])
		}
	}
	return picked, r.err()
}
