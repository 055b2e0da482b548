package invariant

import "slices"

// Modes in which a room's figures are not a promise: they are what was known
// before the store fell silent, or they are being put together again.
const (
	Hold    = "hold"
	Restore = "restore"
)

// modes are all that the HTTP contract names.
var modes = []string{"normal", Hold, Restore, "bypass", "paused", "queue_all", "draining", "closed", "rejected", "all_held", "sold_out", "down"}

// announced says whether a mode tells visitors that figures do not count now.
func announced(mode string) bool { return mode == Hold || mode == Restore }

// aMoment, in microseconds, is what a store may be late without anything being
// wrong: saying so is right.
const aMoment = 1_000_000

// checkModes proves that every answer named what the room was doing: that it
// worked while its store was well, that it did not pretend to while the store was
// silent, and that it never opened because something failed.
func checkModes(l *ledger) []Violation {
	var found []Violation
	held := map[string]*Event{} // per gateway, since when it has been in hold for no known reason
	for i := range l.events {
		e := &l.events[i]
		if e.Kind != told {
			continue
		}
		if e.Mode != Hold || l.disturbed(e.Span) {
			delete(held, e.Gateway)
		} else if held[e.Gateway] == nil {
			held[e.Gateway] = e
		}
		switch {
		case !slices.Contains(modes, e.Mode):
			found = append(found, broken([]Event{*e}, "visitor %s was told at %s of mode %q, which has no name in the contract",
				short(e.Visitor), l.clock(e.To), e.Mode))
		case e.Mode == "bypass":
			found = append(found, broken([]Event{*e}, "gateway %s let everybody through at %s, and nobody had chosen that", e.Gateway, l.clock(e.To)))
		case e.Mode == Restore && !l.disturbed(e.Span):
			found = append(found, broken([]Event{*e}, "gateway %s put places back at %s, while nothing was wrong", e.Gateway, l.clock(e.To)))
		case held[e.Gateway] != nil && e.From-held[e.Gateway].From > max(l.limits.Lag, aMoment):
			found = append(found, broken([]Event{*held[e.Gateway], *e}, "gateway %s answered in mode hold from %s to %s, while nothing was wrong",
				e.Gateway, l.clock(held[e.Gateway].To), l.clock(e.To)))
			held[e.Gateway] = e
		case !announced(e.Mode) && l.silent(e.Span):
			found = append(found, broken([]Event{*e}, "gateway %s answered in mode %s at %s, while its store had been silent for %.1f s",
				e.Gateway, e.Mode, l.clock(e.To), float64(l.silentFor(e.From))/1e6))
		}
	}
	return found
}

// Disturbance is a time in which something was done to the room's store or
// gateways, up to the moment by which it must be well again.
type Disturbance struct {
	Span
	Silent Span // within it, the store answered nobody; zero if it answered somebody
}

// disturbed says whether an answer may have been given in such a time.
func (l *ledger) disturbed(when Span) bool {
	return slices.ContainsFunc(l.limits.Disturbed, func(d Disturbance) bool {
		return when.From <= d.To && when.To >= d.From
	})
}

// silent says whether the store had been silent for longer than a snapshot may
// be old when the answer was asked for, and still was when it came.
func (l *ledger) silent(when Span) bool {
	return slices.ContainsFunc(l.limits.Disturbed, func(d Disturbance) bool {
		return d.Silent.To > 0 && when.From > d.Silent.From+l.limits.Lag && when.To < d.Silent.To
	})
}

func (l *ledger) silentFor(at int64) int64 {
	for _, d := range l.limits.Disturbed {
		if at > d.Silent.From && at < d.Silent.To {
			return at - d.Silent.From
		}
	}
	return 0
}

// checkBystanders proves that what was done to one event was not felt by the
// visitors of another.
func checkBystanders(l *ledger) []Violation {
	if !l.limits.Bystander {
		return nil
	}
	var found []Violation
	for i := range l.events {
		switch e := &l.events[i]; {
		case e.Kind == told && announced(e.Mode):
			found = append(found, broken([]Event{*e}, "visitor %s of another event was told of mode %s at %s", short(e.Visitor), e.Mode, l.clock(e.To)))
		case e.Kind == forgotten:
			found = append(found, broken([]Event{*e}, "visitor %s of another event had no place any more at %s", short(e.Visitor), l.clock(e.To)))
		}
	}
	return found
}
