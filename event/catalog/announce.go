package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/bilten/rushgate/event"
)

// Announce gives every event whose file has changed since it was last announced
// a new version, so that rooms take the new definition. Call it once, before
// serving: of gateways with different files the one that started last counts,
// and the records of the others are Stale. Overrides stay. A start with the
// files announced last writes nothing.
func (c *Catalog) Announce(ctx context.Context) error {
	documents, revision, err := c.documents(ctx)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(c.ground.files)) {
		if documents, revision, err = c.announce(ctx, id, documents, revision); err != nil {
			return fmt.Errorf("announce event %s: %w", id, err)
		}
	}
	return nil
}

// announce writes one event's announcement, if there is one to make, and returns
// the documents as it left them.
func (c *Catalog) announce(ctx context.Context, id string, documents map[string]Document, revision int64) (map[string]Document, int64, error) {
	for range maxAttempts {
		w, needed, err := c.ground.announcement(documents[id], id, revision, c.now())
		if err != nil || !needed {
			return documents, revision, err
		}
		err = c.backend.Write(ctx, w)
		if err == nil {
			documents[id] = w.Changes[0].Document
			c.known.hold(documents, w.Next)
			return documents, w.Next, nil
		}
		if !errors.Is(err, ErrStale) {
			return nil, 0, unreachable("write document", err)
		}
		if documents, revision, err = c.documents(ctx); err != nil {
			return nil, 0, err
		}
	}
	return nil, 0, ErrConflict
}

// announcement is the write that makes the file's definition the one in force;
// needed is false if it is so already. A document that is not this file's is
// taken over: the file counts.
func (g ground) announcement(d Document, id string, revision int64, now time.Time) (w Write, needed bool, err error) {
	declared, definition := g.files[id], g.definitions[id]
	own := d.Owner == File && d.Organization == declared.Organization
	if own && bytes.Equal(d.Definition, definition) {
		return Write{}, false, nil
	}
	before, err := known(d, declared.Organization)
	if err != nil {
		return Write{}, false, err
	}
	next := Document{
		Organization: declared.Organization, Owner: File, Version: nextVersion(revision, now), Born: d.Born,
		ChangedAt: now, ChangedBy: string(File), Body: json.RawMessage("{}"), Definition: definition,
	}
	if d.Version == 0 {
		next.Born = next.Version
	}
	if own {
		next.Body = d.Body
	}
	record, _ := g.fileRecord(declared, next) // overrides that do not fit are a Problem of the view
	entry := Entry{At: now, By: string(File), Action: "announce", Version: next.Version}
	entry.Changed, entry.Undo, err = difference(before, record.Event)
	return Write{Revision: revision, Next: next.Version, Changes: []Change{{id, next, entry}}}, true, err
}

// known is the definition that a document stands for, null if it does not tell
// or is not the organization's to read. It need not be valid any more.
func known(d Document, organization string) (json.RawMessage, error) {
	switch {
	case d.Organization != organization:
		return json.RawMessage("null"), nil
	case d.Owner == API:
		return d.Body, nil
	case d.Definition == nil:
		return json.RawMessage("null"), nil
	default:
		return event.MergePatch(d.Definition, d.Body)
	}
}

// stale says that another definition than this gateway's was announced last.
func (g ground) stale(id string, d Document) bool {
	return d.Definition != nil && !bytes.Equal(d.Definition, g.definitions[id])
}
