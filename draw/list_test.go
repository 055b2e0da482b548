package draw_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/bilten/rushgate/draw"
	"pgregory.net/rapid"
)

func TestReadListIsStrict(t *testing.T) {
	a, b := draw.Entry{1}.String(), draw.Entry{2}.String()
	tests := []struct {
		name string
		text string
		want string // the error; empty: none
	}{
		{"Two lines are two entries.", a + "\n" + b + "\n", ""},
		{"Nobody came.", "", ""},
		{"The download was cut in a line.", a + "\n" + b[:9], "line 2: the end is missing"},
		{"The download was cut at the end of a line.", a + "\n" + b, "line 2: the end is missing"},
		{"There is an empty line.", a + "\n\n" + b + "\n", "line 2: want 32 digits"},
		{"A line is too short.", a[:31] + "\n", "line 1: want 32 digits"},
		{"A line is too long.", a + "\n" + b + "0\n", "line 2: want 32 digits"},
		{"A line never ends.", a + "\n" + strings.Repeat("0", 10_000), "line 2: want 32 digits"},
		{"It is in capitals.", strings.ToUpper(a[:2]+"a"+a[3:]) + "\n", "line 1: want 32 digits of lower-case"},
		{"It is no hexadecimal.", strings.Repeat("g", 32) + "\n", "line 1: want 32 digits"},
		{"An editor changed the line ends.", a + "\r\n" + b + "\r\n", "line 1: a carriage return"},
		{"It starts with a byte order mark.", "\ufeff" + a + "\n", "line 1: want 32 digits"},
		{"It is the error page of a proxy.", "<html>\n", "line 1: want 32 digits"},
	}
	for _, tt := range tests {
		list, err := draw.ReadList(strings.NewReader(tt.text))
		if (err == nil) != (tt.want == "") || err != nil && !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s ReadList = %v, %v; want %q", tt.name, list, err, tt.want)
		}
	}
	away := errors.New("the disk is gone")
	if _, err := draw.ReadList(iotest.ErrReader(away)); !errors.Is(err, away) {
		t.Errorf("ReadList of a failing reader = %v; want %v", err, away)
	}
}

func TestAListSurvivesItsText(t *testing.T) {
	want := draw.List(crowd("tour", 1000))
	var text bytes.Buffer
	n, err := want.WriteTo(&text)
	if err != nil || n != 33*1000 || text.Len() != 33*1000 {
		t.Fatalf("WriteTo = %d, %v; want 33 bytes a visitor", n, err)
	}
	got, err := draw.ReadList(iotest.OneByteReader(&text))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("ReadList(WriteTo(l)) = %d entries, %v; want the same 1000", len(got), err)
	}
}

func FuzzReadList(f *testing.F) {
	f.Add([]byte(draw.Entry{1}.String() + "\n"))
	f.Add([]byte("\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := draw.ReadList(bytes.NewReader(text))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if _, err := list.WriteTo(&again); err != nil || !bytes.Equal(again.Bytes(), text) {
			t.Errorf("ReadList took %q, which is %q", text, again.Bytes())
		}
	})
}

// byTheBook is MTH of RFC 6962, section 2.1, as it is written there.
func byTheBook(sorted []draw.Entry) [sha256.Size]byte {
	switch len(sorted) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, sorted[0][:]...))
	}
	k := 1
	for k*2 < len(sorted) {
		k *= 2
	}
	left, right := byTheBook(sorted[:k]), byTheBook(sorted[k:])
	return sha256.Sum256(slices.Concat([]byte{1}, left[:], right[:]))
}

func TestTheRootIsTheOneOfTheRFC(t *testing.T) {
	for n := range 70 {
		entries := crowd("tour", n)
		sorted := slices.SortedFunc(slices.Values(entries), func(a, b draw.Entry) int { return bytes.Compare(a[:], b[:]) })
		if got, want := draw.Root(entries), draw.Digest(byTheBook(sorted)); got != want {
			t.Errorf("Root of %d = %s; want %s", n, got, want)
		}
	}
	// The hash of no leaves, as in Certificate Transparency's own test data.
	if got, want := draw.Root(nil).String(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"; got != want {
		t.Errorf("Root of nobody = %s; want %s", got, want)
	}
}

func TestTheRootIsOfTheSetAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := crowd("tour", rapid.IntRange(1, 40).Draw(t, "n"))
		root := draw.Root(entries)
		if got := draw.Root(rapid.Permutation(entries).Draw(t, "shuffled")); got != root {
			t.Fatalf("Root of the same people in another order = %s; want %s", got, root)
		}
		without := slices.Delete(slices.Clone(entries), 0, 1)
		if draw.Root(without) == root || draw.Root(append(without, draw.Entry{7})) == root {
			t.Fatal("Root of other people is the same")
		}
	})
}

func TestAnEntryIsBoundToItsEvent(t *testing.T) {
	visitor := [16]byte{1, 2, 3, 14: 9, 15: 9}
	if draw.NewEntry("a", visitor) == draw.NewEntry("b", visitor) {
		t.Error("one visitor has the same entry in two events")
	}
	stored := visitor
	stored[14], stored[15] = 0, 0
	if draw.NewEntry("a", visitor) != draw.NewEntry("a", stored) {
		t.Error("an entry depends on the part of an id that no store keeps")
	}
}

// Entries, orders and turns are on receipts and in published lists: no release
// may change them. The values were reckoned in another language.
func TestTheRulesNeverChange(t *testing.T) {
	seed := draw.NewSeed([]byte("a draw key of 32 bytes, or more."), "tour", 7)
	entry := draw.NewEntry("tour", [16]byte{1, 2, 3})
	got := []string{entry.String(), hex.EncodeToString(seed[:]), draw.Digest(seed.Commitment()).String()}
	want := []string{
		"f6abb0accc66a0e60815e6023fd91425",
		"190f93966023aff2e540156169522d080ed0e6184219a9904af0363e6340a447",
		"6bec52a0c926f80f5e6e68cba3a96a90074e3fe3f5537872a71d016565608afe",
	}
	if !slices.Equal(got, want) {
		t.Errorf("entry, seed, commitment = %q; want %q", got, want)
	}
	if order, turn := seed.Order(entry), draw.Turn("heads"); order != 788832447184233 || turn != 607767536777816 || draw.Turn("") != 0 {
		t.Errorf("order %d, turn %d, turn without a value %d; want those of version 1", order, turn, draw.Turn(""))
	}
}

func TestATurnKeepsTheCircle(t *testing.T) {
	tests := []struct {
		name        string
		order, turn int64
		want        int64
	}{
		{"Without a turn nothing moves.", 5, 0, 5},
		{"What lies above the turn comes first.", 1001, 1000, 1},
		{"What lies below it comes after the highest.", 999, 1000, draw.Space - 1},
		{"0 means in the draw on a pass, so the turn's own order becomes 1.", 1000, 1000, 1},
	}
	for _, tt := range tests {
		if got := draw.Rotate(tt.order, tt.turn); got != tt.want {
			t.Errorf("%s Rotate(%d, %d) = %d; want %d", tt.name, tt.order, tt.turn, got, tt.want)
		}
	}
}
