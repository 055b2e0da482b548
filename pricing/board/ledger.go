package board

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bilten/rushgate/pricing"
)

// Kind is what an entry of the ledger tells.
type Kind string

const (
	Drafted   Kind = "drafted"
	Discarded Kind = "discarded"
	Approved  Kind = "approved"
	Froze     Kind = "frozen"
	Thawed    Kind = "thawed"
	Set       Kind = "set"   // a price by hand
	Unset     Kind = "unset" // given back to the rules
	Published Kind = "published"
	Kept      Kind = "kept"     // the price stays, as it can't be reckoned
	Restored  Kind = "restored" // put back what a store had lost
	Missed    Kind = "missed"   // the start was moved, and the notice is not kept any more
)

// TheRules is who acts when nobody does.
const TheRules = "rules"

// Entry is a line of an event's ledger. It is written in one step with what it
// tells, and never changed.
type Entry struct {
	Kind     Kind             `json:"kind"`
	At       time.Time        `json:"at"`
	By       string           `json:"by"`
	Why      string           `json:"why,omitempty"`
	Waived   string           `json:"waived,omitempty"`   // the notice that was not given
	Rules    int              `json:"rules"`              // version of the rules
	Document string           `json:"document,omitempty"` // of rules that were drafted
	Version  uint32           `json:"version,omitempty"`  // that was published
	Currency pricing.Currency `json:"currency,omitzero"`
	Inputs   *pricing.Inputs  `json:"inputs,omitempty"`
	Quotes   []pricing.Quote  `json:"quotes,omitempty"`
}

// WriteJSONLines writes one entry a line.
func WriteJSONLines(w io.Writer, entries []Entry) error {
	encoder := json.NewEncoder(w)
	for _, entry := range entries {
		if err := encoder.Encode(entry); err != nil {
			return fmt.Errorf("write the ledger: %w", err)
		}
	}
	return nil
}

// WriteCSV writes a row for each tier of each entry. What a spreadsheet would take
// for a formula has an apostrophe before it.
func WriteCSV(w io.Writer, entries []Entry) error {
	table := csv.NewWriter(w)
	_ = table.Write([]string{"at", "kind", "by", "why", "waived", "rules", "version", "tier", "was", "price", "currency", "reason", "words",
		"waiting", "active", "sold", "held", "remaining", "stages"}) // Error reports it
	for _, entry := range entries {
		for _, row := range entry.rows() {
			for i := range row {
				row[i] = inert(row[i])
			}
			_ = table.Write(row)
		}
	}
	table.Flush()
	if err := table.Error(); err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	return nil
}

func (e Entry) rows() [][]string {
	head := []string{e.At.UTC().Format(time.RFC3339), string(e.Kind), e.By, e.Why, e.Waived, strconv.Itoa(e.Rules), strconv.FormatUint(uint64(e.Version), 10)}
	if len(e.Quotes) == 0 {
		return [][]string{append(head, make([]string, 12)...)}
	}
	var rows [][]string
	for _, q := range e.Quotes {
		was := ""
		if !q.First {
			was = e.Currency.Plain(q.Was)
		}
		row := append(head[:len(head):len(head)], q.Tier, was, e.Currency.Plain(q.Price), e.Currency.Code, string(q.Reason), q.Words)
		rows = append(rows, append(row, append(e.counts(q.Tier), explained(q.Stages))...))
	}
	return rows
}

func (e Entry) counts(tier string) []string {
	if e.Inputs == nil {
		return make([]string, 5)
	}
	stock := e.Inputs.Tiers[tier]
	var cells []string
	for _, reading := range []pricing.Reading{e.Inputs.Waiting, e.Inputs.Active, stock.Sold, stock.Held, stock.Remaining} {
		n, known := reading.Value()
		if !known {
			cells = append(cells, "unknown")
			continue
		}
		cells = append(cells, strconv.FormatInt(n, 10))
	}
	return cells
}

func explained(stages []pricing.Stage) string {
	var parts []string
	for _, s := range stages {
		part := s.Name + " " + s.Result
		if s.Note != "" {
			part += " (" + s.Note + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

// formula is where a spreadsheet would begin one: at the beginning of a cell, and
// behind what other countries' spreadsheets take for the end of a cell.
var formula = regexp.MustCompile("(^|[;,|\t\r\n\"])( *[=+\\-@＝＋－＠])")

// inert keeps spreadsheets from running what somebody wrote into a reason:
// https://owasp.org/www-community/attacks/CSV_Injection.
func inert(cell string) string {
	if strings.ContainsAny(cell[:min(1, len(cell))], "\t\r\n") {
		cell = "'" + cell
	}
	return formula.ReplaceAllString(cell, "$1'$2")
}
