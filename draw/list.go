package draw

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
)

// MaxList bounds what a reader takes, in entries: 256 MB of memory, more people
// than any onsale has seen.
const MaxList = 1 << 24

// List is the entries of a draw in drawn order: the entry at i has number i+1.
//
// As text it has one entry a line, in lower-case hexadecimal, each line ended by
// a line feed: 33 bytes a visitor, and one text for one list.
type List []Entry

// Draw puts entries in the order of the seed, turned by the public value ("" for
// none). Of two with one order the lower entry comes first here; a check takes
// either.
func (s Seed) Draw(entries []Entry, publicValue string) List {
	rows := s.rows(entries, Turn(publicValue))
	slices.SortFunc(rows, row.compare)
	list := make(List, len(rows))
	for i, r := range rows {
		list[i] = r.entry
	}
	return list
}

// row is a line of a list and what the seed makes of it.
type row struct {
	order int64
	entry Entry
	line  int // from 1
}

func (r row) compare(other row) int {
	return cmp.Or(cmp.Compare(r.order, other.order), r.entry.compare(other.entry), cmp.Compare(r.line, other.line))
}

func (s Seed) rows(entries []Entry, turn int64) []row {
	rows := make([]row, len(entries))
	for i, e := range entries {
		rows[i] = row{order: Rotate(s.Order(e), turn), entry: e, line: i + 1}
	}
	return rows
}

// WriteTo writes the text of the list.
func (l List) WriteTo(w io.Writer) (int64, error) {
	buffered := bufio.NewWriter(w)
	var written int64
	line := make([]byte, 0, 2*len(Entry{})+1)
	for _, e := range l {
		line, _ = e.AppendText(line[:0])
		n, err := buffered.Write(append(line, '\n'))
		written += int64(n)
		if err != nil {
			return written, fmt.Errorf("write the list: %w", err)
		}
	}
	if err := buffered.Flush(); err != nil {
		return written, fmt.Errorf("write the list: %w", err)
	}
	return written, nil
}

// ReadList reads the text of a list as it streams in. It takes what WriteTo
// gives and nothing else; an error names the line, from 1. It doesn't judge the
// order: that is [Check].
func ReadList(r io.Reader) (List, error) {
	lines := bufio.NewReader(r)
	list := List{}
	for {
		text, err := lines.ReadSlice('\n')
		if err == io.EOF && len(text) == 0 {
			return list, nil
		}
		if err := readable(text, err); err != nil {
			return nil, fmt.Errorf("line %d: %w", len(list)+1, err)
		}
		var e Entry
		if err := e.UnmarshalText(text[:len(text)-1]); err != nil {
			return nil, fmt.Errorf("line %d: %w", len(list)+1, err)
		}
		if len(list) == MaxList {
			return nil, fmt.Errorf("line %d: a list has at most %d entries", len(list)+1, MaxList)
		}
		list = append(list, e)
	}
}

// readable says what is wrong with a line before its entry is looked at.
func readable(text []byte, err error) error {
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return notHex(len(Entry{}))
	case err == io.EOF:
		return errors.New("the end is missing: no line feed after it")
	case err != nil:
		return err
	case bytes.HasSuffix(text, []byte("\r\n")):
		return errors.New("a carriage return before the line feed: the file was changed on its way")
	}
	return nil
}
