package queue

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Memory is a store in one process: the embedded default, for one gateway. It
// forgets everything when the process ends.
type Memory struct {
	now        func() time.Time
	generation func() uint64

	mu    sync.Mutex
	rooms map[string]*room
}

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store. generation gives each new room a number
// that no earlier room had; random 64 bits will do.
func NewMemory(now func() time.Time, generation func() uint64) *Memory {
	return &Memory{now: now, generation: generation, rooms: map[string]*room{}}
}

// Tick is Store's.
func (m *Memory) Tick(_ context.Context, name string, p Policy, b Budget, known Remembered) (Snapshot, error) {
	if err := errors.Join(p.Validate(), b.Validate(), known.Validate()); err != nil {
		return Snapshot{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	wall := m.now().UnixMilli()
	r := m.rooms[name]
	if r == nil {
		r = newRoom(m.generation(), wall)
		r.settleTill = r.running() + min(known.Window, Settle)
		m.rooms[name] = r
	}
	r.move(wall)
	r.recover(p, known, m.generation)
	r.tick(p, b)
	return r.snapshot(known), nil
}

// Apply is Store's.
func (m *Memory) Apply(_ context.Context, name string, op Op, visits []Visit) ([]Answer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.rooms[name]
	if r == nil {
		return nil, ErrNoRoom
	}
	r.move(m.now().UnixMilli())
	answers := make([]Answer, len(visits))
	for i, v := range visits {
		answers[i] = r.apply(op, v)
	}
	return answers, nil
}

// Drawn is Store's.
func (m *Memory) Drawn(_ context.Context, name, lineName string, from, most int64) ([]Visitor, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.rooms[name]
	if r == nil {
		return nil, ErrNoRoom
	}
	l := r.line(lineName)
	if l == nil {
		return nil, nil
	}
	return l.drawn.raw(from, most), nil
}

// Drop is Store's.
func (m *Memory) Drop(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rooms, name)
	return nil
}
