package main

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the reference instead of checking it")

const (
	referenceFile  = "../../docs/configuration.md"
	referenceBegin = "<!-- config:begin -->\n"
	referenceEnd   = "<!-- config:end -->"
)

// TestReference holds docs/configuration.md against the code: every setting, its
// default and its reason. After a change: go test ./cmd/rushgate -run Reference -update
func TestReference(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(page), referenceBegin)
	got, after, ends := strings.Cut(rest, referenceEnd)
	if !begins || !ends {
		t.Fatalf("%s has no %q … %q", referenceFile, referenceBegin, referenceEnd)
	}
	want := reference()
	if *update {
		if err := os.WriteFile(referenceFile, []byte(before+referenceBegin+want+referenceEnd+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("%s is not what the code says; run: go test ./cmd/rushgate -run Reference -update", referenceFile)
	}
}

func reference() string {
	table := &strings.Builder{}
	table.WriteString("| setting | default | what and why |\n| --- | --- | --- |\n")
	settings(table, "", reflect.ValueOf(defaults()))
	table.WriteString("\n| flag of serve | environment | what |\n| --- | --- | --- |\n")
	flags := reflect.TypeFor[overrides]()
	for i := range flags.NumField() {
		field := flags.Field(i)
		variable := field.Tag.Get("fromenv")
		if variable == "" {
			continue
		}
		what, _, _ := strings.Cut(field.Tag.Get("help"), " (RUSHGATE_")
		fmt.Fprintf(table, "| `--%s` | `%s` | %s. |\n", kebab(field.Name), variable, strings.TrimSuffix(what, "."))
	}
	table.WriteString("| | `RUSHGATE_REDIS_PASSWORD` | redis.password; never a flag, which shows in the process list. |\n")
	table.WriteString("| | `RUSHGATE_SENTINEL_PASSWORD` | redis.sentinel.password; the same. |\n")
	return table.String()
}

// settings writes a row for each leaf of the operator's file.
func settings(table *strings.Builder, path string, value reflect.Value) {
	for i := range value.NumField() {
		field, key := value.Type().Field(i), value.Type().Field(i).Tag.Get("yaml")
		if key == "" {
			continue
		}
		if key == ",inline" {
			settings(table, path, value.Field(i))
			continue
		}
		at := strings.TrimPrefix(path+"."+key, ".")
		inner := field.Type
		switch inner.Kind() {
		case reflect.Map:
			at, inner = at+".NAME", inner.Elem()
		case reflect.Slice:
			if inner.Elem().Kind() == reflect.Struct {
				at, inner = at+"[]", inner.Elem()
			}
		}
		if inner.Kind() == reflect.Struct {
			nested := reflect.Zero(inner)
			if field.Type == inner {
				nested = value.Field(i)
			}
			settings(table, at, nested)
			continue
		}
		fmt.Fprintf(table, "| `%s` | %s | %s |\n", at, shown(value.Field(i)), strings.ReplaceAll(field.Tag.Get("help"), "|", `\|`))
	}
}

func shown(value reflect.Value) string {
	if value.IsZero() {
		return ""
	}
	if d, ok := value.Interface().(time.Duration); ok {
		return "`" + d.String() + "`"
	}
	return fmt.Sprintf("`%v`", value.Interface())
}

// kebab is how the command line spells a field's name.
func kebab(name string) string {
	out := strings.NewReplacer("API", "api", "URL", "-url").Replace(name)
	spelled := &strings.Builder{}
	for i, r := range out {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				spelled.WriteByte('-')
			}
			r += 'a' - 'A'
		}
		spelled.WriteRune(r)
	}
	return spelled.String()
}

// TestEverySettingHasItsReason keeps a setting without a word of why out.
func TestEverySettingHasItsReason(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(reference()) {
		if cells := strings.Split(line, "|"); len(cells) > 3 && strings.TrimSpace(cells[3]) == "" {
			t.Errorf("no reason given: %s", line)
		}
	}
}
