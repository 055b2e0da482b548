package crew

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/prescale/rush"
)

// Author is who the rush's own changes to an event are attributed to. No API key
// may have this name.
const Author = "rush"

// enableQueue switches the room on. What it was before is agreed on first.
func (k *Keeper) enableQueue(ctx context.Context, e event.Event, s rush.State, t rush.Task) (rush.Outcome, error) {
	record, err := k.config.Catalog.Find(ctx, e.Organization, e.ID)
	if err != nil {
		return rush.Outcome{}, err
	}
	was := rush.Queue{Suspended: record.Event.Room.Suspended, Released: record.Event.Room.Released, Version: record.Version}
	if s.Before == nil {
		err := k.update(ctx, e.ID, func(s rush.State, _ time.Time) (rush.State, bool, error) {
			s, changed := rush.Remember(s, t, was)
			return s, changed, nil
		})
		if err != nil {
			return rush.Outcome{}, err
		}
	}
	if !was.Suspended && !was.Released {
		return done("it is on"), nil
	}
	// Nothing has happened to the event since it was read, or this is an error and
	// the next attempt reads again.
	_, err = k.config.Catalog.Patch(ctx, e.Organization, e.ID, []byte(`{"room":{"suspended":false,"released":false}}`), record.Version,
		catalog.Author{Name: Author, Reason: "the queue goes on for " + stepKey(e.ID, t)})
	return done("switched on"), err
}

const logRead = 1000 // entries of an event's log, the newest

// restoreQueue switches the room back to what it was, unless somebody has turned
// that switch since: then they meant what they did.
func (k *Keeper) restoreQueue(ctx context.Context, e event.Event, s rush.State) (rush.Outcome, error) {
	if s.Before == nil || !s.Before.Suspended && !s.Before.Released {
		return done("left on: it was on before"), nil
	}
	record, err := k.config.Catalog.Find(ctx, e.Organization, e.ID)
	if errors.Is(err, catalog.ErrNotFound) {
		return done("the event is gone"), nil
	}
	if err != nil {
		return rush.Outcome{}, err
	}
	entries, err := k.config.Catalog.Log(ctx, e.Organization, e.ID, logRead)
	if err != nil {
		return rush.Outcome{}, err
	}
	if who := turnedBy(entries, s.Before.Version); who != "" {
		return done("left as it is: " + who + " has turned it since"), nil
	}
	patch := fmt.Sprintf(`{"room":{"suspended":%t,"released":%t}}`, s.Before.Suspended, s.Before.Released)
	_, err = k.config.Catalog.Patch(ctx, e.Organization, e.ID, []byte(patch), record.Version,
		catalog.Author{Name: Author, Reason: fmt.Sprintf("the queue goes back to what it was before run %d", s.Run)})
	return done("switched back"), err
}

// turnedBy names who, other than the rush, has turned the room's switch after a
// version of the event.
func turnedBy(entries []catalog.Entry, version int64) string {
	for _, entry := range entries {
		if entry.Version <= version || entry.By == Author {
			continue
		}
		var changed struct {
			Room map[string]json.RawMessage `json:"room"`
		}
		if json.Unmarshal(entry.Changed, &changed) != nil {
			continue // deleted, or not a merge patch: it turned nothing
		}
		_, suspended := changed.Room["suspended"]
		_, released := changed.Room["released"]
		if suspended || released {
			return entry.By
		}
	}
	return ""
}
