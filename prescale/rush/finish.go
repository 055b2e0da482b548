package rush

import "time"

// Outcome is what came of a task.
type Outcome struct {
	Error   string    // empty: it went well
	Waiting bool      // it went well, and the capacity is not ready yet
	Detail  string    // for people
	Scaling []Service // prescale: how far each service has come; nil: as it was
}

// Finish notes what came of a task. It reports false, and changes nothing, if
// the claim is not the task's any more: another gateway has taken the step over,
// or it was called off.
func Finish(s State, t Task, o Outcome, now time.Time) (State, bool) {
	s = s.clone()
	step := s.claimed(t)
	if step == nil {
		return s, false
	}
	step.Lease, step.Error, step.Detail = time.Time{}, o.Error, o.Detail
	if o.Scaling != nil {
		s.Scaling = o.Scaling
	}
	standing := Done
	switch {
	case o.Error != "":
		standing = Pending
		step.NotBefore = now.Add(backoff(t.Name, step.Attempts))
	case o.Waiting:
		standing = Waiting
		step.NotBefore = now.Add(pollEvery)
	}
	if standing != step.Standing {
		step.Standing, step.Since = standing, now
	}
	return s, true
}

// Remember notes what the queue was before it is touched, once in a run: a
// gateway that takes the step over finds the queue on already, and must not take
// that for what it was before.
func Remember(s State, t Task, q Queue) (State, bool) {
	s = s.clone()
	if s.claimed(t) == nil || s.Before != nil {
		return s, false
	}
	s.Before = &q
	return s, true
}

// Intend notes what prescale is about to order, once in a run: whoever takes the
// step over, or takes it back, finds what a gateway that died has ordered.
func Intend(s State, t Task, services []Service) (State, bool) {
	s = s.clone()
	if s.claimed(t) == nil || s.Scaling != nil {
		return s, false
	}
	s.Scaling = services
	return s, true
}

func (s *State) claimed(t Task) *Step {
	step := s.step(t.Name)
	if step == nil || step.over() || s.Run != t.Run || step.By != t.By || step.Attempts != t.Attempt || step.Lease.IsZero() {
		return nil
	}
	return step
}

// backoff doubles from one second.
func backoff(name Name, attempts int) time.Duration {
	most := retryMost
	if name == EnableQueue {
		most = queueMost
	}
	wait := time.Second << min(max(attempts-1, 0), 10)
	return min(wait, most)
}
