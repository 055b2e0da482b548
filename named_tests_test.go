package rushgate_test

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"testing"
)

// pagesOfProof are pages that prove what they say by tests.
var pagesOfProof = []string{"docs/track-record.md", "docs/faults.md"}

var (
	namedTest   = regexp.MustCompile("`((?:Test|Fuzz|Example)[A-Za-z0-9_]+)`")
	definedTest = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)[A-Za-z0-9_]+)\(`)
)

// A page that proves something by a test names a test that is there.
func TestPagesNameTestsThatAreThere(t *testing.T) {
	defined := testsOfTheProject(t)
	named := 0
	for _, page := range pagesOfProof {
		text, err := os.ReadFile(page)
		if errors.Is(err, fs.ErrNotExist) {
			continue // not every page has to be there; those that are there have to be true
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range namedTest.FindAllStringSubmatch(string(text), -1) {
			named++
			if !defined[found[1]] {
				t.Errorf("%s names %s, and there is no such test", page, found[1])
			}
		}
	}
	if named == 0 {
		t.Errorf("%v name no test; want those of the track record found", pagesOfProof)
	}
}

func testsOfTheProject(t *testing.T) map[string]bool {
	t.Helper()
	defined := map[string]bool{}
	eachFile(t, "_test.go", func(_ string, text []byte) {
		for _, found := range definedTest.FindAllStringSubmatch(string(text), -1) {
			defined[found[1]] = true
		}
	})
	return defined
}
