package rushgate_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	threatRow  = regexp.MustCompile(`(?m)^\| ([AF]\d\d) \| ([^|]+) \| ([^|]+) \|(.*)\|$`)
	threatTest = regexp.MustCompile("`(\\S+) (Test\\w+)`")
	threatMark = regexp.MustCompile(`\b[AF]\d\d\b`)
)

// Every row of the table of threats has a test that says its number, and every
// number in a test stands in the table.
func TestEveryThreatHasItsTest(t *testing.T) {
	page, err := os.ReadFile("docs/threats.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := threatRow.FindAllStringSubmatch(string(page), -1)
	var listed []string
	named := map[string]string{} // the rows of a test, "A01 A02"
	for _, row := range rows {
		number, happens := row[1], row[3]
		listed = append(listed, number)
		tests := threatTest.FindAllStringSubmatch(row[4], -1)
		if len(tests) == 0 && !strings.HasPrefix(happens, "does not apply: ") {
			t.Errorf("docs/threats.md: %s names no test", number)
		}
		for _, test := range tests {
			named[test[1]+" "+test[2]] += " " + number
		}
	}
	for _, number := range wantedThreats() {
		if !slices.Contains(listed, number) {
			t.Errorf("docs/threats.md: no row %s", number)
		}
	}
	for test, numbers := range named {
		dir, name, _ := strings.Cut(test, " ")
		text := sourceOfTest(t, dir, name)
		for number := range strings.FieldsSeq(numbers) {
			if !strings.Contains(text, number) {
				t.Errorf("docs/threats.md: %s: %s in %s says nothing of it", number, name, dir)
			}
		}
		for _, number := range threatMark.FindAllString(text, -1) {
			if !slices.Contains(listed, number) {
				t.Errorf("%s %s speaks of %s, which docs/threats.md does not list", dir, name, number)
			}
		}
	}
}

func wantedThreats() (numbers []string) {
	for i := 1; i <= 47; i++ {
		numbers = append(numbers, fmt.Sprintf("A%02d", i))
	}
	return append(numbers, "A48", "A59", "A60", "A61", "A62", "A65", "A66", "A67", "A70", "A71", "F34", "F35", "F37")
}

// sourceOfTest is a test's text with its comment; empty: there is none.
func sourceOfTest(t *testing.T, dir, name string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.FromSlash(dir), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range file.Decls {
			test, ok := declared.(*ast.FuncDecl)
			if !ok || test.Name.Name != name || test.Recv != nil {
				continue
			}
			from := test.Pos()
			if test.Doc != nil {
				from = test.Doc.Pos()
			}
			return string(text[set.Position(from).Offset:set.Position(test.End()).Offset])
		}
	}
	return ""
}
