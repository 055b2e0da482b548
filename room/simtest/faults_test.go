package simtest

import (
	"fmt"
	"time"

	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/queue"
)

// fault is something that happens to a rush at a moment.
type fault struct {
	at   time.Time
	do   func()
	done bool
}

// plan throws the faults.
func (r *rush) plan() {
	for range r.dice.IntN(4) {
		r.throw(r.someTime())
	}
	for range max(0, r.dice.IntN(5)-2) {
		r.measure(r.someTime())
	}
}

func (r *rush) someTime() time.Time {
	return time.Now().Add(time.Duration(3_000+r.dice.IntN(70_000)) * time.Millisecond)
}

func (r *rush) at(at time.Time, do func()) { r.faults = append(r.faults, fault{at: at, do: do}) }

func (r *rush) throw(at time.Time) {
	short, i := time.Duration(r.dice.IntN(8_000))*time.Millisecond, r.dice.IntN(len(r.gateways))
	forgets, back := r.dice.IntN(2) == 0, time.Duration(r.dice.IntN(3_000))*time.Millisecond
	switch r.dice.IntN(8) {
	case 0:
		r.at(at, r.lose)
	case 1:
		r.at(at, func() { r.fallBack(back) })
	case 2:
		r.at(at, func() { r.tell("the store falls silent"); r.tape.fail(true, 0) })
		r.at(at.Add(short), func() { r.tell("the store speaks again"); r.tape.fail(false, 0) })
	case 3:
		r.at(at, func() { r.tell("every third answer of the store is lost"); r.tape.fail(false, 0.3) })
		r.at(at.Add(short), func() { r.tell("answers arrive again"); r.tape.fail(false, 0) })
	case 4:
		r.at(at, func() { r.kill(i, forgets) })
		r.at(at.Add(back), func() { r.revive(i) })
	case 5:
		r.at(at, func() { r.kill(i, forgets); r.lose() })
		r.at(at.Add(back), func() { r.revive(i) })
	case 6:
		jump := time.Duration(r.dice.IntN(1_600_000)-800_000) * time.Millisecond // less than admissions are remembered
		if !r.event.Room.EventStartTime.IsZero() {
			jump /= 1000
		}
		r.at(at, func() { r.jump(jump) })
	case 7:
		k := knobs{int64(60 * (1 + r.dice.IntN(8))), int64(2 + r.dice.IntN(10))}
		r.at(at, func() { r.change(k) })
	}
}

// lose is FLUSHALL.
func (r *rush) lose() {
	r.tell("the store loses everything")
	r.tape.fallBack(0)
	r.losing()
}

// fallBack is a failover to a replica that lagged.
func (r *rush) fallBack(lag time.Duration) {
	to := r.tape.before(r.clock().Add(-lag))
	r.tell("the store falls back by %v, to operation %d", lag, to)
	r.tape.fallBack(to)
	r.losing()
}

func (r *rush) losing() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lost == 0 {
		r.lost = micros()
	}
	r.orphans = r.killed
}

// kill ends a gateway at once; what it gave is forgotten, and with its disk what
// the room was.
func (r *rush) kill(i int, forgets bool) {
	g := r.gateways[i]
	if g.stop == nil {
		return
	}
	r.tell("gateway %s dies; its disk goes with it: %v", g.name, forgets)
	g.stop()
	r.killed = true
	if forgets {
		r.memories[i].kept = queue.Remembered{}
	}
}

func (r *rush) revive(i int) {
	if r.gateways[i].stop == nil {
		r.start(i)
	}
}

// jump moves the store's clock. A room lives at most ten seconds of it.
func (r *rush) jump(d time.Duration) {
	r.tell("the store's clock jumps by %v", d)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.offset.Add(d.Milliseconds())
	r.jumped = true
	lived := min(max(0, d.Milliseconds()), queue.MaxStep) * 1000
	if lived == 0 {
		return
	}
	if r.resting > 0 { // nobody's time runs
		return
	}
	now := micros()
	burst := r.ruling
	burst.PerMinute *= lived
	r.rule(now, burst)
	r.rule(now+1, r.ruling)
	r.limits.Grace = max(1, r.limits.Grace-lived)
	for _, v := range r.visitors {
		v.ends -= lived
		if v.turnEnds > now {
			v.turnEnds = max(now, v.turnEnds-lived)
			r.history.Add(invariant.MayHaveLeft(invariant.At(v.turnEnds), v.visitor))
		}
	}
	for id, s := range r.live {
		if s.ends > now {
			s.ends = max(now, s.ends-lived)
			r.live[id] = s
			r.history.Add(invariant.MayHaveLeft(invariant.At(s.ends), s.visitor)) // it may be over by then
		}
	}
}

// change is an organizer at the controls.
func (r *rush) change(k knobs) {
	patch := fmt.Sprintf(`{"room": {"new_users_per_minute": %d, "total_active_users": %d}}`, k.perMinute, k.cap)
	record, err := r.catalog.Patch(r.t.Context(), "globe", eventID, []byte(patch), catalog.AnyVersion, catalog.Author{Name: "dice"})
	if err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.knobs[record.Version+1] = k
	r.tell("the organizer sets %+v, version %d", k, record.Version)
}
