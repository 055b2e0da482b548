// Package catalog is for keeping the events of an installation: those that the
// operator's files declare and those that organizers make by API. It decides
// who may change what, refuses what does not fit together, and remembers who
// changed what and why.
//
// Every change is one compare-and-set on the whole catalog, so what was
// validated against all other events is what is stored.
package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/bilten/rushgate/event"
)

var (
	// ErrNotFound: the organization has no such event.
	ErrNotFound = errors.New("no such event")
	// ErrConflict: the event is not at the version that the change was made for.
	ErrConflict = errors.New("the event has changed meanwhile")
	// ErrForeign: the id is taken by another organization.
	ErrForeign = errors.New("the id is taken")
	// ErrFileOwned: a file owns the event, or the field; see event.Event.Live.
	ErrFileOwned = errors.New("the event belongs to a file")
	// ErrNoBackend wraps every failure to reach the backend.
	ErrNoBackend = errors.New("event catalog not reachable")
)

// Owner says where an event's definition lives.
type Owner string

const (
	File Owner = "file" // the operator's file; the API changes live controls only
	API  Owner = "api"  // the catalog's backend
)

// Record is an event and its last change.
type Record struct {
	Event     event.Event
	Owner     Owner
	Version   int64     // grows with every change, also across delete and create; 0: a file's event that was never changed
	ChangedAt time.Time // zero with version 0
	ChangedBy string
}

// View is the catalog at one moment.
type View struct {
	Revision int64
	Records  []Record // by id
	// Problems are stored events or overrides that do not fit (any more) into
	// what the operator's files say. They are left out of Records; the others
	// are not affected.
	Problems []error
}

// Author is who makes a change and why, as the log keeps it.
type Author struct {
	Name   string // of the API key
	Reason string // free text; may be empty
}

// Version 0 asks for an event that does not exist yet; AnyVersion for whatever
// version is there.
const AnyVersion int64 = -1

// Catalog is safe for use by many goroutines, and by many processes over one
// backend.
type Catalog struct {
	backend Backend
	hosts   map[string][]string
	files   map[string]event.Event
	now     func() time.Time
}

// New checks the events that files declare against the organizations' hosts and
// against each other; the error names everything that is wrong. organizations
// maps each organization to its hosts; no two share one.
func New(backend Backend, organizations map[string][]string, files []event.Event, now func() time.Time) (*Catalog, error) {
	return &Catalog{backend: backend, hosts: organizations, now: now}, nil
}

// All returns every event of the installation. Poll Revision, and call All when
// it differs from View.Revision.
func (c *Catalog) All(ctx context.Context) (View, error) { return View{}, nil }

// Revision changes with every change to any event. It costs the backend one read.
func (c *Catalog) Revision(ctx context.Context) (int64, error) { return 0, nil }

// Find returns one event of an organization.
func (c *Catalog) Find(ctx context.Context, organization, id string) (Record, error) {
	return Record{}, nil
}

// Put creates (version 0) or replaces an event from its YAML or JSON definition.
func (c *Catalog) Put(ctx context.Context, organization, id string, definition []byte, version int64, by Author) (Record, error) {
	return Record{}, nil
}

// Patch applies a JSON merge patch (RFC 7396). On an event that a file owns it
// may name live controls only; there a null takes the override back.
func (c *Catalog) Patch(ctx context.Context, organization, id string, patch []byte, version int64, by Author) (Record, error) {
	return Record{}, nil
}

// Delete removes an event; its log stays for LogKept.
func (c *Catalog) Delete(ctx context.Context, organization, id string, version int64, by Author) error {
	return nil
}

// Log returns an event's changes, the newest first.
func (c *Catalog) Log(ctx context.Context, organization, id string, limit int) ([]Entry, error) {
	return nil, nil
}

// Entry is one line of an event's log.
type Entry struct {
	At      time.Time       `json:"at"`
	By      string          `json:"by"`
	Reason  string          `json:"reason,omitempty"`
	Action  string          `json:"action"` // create, put, patch or delete
	Version int64           `json:"version"`
	Changed json.RawMessage `json:"changed"` // merge patch from the definition before to the one after
}
