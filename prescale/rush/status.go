package rush

import "time"

// Status is a rush as people see it. Its field names are part of the API.
type Status struct {
	Event       string       `json:"event"`
	At          time.Time    `json:"at"`    // by the store's clock
	Phase       string       `json:"phase"` // idle, armed, rising, up, falling, over or cancelled
	Since       *time.Time   `json:"since"`
	By          string       `json:"by"` // who brought it into this phase: an API key, or schedule
	Reason      string       `json:"reason"`
	Run         int64        `json:"run"`
	DueAt       *time.Time   `json:"due_at"`        // when the schedule begins; null: it does not
	QueueOnBy   *time.Time   `json:"queue_on_by"`   // when the queue goes on, ready or not; null: not known
	CapacityEnd *time.Time   `json:"capacity_ends"` // when ordered capacity is given back at the latest
	Warning     string       `json:"warning"`
	Steps       []StepStatus `json:"steps"`
	Scaling     []Service    `json:"scaling"`
}

// StepStatus is one step.
type StepStatus struct {
	Step      Name      `json:"step"`
	State     string    `json:"state"` // pending, doing, waiting, done or skipped
	Since     time.Time `json:"since"`
	Attempts  int       `json:"attempts"`
	By        string    `json:"by"` // the gateway that did it last
	LastError string    `json:"last_error"`
	Detail    string    `json:"detail"`
}

// Describe shows a state at now.
func Describe(event string, s State, f Facts, now time.Time) Status {
	shown := Status{
		Event: event, At: now, Phase: string(s.Phase), Since: moment(s.Since), By: s.By, Reason: s.Reason, Run: s.Run,
		Warning: s.Warning, Steps: []StepStatus{}, Scaling: append([]Service{}, s.Scaling...),
	}
	if s.Phase == Idle {
		shown.Phase = "idle"
	}
	switch s.Phase {
	case Armed:
		shown.DueAt = moment(f.Due())
		shown.QueueOnBy = moment(f.Deadline(f.Due()))
	case Rising:
		shown.QueueOnBy = moment(f.Deadline(time.UnixMilli(s.Run)))
	}
	if s.inForce() {
		shown.CapacityEnd = moment(f.Until(now))
	}
	for _, step := range s.Steps {
		one := StepStatus{step.Name, string(step.Standing), step.Since, step.Attempts, step.By, step.Error, step.Detail}
		if step.held(now) {
			one.State = "doing"
		}
		shown.Steps = append(shown.Steps, one)
	}
	return shown
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
