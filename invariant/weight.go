package invariant

// Weight is what a gateway has taken of its machine.
type Weight struct {
	Resident    int64 // bytes of memory
	Descriptors int64 // open files and sockets
	Goroutines  int64
}

// checkWeight proves that no gateway grew beyond its bounds, whatever happened
// to it. A bound of 0 is none.
func checkWeight(l *ledger) []Violation {
	var found []Violation
	most := l.limits.Weight
	for i := range l.events {
		e := &l.events[i]
		if e.Kind != weighed {
			continue
		}
		for _, one := range []struct {
			what      string
			has, most int64
		}{
			{"bytes of memory", e.weight.Resident, most.Resident},
			{"open files and sockets", e.weight.Descriptors, most.Descriptors},
			{"goroutines", e.weight.Goroutines, most.Goroutines},
		} {
			if one.most > 0 && one.has > one.most {
				found = append(found, broken([]Event{*e}, "gateway %s had %d %s at %s; at most %d are allowed",
					e.Gateway, one.has, one.what, l.clock(e.To), one.most))
			}
		}
	}
	return found
}
