package invariant

import (
	"cmp"
	"slices"
)

// checkControls proves that every change of a control is attributed and has a
// version of its own, higher than all that were made before it; and that a room
// never goes back to an older policy.
func checkControls(l *ledger) []Violation {
	var found []Violation
	var changes []*Event
	for i := range l.events {
		e := &l.events[i]
		if e.Kind != changed {
			continue
		}
		if e.change.actor == "" {
			found = append(found, broken([]Event{*e}, "nobody is named for the change of %s to version %d at %s",
				e.change.control, e.change.version, l.clock(e.To)))
		}
		changes = append(changes, e)
	}
	found = append(found, l.versionsOutOfOrder(changes)...)
	return append(found, l.policyWentBack()...)
}

func (l *ledger) versionsOutOfOrder(changes []*Event) []Violation {
	var found []Violation
	slices.SortStableFunc(changes, func(a, b *Event) int { return cmp.Compare(a.change.version, b.change.version) })
	var latest *Event // of the lower versions, the one made last
	for i, b := range changes {
		if i > 0 && changes[i-1].change.version == b.change.version {
			a := changes[i-1]
			found = append(found, broken([]Event{*a, *b}, "%s's change of %s and %s's of %s both made version %d",
				a.change.actor, a.change.control, b.change.actor, b.change.control, a.change.version))
		} else if latest != nil && b.To < latest.From {
			found = append(found, broken([]Event{*latest, *b}, "version %d (%s) was made at %s, after version %d (%s) at %s",
				latest.change.version, latest.change.control, l.clock(latest.From), b.change.version, b.change.control, l.clock(b.To)))
		}
		if latest == nil || b.From > latest.From {
			latest = b
		}
	}
	return found
}

func (l *ledger) policyWentBack() []Violation {
	var found []Violation
	var newest *Event // the first to obey the highest version
	for i := range l.events {
		e := &l.events[i]
		if e.Kind != ticked {
			continue
		}
		if newest != nil && e.room.Version < newest.room.Version && newest.To < e.From-l.limits.Lag {
			found = append(found, broken([]Event{*newest, *e}, "the room obeyed version %d at %s and version %d at %s",
				newest.room.Version, l.clock(newest.To), e.room.Version, l.clock(e.To)))
		}
		if newest == nil || e.room.Version > newest.room.Version {
			newest = e
		}
	}
	return found
}
