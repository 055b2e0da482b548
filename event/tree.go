package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// parseTree reads YAML or JSON into one tree. JSON has a reader of its own as
// YAML differs from it in small ways, among them tabs and escapes of characters
// beyond U+FFFF.
func parseTree(data []byte) (*yaml.Node, error) {
	switch {
	case len(data) > MaxSize:
		return nil, &FieldError{Reason: fmt.Sprintf("%d bytes are too many: want at most %d", len(data), MaxSize)}
	case !utf8.Valid(data):
		return nil, &FieldError{Reason: "is not UTF-8 text"}
	case json.Valid(data):
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		return jsonTree(decoder)
	default:
		return yamlTree(data)
	}
}

func yamlTree(data []byte) (*yaml.Node, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("set up the yaml reader: %w", err)
	}
	var document, second yaml.Node
	switch err := loader.Load(&document); {
	case errors.Is(err, io.EOF):
		return nil, &FieldError{Reason: "the document is empty"}
	case err != nil:
		return nil, syntaxError(err)
	case len(document.Content) != 1:
		return nil, &FieldError{Reason: "the document is empty"}
	}
	switch err := loader.Load(&second); {
	case err == nil:
		return nil, &FieldError{Line: second.Line, Reason: "a second document begins here: want one document"}
	case !errors.Is(err, io.EOF):
		return nil, syntaxError(err)
	}
	return document.Content[0], nil
}

func syntaxError(err error) error {
	problem := &FieldError{Reason: "not readable as YAML: " + err.Error()}
	var located *yaml.LoadError
	if errors.As(err, &located) {
		problem.Line, problem.Reason = located.Mark.Line, "not readable as YAML: "+located.Message
	}
	return problem
}

// jsonTree turns valid JSON into the tree that the same text in YAML would give.
func jsonTree(decoder *json.Decoder) (*yaml.Node, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, &FieldError{Reason: "not readable as JSON: " + err.Error()}
	}
	switch token := token.(type) {
	case json.Delim:
		node := &yaml.Node{Kind: yaml.MappingNode}
		if token == '[' {
			node.Kind = yaml.SequenceNode
		}
		for decoder.More() {
			child, err := jsonTree(decoder)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, child)
		}
		_, err := decoder.Token() // the closing bracket; a mapping's keys and values alternate
		return node, err
	case string:
		return scalar("!!str", token), nil
	case json.Number:
		if strings.ContainsAny(token.String(), ".eE") {
			return scalar("!!float", token.String()), nil
		}
		return scalar("!!int", token.String()), nil
	case bool:
		return scalar("!!bool", fmt.Sprint(token)), nil
	default:
		return scalar("!!null", "null"), nil
	}
}

func scalar(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}
