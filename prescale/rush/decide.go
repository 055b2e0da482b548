package rush

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// Lease is how long a step belongs to the gateway that claimed it; what it does
	// must end within Bound.
	Lease = 15 * time.Second
	Bound = 10 * time.Second

	pollEvery = 5 * time.Second  // until capacity is ready
	retryMost = 30 * time.Second // between two attempts at a step that fails
	queueMost = 4 * time.Second  // the same for the queue: visitors are at the door
)

// Schedule is the By of what nobody asked for by hand.
const Schedule = "schedule"

// Task is a step that its claimant is to do now, within Bound.
type Task struct {
	Name    Name
	Run     int64
	Attempt int // with Run and By it tells this claim from any other
	By      string
}

// Decide brings the state up to now and, if a step is due, claims it for the
// gateway who. A state that differs from the old one is to be swapped in first;
// only who succeeds in that does the task. Two are never at one step, unless one
// of them went on beyond its lease.
func Decide(s State, f Facts, who string, now time.Time) (State, *Task) {
	s = s.clone()
	s.move(f, now)
	for _, name := range s.due(f, now) {
		step := s.step(name)
		if step.held(now) || now.Before(step.NotBefore) {
			continue
		}
		step.Attempts++
		step.By, step.Lease = who, now.Add(Lease)
		return s, &Task{Name: name, Run: s.Run, Attempt: step.Attempts, By: who}
	}
	return s, nil
}

// move changes the phase when its time has come.
func (s *State) move(f Facts, now time.Time) {
	if f.Gone { // an event that is made anew under the same name has a rush of its own
		s.StartAt = time.Time{}
	}
	switch s.Phase {
	case Idle, Over:
		if f.scheduled(now) && !(s.Phase == Over && s.StartAt.Equal(f.StartAt)) {
			s.arm(f, Schedule, "", now)
		}
	case Cancelled:
		s.moveCancelled(f, now)
	case Armed:
		s.moveArmed(f, now)
	case Rising:
		if f.Gone || f.over(now) {
			s.turn(Schedule, ending(f), now)
			return
		}
		s.rise(f, now)
	case Up:
		s.lateOrReady(f, now)
		if f.Gone || f.over(now) {
			s.turn(Schedule, ending(f), now)
			return
		}
		s.extend(f, now)
	case Falling:
		if s.all(back) {
			s.enter(Over, s.By, s.Reason, now)
			s.Warning = ""
		}
	}
	if s.Phase == Armed { // a due schedule does not wait for the next look
		s.moveArmed(f, now)
	}
}

func ending(f Facts) string {
	if f.Gone {
		return "the event is gone"
	}
	return "the event is over"
}

func (s *State) arm(f Facts, by, reason string, now time.Time) {
	s.enter(Armed, by, reason, now)
	s.StartAt = f.StartAt
}

func (s *State) moveArmed(f Facts, now time.Time) {
	switch {
	case f.Gone || f.over(now):
		s.enter(Over, Schedule, ending(f), now)
	case f.Due().IsZero(), s.By == Schedule && !f.Auto: // declared again, it is armed again
		s.enter(Idle, Schedule, "the event declares no rush any more", now)
	case !now.Before(f.Due()):
		s.begin(f, s.By, s.Reason, now)
	default:
		s.StartAt = f.StartAt // a start that is moved takes the rush with it
	}
}

func (s *State) moveCancelled(f Facts, now time.Time) {
	switch {
	case !f.Gone && !f.over(now):
		if s.inForce() {
			s.extend(f, now)
		}
	case s.inForce():
		s.turn(Schedule, ending(f), now)
	default:
		s.enter(Over, Schedule, ending(f), now)
	}
}

// inForce says that a step forward may have had an effect that was not taken back.
func (s State) inForce() bool {
	for _, name := range back {
		if step := s.step(name); step != nil {
			if !step.over() {
				return true
			}
		} else if s.touched(undoes[name]) {
			return true
		}
	}
	return false
}

// rise ends the way up.
func (s *State) rise(f Facts, now time.Time) {
	s.lateOrReady(f, now)
	if s.step(EnableQueue).over() && s.step(ActivatePricing).over() {
		s.enter(Up, s.By, s.Reason, now)
	}
}

// lateOrReady warns of capacity that is late, until it is there.
func (s *State) lateOrReady(f Facts, now time.Time) {
	switch scaled := s.step(Prescale); {
	case scaled.over():
		s.Warning = ""
	case !now.Before(f.ReadyBy(time.UnixMilli(s.Run))):
		s.Warning = notReady(*s)
	}
}

// extend has ordered again what would lapse before its event is over, because the
// end was moved.
func (s *State) extend(f Facts, now time.Time) {
	scaled, until := s.step(Prescale), f.Until(time.UnixMilli(s.Run))
	for i := range s.Scaling {
		if one := &s.Scaling[i]; one.Ordered && one.lapsesBefore(until) {
			one.Ordered = false
			scaled.Standing, scaled.Since = Pending, now
		}
	}
}

// lapses says that something was ordered, and is given back before the event is
// over.
func (s State) lapses(f Facts) bool {
	until := f.Until(time.UnixMilli(s.Run))
	return slices.ContainsFunc(s.Scaling, func(one Service) bool { return one.lapsesBefore(until) })
}

// CapacityNotReady begins the warning of a rush that goes on without its
// capacity.
const CapacityNotReady = "capacity_not_ready"

func notReady(s State) string {
	lacking := []string{}
	for _, one := range s.Scaling {
		if one.Ready < one.Level || !one.Ordered {
			lacking = append(lacking, fmt.Sprintf("%s %d of %d", one.Name, one.Ready, max(one.Level, one.Instances)))
		}
	}
	if len(lacking) == 0 {
		return CapacityNotReady + ": nothing could be ordered"
	}
	return CapacityNotReady + ": ready are " + strings.Join(lacking, ", ")
}

// due lists the steps that may be done now, the most urgent first.
func (s State) due(f Facts, now time.Time) []Name {
	switch s.Phase {
	case Rising:
		return s.dueForward(f, now)
	case Up:
		if !s.step(Prescale).over() { // late capacity is still capacity
			return []Name{Prescale}
		}
	case Cancelled:
		if s.inForce() && s.lapses(f) { // what was done stays
			return []Name{Prescale}
		}
	case Falling:
		return s.dueBack(now)
	}
	return nil
}

func (s State) dueForward(f Facts, now time.Time) []Name {
	var names []Name
	scaled, queue, prices := s.step(Prescale), s.step(EnableQueue), s.step(ActivatePricing)
	if !queue.over() && (scaled.over() || !now.Before(f.Deadline(time.UnixMilli(s.Run)))) {
		names = append(names, EnableQueue)
	}
	if queue.over() && !prices.over() {
		names = append(names, ActivatePricing)
	}
	if !scaled.over() {
		names = append(names, Prescale)
	}
	return names
}

// dueBack takes the steps in order. One that fails does not stand in the way of
// the next: prices that cannot be reached must not keep the instances running.
func (s State) dueBack(now time.Time) []Name {
	var names []Name
	for _, name := range back {
		step, ahead := s.step(name), s.step(undoes[name])
		if step.over() {
			continue
		}
		if ahead.held(now) { // somebody may still be at what is to be taken back
			return names
		}
		names = append(names, name)
		if step.Error == "" {
			return names
		}
	}
	return names
}

func (s State) all(names []Name) bool {
	for _, name := range names {
		if step := s.step(name); step == nil || !step.over() {
			return false
		}
	}
	return true
}
