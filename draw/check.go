package draw

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// ErrNotDrawn says that there is no order to check yet.
var ErrNotDrawn = errors.New("not drawn yet: there is no order to check")

// Claim is what a lie was told about.
type Claim string

const (
	AboutEvent      Claim = "event"      // two documents are of two events
	AboutCommitment Claim = "commitment" // not that of the seed, or not what was promised earlier
	AboutSource     Claim = "source"     // of the public value, which was named beforehand
	AboutSeed       Claim = "seed"       // published and then another one
	AboutValue      Claim = "value"      // published and then another one
	AboutOrder      Claim = "order"      // an entry stands where the seed puts another
	AboutEntry      Claim = "entry"      // an entry stands twice, or is missing
	AboutCount      Claim = "count"      // of the entries
	AboutRoot       Claim = "root"       // of the entries
	AboutNumber     Claim = "number"     // of a receipt
)

// Lie is the first thing found that isn't as it was promised.
type Lie struct {
	About  Claim
	Line   int    // of the list, from 1; 0 when it isn't about one line
	Is     string // what is there
	Should string // what should be there
}

func (l *Lie) Error() string {
	where := string(l.About)
	if l.Line > 0 {
		where = "line " + strconv.Itoa(l.Line) + ": " + where
	}
	return fmt.Sprintf("%s: is %s; should be %s", where, l.Is, l.Should)
}

// Check holds a list against what was published: the seed against its
// commitment, every line against the seed and the public value, then count and
// root. It returns the first *[Lie], [ErrNotDrawn], or what [Published.Validate]
// finds.
//
// What passes follows from the seed, and the house was bound to the seed by the
// commitment. Whoever saw commitment and root before the public value was known
// may also conclude that neither the order nor who is in it was chosen for
// anybody: [Unchanged] holds the earlier document against the later. Without a
// public value an insider who knows the draw key could have chosen among made-up
// visitors before the start, and no check of the list finds that.
func Check(p Published, l List) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if p.Phase != Drawn {
		return ErrNotDrawn
	}
	seed := Seed(*p.Seed)
	if c := Digest(seed.Commitment()); c != p.Commitment {
		return &Lie{About: AboutCommitment, Is: p.Commitment.String(), Should: c.String() + ", which is that of the seed"}
	}
	if lie := firstWrongLine(seed.rows(l, Turn(p.value()))); lie != nil {
		return lie
	}
	if len(l) != p.Entries.Count {
		return &Lie{About: AboutCount, Is: fmt.Sprintf("%d, as the list has them", len(l)), Should: fmt.Sprintf("%d, as published", p.Entries.Count)}
	}
	if root := Root(l); root != p.Entries.Root {
		return &Lie{About: AboutRoot, Is: root.String() + ", as the list has it", Should: p.Entries.Root.String() + ", as published: other entries were counted at the start"}
	}
	return nil
}

// firstWrongLine compares the lines with themselves, sorted. Entries with one
// order may stand either way round.
func firstWrongLine(lines []row) *Lie {
	sorted := slices.Clone(lines)
	slices.SortFunc(sorted, row.compare)
	var first *Lie
	note := func(lie Lie) {
		if first == nil || lie.Line <= first.Line {
			first = &lie
		}
	}
	for i := range lines {
		if lines[i].order != sorted[i].order {
			note(Lie{About: AboutOrder, Line: lines[i].line, Is: "entry " + lines[i].entry.String(), Should: "entry " + sorted[i].entry.String()})
			break
		}
	}
	for i := 1; i < len(sorted); i++ {
		if sorted[i].entry == sorted[i-1].entry {
			note(Lie{
				About: AboutEntry, Line: sorted[i].line, Is: sorted[i].entry.String(),
				Should: fmt.Sprintf("another one: this stands at line %d already", sorted[i-1].line),
			})
		}
	}
	return first
}

// Unchanged says whether what was published earlier still holds in what was
// published later; the first change is a *[Lie].
func Unchanged(earlier, later Published) error {
	type promise struct {
		about     Claim
		is, was   string
		published bool // earlier
	}
	promises := []promise{
		{AboutEvent, later.Event, earlier.Event, true},
		{AboutCommitment, later.Commitment.String(), earlier.Commitment.String(), true},
		{AboutSource, later.source(), earlier.source(), true},
		{AboutValue, later.value(), earlier.value(), earlier.value() != ""},
	}
	if was := earlier.Entries; was != nil {
		is := later.Entries
		if is == nil {
			is = &Tally{}
		}
		promises = append(promises,
			promise{AboutCount, strconv.Itoa(is.Count), strconv.Itoa(was.Count), true},
			promise{AboutRoot, is.Root.String(), was.Root.String(), true})
	}
	if was := earlier.Seed; was != nil {
		is := later.Seed
		if is == nil {
			is = &Digest{}
		}
		promises = append(promises, promise{AboutSeed, is.String(), was.String(), true})
	}
	for _, p := range promises {
		if p.published && p.is != p.was {
			return &Lie{About: p.about, Is: strconv.Quote(p.is), Should: strconv.Quote(p.was) + ", as published earlier"}
		}
	}
	return nil
}

// source is the named source of the public value, "" for none.
func (p Published) source() string {
	if p.Public == nil {
		return ""
	}
	return p.Public.Source
}

// CheckReceipt holds a receipt against what was published and, once it is drawn,
// against the list, and returns the receipt's number by the list (0 before). It
// doesn't check the list itself: [Check] does.
func CheckReceipt(r Receipt, p Published, l List) (number int, err error) {
	switch {
	case r.Event != p.Event:
		return 0, &Lie{About: AboutEvent, Is: p.Event + ", as published", Should: r.Event + ", as on the receipt"}
	case r.Commitment != p.Commitment:
		return 0, &Lie{About: AboutCommitment, Is: p.Commitment.String() + ", as published", Should: r.Commitment.String() + ", as on the receipt"}
	case p.Phase != Drawn:
		return 0, nil
	}
	number = slices.Index(l, r.Entry) + 1
	switch {
	case number > 0 && (r.Number == 0 || r.Number == number):
		return number, nil
	case r.Number > 0 && r.Number <= len(l):
		return 0, &Lie{About: AboutNumber, Line: r.Number, Is: "entry " + l[r.Number-1].String(), Should: "entry " + r.Entry.String() + ", as on the receipt"}
	case r.Number > len(l):
		return 0, &Lie{About: AboutNumber, Is: fmt.Sprintf("at most %d, by the list", len(l)), Should: fmt.Sprintf("%d, as on the receipt", r.Number)}
	}
	return 0, &Lie{About: AboutEntry, Is: "not in the list", Should: r.Entry.String() + ", as on the receipt"}
}
