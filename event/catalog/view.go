package catalog

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bilten/rushgate/event"
)

// View is the catalog at one moment.
type View struct {
	Revision int64
	Records  []Record // by id
	// Problems are stored events and overrides that cannot be read or no longer
	// fit what the operator's files say. They are not in force; all others are.
	Problems []Problem
}

// Problem is why something stored about an event is not in force.
type Problem struct {
	Event string
	Err   error
}

func (p Problem) Error() string { return p.Err.Error() }

func (p Problem) Unwrap() error { return p.Err }

func (v View) find(id string) (Record, bool) {
	i, ok := slices.BinarySearchFunc(v.Records, id, func(r Record, id string) int { return strings.Compare(r.Event.ID, id) })
	if !ok {
		return Record{}, false
	}
	return v.Records[i], true
}

// ground is what the operator's files say; it does not change while a process
// runs.
type ground struct {
	owners      map[string]string // host -> organization
	files       map[string]event.Event
	definitions map[string]json.RawMessage // of files, as they are announced
}

func newGround(organizations map[string][]string, files []event.Event) (ground, error) {
	g := ground{owners: map[string]string{}, files: map[string]event.Event{}, definitions: map[string]json.RawMessage{}}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(organizations)) {
		for _, host := range organizations[name] {
			host = strings.ToLower(host)
			if other, taken := g.owners[host]; taken {
				problems = append(problems, fmt.Errorf("organization %s: host %s: organization %s has it already", name, host, other))
				continue
			}
			g.owners[host] = name
		}
	}
	for _, e := range files {
		if _, twice := g.files[e.ID]; twice {
			problems = append(problems, fmt.Errorf("event %s: two files declare it", e.ID))
		}
		if err := errors.Join(e.Validate(), g.fits(e)); err != nil {
			problems = append(problems, fmt.Errorf("event %s: %w", e.ID, err))
		}
		definition, err := encode(e)
		if err != nil {
			problems = append(problems, err)
		}
		g.files[e.ID], g.definitions[e.ID] = e, definition
	}
	if len(problems) == 0 {
		_, err := event.NewRoutes(files)
		return g, err
	}
	return g, errors.Join(problems...)
}

// fits holds the routes of e inside its organization's hosts.
func (g ground) fits(e event.Event) error {
	var problems []error
	for i, route := range e.Routes {
		if g.owners[strings.ToLower(route.Host)] != e.Organization {
			problems = append(problems, &event.FieldError{
				Field:  fmt.Sprintf("routes[%d].host", i),
				Value:  fmt.Sprintf("%q", route.Host),
				Reason: fmt.Sprintf("is not a host of organization %s", e.Organization),
			})
		}
	}
	return errors.Join(problems...)
}

// view puts files and documents together. A document that does not fit is left
// out by name, so that it can't take the others down; an event that the API made
// is then what it last was while it did fit, if good knows.
func (g ground) view(documents map[string]Document, revision int64, good map[string]Document) View {
	v := View{Revision: revision}
	for id, declared := range g.files {
		record, err := g.fileRecord(declared, documents[id])
		if err != nil {
			v.Problems = append(v.Problems, Problem{id, fmt.Errorf("event %s: %w", id, err)})
		}
		v.Records = append(v.Records, record)
	}
	for id, d := range documents {
		if _, inFile := g.files[id]; inFile || d.Owner != API && d.Owner != Unreadable {
			continue
		}
		record, err := g.apiRecord(id, d)
		if err != nil {
			v.Problems = append(v.Problems, Problem{id, fmt.Errorf("event %s: %w", id, err)})
			if record, err = g.apiRecord(id, good[id]); err != nil {
				continue
			}
		}
		v.Records = append(v.Records, record)
	}
	v.separate()
	slices.SortFunc(v.Records, func(a, b Record) int { return strings.Compare(a.Event.ID, b.Event.ID) })
	slices.SortFunc(v.Problems, func(a, b Problem) int { return strings.Compare(a.Error(), b.Error()) })
	return v
}

var errUnreadable = errors.New("what is stored of it cannot be read")

// fileRecord returns what the file declares, with the live overrides if they
// can be applied.
func (g ground) fileRecord(declared event.Event, d Document) (Record, error) {
	record := Record{Event: declared, Owner: File}
	switch {
	case d.Owner == "":
		return record, nil
	case d.Owner == Unreadable:
		return record, errUnreadable
	case d.Owner != File:
		return record, errors.New("is stored from the API, but a file declares it now: the file counts")
	case d.Organization != declared.Organization:
		return record, fmt.Errorf("has overrides of organization %s, but the file names %s: the file counts", d.Organization, declared.Organization)
	}
	record = d.record(declared, g.stale(declared.ID, d))
	changed, err := declared.Patch(d.Body)
	if err != nil {
		return record, fmt.Errorf("stored overrides do not fit: %w", err)
	}
	record.Event = changed
	return record, nil
}

func (g ground) apiRecord(id string, d Document) (Record, error) {
	if d.Owner != API {
		return Record{}, errUnreadable
	}
	e, err := event.Parse(d.Body)
	if err == nil {
		err = errors.Join(same("id", e.ID, id), same("organization", e.Organization, d.Organization), g.fits(e))
	}
	if err != nil {
		return Record{}, fmt.Errorf("stored definition does not fit: %w", err)
	}
	return d.record(e, false), nil
}

// record is the document's record with its event; see Record.Stale.
func (d Document) record(e event.Event, stale bool) Record {
	r := Record{Event: e, Owner: d.Owner, Version: d.Version, ChangedAt: d.ChangedAt, ChangedBy: d.ChangedBy, Stale: stale}
	if stale {
		r.Version--
	}
	return r
}

// separate leaves out events whose routes another has claimed before: files
// come first, then who changed last comes last.
func (v *View) separate() {
	if _, err := event.NewRoutes(v.events("")); err == nil {
		return
	}
	slices.SortFunc(v.Records, func(a, b Record) int {
		return cmp.Or(-strings.Compare(string(a.Owner), string(b.Owner)), cmp.Compare(a.Version, b.Version), strings.Compare(a.Event.ID, b.Event.ID))
	})
	kept := View{}
	for _, r := range v.Records {
		if _, err := event.NewRoutes(append(kept.events(""), r.Event)); err != nil {
			v.Problems = append(v.Problems, Problem{r.Event.ID, err})
			continue
		}
		kept.Records = append(kept.Records, r)
	}
	v.Records = kept.Records
}

func (v View) events(except string) []event.Event {
	all := make([]event.Event, 0, len(v.Records)+1)
	for _, r := range v.Records {
		if r.Event.ID != except {
			all = append(all, r.Event)
		}
	}
	return all
}

func same(field, got, want string) error {
	if got == want {
		return nil
	}
	return &event.FieldError{Field: field, Value: fmt.Sprintf("%q", got), Reason: fmt.Sprintf("want %q, as in the address", want)}
}

func encode(e event.Event) (json.RawMessage, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", e.ID, err)
	}
	return data, nil
}
