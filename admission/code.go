package admission

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code is a presale code: whoever holds it may join one line of one event. It
// is written as five groups of five letters, as in
// "02YG1-00009-K7QX2-M9PAB-C3D4E":
//
//	last day 14 bits | batch 11 | serial 20 | tag 80
//
// in Crockford's base 32, which has no letter that is misread. The tag is
// HMAC-SHA256, cut to 80 bits, over event, line and what stands before it, so a
// gateway needs no list of codes to know one.
type Code struct {
	Event  string
	Line   string
	Batch  int       // 0 to MaxBatch
	Serial int       // 0 to MaxSerial
	Last   time.Time // the last day on which it opens the line, midnight UTC
	id     [16]byte
}

// The bounds of a code's fields.
const (
	MaxBatch  = 1<<11 - 1
	MaxSerial = 1<<20 - 1
	maxDay    = 1<<14 - 1
)

// firstDay is the day 0 of a code; the last is in 2070.
var firstDay = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	codeTag    = 10 // bytes
	codeHead   = 9  // letters before the tag
	codeGroup  = 5
	codeSize   = codeHead + codeTag*8/5 // letters
	maxCode    = 64                     // bytes as somebody types it, before anything is decoded
	crockfords = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// MakeCode writes the code that the fields of c name. It is the same each time
// for the same key, so a lost list can be made again.
func (k *Keys) MakeCode(c Code) (string, error) {
	day := int(c.Last.Sub(firstDay) / (24 * time.Hour))
	switch {
	case c.Event == "" || len(c.Event) > 255 || c.Line == "" || len(c.Line) > 255:
		return "", errors.New("code: an event and a line are needed")
	case c.Batch < 0 || c.Batch > MaxBatch:
		return "", fmt.Errorf("code: batch %d: want 0 to %d", c.Batch, MaxBatch)
	case c.Serial < 0 || c.Serial > MaxSerial:
		return "", fmt.Errorf("code: serial %d: want 0 to %d", c.Serial, MaxSerial)
	case c.Last.Before(firstDay) || day > maxDay:
		return "", fmt.Errorf("code: last day %s: want 2026-01-01 to 2070-11-09", c.Last.Format(time.DateOnly))
	}
	head := uint64(day)<<31 | uint64(c.Batch)<<20 | uint64(c.Serial)
	tag := codeMAC(k.codes[0], c.Event, c.Line, head)
	var letters [codeSize]byte
	for i := range codeHead {
		letters[i] = crockfords[head>>(5*(codeHead-1-i))&31]
	}
	crockford.Encode(letters[codeHead:], tag[:])
	groups := make([]string, 0, codeSize/codeGroup)
	for i := 0; i < codeSize; i += codeGroup {
		groups = append(groups, string(letters[i:i+codeGroup]))
	}
	return strings.Join(groups, "-"), nil
}

// OpenCode reads a code as somebody has typed it, for the lines of an event that
// codes open; now is unix ms. It refuses with ErrMalformed, ErrForged (no code of
// these lines, by any key of the ring) or ErrExpired.
func (k *Keys) OpenCode(event string, lines []string, typed string, now int64) (Code, error) {
	digits, ok := codeDigits(typed)
	if !ok {
		return Code{}, ErrMalformed
	}
	var head uint64
	for _, d := range digits[:codeHead] {
		head = head<<5 | uint64(d)
	}
	tag := codeTagOf(digits[codeHead:])
	for _, line := range lines {
		for _, key := range k.codes {
			want := codeMAC(key, event, line, head)
			if !hmac.Equal(want[:], tag[:]) {
				continue
			}
			c := Code{
				Event: event, Line: line, Batch: int(head >> 20 & MaxBatch), Serial: int(head & MaxSerial),
				Last: firstDay.AddDate(0, 0, int(head>>31)),
			}
			binary.BigEndian.PutUint64(c.id[:8], head<<16)
			copy(c.id[6:], tag[:])
			if now >= c.Last.AddDate(0, 0, 1).UnixMilli() {
				return Code{}, ErrExpired
			}
			return c, nil
		}
	}
	return Code{}, ErrForged
}

// Visitor is who holds the code, to its event: always the same, so a code has
// one place, whoever types it and however often. It is made from the tag too: who
// knows how codes are numbered can't name their visitors.
func (c Code) Visitor() Visitor {
	sum := digest("rushgate code holder v1", c.Event, c.id)
	return Visitor(sum[:16])
}

func codeMAC(key macKey, event, line string, head uint64) [codeTag]byte {
	var room [128]byte
	message := append(room[:0], byte(len(event)))
	message = append(message, event...)
	message = append(message, byte(len(line)))
	message = append(message, line...)
	message = binary.BigEndian.AppendUint64(message, head)
	mac := hmac.New(sha256.New, key.secret)
	mac.Write(message) // a hash never fails
	return [codeTag]byte(mac.Sum(nil))
}

// codeDigits reads the letters of a code: any case, any grouping, and the three
// that Crockford takes for the digits they look like.
func codeDigits(typed string) (digits [codeSize]byte, ok bool) {
	if len(typed) > maxCode {
		return digits, false
	}
	n := 0
	for _, c := range []byte(typed) {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		switch c {
		case '-', ' ', '\t', '\r', '\n':
			continue
		case 'O':
			c = '0'
		case 'I', 'L':
			c = '1'
		}
		d := strings.IndexByte(crockfords, c)
		if d < 0 || n == codeSize {
			return digits, false
		}
		digits[n] = byte(d)
		n++
	}
	return digits, n == codeSize
}

// codeTagOf packs digits of five bits into bytes.
func codeTagOf(digits []byte) (tag [codeTag]byte) {
	for i, d := range digits {
		for b := range 5 {
			if d>>(4-b)&1 == 1 {
				at := 5*i + b
				tag[at/8] |= 1 << (7 - at%8)
			}
		}
	}
	return tag
}
