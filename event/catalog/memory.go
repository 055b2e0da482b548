package catalog

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// Memory is the backend of a single process: that of the demo, and a fake for
// tests. It forgets everything with the process;
// Catalog.Recall brings back what was kept elsewhere.
type Memory struct {
	mu        sync.Mutex
	revision  int64
	documents map[string]Document
	logs      map[logName][]Entry // oldest first
}

type logName struct{ organization, id string }

// NewMemory returns an empty backend.
func NewMemory() *Memory {
	return &Memory{documents: map[string]Document{}, logs: map[logName][]Entry{}}
}

// Load is part of Backend.
func (m *Memory) Load(context.Context) (map[string]Document, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.documents), m.revision, nil
}

// Write is part of Backend.
func (m *Memory) Write(_ context.Context, w Write) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w.Revision != m.revision {
		return ErrStale
	}
	m.revision = w.Next
	for _, change := range w.Changes {
		m.documents[change.ID] = change.Document
		name := logName{change.Document.Organization, change.ID}
		entries := append(m.logs[name], change.Entry)
		if len(entries) > 2*LogCap {
			entries = slices.Clone(entries[len(entries)-LogCap:])
		}
		m.logs[name] = entries
	}
	for _, id := range w.Forget {
		delete(m.documents, id)
	}
	return nil
}

// Revision is part of Backend.
func (m *Memory) Revision(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.revision, nil
}

// Log is part of Backend.
func (m *Memory) Log(_ context.Context, organization, id string, limit int) ([]Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	entries := m.logs[logName{organization, id}]
	newest := slices.Clone(entries[max(0, len(entries)-limit):])
	slices.Reverse(newest)
	return newest, nil
}
