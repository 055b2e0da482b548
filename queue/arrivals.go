package queue

import "math"

// arrivals are who came while no number could be given: the store was away, or
// the room was restoring, or a draw was about to close. They are numbered later,
// by the time at which they came.
type arrivals struct {
	arrived    *zset // ms of arrival * MaxLines + index of the line
	settleTill int64 // nobody is numbered before, in the running time
	gatherTill int64 // until then everybody who joins is put among them, in the running time
	gatherFrom int64 // a time of arrival before this, unix ms, is not believed
}

// Gather is how long after an outage a room gathers those who came meanwhile, in
// ms: two polls of a page that was told to wait.
const Gather int64 = 10_000

// gathering says that more may come who were here before.
func (r *room) gathering() bool { return r.running() < max(r.settleTill, r.gatherTill, r.restoring) }

// gather begins when a gateway has given passes without a number.
func (r *room) gather(m Remembered) {
	if m.Parked == 0 {
		return
	}
	if !r.gathering() {
		r.gatherFrom = m.Parked
	}
	r.gatherFrom = min(r.gatherFrom, m.Parked)
	r.gatherTill = max(r.gatherTill, r.running()+Gather)
}

// parks says that nobody gets a number at this moment.
func (r *room) parks() bool {
	return r.gathering() || r.arrived.len() > 0 || r.closing()
}

func (r *room) park(v Visit, line int) Answer {
	came := r.wall
	if r.gathering() && r.gatherFrom <= v.Since && 0 < v.Since && v.Since < came {
		came = v.Since
	}
	r.arrived.add(v.Visitor, came*MaxLines+int64(line))
	return Answer{Generation: r.generation, State: Waiting, Line: r.lines[line].Name}
}

// number gives the arrivals their numbers, MaxCalls in a tick: while the room
// gathers, those who came so long ago that whoever came before is here, too.
func (r *room) number() {
	if r.running() < r.restoring || r.closing() || r.running() < r.settleTill {
		return
	}
	last := int64(math.MaxInt64)
	if r.gathering() {
		last = (r.wall - Gather) * MaxLines
	}
	for _, m := range r.arrived.between(0, last, MaxCalls) {
		r.arrived.remove(m.visitor)
		l := r.lines[m.score%MaxLines]
		l.issued++
		l.waiting.add(m.visitor, Base+l.issued)
	}
}
