package event

import (
	"errors"
	"fmt"
	"slices"
)

// MaxSize is the largest event definition that Parse reads, in bytes.
const MaxSize = 64 << 10

// FieldError is one thing wrong with an event definition.
type FieldError struct {
	Field  string // as in "room.total_active_users" or "routes[0].path"; empty: the whole document
	Value  string // as written; empty when there is none
	Reason string
	Line   int // in the YAML text; 0 when unknown
}

func (f *FieldError) Error() string {
	s := f.Reason
	if f.Value != "" {
		s = f.Value + ": " + s
	}
	if f.Field != "" {
		s = f.Field + ": " + s
	}
	if f.Line > 0 {
		s = fmt.Sprintf("line %d: %s", f.Line, s)
	}
	return s
}

// Problems unpacks what Parse, Validate and whoever wraps their errors returned.
func Problems(err error) []*FieldError {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		var all []*FieldError
		for _, e := range joined.Unwrap() {
			all = append(all, Problems(e)...)
		}
		return all
	}
	var one *FieldError
	if errors.As(err, &one) {
		return []*FieldError{one}
	}
	return nil
}

// Parse reads one event from YAML or JSON, fills in the defaults and validates
// it. The error joins one FieldError for everything that is wrong.
func Parse(data []byte) (Event, error) {
	e := defaults()
	err := ReadDocument(data, &e, required, func() []*FieldError {
		e.fill()
		return e.problems()
	})
	if err != nil {
		return Event{}, err
	}
	return e, nil
}

// ReadDocument fills the struct that into points to from YAML or JSON, by its
// yaml tags. Unknown and doubled fields, anchors and tags are refused. required
// says for each field without a default why it is needed; check is asked, once
// the struct is filled, for all that is wrong with its values. The error joins
// one FieldError for everything, in the order of the text.
func ReadDocument(data []byte, into any, required map[string]string, check func() []*FieldError) error {
	root, err := parseTree(data)
	if err != nil {
		return err
	}
	d := decoder{lines: map[string]int{}}
	d.decode(root, into)
	for _, problem := range append(d.missing(required), check()...) {
		if !d.reported(problem.Field) {
			problem.Line = d.lines[problem.Field]
			d.found = append(d.found, problem)
		}
	}
	slices.SortStableFunc(d.found, func(a, b *FieldError) int { return a.Line - b.Line })
	return join(d.found)
}

func join(problems []*FieldError) error {
	all := make([]error, len(problems))
	for i, p := range problems {
		all[i] = p
	}
	return errors.Join(all...)
}

// required are the fields that have no default.
var required = map[string]string{
	"id":                        "is missing: it names cookies, keys and addresses",
	"organization":              "is missing: it says whose event this is",
	"routes":                    "is missing: it says what the room protects",
	"room.total_active_users":   "is missing: it says how many people the shop can take at once",
	"room.new_users_per_minute": "is missing: it says how many people are let in per minute; 0 lets in nobody",
}
