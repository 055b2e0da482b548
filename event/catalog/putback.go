package catalog

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// putBack is the write that gives a store back what it has lost of held; lost is
// false if it has lost nothing. Whoever does this at the same time decides anew
// on what the first one wrote, so the newest version of every document is what
// remains, and no change made meanwhile is undone.
func putBack(held Held, stored map[string]Document, revision int64, now time.Time) (w Write, lost bool) {
	w = Write{Revision: revision, Next: nextVersion(max(revision, held.Revision), now)}
	for _, id := range slices.Sorted(maps.Keys(held.Documents)) {
		known := held.Documents[id]
		have, found := stored[id]
		if known.Owner == Unreadable {
			known = held.Good[id]
		}
		document, missing := reconcile(known, have, found, w.Next)
		if !missing || !found && known.expired(now) {
			continue
		}
		w.Changes = append(w.Changes, Change{id, document, Entry{
			At: now, By: putBackBy, Action: "put_back", Version: document.Version,
			Changed: document.told(), Undo: json.RawMessage("null"),
		}})
	}
	return w, len(w.Changes) > 0
}

// putBackBy is who a log names for what was put back; the document goes on
// naming who made the change itself.
const putBackBy = "rushgate"

// reconcile says which document the store must have, and whether it lacks it.
func reconcile(known, have Document, found bool, next int64) (Document, bool) {
	switch {
	case have.Owner == Unreadable || known.Version == 0:
		return Document{}, false // nobody here can say which is the later
	case !found:
		return known, true
	case known.Born == have.Born:
		return known, known.Version > have.Version
	case known.Owner == File && have.Owner == File && known.Organization == have.Organization &&
		have.untouched() && !known.untouched():
		// A gateway that knew nothing announced its file to an emptied store. What
		// the file says is new; what organizers laid over it is not lost with it.
		have.Body, have.Version = known.Body, next
		return have, true
	default:
		return Document{}, false // somebody who found nothing began anew: later than all that was lost
	}
}

// untouched says that nobody has laid anything over what the file says.
func (d Document) untouched() bool { return string(d.Body) == "{}" }

// told is a document's body as a log tells it.
func (d Document) told() json.RawMessage {
	if d.Body == nil {
		return json.RawMessage("null")
	}
	return d.Body
}

// expired says that a deletion need not be remembered any longer.
func (d Document) expired(now time.Time) bool {
	return d.Deleted && now.Sub(d.ChangedAt) > LogKept
}

// overdue are the deletions to forget, but not that of the event that is about
// to be made again.
func overdue(documents map[string]Document, except string, now time.Time) []string {
	var ids []string
	for id, d := range documents {
		if id != except && d.expired(now) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
