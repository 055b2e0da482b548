package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/bilten/rushgate/loadtest/simulate"
)

type simulateCommand struct {
	Plan string `arg:"" name:"plan" help:"Who comes to which room, and what else to try (YAML)."`
	JSON string `name:"json" placeholder:"FILE" help:"Write everything as JSON too."`
	HTML string `name:"html" placeholder:"FILE" help:"Write a page with plots too."`
}

func (simulateCommand) Help() string {
	return `Plays an onsale with the rules of the real room and no network: what a rate, a
cap or a share of no-shows would mean for those who wait, and for the machines.

Example:

    rushgate simulate deploy/examples/simulate.yaml --html whatif.html`
}

// Run plays all that the plan asks for before it writes anything.
func (c simulateCommand) Run(a *app) error {
	plan, err := readPlan(c.Plan)
	if err != nil {
		return err
	}
	results, err := simulate.Run(a.ctx, plan, progressOn(a.stderr, time.Now))
	if err != nil {
		return err
	}
	if err := simulate.Print(a.stdout, results); err != nil {
		return err
	}
	if c.JSON != "" {
		if err := writeFile(c.JSON, func(w io.Writer) error {
			encoder := json.NewEncoder(w)
			encoder.SetIndent("", "  ")
			return encoder.Encode(map[string]any{"plan": plan, "scenarios": results})
		}); err != nil {
			return err
		}
	}
	if c.HTML != "" {
		return writeFile(c.HTML, func(w io.Writer) error { return simulate.Report(w, plan, results) })
	}
	return nil
}

// readPlan reads a plan and the counts beside it.
func readPlan(file string) (simulate.Plan, error) {
	plan := simulate.Defaults()
	data, err := readSmall(file)
	if err != nil {
		return plan, err
	}
	if err := decodeStrict(data, &plan); err != nil {
		return plan, inFile(file, err)
	}
	if plan.Arrivals.Shape == "csv" {
		if err := readCounts(filepath.Dir(file), &plan); err != nil {
			return plan, inFile(file, fmt.Errorf("arrivals.file: %q: %w", plan.Arrivals.File, err))
		}
	}
	if err := plan.Validate(); err != nil {
		return plan, inFile(file, err)
	}
	return plan, nil
}

// readCounts reads visitors per second; unless the plan says how many come, it
// is all that were counted.
func readCounts(dir string, plan *simulate.Plan) error {
	name := plan.Arrivals.File
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("must be a readable file: %s", plainPathError(err))
	}
	defer func() { _ = file.Close() }()
	if plan.Arrivals.Counts, err = simulate.ReadCounts(file); err != nil || plan.Visitors != 0 {
		return err
	}
	for _, n := range plan.Arrivals.Counts {
		plan.Visitors += n
	}
	return nil
}

// progressOn writes a line now and then; short runs stay silent.
func progressOn(w io.Writer, now func() time.Time) func(simulate.Progress) {
	const every = 2 * time.Second
	last := now()
	return func(p simulate.Progress) {
		if now().Sub(last) < every {
			return
		}
		last = now()
		printf(w, "scenario %d of %d: %v simulated, %d of %d are through\n",
			p.Scenario, p.Scenarios, p.At.Round(time.Second), p.Settled, p.Visitors)
	}
}

func writeFile(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := write(file); err != nil {
		_ = file.Close()
		return fmt.Errorf("write %s: %w", name, err)
	}
	return file.Close()
}
