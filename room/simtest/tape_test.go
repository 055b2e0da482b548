package simtest

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/bilten/rushgate/queue"
)

var errSilent = errors.New("the store does not answer")

// tape is a store that can fall silent, swallow answers, lose everything, or fall
// back to what it was some time ago. A store is what it was asked: to fall back
// is to play the beginning of the tape to a new one.
type tape struct {
	clock func() time.Time
	dice  *rand.Rand
	told  func(wall time.Time, s queue.Snapshot) // of every tick, whoever asked

	mu      sync.Mutex
	memory  *queue.Memory
	entries []entry
	playing *entry // its generations are used again; nil: dice make new ones
	wall    time.Time
	silent  bool
	unseen  bool    // it has fallen back, and no gateway has ticked it since
	deaf    float64 // of the answers this part is lost on the way
}

// entry is one operation of the store.
type entry struct {
	wall        time.Time
	generations []uint64
	ask         func(*queue.Memory)
}

var _ queue.Store = (*tape)(nil)

func newTape(clock func() time.Time, dice *rand.Rand, told func(time.Time, queue.Snapshot)) *tape {
	t := &tape{clock: clock, dice: dice, told: told}
	t.memory = queue.NewMemory(t.now, t.generation)
	return t
}

func (t *tape) now() time.Time { return t.wall }

func (t *tape) generation() uint64 {
	if t.playing != nil {
		g := t.playing.generations[0]
		t.playing.generations = t.playing.generations[1:]
		return g
	}
	g := t.dice.Uint64()
	last := &t.entries[len(t.entries)-1]
	last.generations = append(last.generations, g)
	return g
}

// do asks the store, unless it is silent, and says whether the answer arrives.
func (t *tape) do(ask func(*queue.Memory)) error {
	if t.silent {
		return errSilent
	}
	t.wall = t.clock()
	t.entries = append(t.entries, entry{wall: t.wall, ask: ask})
	ask(t.memory)
	if t.deaf > 0 && t.dice.Float64() < t.deaf {
		return errSilent
	}
	return nil
}

// fallBack makes the store what it was after so many operations.
func (t *tape) fallBack(to int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.entries = slices.Clip(t.entries[:to])
	t.memory = queue.NewMemory(t.now, t.generation)
	for _, e := range t.entries {
		t.wall, t.playing = e.wall, &e // a copy: its generations are used up
		e.ask(t.memory)
	}
	t.playing, t.unseen = nil, to > 0
}

// before is how many operations had been done at a moment of the store's clock.
func (t *tape) before(wall time.Time) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := slices.IndexFunc(t.entries, func(e entry) bool { return e.wall.After(wall) })
	if n < 0 {
		return len(t.entries)
	}
	return n
}

func (t *tape) fail(silent bool, deaf float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.silent, t.deaf = silent, deaf
}

// Tick is Store's.
func (t *tape) Tick(ctx context.Context, room string, p queue.Policy, b queue.Budget, m queue.Remembered) (queue.Snapshot, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var s queue.Snapshot
	var failed error
	err := t.do(func(store *queue.Memory) { s, failed = store.Tick(ctx, room, p, b, m) })
	if failed == nil && s.Generation != 0 {
		t.unseen = false
		t.told(t.wall, s)
	}
	return s, errors.Join(failed, err)
}

// Apply is Store's.
func (t *tape) Apply(ctx context.Context, room string, op queue.Op, visits []queue.Visit) ([]queue.Answer, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.unseen && !*gap {
		return nil, errSilent
	}
	visits = slices.Clone(visits) // the caller uses its own again
	var a []queue.Answer
	var failed error
	err := t.do(func(store *queue.Memory) { a, failed = store.Apply(ctx, room, op, visits) })
	if failed != nil || err != nil {
		return nil, cmp.Or(failed, err)
	}
	return a, nil
}

// Drawn is Store's.
func (t *tape) Drawn(ctx context.Context, room, line string, from, most int64) ([]queue.Visitor, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.memory.Drawn(ctx, room, line, from, most)
}

// Drop is Store's.
func (t *tape) Drop(ctx context.Context, room string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.do(func(store *queue.Memory) { _ = store.Drop(ctx, room) })
}
