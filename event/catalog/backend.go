package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// ErrStale is returned by Backend.Write when the catalog has moved on.
var ErrStale = errors.New("catalog revision has moved on")

// Document is what a backend keeps of an event, or of one that was deleted.
type Document struct {
	Organization string          `json:"organization"`
	Owner        Owner           `json:"owner"` // empty with Deleted
	Version      int64           `json:"version"`
	ChangedAt    time.Time       `json:"changed_at"`
	ChangedBy    string          `json:"changed_by"`
	Body         json.RawMessage `json:"body,omitempty"` // of Owner API: the event; of Owner File: the overrides, a merge patch
	// Definition is, of Owner File, what the file announced last says, without
	// overrides. Gateways compare it byte by byte with their own file's.
	Definition json.RawMessage `json:"definition,omitempty"`
	// Born is the first version under this id. Two documents of one birth are one
	// history, of which the higher version is the later; another birth was made by
	// somebody who found nothing under the id. See putBack.
	Born int64 `json:"born,omitempty"`
	// Deleted says that there is no event: the document is kept for LogKept, so
	// that nobody who remembers the event takes its deletion for a loss.
	Deleted bool `json:"deleted,omitempty"`
}

// Change is a new document of one event and the line that its log gets. The
// log of a deleted event is kept for LogKept.
type Change struct {
	ID       string
	Document Document
	Entry    Entry
}

// Write is one step of the catalog: changes and revision, all or nothing.
type Write struct {
	Revision int64    // that the step was decided on
	Next     int64    // what it becomes; above Revision
	Changes  []Change // of different events
	Forget   []string // ids of deleted events to remove
}

// Entry is one line of an event's log.
type Entry struct {
	At      time.Time       `json:"at"`
	By      string          `json:"by"`
	Reason  string          `json:"reason,omitempty"`
	Action  string          `json:"action"` // announce, create, put, patch, delete or put_back
	Version int64           `json:"version"`
	Changed json.RawMessage `json:"changed"` // merge patch from the definition before to the one after; null: deleted
	Undo    json.RawMessage `json:"undo"`    // merge patch back; null: nothing before is known
}

// Backend keeps documents. It decides nothing.
type Backend interface {
	// Load returns all documents by event id, and the revision they belong to.
	// The caller may keep the map, and does not change what is in it. What is
	// stored and cannot be read is there with Owner Unreadable.
	Load(ctx context.Context) (map[string]Document, int64, error)
	// Write applies w, or returns ErrStale without a trace if the revision is
	// not w.Revision.
	Write(ctx context.Context, w Write) error
	// Revision returns Next of the last write, 0 before the first.
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
