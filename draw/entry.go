package draw

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// kept is how much of a visitor's id a store keeps. An entry is of that part
// alone, or no list could be made of what the store holds.
const kept = 14

// Entry stands for one visitor in one event's draw. It can be published: it
// doesn't lead back to the id, and another event's entry of the same visitor
// has nothing in common with it.
type Entry [16]byte

// NewEntry is the entry of a visitor, of whose id only the first 14 bytes count.
func NewEntry(event string, visitor [16]byte) Entry {
	sum := sha256.Sum256(append(labelled(entryLabel, event), visitor[:kept]...))
	return Entry(sum[:])
}

func (e Entry) compare(other Entry) int { return bytes.Compare(e[:], other[:]) }

// String is the entry in lower-case hexadecimal.
func (e Entry) String() string { return hex.EncodeToString(e[:]) }

// MarshalText is String.
func (e Entry) MarshalText() ([]byte, error) { return e.AppendText(nil) }

// AppendText appends String; it never fails.
func (e Entry) AppendText(to []byte) ([]byte, error) { return hex.AppendEncode(to, e[:]), nil }

// UnmarshalText takes what MarshalText gives and nothing else.
func (e *Entry) UnmarshalText(text []byte) error { return unhex(e[:], text) }

// Digest is a SHA-256 hash, or a seed that may be shown. It is lower-case
// hexadecimal in JSON.
type Digest [sha256.Size]byte

// String is the digest in lower-case hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText is String.
func (d Digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

// UnmarshalText takes what MarshalText gives and nothing else.
func (d *Digest) UnmarshalText(text []byte) error { return unhex(d[:], text) }

func unhex(to, text []byte) error {
	if len(text) != hex.EncodedLen(len(to)) || bytes.ContainsAny(text, "ABCDEF") {
		return notHex(len(to))
	}
	if _, err := hex.Decode(to, text); err != nil {
		return notHex(len(to))
	}
	return nil
}

func notHex(bytes int) error {
	return fmt.Errorf("want %d digits of lower-case hexadecimal", hex.EncodedLen(bytes))
}
