package accord

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Memory is the store of a single process: that of a lone gateway. It forgets
// everything with the process.
type Memory struct {
	now func() time.Time

	mu      sync.Mutex
	records map[string]*remembered
	newest  int64 // version of any record, those that were dropped included
}

type remembered struct {
	version int64
	data    []byte
	reports map[string]report
	log     []Entry
	logged  int64
}

type report struct {
	at   time.Time
	data []byte
}

// NewMemory returns an empty store with this clock.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{now: now, records: map[string]*remembered{}}
}

// Meet is part of Store.
func (m *Memory) Meet(_ context.Context, key, member string, told []byte, fresh time.Duration) (Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, now := m.record(key), m.now()
	if told != nil {
		r.reports[member] = report{now, bytes.Clone(told)}
	}
	met := Record{Version: r.version, Data: bytes.Clone(r.data), Now: now, Reports: map[string][]byte{}}
	for name, left := range r.reports {
		if now.Sub(left.at) > fresh {
			delete(r.reports, name)
			continue
		}
		met.Reports[name] = bytes.Clone(left.data)
	}
	return met, nil
}

// Swap is part of Store.
func (m *Memory) Swap(_ context.Context, key string, version int64, data []byte, entries ...[]byte) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, now := m.record(key), m.now()
	if r.version != version {
		return 0, ErrBeaten
	}
	m.newest = max(m.newest+1, now.UnixMicro())
	r.version, r.data = m.newest, bytes.Clone(data)
	for _, entry := range entries {
		r.logged++
		r.log = append(r.log, Entry{ID: fmt.Sprintf("%020d", r.logged), At: now, Data: bytes.Clone(entry)})
	}
	if len(r.log) > 2*LogCap {
		r.log = slices.Clone(r.log[len(r.log)-LogCap:])
	}
	return r.version, nil
}

// Log is part of Store.
func (m *Memory) Log(_ context.Context, key, after string, most int) ([]Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	log := m.record(key).log
	from, _ := slices.BinarySearchFunc(log, after, func(e Entry, after string) int {
		if e.ID > after {
			return 1
		}
		return -1
	})
	return slices.Clone(log[from:min(len(log), from+max(0, most))]), nil
}

// Drop is part of Store.
func (m *Memory) Drop(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.records, key)
	return nil
}

func (m *Memory) record(key string) *remembered {
	r, ok := m.records[key]
	if !ok {
		r = &remembered{reports: map[string]report{}}
		m.records[key] = r
	}
	return r
}
