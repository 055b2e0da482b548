package rushgate_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// Pages that point at files of the project point at files that are there.
func TestLinksInPagesLeadSomewhere(t *testing.T) {
	links := 0
	eachFile(t, ".md", func(page string, text []byte) {
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			target, _, _ := strings.Cut(found[1], "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			links++
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), target)); err != nil {
				t.Errorf("%s: link to %s: %v", page, target, err)
			}
		}
	})
	if links == 0 {
		t.Error("no page links to any file; want the README's links found")
	}
}

// eachFile reads every file of the project whose name ends so.
func eachFile(t *testing.T, ending string, read func(name string, text []byte)) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skipDir(filepath.ToSlash(name)):
			return fs.SkipDir
		case !strings.HasSuffix(name, ending):
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		read(name, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
