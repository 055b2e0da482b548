package event

import (
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// decoder fills a struct from a tree and goes on after an error, so that one
// look shows everything that is wrong. It knows nothing but the struct tags.
type decoder struct {
	found []*FieldError
	lines map[string]int // line of every field that was read
}

func (d *decoder) decode(root *yaml.Node, into any) { d.value("", root, reflect.ValueOf(into).Elem()) }

func (d *decoder) value(path string, node *yaml.Node, into reflect.Value) {
	d.lines[path] = node.Line
	switch {
	case node.Kind == yaml.AliasNode || node.Anchor != "":
		d.fail(path, node, "anchors and aliases are not read: write the value out")
	case node.Style&yaml.TaggedStyle != 0:
		d.fail(path, node, "tags are not read: write the plain value")
	case node.Kind == yaml.ScalarNode && node.Tag == "!!null":
		delete(d.lines, path) // as if it were not there
	case isText(into):
		d.text(path, node, into)
	case into.Kind() == reflect.Struct:
		d.mapping(path, node, into)
	case into.Kind() == reflect.Slice:
		d.list(path, node, into)
	default:
		d.scalar(path, node, into)
	}
}

func (d *decoder) mapping(path string, node *yaml.Node, into reflect.Value) {
	if node.Kind != yaml.MappingNode {
		d.fail(path, node, "want fields with values")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name := below(path, key.Value)
		field, known := fieldByTag(into, key.Value)
		switch {
		case key.Kind != yaml.ScalarNode || key.Anchor != "":
			d.failKey(path, key, "want plain names as fields")
		case seen[key.Value]:
			d.failKey(name, key, "is written twice")
		case !known:
			d.failKey(name, key, "unknown field")
		default:
			d.value(name, value, field)
		}
		seen[key.Value] = true
	}
}

func (d *decoder) list(path string, node *yaml.Node, into reflect.Value) {
	if node.Kind != yaml.SequenceNode {
		d.fail(path, node, "want a list")
		return
	}
	list := reflect.MakeSlice(into.Type(), len(node.Content), len(node.Content))
	for i, item := range node.Content {
		if element, ok := list.Index(i).Addr().Interface().(interface{ setDefaults() }); ok {
			element.setDefaults()
		}
		d.value(fmt.Sprintf("%s[%d]", path, i), item, list.Index(i))
	}
	into.Set(list)
}

func (d *decoder) scalar(path string, node *yaml.Node, into reflect.Value) {
	if node.Kind != yaml.ScalarNode {
		d.fail(path, node, "want a single value")
		return
	}
	switch into.Kind() {
	case reflect.String:
		into.SetString(node.Value)
	case reflect.Bool:
		if node.Tag != "!!bool" || node.Value != "true" && node.Value != "false" {
			d.fail(path, node, "want true or false")
			return
		}
		into.SetBool(node.Value == "true")
	case reflect.Int:
		n, err := strconv.ParseInt(node.Value, 10, 64)
		if node.Tag != "!!int" || err != nil || strings.HasPrefix(node.Value, "+") {
			d.fail(path, node, "want a whole number")
			return
		}
		into.SetInt(n)
	default:
		panic("event: no way to read a " + into.Type().String())
	}
}

// text reads times and durations. A session's length may also be a bare number
// of minutes, as the market writes it.
func (d *decoder) text(path string, node *yaml.Node, into reflect.Value) {
	if node.Kind != yaml.ScalarNode {
		d.fail(path, node, "want a single value")
		return
	}
	written := node.Value
	if path == "room.session_duration" && node.Tag == "!!int" {
		written += "m"
	}
	if err := into.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(written)); err != nil {
		d.fail(path, node, err.Error())
	}
}

func isText(v reflect.Value) bool {
	_, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
	return ok
}

func fieldByTag(v reflect.Value, name string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ","); tag == name {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func (d *decoder) fail(path string, node *yaml.Node, reason string) {
	value := ""
	if node.Kind == yaml.ScalarNode {
		value = quote(node.Value)
	}
	d.found = append(d.found, &FieldError{Field: path, Value: value, Reason: reason, Line: node.Line})
}

// failKey complains about a field's name, whatever its value.
func (d *decoder) failKey(path string, key *yaml.Node, reason string) {
	d.found = append(d.found, &FieldError{Field: path, Reason: reason, Line: key.Line})
}

// reported says whether field, or what it lies in, was already complained about.
func (d *decoder) reported(field string) bool {
	return slices.ContainsFunc(d.found, func(f *FieldError) bool {
		return f.Field == field || f.Field == "" || strings.HasPrefix(field, f.Field+".") || strings.HasPrefix(field, f.Field+"[")
	})
}

func (d *decoder) missing(required map[string]string) []*FieldError {
	var all []*FieldError
	for field, reason := range required {
		if _, written := d.lines[field]; !written {
			all = append(all, &FieldError{Field: field, Reason: reason})
		}
	}
	slices.SortFunc(all, func(a, b *FieldError) int { return strings.Compare(a.Field, b.Field) })
	return all
}

// below names a field inside of another. What is no plain name is quoted, so
// that an error stays one line in a log.
func below(path, name string) string {
	if !plainName.MatchString(name) {
		name = quote(name)
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_]{1,60}$`)

// quote shows a value in an error, in one short line whatever it holds.
func quote(s string) string {
	const longest = 60
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest]) + "…"
	}
	return strconv.Quote(s)
}
