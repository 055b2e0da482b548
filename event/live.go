package event

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v4"
)

// LiveControls are the fields that may be changed on an event that a file owns.
var LiveControls = []string{
	"page.message",
	"room.availability",
	"room.closed",
	"room.draw.value",
	"room.new_users_per_minute",
	"room.paused",
	"room.queue_all",
	"room.queueing_method",
	"room.released",
	"room.suspended",
	"room.total_active_users",
}

// Patch applies a JSON merge patch (RFC 7396) to e's definition; a null takes a
// field back to its default. The result is parsed and validated as a whole.
func (e Event) Patch(patch []byte) (Event, error) {
	definition, err := json.Marshal(e)
	if err != nil {
		return Event{}, fmt.Errorf("encode event %s: %w", e.ID, err)
	}
	merged, err := MergePatch(definition, patch)
	if err != nil {
		return Event{}, err
	}
	return Parse(merged)
}

// CheckLive says which fields of a merge patch are no live controls.
func CheckLive(patch []byte) error {
	fields, err := object(patch)
	if err != nil {
		return err
	}
	var problems []*FieldError
	for _, name := range leaves("", fields) {
		if !slices.Contains(LiveControls, name) {
			problems = append(problems, &FieldError{Field: name, Reason: "belongs to the event's file and is changed there"})
		}
	}
	return join(problems)
}

// leaves lists the dotted names of everything that is not an object, in order.
func leaves(path string, fields map[string]any) []string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		name := below(path, key)
		if inner, ok := fields[key].(map[string]any); ok {
			all = append(all, leaves(name, inner)...)
			continue
		}
		all = append(all, name)
	}
	return all
}

// MergePatch applies patch to document, both JSON objects, as RFC 7396 says.
// It validates nothing.
func MergePatch(document, patch []byte) ([]byte, error) {
	target, err := object(document)
	if err != nil {
		return nil, err
	}
	change, err := object(patch)
	if err != nil {
		return nil, err
	}
	return json.Marshal(merge(target, change))
}

func merge(target, patch map[string]any) map[string]any {
	for key, value := range patch {
		inner, isObject := value.(map[string]any)
		switch {
		case value == nil:
			delete(target, key)
		case isObject:
			old, _ := target[key].(map[string]any)
			if old == nil {
				old = map[string]any{}
			}
			target[key] = merge(old, inner)
		default:
			target[key] = value
		}
	}
	return target
}

// Diff returns the smallest merge patch that turns document a into b, both JSON
// objects.
func Diff(a, b []byte) ([]byte, error) {
	from, err := object(a)
	if err != nil {
		return nil, err
	}
	to, err := object(b)
	if err != nil {
		return nil, err
	}
	return json.Marshal(difference(from, to))
}

func difference(from, to map[string]any) map[string]any {
	patch := map[string]any{}
	for key := range from {
		if _, stays := to[key]; !stays {
			patch[key] = nil
		}
	}
	for key, value := range to {
		old, had := from[key]
		inner, isObject := value.(map[string]any)
		oldInner, wasObject := old.(map[string]any)
		switch {
		case isObject && wasObject:
			if d := difference(oldInner, inner); len(d) > 0 {
				patch[key] = d
			}
		case !had || !reflect.DeepEqual(old, value):
			patch[key] = value
		}
	}
	return patch
}

// object reads a JSON object and keeps numbers as they are written. A name that
// is written twice is refused: of two orders one would be dropped unseen.
func object(data []byte) (map[string]any, error) {
	if len(data) > MaxSize {
		return nil, &FieldError{Reason: fmt.Sprintf("%d bytes are too many: want at most %d", len(data), MaxSize)}
	}
	var text json.RawMessage
	if err := json.Unmarshal(data, &text); err != nil {
		return nil, &FieldError{Reason: "want a JSON object: " + err.Error()}
	}
	tree, err := parseTree(text)
	if err != nil {
		return nil, err
	}
	value, err := plain("", tree)
	if err != nil {
		return nil, err
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return nil, &FieldError{Reason: "want a JSON object"}
	}
	return fields, nil
}

// plain turns the tree of a JSON text into what encoding/json would make of it.
func plain(path string, node *yaml.Node) (any, error) {
	switch {
	case node.Kind == yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, item := range node.Content {
			value, err := plain(fmt.Sprintf("%s[%d]", path, i), item)
			if err != nil {
				return nil, err
			}
			list[i] = value
		}
		return list, nil
	case node.Kind == yaml.MappingNode:
		fields := make(map[string]any, len(node.Content)/2)
		for i := 0; i+1 < len(node.Content); i += 2 {
			name := below(path, node.Content[i].Value)
			value, err := plain(name, node.Content[i+1])
			if err != nil {
				return nil, err
			}
			if _, twice := fields[node.Content[i].Value]; twice {
				return nil, &FieldError{Field: name, Reason: "is written twice"}
			}
			fields[node.Content[i].Value] = value
		}
		return fields, nil
	case node.Tag == "!!null":
		return nil, nil
	case node.Tag == "!!bool":
		return node.Value == "true", nil
	case node.Tag == "!!str":
		return node.Value, nil
	default:
		return json.Number(node.Value), nil
	}
}
