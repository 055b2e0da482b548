package queuetest

import (
	"pgregory.net/rapid"

	"github.com/bilten/rushgate/queue"
)

// books keeps account of a room from outside, by the promise and not by the
// rules: a bucket of its own from which every admission is paid, and the number
// of slots that were taken when they were last closed.
type books struct {
	policy     queue.Policy
	generation uint64
	tokens     int64
	admitted   int64
	taken      int64
	gifts      map[int64]bool // numbers of new sessions
	returned   int64          // sessions of an earlier life, and turns that were given back
}

// wait lets so many ms pass by the store's clock.
func (b *books) wait(ms int64) {
	room := min(max(ms, 0), queue.MaxStep)
	b.tokens = min(b.tokens+int64(b.policy.Rate)*room, b.policy.Rate.Burst())
}

// adopted notes sessions that cost no token and need no slot: they were given
// while the room was off, or by an earlier life of it.
func (b *books) adopted(visits []queue.Visit, answers []queue.Answer) {
	if b.gifts == nil {
		b.gifts = map[int64]bool{}
	}
	for i, a := range answers {
		switch {
		case visits[i].Adopt == 0 || a.State != queue.Active:
		case a.Generation != b.generation:
			b.returned++
		case a.Session > b.admitted:
			b.gifts[a.Session] = true
		}
	}
}

// told notes sessions of which a gateway has told the store: they were paid when
// they were given, in an earlier life.
func (b *books) told(m queue.Remembered) {
	if m.Generation != b.generation {
		b.admitted = max(b.admitted, m.Admitted)
	}
}

// close holds what happened since the last closing, all at one moment, against
// what was promised: admissions are paid for, and a slot is taken only below
// the cap.
func (b *books) close(rt *rapid.T, s queue.Snapshot, policy queue.Policy) {
	if b.policy.Version == 0 {
		b.tokens = policy.Rate.Burst()
	}
	if b.generation != s.Generation { // what was admitted and taken may have been lost
		if queue.Root(b.generation) != queue.Root(s.Generation) { // nobody knew that there had been anything
			b.tokens = policy.Rate.Burst()
		}
		b.generation, b.admitted, b.gifts, b.policy, b.taken = s.Generation, s.Admitted, nil, policy, s.Active+s.Called
	}
	paid := s.Admitted - b.admitted - int64(len(b.gifts))
	if b.tokens -= paid * queue.Token; b.tokens < 0 {
		rt.Fatalf("%d admissions at one moment, %.2f more than the rate allows", paid, -float64(b.tokens)/float64(queue.Token))
	}
	taken := s.Active + s.Called
	if most := max(b.policy.Cap, policy.Cap, b.taken) + int64(len(b.gifts)) + b.returned; taken > most {
		rt.Fatalf("%d slots are taken; %d were before, and the cap is %d", taken, b.taken, policy.Cap)
	}
	b.tokens = min(b.tokens, policy.Rate.Burst())
	b.policy, b.admitted, b.taken, b.gifts, b.returned = policy, s.Admitted, taken, nil, 0
}
