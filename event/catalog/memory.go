package catalog

import "context"

// Memory is the backend of a single process: the demo's, and the fake for tests.
type Memory struct{}

// NewMemory returns an empty backend.
func NewMemory() *Memory { return &Memory{} }

func (m *Memory) Load(ctx context.Context) (map[string]Document, int64, error) { return nil, 0, nil }
func (m *Memory) Write(ctx context.Context, w Write) error                     { return nil }
func (m *Memory) Revision(ctx context.Context) (int64, error)                  { return 0, nil }
func (m *Memory) Log(ctx context.Context, organization, id string, limit int) ([]Entry, error) {
	return nil, nil
}
