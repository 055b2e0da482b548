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
	"errors"
	"fmt"
	"time"

	"github.com/bilten/rushgate/event"
)

var (
	// ErrNotFound says that the organization has no such event.
	ErrNotFound = errors.New("no such event")
	// ErrConflict says that the event is not at the version the change was made for.
	ErrConflict = errors.New("the event has changed meanwhile")
	// ErrForeign says that another organization has taken the id.
	ErrForeign = errors.New("the id is taken")
	// ErrFileOwned says that a file owns the event and the API may change its
	// live controls only.
	ErrFileOwned = errors.New("the event belongs to a file")
	// ErrNoBackend says that the backend did not answer.
	ErrNoBackend = errors.New("event catalog not reachable")
)

// Owner says where an event's definition lives.
type Owner string

const (
	File Owner = "file" // the operator's file; the API changes live controls only
	API  Owner = "api"  // the catalog's backend
	// Unreadable is of a document that the backend holds and nobody here can read.
	Unreadable Owner = "unreadable"
)

// Record is an event and its last change.
type Record struct {
	Event event.Event
	Owner Owner
	// Version grows with every change, also across delete and create. It is 0
	// for an event of a file that nobody has announced or changed.
	Version   int64
	ChangedAt time.Time // zero with version 0
	ChangedBy string    // the Author's name, or "file" for what a file announced
	// Stale says that this gateway's file differs from the one announced last, as
	// on the older gateways of a rolling restart. Event is then what this file
	// says, and Version is one below the stored one, a number that nothing stored
	// ever has: a room's store keeps the announced policy, yet takes this one over
	// all that came before. So a control that the API changes works even when no
	// gateway with the announced file is left.
	Stale bool
}

// Author is who makes a change and why, as the log keeps it.
type Author struct {
	Name   string // of the API key
	Reason string // free text; may be empty
}

// AnyVersion asks for whatever version is there. It is for changes that hold
// whatever else was changed, such as pausing.
const AnyVersion int64 = -1

// NewVersion is the version of an event that does not exist yet.
const NewVersion int64 = 0

// Catalog is safe for use by many goroutines, and by many processes over one
// backend.
type Catalog struct {
	backend Backend
	ground  ground
	now     func() time.Time
	known   *knowledge
}

// New checks the events that files declare against the organizations' hosts and
// against each other; the error names everything that is wrong. organizations
// maps each organization to its hosts; no two share one.
func New(backend Backend, organizations map[string][]string, files []event.Event, now func() time.Time) (*Catalog, error) {
	ground, err := newGround(organizations, files)
	if err != nil {
		return nil, err
	}
	usable := func(id string, d Document) bool { _, err := ground.apiRecord(id, d); return err == nil }
	return &Catalog{backend: backend, ground: ground, now: now, known: newKnowledge(usable)}, nil
}

// All returns every event of the installation. Poll Revision, and call All when
// it differs from View.Revision. Until the backend has answered for the first
// time, what was recalled stands for it.
func (c *Catalog) All(ctx context.Context) (View, error) {
	view, _, err := c.load(ctx)
	if recalled, ok := c.known.recalledOnly(); err != nil && ok {
		return c.ground.view(recalled.Documents, recalled.Revision, recalled.Good), nil
	}
	return view, err
}

// Revision changes with every change to any event. It costs the backend one read.
// What was recalled stands for it as with All.
func (c *Catalog) Revision(ctx context.Context) (int64, error) {
	revision, err := c.backend.Revision(ctx)
	if err == nil {
		return revision, nil
	}
	if recalled, ok := c.known.recalledOnly(); ok {
		return recalled.Revision, nil
	}
	return 0, unreachable("read revision", err)
}

// Find returns one event of an organization.
func (c *Catalog) Find(ctx context.Context, organization, id string) (Record, error) {
	view, err := c.All(ctx)
	if err != nil {
		return Record{}, err
	}
	record, _ := view.find(id)
	if record.Event.Organization != organization {
		return Record{}, fmt.Errorf("event %s: %w", id, ErrNotFound)
	}
	return record, nil
}

// Put creates (NewVersion) or replaces an event from its YAML or JSON definition.
func (c *Catalog) Put(ctx context.Context, organization, id string, definition []byte, version int64, by Author) (Record, error) {
	return c.change(ctx, request{"put", organization, id, definition, version, by})
}

// Patch applies a JSON merge patch (RFC 7396). On an event that a file owns it
// may name live controls only; there a null takes the override back.
func (c *Catalog) Patch(ctx context.Context, organization, id string, patch []byte, version int64, by Author) (Record, error) {
	return c.change(ctx, request{"patch", organization, id, patch, version, by})
}

// Delete removes an event; its log stays for LogKept.
func (c *Catalog) Delete(ctx context.Context, organization, id string, version int64, by Author) error {
	_, err := c.change(ctx, request{"delete", organization, id, nil, version, by})
	return err
}

// change decides on the catalog as it is and writes only if it still is so;
// otherwise it decides anew.
func (c *Catalog) change(ctx context.Context, r request) (Record, error) {
	for range maxAttempts {
		view, documents, err := c.load(ctx)
		if err != nil {
			return Record{}, err
		}
		write, record, err := c.ground.decide(view, documents, r, c.now())
		if err != nil {
			return Record{}, err
		}
		err = c.backend.Write(ctx, write)
		if err == nil {
			documents[r.id] = write.Changes[0].Document
			for _, id := range write.Forget {
				delete(documents, id)
			}
			c.known.hold(documents, write.Next)
			return record, nil
		}
		if !errors.Is(err, ErrStale) {
			return Record{}, unreachable("write event "+r.id, err)
		}
	}
	return Record{}, fmt.Errorf("event %s: %w", r.id, ErrConflict)
}

// maxAttempts is how often a change is decided anew while others write. Each
// failure means that another writer got through.
const maxAttempts = 20

func (c *Catalog) load(ctx context.Context) (View, map[string]Document, error) {
	documents, revision, err := c.documents(ctx)
	if err != nil {
		return View{}, nil, err
	}
	return c.ground.view(documents, revision, c.known.held().Good), documents, nil
}

// documents is what the backend holds, after what it lost was put back.
func (c *Catalog) documents(ctx context.Context) (map[string]Document, int64, error) {
	for range maxAttempts {
		documents, revision, err := c.backend.Load(ctx)
		if err != nil {
			return nil, 0, unreachable("load events", err)
		}
		w, lost := putBack(c.known.held(), documents, revision, c.now())
		if !lost {
			c.known.hold(documents, revision)
			return documents, revision, nil
		}
		if err = c.backend.Write(ctx, w); err == nil {
			c.known.restored.Add(int64(len(w.Changes)))
			for _, change := range w.Changes {
				documents[change.ID] = change.Document
			}
			c.known.hold(documents, w.Next)
			return documents, w.Next, nil
		}
		if !errors.Is(err, ErrStale) {
			return nil, 0, unreachable("put back what the store has lost", err)
		}
	}
	return nil, 0, fmt.Errorf("put back what the store has lost: %w", ErrConflict)
}

// Log returns an event's changes, the newest first.
func (c *Catalog) Log(ctx context.Context, organization, id string, limit int) ([]Entry, error) {
	entries, err := c.backend.Log(ctx, organization, id, min(max(limit, 0), LogCap))
	if err != nil {
		return nil, unreachable("read log of event "+id, err)
	}
	return entries, nil
}

func unreachable(doing string, err error) error {
	return fmt.Errorf("%s: %w: %w", doing, ErrNoBackend, err)
}
