package k8s

import (
	"fmt"
	"time"

	"github.com/bilten/rushgate/prescale/rush"
)

// note is what we remember of a value that we set.
type note struct {
	Version  int64     `json:"version"`        // of the last order that was carried out
	Ours     bool      `json:"ours,omitempty"` // Set and Previous hold
	Set      int32     `json:"set,omitempty"`
	Previous int32     `json:"previous,omitempty"` // to be given back
	Until    time.Time `json:"until,omitzero"`
	Event    string    `json:"event,omitempty"`
	// Pending is of a note that is written before its value: until it is taken off,
	// another value may be there because ours never came, From if nobody else came.
	Pending bool  `json:"pending,omitempty"`
	From    int32 `json:"from,omitempty"`
}

// found is an object as it is.
type found struct {
	current int32
	most    int32 // above which the cluster refuses; 0: no bound
	note    note
	handle  any // what write needs to notice that somebody was quicker
}

// change is what an object is to become.
type change struct {
	value int32
	note  note
}

// edited says that somebody else has set what is there.
func (f found) edited() bool {
	still := f.note.Pending && f.current == f.note.From
	return f.note.Ours && f.current != f.note.Set && !still
}

// settle decides what an order means for what is there; false: nothing to do.
// Lowering happens in one case alone: the value is ours, and an order that is
// newer asks for less; it ends at what was there before us.
func settle(f found, o rush.Order) (change, bool) {
	wanted := int32(min(max(o.Instances, 0), 1<<30)) //nolint:gosec // bounded
	if f.most > 0 {
		wanted = min(wanted, f.most)
	}
	n := note{Version: o.Version, Ours: true, Previous: f.current, Until: o.Until, Event: o.Event}
	switch neverCame := f.note.Pending && f.current != f.note.Set; {
	case o.Version < f.note.Version:
		return change{}, false // late: a newer order has been carried out
	case o.Version == f.note.Version && f.note.Ours && !neverCame:
		return change{}, false // carried out already, and if it was edited since, that holds
	case f.note.Ours && !f.edited():
		n.Previous = f.note.Previous
	}
	n.Set = max(wanted, n.Previous)
	return change{value: n.Set, note: n}, true
}

// giveBack decides what the end of all orders means.
func giveBack(f found, version int64) (change, bool) {
	if version < f.note.Version || version == f.note.Version && !f.note.Ours {
		return change{}, false
	}
	c := change{value: f.current, note: note{Version: version}}
	if f.note.Ours && !f.edited() {
		c.value = f.note.Previous
	}
	return c, true
}

// lacks says why an order can't come true; empty: it can.
func (f found) lacks(o rush.Order) string {
	switch {
	case f.most > 0 && int(f.most) < o.Instances:
		return fmt.Sprintf("maxReplicas %d is below the %d that are needed", f.most, o.Instances)
	case f.edited() && !f.note.Pending && int(f.current) < o.Instances:
		return fmt.Sprintf("somebody has set %d since: it is left alone", f.current)
	default:
		return ""
	}
}
