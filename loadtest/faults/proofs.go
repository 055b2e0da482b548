package main

import (
	"context"
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bilten/rushgate/invariant"
)

// proof is a fault that a test shows better than a crowd: nobody outside could
// see it, or a clock would have to be moved.
type proof struct {
	id, fault string
	tests     []string // "package TestName"
}

// run runs the tests, and finds it wrong if one of them is not there.
func (p proof) run(ctx context.Context) Row {
	r := Row{ID: p.id, Fault: p.fault, Tests: p.tests, Broken: map[invariant.ID]int{}}
	began := time.Now()
	byPackage := map[string][]string{}
	for _, test := range p.tests {
		dir, name, _ := strings.Cut(test, " ")
		byPackage[dir] = append(byPackage[dir], name)
	}
	for _, dir := range slices.Sorted(maps.Keys(byPackage)) {
		names := byPackage[dir]
		text, err := exec.CommandContext(ctx, "go", "test", "-count=1", "-v", "-run", "^("+strings.Join(names, "|")+")$", "./"+dir).CombinedOutput() //nolint:gosec // names of our own tests
		if err != nil {
			r.Reasons = append(r.Reasons, fmt.Sprintf("go test ./%s: %v", dir, err))
			r.Logs += string(text)
		}
		for _, name := range names {
			if !regexp.MustCompile(`(?m)^--- PASS: ` + name + ` `).Match(text) {
				r.Reasons = append(r.Reasons, dir+" "+name+" did not pass")
			}
		}
	}
	r.Seconds = time.Since(began).Seconds()
	return r
}
