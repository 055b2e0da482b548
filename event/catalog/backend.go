package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// ErrStale is returned by Backend.Write when the catalog has moved on.
var ErrStale = errors.New("catalog revision has moved on")

// Document is what a backend keeps of an event.
type Document struct {
	Organization string          `json:"organization"`
	Owner        Owner           `json:"owner"`
	Version      int64           `json:"version"`
	ChangedAt    time.Time       `json:"changed_at"`
	ChangedBy    string          `json:"changed_by"`
	Body         json.RawMessage `json:"body"` // of Owner API: the event; of Owner File: the overrides, a merge patch
	// Definition is, of Owner File, what the file announced last says, without
	// overrides. Gateways compare it byte by byte with their own file's.
	Definition json.RawMessage `json:"definition,omitempty"`
}

// Step is how far a write moves the revision, which is also the version it
// gives the event. The number skipped is left to gateways whose file is stale:
// see Record.Stale.
const Step = 2

// Write is one change: document, revision and log entry, all or nothing.
type Write struct {
	ID           string
	Organization string
	Revision     int64     // that the change was decided on; it becomes Revision + Step
	Document     *Document // nil deletes
	Entry        Entry
}

// Entry is one line of an event's log.
type Entry struct {
	At      time.Time       `json:"at"`
	By      string          `json:"by"`
	Reason  string          `json:"reason,omitempty"`
	Action  string          `json:"action"` // announce, create, put, patch or delete
	Version int64           `json:"version"`
	Changed json.RawMessage `json:"changed"` // merge patch from the definition before to the one after; null: deleted
	Undo    json.RawMessage `json:"undo"`    // merge patch back; null: nothing before is known
}

// Backend keeps documents. It decides nothing.
type Backend interface {
	// Load returns all documents by event id, and the revision they belong to.
	// The caller may keep the map, and does not change what is in it.
	Load(ctx context.Context) (map[string]Document, int64, error)
	// Write applies w, or returns ErrStale without a trace if the revision is
	// not w.Revision.
	Write(ctx context.Context, w Write) error
	// Revision returns Step times the number of writes so far.
	Revision(ctx context.Context) (int64, error)
	// Log returns the newest entries of an organization's event, newest first.
	Log(ctx context.Context, organization, id string, limit int) ([]Entry, error)
}

// LogCap is how many entries of an event's log a backend keeps at least; LogKept
// is how long it keeps the log of a deleted event.
const (
	LogCap  = 10_000
	LogKept = 90 * 24 * time.Hour
)
