package rush

import "time"

// Phase is how far a rush has come.
type Phase string

const (
	Idle      Phase = ""          // nothing is planned
	Armed     Phase = "armed"     // waits for its hour
	Rising    Phase = "rising"    // steps forward are under way
	Up        Phase = "up"        // queue and prices are on
	Falling   Phase = "falling"   // steps back are under way
	Over      Phase = "over"      // all is as it was before
	Cancelled Phase = "cancelled" // no further step; what was done stays until the event is over
)

// Name is a step's.
type Name string

const (
	Prescale          Name = "prescale"
	EnableQueue       Name = "enable_queue"
	ActivatePricing   Name = "activate_pricing"
	DeactivatePricing Name = "deactivate_pricing"
	RestoreQueue      Name = "restore_queue"
	ScaleDown         Name = "scale_down"
)

// forward and back are the steps in their order; the last one forward is the
// first to be taken back.
var (
	forward = []Name{Prescale, EnableQueue, ActivatePricing}
	back    = []Name{DeactivatePricing, RestoreQueue, ScaleDown}
	undoes  = map[Name]Name{DeactivatePricing: ActivatePricing, RestoreQueue: EnableQueue, ScaleDown: Prescale}
)

// Standing is how far a step has come.
type Standing string

const (
	Pending Standing = "pending"
	Waiting Standing = "waiting" // ordered; the capacity is not ready yet
	Done    Standing = "done"
	Skipped Standing = "skipped" // there was nothing to take back
)

// State is what gateways agree on about one event's rush. The zero value is a
// rush that nobody has planned.
type State struct {
	Phase   Phase     `json:"phase"`
	Since   time.Time `json:"since,omitzero"`
	Run     int64     `json:"run,omitempty"`     // names the run: ms since 1970 by the store's clock at its first step
	StartAt time.Time `json:"start_at,omitzero"` // event_start_time that it was begun for
	By      string    `json:"by,omitempty"`      // who brought it into this phase: an API key, or "schedule"
	Reason  string    `json:"reason,omitempty"`  // theirs
	Steps   []Step    `json:"steps,omitempty"`   // in order
	Scaling []Service `json:"scaling,omitempty"` // what prescale has ordered
	Before  *Queue    `json:"before,omitempty"`  // the queue before enable_queue touched it
	Warning string    `json:"warning,omitempty"` // named; what the rush goes on in spite of
}

// Step is one step of a run.
type Step struct {
	Name      Name      `json:"name"`
	Standing  Standing  `json:"state"`
	Since     time.Time `json:"since"` // of Standing
	Attempts  int       `json:"attempts"`
	By        string    `json:"by,omitempty"`         // gateway that claimed it last
	Lease     time.Time `json:"lease,omitzero"`       // it is being done; from then on another may take it over
	NotBefore time.Time `json:"not_before,omitzero"`  // of the next attempt
	Error     string    `json:"last_error,omitempty"` // of the last attempt, empty when it went well
	Detail    string    `json:"detail,omitempty"`
}

// Queue is what a room's switch was before the rush, and at which version of the
// event that was seen.
type Queue struct {
	Suspended bool  `json:"suspended"`
	Released  bool  `json:"released"`
	Version   int64 `json:"version"`
}

// Service is one service that is scaled, and how far it has come.
type Service struct {
	Name      string    `json:"service"`
	Target    string    `json:"target"`
	Instances int       `json:"instances"` // this event's need
	Most      int       `json:"most"`      // that the target may ever be ordered; 0: no bound
	Ordered   bool      `json:"ordered"`
	Level     int       `json:"level"`          // ordered for all events together
	Version   int64     `json:"version"`        // of that order
	Until     time.Time `json:"until,omitzero"` // when it lapses
	Ready     int       `json:"ready"`
	Detail    string    `json:"detail,omitempty"`
}

// Order is what a target is told. It is a level, not a change: carrying it out
// twice is as good as once.
type Order struct {
	Target    string
	Instances int       // in all, for everybody who needs the target now
	Version   int64     // grows with the orders of a target; one below the last that was carried out is late and void
	Key       string    // the same for every attempt at this order
	Until     time.Time // when it is taken back at the latest
	Event     string    // whose rush it is for, for people; empty: none
}

// Readiness is a target's word on how many instances can take visitors.
type Readiness struct {
	Ready  int
	Detail string // for people: what it is that is missing
}

func (s State) step(name Name) *Step {
	for i := range s.Steps {
		if s.Steps[i].Name == name {
			return &s.Steps[i]
		}
	}
	return nil
}

// touched says that a step was tried at least once, so that it may have had an
// effect.
func (s State) touched(name Name) bool {
	step := s.step(name)
	return step != nil && step.Attempts > 0
}

func (s Step) over() bool { return s.Standing == Done || s.Standing == Skipped }

// held says that somebody is at it.
func (s Step) held(now time.Time) bool { return !s.over() && now.Before(s.Lease) }

// lapsesBefore says that it was ordered, and is given back before t.
func (s Service) lapsesBefore(t time.Time) bool { return !s.Until.IsZero() && s.Until.Before(t) }

// clone gives the caller slices of its own.
func (s State) clone() State {
	s.Steps = append([]Step(nil), s.Steps...)
	s.Scaling = append([]Service(nil), s.Scaling...)
	return s
}

func (s *State) enter(phase Phase, by, reason string, now time.Time) {
	s.Phase, s.Since, s.By, s.Reason = phase, now, by, reason
}

// begin is the first moment of a run. What the queue was before stays known
// until it has been given back.
func (s *State) begin(f Facts, by, reason string, now time.Time) {
	if given := s.step(RestoreQueue); given == nil || given.over() {
		s.Before = nil
	}
	s.enter(Rising, by, reason, now)
	s.Run, s.StartAt = max(s.Run+1, now.UnixMilli()), f.StartAt
	s.Steps, s.Scaling, s.Warning = nil, nil, ""
	for _, name := range forward {
		s.Steps = append(s.Steps, Step{Name: name, Standing: Pending, Since: now})
	}
}

// turn begins the way back. What was never tried has nothing to take back.
func (s *State) turn(by, reason string, now time.Time) {
	s.enter(Falling, by, reason, now)
	for _, name := range back {
		standing := Pending
		if !s.touched(undoes[name]) {
			standing = Skipped
		}
		s.Steps = append(s.Steps, Step{Name: name, Standing: standing, Since: now})
	}
}
