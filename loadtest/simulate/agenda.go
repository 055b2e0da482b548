package simulate

// what a visitor does at a later tick.
type what uint8

const (
	claims what = iota
	givesUp
	touches
	completes
	joinsAgain
	whats
)

type entry struct {
	who     uint32
	session uint32
	what    what
}

// agenda is what is going to happen, by tick.
type agenda struct {
	ticks [][]entry
	spare [][]entry // emptied, to be filled again
}

func (a *agenda) add(tick int, e entry) {
	for tick >= len(a.ticks) {
		a.ticks = append(a.ticks, nil)
	}
	if n := len(a.spare); a.ticks[tick] == nil && n > 0 {
		a.ticks[tick], a.spare = a.spare[n-1], a.spare[:n-1]
	}
	a.ticks[tick] = append(a.ticks[tick], e)
}

// take returns a tick's entries in the order in which they were added; they
// are good until the next add.
func (a *agenda) take(tick int) []entry {
	if tick >= len(a.ticks) || a.ticks[tick] == nil {
		return nil
	}
	entries := a.ticks[tick]
	a.ticks[tick] = nil
	a.spare = append(a.spare, entries[:0])
	return entries
}
