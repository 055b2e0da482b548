package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The commands of docs/prescale.md, on the examples that it names.
func TestTheExamplesCanBePlanned(t *testing.T) {
	t.Parallel()
	const example = "../../deploy/examples/events/summer-tour.yaml"
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	bare := filepath.Join(t.TempDir(), "bare.yaml")
	if err := os.WriteFile(bare, bytes.Replace(text, []byte("services: [shop, payments]"), nil, 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ says, args, shows string }{
		{"an event alone, whose services nobody has described", example, "payments"},
		{"an event that names no service has one", bare, "shop"},
		{"with the operator's services", "summer-tour --config ../../deploy/examples/rushgate.yaml", "EUR"},
	} {
		var out, bad bytes.Buffer
		code := run(t.Context(), append([]string{"plan"}, strings.Fields(row.args)...), os.Getenv, &out, &bad)
		if code != 0 || !strings.Contains(out.String(), row.shows) {
			t.Errorf("%s: plan %s = %d %s; want a plan with %s", row.says, row.args, code, bad.String(), row.shows)
		}
	}
}
