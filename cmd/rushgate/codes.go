package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bilten/rushgate/admission"
)

type codesCommand struct {
	New   codesNew   `cmd:"" help:"Write presale codes as CSV."`
	Check codesCheck `cmd:"" help:"Say what codes are good for."`
}

func (codesCommand) Help() string {
	return `A code opens one line of one event, which the event declares with "code: true". It is
one place, whoever types it and however often. Codes are signed with the first pass
key; that key stays in the file until the event is over.

Example:

    rushgate codes new --keys keys.yaml --event hamlet --line presale --count 1000 --until 2027-03-01 > codes.csv
    rushgate codes check --keys keys.yaml --event hamlet --line presale 02YG1-00009-K7QX2-M9PAB-C3D4E`
}

// codesOf is what every code command needs.
type codesOf struct {
	Keys  string `required:"" fromenv:"RUSHGATE_KEYS" placeholder:"FILE" help:"File of signing keys (RUSHGATE_KEYS)."`
	Event string `required:"" placeholder:"ID" help:"The event."`
}

func (c codesOf) open() (*admission.Keys, error) {
	file, err := readKeyFile(c.Keys)
	if err != nil {
		return nil, err
	}
	if !name.MatchString(c.Event) {
		return nil, fmt.Errorf("--event: %q: %s", c.Event, nameRule)
	}
	return admission.NewKeys("codes", file)
}

type codesNew struct {
	codesOf
	Line  string `required:"" placeholder:"NAME" help:"The line that the codes open."`
	Count int    `required:"" help:"How many."`
	Until string `required:"" placeholder:"DATE" help:"The last day (UTC) on which they open it, as in 2027-03-01."`
	Batch int    `default:"1" help:"Of the codes, 0 to 2047. The same batch is the same codes: give each list its own."`
	First int    `default:"0" help:"Serial number of the first, to go on where a list ended."`
}

// Run writes all codes or none: it checks the last one first.
func (c codesNew) Run(a *app) error {
	keys, err := c.open()
	if err != nil {
		return err
	}
	until, err := time.Parse(time.DateOnly, c.Until)
	switch {
	case err != nil:
		return fmt.Errorf("--until: %q: want a date as in 2027-03-01", c.Until)
	case c.Count < 1:
		return fmt.Errorf("--count: %d: must be at least 1", c.Count)
	case !name.MatchString(c.Line):
		return fmt.Errorf("--line: %q: %s", c.Line, nameRule)
	}
	code := admission.Code{Event: c.Event, Line: c.Line, Batch: c.Batch, Serial: c.First + c.Count - 1, Last: until}
	if _, err := keys.MakeCode(code); err != nil {
		return err
	}
	out := csv.NewWriter(a.stdout)
	_ = out.Write([]string{"code", "event", "line", "batch", "serial", "until"}) // Flush tells
	for code.Serial = c.First; code.Serial < c.First+c.Count; code.Serial++ {
		text, err := keys.MakeCode(code)
		if err != nil {
			return err
		}
		_ = out.Write([]string{text, cell(c.Event), cell(c.Line), strconv.Itoa(c.Batch), strconv.Itoa(code.Serial), c.Until})
	}
	out.Flush()
	return out.Error()
}

// cell is a text that a spreadsheet shows and never computes: ids may begin with
// a hyphen.
func cell(text string) string {
	if strings.ContainsAny(text[:min(1, len(text))], "=+-@\t\r") {
		return "'" + text
	}
	return text
}

type codesCheck struct {
	codesOf
	Line  []string `required:"" placeholder:"NAME" help:"Lines that codes open."`
	Codes []string `arg:"" name:"code" help:"Codes to check."`
}

// Run says of each code what it is, and fails if one is none.
func (c codesCheck) Run(a *app) error {
	keys, err := c.open()
	if err != nil {
		return err
	}
	var bad error
	for _, typed := range c.Codes {
		code, err := keys.OpenCode(c.Event, c.Line, typed, time.Now().UnixMilli())
		var why admission.Refusal
		if errors.As(err, &why) {
			bad = errReported
			printf(a.stdout, "%q: %s\n", typed, codeFaults[why])
			continue
		}
		printf(a.stdout, "%q: opens %s of %s until %s, batch %d, serial %d, reference %s\n", typed,
			code.Line, code.Event, code.Last.Format(time.DateOnly), code.Batch, code.Serial, admission.Reference(code.Event, code.Visitor()))
	}
	return bad
}

var codeFaults = map[admission.Refusal]string{
	admission.ErrMalformed: "not a code: want 25 letters and digits",
	admission.ErrForged:    "no code of this event and line by the keys in the file",
	admission.ErrExpired:   "its last day has passed",
}
