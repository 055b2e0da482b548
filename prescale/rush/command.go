package rush

import (
	"errors"
	"fmt"
	"time"
)

// Command is what an organizer asks for.
type Command string

const (
	Arm    Command = "arm"    // by the schedule, also after a cancel
	Start  Command = "start"  // now
	Cancel Command = "cancel" // nothing further is done; what was done stays
	Revert Command = "revert" // the way back, now
)

// Commands are all there are.
var Commands = []Command{Arm, Start, Cancel, Revert}

// ErrRefused is in the error of a command that does not fit the state.
var ErrRefused = errors.New("not now")

func refused(reason string) error { return fmt.Errorf("%w: %s", ErrRefused, reason) }

// Apply does what a command says. Asking for what is so already changes nothing.
// The error says why it can't be, and wraps ErrRefused.
func Apply(s State, c Command, f Facts, by, reason string, now time.Time) (State, error) {
	s = s.clone()
	var err error
	switch c {
	case Arm:
		err = s.commandArm(f, by, reason, now)
	case Start:
		err = s.commandStart(f, by, reason, now)
	case Cancel:
		err = s.commandCancel(by, reason, now)
	case Revert:
		err = s.commandRevert(by, reason, now)
	default:
		err = fmt.Errorf("%q: want arm, start, cancel or revert", c)
	}
	return s, err
}

func (s *State) commandArm(f Facts, by, reason string, now time.Time) error {
	switch {
	case s.Phase == Armed:
		return nil
	case s.Phase == Rising || s.Phase == Up:
		return refused("it is under way already")
	case s.Phase == Falling:
		return refused("the way back is under way")
	case s.inForce():
		return refused("steps of the cancelled rush are still in force: start goes on with it, revert takes them back")
	case f.Due().IsZero():
		return refused("the event declares no room.event_start_time or no lead time: there is no hour to arm it for")
	case !now.Before(f.Opening()):
		return refused("the event has opened already: start begins it now")
	}
	s.arm(f, by, reason, now)
	return nil
}

func (s *State) commandStart(f Facts, by, reason string, now time.Time) error {
	switch {
	case s.Phase == Rising || s.Phase == Up:
		return nil
	case f.over(now):
		return refused("the event is over")
	case s.Phase == Cancelled && s.inForce():
		s.enter(Rising, by, reason, now)
		return nil
	case s.Phase == Falling && s.busy(now):
		return refused("a step back is being done this moment; ask again in a few seconds")
	}
	s.begin(f, by, reason, now)
	return nil
}

func (s State) busy(now time.Time) bool {
	for _, step := range s.Steps {
		if step.held(now) {
			return true
		}
	}
	return false
}

func (s *State) commandCancel(by, reason string, now time.Time) error {
	switch s.Phase {
	case Cancelled:
		return nil
	case Armed, Rising, Up:
		s.enter(Cancelled, by, reason, now)
		return nil
	case Falling:
		return refused("the way back is under way")
	default:
		return refused("nothing is armed or under way")
	}
}

func (s *State) commandRevert(by, reason string, now time.Time) error {
	switch {
	case s.Phase == Falling:
		return nil
	case s.Phase == Armed:
		return refused("nothing was done yet: cancel calls it off")
	case s.Phase == Rising, s.Phase == Up, s.Phase == Cancelled && s.inForce():
		s.turn(by, reason, now)
		return nil
	default:
		return refused("there is nothing to take back")
	}
}
