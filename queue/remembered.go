package queue

import (
	"errors"
	"fmt"
)

// MaxRoots is how many rooms' passes one room honours: its own, and those that
// were found later to be the same line.
const MaxRoots = 4

// Root is what all lives of a room have in common: the upper half of a
// generation. The lower half is new whenever the store has lost something.
func Root(generation uint64) uint32 { return uint32(generation >> 32) }

// Forgotten says whether a room that was true at a moment can be the one that a
// store made when it began, by a clock that may have been lost with the room: unix
// ms by the store's clock.
func Forgotten(at, begun int64) bool { return -ClockLost < begun-at && begun-at < Found }

// reborn is the next life of a room with this root.
func reborn(root uint32, random uint64) uint64 {
	return uint64(root)<<32 | max(1, random&(1<<32-1))
}

// Remembered is what a gateway knows of a room, mostly from what the store told
// it: a store that knows less has lost something. The zero value remembers
// nothing.
type Remembered struct {
	Generation uint64
	Roots      []uint32
	At         int64 // of the last snapshot, unix ms by the store's clock
	Seq        int64
	Admitted   int64 // sessions given, by their highest number
	Held       int64 // sessions that went on
	Drawn      bool  // the draw was closed
	Offset     int64 // of its circle, and 1 more; 0: not known yet
	Lines      []RememberedLine

	Cursor string // Snapshot.Cursor
	// Window is how long, in ms, nobody is called after a loss, so that everybody
	// can come back first.
	Window int64
	// Parked is since when, in unix ms by the store's clock, this gateway has given
	// passes without a number, because the store did not answer; 0: it has not.
	Parked int64
}

// RememberedLine is one line of a room.
type RememberedLine struct {
	Name        string
	Issued      int64
	Serving     int64
	CalledOrder int64
	LapsedOrder int64
}

// After is what a gateway remembers once it has seen s. A snapshot of the same
// room that is older than the memory changes nothing but the cursor.
func (m Remembered) After(s Snapshot) Remembered {
	m.Cursor = s.Cursor
	if s.Generation == m.Generation && s.Seq < m.Seq {
		return m
	}
	before, admitted := m.Lines, s.Admitted
	if s.Generation == m.Generation { // a session that was given after the store made s
		admitted = max(admitted, m.Admitted)
	}
	m.Generation, m.Roots, m.At, m.Seq = s.Generation, s.Roots, s.At, s.Seq
	m.Admitted, m.Held, m.Drawn, m.Offset = admitted, s.Active+s.Unseen, s.Drawn, s.Offset+1
	m.Lines = make([]RememberedLine, len(s.Lines))
	for i, l := range s.Lines {
		m.Lines[i] = RememberedLine{l.Name, l.Issued, l.Serving, l.CalledOrder, l.LapsedOrder}
		for _, known := range before { // a number that was given after the store made s
			if known.Name == l.Name {
				m.Lines[i].Issued = max(l.Issued, known.Issued)
			}
		}
	}
	return m
}

// Validate says what a store could not work with.
func (m Remembered) Validate() error {
	bad := len(m.Roots) > MaxRoots || len(m.Lines) > MaxLines
	numbers := []int64{m.At, m.Seq, m.Admitted, m.Held, m.Offset, m.Window, m.Parked}
	for _, l := range m.Lines {
		numbers = append(numbers, l.Issued, l.Serving, l.CalledOrder/2, l.LapsedOrder/2)
		bad = bad || l.Name == ""
	}
	for _, n := range numbers {
		bad = bad || n < 0 || n > Base
	}
	if bad {
		return fmt.Errorf("%w: %+v", errImpossible, m)
	}
	return nil
}

var errImpossible = errors.New("memory of a room that cannot have been")
