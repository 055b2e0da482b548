package draw

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Receipt is what a visitor keeps: which entry is theirs and what the house had
// bound itself to when they came. Before the draw it has no number, and nothing
// in it leads to one. It carries no signature: it proves something to whoever
// got it, not to others.
type Receipt struct {
	Event      string `json:"event"`
	Entry      Entry  `json:"entry"`
	Commitment Digest `json:"commitment"`
	Number     int    `json:"number,omitempty"` // from 1, once drawn
}

// receiptMark starts the line form; its last digit is the form's version.
const receiptMark = "rushgate-draw-1"

// String is the receipt in one line without spaces, to be copied:
//
//	rushgate-draw-1:EVENT:ENTRY:COMMITMENT[:NUMBER]
func (r Receipt) String() string {
	line := strings.Join([]string{receiptMark, r.Event, r.Entry.String(), r.Commitment.String()}, ":")
	if r.Number > 0 {
		line += ":" + strconv.Itoa(r.Number)
	}
	return line
}

// ParseReceipt reads a receipt in its line form or as JSON. White space around
// it is what copying leaves, and ignored.
func ParseReceipt(text string) (Receipt, error) {
	text = strings.TrimSpace(text)
	var r Receipt
	var err error
	if strings.HasPrefix(text, "{") {
		err = strictJSON([]byte(text), &r)
	} else {
		err = r.parseLine(text)
	}
	if err == nil {
		err = r.validate()
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("receipt: %w", err)
	}
	return r, nil
}

func (r *Receipt) parseLine(text string) error {
	parts := strings.Split(text, ":")
	if parts[0] != receiptMark || len(parts) < 4 || len(parts) > 5 {
		return fmt.Errorf("want %s:EVENT:ENTRY:COMMITMENT, or the same with :NUMBER", receiptMark)
	}
	r.Event = parts[1]
	if err := r.Entry.UnmarshalText([]byte(parts[2])); err != nil {
		return fmt.Errorf("entry: %w", err)
	}
	if err := r.Commitment.UnmarshalText([]byte(parts[3])); err != nil {
		return fmt.Errorf("commitment: %w", err)
	}
	if len(parts) == 4 {
		return nil
	}
	number, err := strconv.Atoi(parts[4])
	if err != nil || strconv.Itoa(number) != parts[4] || number < 1 {
		return fmt.Errorf("number: %q; want 1 to %d", parts[4], MaxList)
	}
	r.Number = number
	return nil
}

func (r Receipt) validate() error {
	switch {
	case !eventID.MatchString(r.Event):
		return fmt.Errorf("event: %q; want 1 to 40 of a-z, 0-9 and -", r.Event)
	case r.Number < 0 || r.Number > MaxList:
		return fmt.Errorf("number: %d; want 1 to %d", r.Number, MaxList)
	case r.Entry == Entry{}:
		return errors.New("entry: missing")
	case r.Commitment == Digest{}:
		return errors.New("commitment: missing")
	}
	return nil
}
