package queue

import "strconv"

var opNames = [...]string{"join", "claim", "touch", "leave", "complete", "restore"}

func (o Op) String() string {
	if o < 0 || int(o) >= len(opNames) {
		return "op " + strconv.Itoa(int(o))
	}
	return opNames[o]
}

var stateNames = [...]string{"none", "waiting", "called", "at the door", "lapsed", "late", "active", "missed", "full"}

func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return "state " + strconv.Itoa(int(s))
	}
	return stateNames[s]
}
