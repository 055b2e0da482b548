package draw

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Phase says how far a draw has come.
type Phase string

const (
	Open   Phase = "open"   // people join; only the commitment is known
	Closed Phase = "closed" // the start has come: who is in it stands fixed, the order does not yet
	Drawn  Phase = "drawn"  // everybody has a number
)

// Version of what is published and of the rules that it is checked by. Another
// version is refused rather than called a lie.
const Version = 1

const (
	maxSource = 1000 // bytes
	maxValue  = 4096 // bytes
)

var eventID = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// Published is what an event tells everybody about its draw, as JSON. It says
// more from phase to phase and takes nothing back ([Unchanged]).
type Published struct {
	Version    int     `json:"version"`
	Event      string  `json:"event"`
	Phase      Phase   `json:"phase"`
	Commitment Digest  `json:"commitment"`        // SHA-256 of the seed
	Public     *Public `json:"public,omitempty"`  // from the beginning, or never
	Entries    *Tally  `json:"entries,omitempty"` // from closed on
	Seed       *Digest `json:"seed,omitempty"`    // not while open; needed once drawn
	List       string  `json:"list,omitempty"`    // where the list is, once drawn
}

// Public is a value that nobody can know while people join, such as a later
// drand round.
type Public struct {
	Source string `json:"source"`          // in words, so that anybody finds the value; named beforehand
	Value  string `json:"value,omitempty"` // as the source gives it, once known
}

// Tally binds who is in the draw before the order is known.
type Tally struct {
	Count int    `json:"count"`
	Root  Digest `json:"root"` // [Root] of the entries
}

// ParsePublished reads what an event published, strictly: what two readers could
// read differently is refused, as is a phase that says too little or too much.
func ParsePublished(data []byte) (Published, error) {
	var p Published
	if err := strictJSON(data, &p); err != nil {
		return Published{}, fmt.Errorf("published draw: %w", err)
	}
	if err := p.Validate(); err != nil {
		return Published{}, fmt.Errorf("published draw: %w", err)
	}
	return p, nil
}

// Validate names everything that p's phase doesn't allow.
func (p Published) Validate() error {
	if p.Version != Version {
		return fmt.Errorf("version: %d; this program knows %d alone", p.Version, Version)
	}
	errs := []error{p.inPhase()}
	if !eventID.MatchString(p.Event) {
		errs = append(errs, fmt.Errorf("event: %q; want 1 to 40 of a-z, 0-9 and -", p.Event))
	}
	if p.Commitment == (Digest{}) {
		errs = append(errs, errors.New("commitment: missing"))
	}
	if p.Public != nil {
		errs = append(errs, p.Public.validate())
	}
	if p.Entries != nil && (p.Entries.Count < 0 || p.Entries.Count > MaxList) {
		errs = append(errs, fmt.Errorf("entries.count: %d; want 0 to %d", p.Entries.Count, MaxList))
	}
	return errors.Join(errs...)
}

func (p Published) inPhase() error {
	value := p.Public != nil && p.Public.Value != ""
	const (
		early = "known in phase %q already"
		late  = "missing in phase %q"
	)
	var errs []error
	refuse := func(wrong bool, field, why string) {
		if wrong {
			errs = append(errs, fmt.Errorf("%s: "+why, field, p.Phase))
		}
	}
	switch p.Phase {
	case Open:
		refuse(p.Entries != nil, "entries", early)
		refuse(p.Seed != nil, "seed", early)
		refuse(value, "public.value", early)
	case Closed, Drawn:
		refuse(p.Entries == nil, "entries", late)
	default:
		return fmt.Errorf("phase: %q; want %s, %s or %s", p.Phase, Open, Closed, Drawn)
	}
	if p.Phase == Drawn {
		refuse(p.Seed == nil, "seed", late)
		refuse(p.List == "", "list", late)
		refuse(p.Public != nil && !value, "public.value", late)
	} else {
		refuse(p.List != "", "list", early)
	}
	return errors.Join(errs...)
}

func (p Public) validate() error {
	switch {
	case p.Source == "" || len(p.Source) > maxSource:
		return fmt.Errorf("public.source: %d bytes; want 1 to %d", len(p.Source), maxSource)
	case len(p.Value) > maxValue:
		return fmt.Errorf("public.value: %d bytes; want at most %d", len(p.Value), maxValue)
	case p.Value != strings.TrimSpace(p.Value):
		return errors.New("public.value: white space around it, which nobody sees and everybody hashes")
	}
	return nil
}

// value is the public value, "" for none.
func (p Published) value() string {
	if p.Public == nil {
		return ""
	}
	return p.Public.Value
}

// strictJSON reads one object with known fields, each once.
func strictJSON(data []byte, into any) error {
	if err := distinctNames(data); err != nil {
		return err
	}
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	if err := strict.Decode(into); err != nil {
		return err
	}
	if _, err := strict.Token(); err != io.EOF {
		return errors.New("something follows the JSON")
	}
	return nil
}

// distinctNames refuses a field that stands twice, or whose name is not plain
// lower case, since encoding/json would take "SEED" for "seed".
func distinctNames(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	start, err := decoder.Token()
	if err != nil || start != json.Delim('{') {
		return errors.New("not a JSON object")
	}
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		if seen[name] {
			return fmt.Errorf("%s: stands twice", name)
		}
		if name != strings.ToLower(name) {
			return fmt.Errorf("%s: unknown field", name)
		}
		seen[name] = true
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		if value[0] != '{' {
			continue
		}
		if err := distinctNames(value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
