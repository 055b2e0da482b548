package catalog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/bilten/rushgate/event"
)

// request is one change that somebody asks for.
type request struct {
	action       string // put, patch or delete
	organization string
	id           string
	body         []byte // put: a definition; patch: a merge patch
	version      int64
	by           Author
}

// standing is an event as the change finds it.
type standing struct {
	owner        Owner  // empty: there is none
	organization string // also of a deleted one, while its document is kept
	version      int64
	stale        bool   // the version is that of a stale file
	body         []byte // of the document; nil: none
	announced    []byte // definition of the file announced last; nil: none
	born         int64  // 0: nothing is stored under the id, not even a deletion
}

// decide is the whole policy of changes, without any I/O.
func (g ground) decide(view View, documents map[string]Document, r request, now time.Time) (Write, Record, error) {
	found := g.standing(documents, r.id)
	if err := r.permitted(found); err != nil {
		return Write{}, Record{}, fmt.Errorf("event %s: %w", r.id, err)
	}
	before, err := g.definition(found, r.id)
	if err != nil {
		return Write{}, Record{}, err
	}
	version := nextVersion(view.Revision, now)
	next := Document{
		Organization: r.organization, Version: version, ChangedAt: now, ChangedBy: r.by.Name,
		Born: cmp.Or(found.born, version),
	}
	entry := Entry{At: now, By: r.by.Name, Reason: r.by.Reason, Action: r.action, Version: version}
	w := Write{Revision: view.Revision, Next: version, Forget: overdue(documents, r.id, now)}
	if r.action == "delete" {
		next.Deleted = true
		entry.Changed, entry.Undo = json.RawMessage("null"), before
		w.Changes = []Change{{r.id, next, entry}}
		return w, Record{}, nil
	}
	next.Owner, next.Definition = found.owner, found.announced
	if found.owner == "" {
		next.Owner, entry.Action = API, "create"
	}
	e, body, err := g.apply(found, r)
	if err != nil {
		return Write{}, Record{}, err
	}
	if _, err := event.NewRoutes(append(view.events(r.id), e)); err != nil {
		return Write{}, Record{}, err
	}
	next.Body = body
	entry.Changed, entry.Undo, err = difference(before, e)
	w.Changes = []Change{{r.id, next, entry}}
	return w, next.record(e, found.stale), err
}

// standing looks at documents, not at the view: what is left out of the view
// can still be mended or deleted by its owner.
func (g ground) standing(documents map[string]Document, id string) standing {
	d, stored := documents[id]
	declared, inFile := g.files[id]
	switch {
	case inFile && stored && d.Owner == File && d.Organization == declared.Organization:
		stale := g.stale(id, d)
		version := d.record(declared, stale).Version
		return standing{File, d.Organization, version, stale, d.Body, d.Definition, d.Born}
	case inFile:
		return standing{owner: File, organization: declared.Organization, born: d.Born}
	case stored && d.Owner == API:
		return standing{owner: API, organization: d.Organization, version: d.Version, body: d.Body, born: d.Born}
	case d.Deleted: // its log, line and ledger of prices outlive it, and are still its organization's
		return standing{organization: d.Organization, born: d.Born}
	default:
		return standing{born: d.Born} // overrides of a file that is gone are nobody's event
	}
}

const maxReason = 500

func (r request) permitted(found standing) error {
	if n := utf8.RuneCountInString(r.by.Reason); n > maxReason {
		return &event.FieldError{Field: "reason", Reason: fmt.Sprintf("%d characters are too many: want at most %d", n, maxReason)}
	}
	exists, creates := found.owner != "", r.action == "put"
	switch {
	case found.organization != "" && found.organization != r.organization && creates:
		return ErrForeign
	case exists && found.organization != r.organization, !exists && !creates:
		return ErrNotFound
	case found.owner == File && r.action != "patch":
		return fmt.Errorf("%w: change the file", ErrFileOwned)
	case !exists && r.version > NewVersion:
		return fmt.Errorf("%w: there is none", ErrConflict)
	case exists && r.version != AnyVersion && r.version != found.version:
		return fmt.Errorf("%w: it is at version %d", ErrConflict, found.version)
	default:
		return nil
	}
}

// apply returns the event after the change and the document's new body.
func (g ground) apply(found standing, r request) (event.Event, []byte, error) {
	if found.owner == File {
		return g.override(found, r)
	}
	definition := r.body
	if r.action == "patch" {
		merged, err := event.MergePatch(found.body, r.body)
		if err != nil {
			return event.Event{}, nil, err
		}
		definition = merged
	}
	e, err := event.Parse(definition)
	if err != nil {
		return event.Event{}, nil, err
	}
	for _, err := range []error{same("id", e.ID, r.id), same("organization", e.Organization, r.organization), g.fits(e)} {
		if err != nil {
			return event.Event{}, nil, err
		}
	}
	body, err := encode(e)
	return e, body, err
}

// override keeps only what differs from the file, so that the rest goes on
// following the file.
func (g ground) override(found standing, r request) (event.Event, []byte, error) {
	if err := event.CheckLive(r.body); err != nil {
		return event.Event{}, nil, fmt.Errorf("event %s: %w: %w", r.id, ErrFileOwned, err)
	}
	old := found.body
	if old == nil {
		old = []byte("{}")
	}
	overrides, err := event.MergePatch(old, r.body)
	if err != nil {
		return event.Event{}, nil, err
	}
	e, err := g.files[r.id].Patch(overrides)
	return e, overrides, err
}

// definition is the event before the change as JSON; null when there is none.
func (g ground) definition(found standing, id string) (json.RawMessage, error) {
	switch found.owner {
	case API:
		return found.body, nil
	case File:
		e := g.files[id]
		if changed, err := e.Patch(found.body); found.body != nil && err == nil {
			e = changed
		}
		return encode(e)
	default:
		return json.RawMessage("null"), nil
	}
}

// difference returns the merge patches from before to e, and back.
func difference(before json.RawMessage, e event.Event) (changed, undo json.RawMessage, err error) {
	after, err := encode(e)
	if err != nil || string(before) == "null" {
		return after, before, err
	}
	if changed, err = event.Diff(before, after); err != nil {
		return nil, nil, err
	}
	undo, err = event.Diff(after, before)
	return changed, undo, err
}
