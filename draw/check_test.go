package draw_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/bilten/rushgate/draw"
	"pgregory.net/rapid"
)

// crowd is n visitors' entries, in the order in which they joined.
func crowd(event string, n int) []draw.Entry {
	random := rand.New(rand.NewPCG(1, uint64(n))) //nolint:gosec // the same crowd in every run
	entries := make([]draw.Entry, n)
	for i := range entries {
		var visitor [16]byte
		for j := range visitor {
			visitor[j] = byte(random.Uint32())
		}
		entries[i] = draw.NewEntry(event, visitor)
	}
	return entries
}

func seedOf(n uint64) draw.Seed {
	return draw.NewSeed([]byte("a draw key of 32 bytes, or more."), "tour", n)
}

// drawn is an honest draw and what is published about it.
func drawn(n int, publicValue string) (draw.Published, draw.List) {
	seed, entries := seedOf(1), crowd("tour", n)
	shown := draw.Digest(seed)
	p := draw.Published{
		Version: draw.Version, Event: "tour", Phase: draw.Drawn, Commitment: seed.Commitment(), Seed: &shown,
		Entries: &draw.Tally{Count: n, Root: draw.Root(entries)}, List: "/_rushgate/tour/draw/list",
	}
	if publicValue != "" {
		p.Public = &draw.Public{Source: "drand quicknet, round 12345678, randomness", Value: publicValue}
	}
	return p, seed.Draw(entries, publicValue)
}

func TestTheFirstLieIsNamed(t *testing.T) {
	other := draw.NewEntry("tour", [16]byte{1})
	entry := func(l draw.List, line int) string { return "entry " + l[line-1].String() }
	tests := []struct {
		name string // what the house did
		lie  func(p *draw.Published, l draw.List) draw.List
		want func(l draw.List) draw.Lie // by the honest list; Should may be a beginning
	}{
		{"It put line 40 first.", func(_ *draw.Published, l draw.List) draw.List {
			moved := l[39]
			return slices.Insert(slices.Delete(l, 39, 40), 0, moved)
		}, func(l draw.List) draw.Lie {
			return draw.Lie{About: draw.AboutOrder, Line: 1, Is: entry(l, 40), Should: entry(l, 1)}
		}},
		{"It put line 1 last.", func(_ *draw.Published, l draw.List) draw.List {
			return append(l[1:], l[0])
		}, func(l draw.List) draw.Lie {
			return draw.Lie{About: draw.AboutOrder, Line: 1, Is: entry(l, 2), Should: entry(l, 1)}
		}},
		{"It exchanged two neighbours.", func(_ *draw.Published, l draw.List) draw.List {
			l[60], l[61] = l[61], l[60]
			return l
		}, func(l draw.List) draw.Lie {
			return draw.Lie{About: draw.AboutOrder, Line: 61, Is: entry(l, 62), Should: entry(l, 61)}
		}},
		{"It gave somebody a second number.", func(_ *draw.Published, l draw.List) draw.List {
			return slices.Insert(l, 10, l[9])
		}, func(l draw.List) draw.Lie {
			return draw.Lie{About: draw.AboutEntry, Line: 11, Is: l[9].String(), Should: "another one: this stands at line 10 already"}
		}},
		{"It exchanged two late ones and doubled an early one.", func(_ *draw.Published, l draw.List) draw.List {
			l[60], l[61] = l[61], l[60]
			return slices.Insert(l, 10, l[9])
		}, func(l draw.List) draw.Lie {
			return draw.Lie{About: draw.AboutEntry, Line: 11, Is: l[9].String(), Should: "another one: this stands at line 10 already"}
		}},
		{"It put a friend over somebody.", func(_ *draw.Published, l draw.List) draw.List {
			l[0] = other
			return l
		}, func(l draw.List) draw.Lie {
			return draw.Lie{About: draw.AboutOrder, Line: 1, Is: "entry " + other.String(), Should: entry(l, 2)}
		}},
		{"It replaced somebody by a friend, where the friend's order belongs.", func(_ *draw.Published, l draw.List) draw.List {
			return seedOf(1).Draw(append(slices.Delete(l, 7, 8), other), "")
		}, func(draw.List) draw.Lie {
			return draw.Lie{About: draw.AboutRoot}
		}},
		{"It left the last one out.", func(_ *draw.Published, l draw.List) draw.List {
			return l[:99]
		}, func(draw.List) draw.Lie {
			return draw.Lie{About: draw.AboutCount, Is: "99, as the list has them", Should: "100, as published"}
		}},
		{"It let somebody in after the start.", func(_ *draw.Published, l draw.List) draw.List {
			return seedOf(1).Draw(append(l, other), "")
		}, func(draw.List) draw.Lie {
			return draw.Lie{About: draw.AboutCount, Is: "101, as the list has them", Should: "100, as published"}
		}},
		{"It drew again until it liked the order.", func(p *draw.Published, l draw.List) draw.List {
			again := draw.Digest(seedOf(2))
			p.Seed = &again
			return seedOf(2).Draw(l, "")
		}, func(draw.List) draw.Lie {
			return draw.Lie{About: draw.AboutCommitment, Is: draw.Digest(seedOf(1).Commitment()).String(), Should: draw.Digest(seedOf(2).Commitment()).String() + ", which is that of the seed"}
		}},
		{"It named a root of its own.", func(p *draw.Published, l draw.List) draw.List {
			p.Entries.Root = draw.Root(l[1:])
			return l
		}, func(draw.List) draw.Lie {
			return draw.Lie{About: draw.AboutRoot}
		}},
		{"It forgot the public value.", func(p *draw.Published, l draw.List) draw.List {
			p.Public = &draw.Public{Source: "the lottery of that evening", Value: "4 8 15 16 23 42"}
			return l
		}, func(l draw.List) draw.Lie {
			should := seedOf(1).Draw(l, "4 8 15 16 23 42")
			return draw.Lie{About: draw.AboutOrder, Line: 1, Is: entry(l, 1), Should: entry(should, 1)}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, honest := drawn(100, "")
			told := tt.lie(&p, slices.Clone(honest))
			want := tt.want(honest)
			lie, ok := errors.AsType[*draw.Lie](draw.Check(p, told))
			if !ok || lie.About != want.About || lie.Line != want.Line || want.Is != "" && (lie.Is != want.Is || lie.Should != want.Should) {
				t.Errorf("Check = %v; want %v", lie, &want)
			}
		})
	}
}

func TestAnHonestDrawPasses(t *testing.T) {
	for _, n := range []int{0, 1, 2, 1000} {
		for _, value := range []string{"", "8e03…"} {
			p, list := drawn(n, value)
			if err := draw.Check(p, list); err != nil {
				t.Errorf("Check of %d with value %q = %v; want nothing", n, value, err)
			}
		}
	}
}

func TestNothingIsCheckedBeforeTheDraw(t *testing.T) {
	p, list := drawn(10, "")
	p.Phase, p.List = draw.Closed, ""
	if err := draw.Check(p, list); !errors.Is(err, draw.ErrNotDrawn) {
		t.Errorf("Check of a closed draw = %v; want %v", err, draw.ErrNotDrawn)
	}
	p.Entries = nil
	if err := draw.Check(p, list); err == nil || errors.Is(err, draw.ErrNotDrawn) {
		t.Errorf("Check of what contradicts itself = %v; want what is wrong with it", err)
	}
}

// Whatever is exchanged, left out, doubled, or made up in an honest list, it
// passes no more.
func TestNoTamperedListPasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 60).Draw(t, "n")
		p, list := drawn(n, rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "value"))
		i := rapid.IntRange(0, n-2).Draw(t, "i")
		j := rapid.IntRange(i+1, n-1).Draw(t, "j")
		line := 0
		switch rapid.IntRange(0, 4).Draw(t, "lie") {
		case 0:
			list[i], list[j] = list[j], list[i]
			line = i + 1
		case 1:
			list = slices.Delete(list, i, j)
		case 2:
			list = slices.Insert(list, j, list[i])
		case 3:
			list[i] = list[j]
			line = i + 1
			if j == i+1 { // the two are in order, and the same
				line = j + 1
			}
		case 4:
			list[i][rapid.IntRange(0, 15).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		}
		lie, ok := errors.AsType[*draw.Lie](draw.Check(p, list))
		if !ok || line > 0 && lie.Line != line {
			t.Fatalf("Check = %v; want a lie, at line %d if not 0", lie, line)
		}
	})
}

func TestReceipts(t *testing.T) {
	p, list := drawn(100, "")
	stranger := draw.NewEntry("tour", [16]byte{9})
	good := draw.Receipt{Event: "tour", Entry: list[41], Commitment: p.Commitment, Number: 42}
	tests := []struct {
		name   string
		change func(*draw.Receipt)
		number int
		want   string // beginning of the lie; empty: none
	}{
		{"The number that was told is the number in the list.", func(*draw.Receipt) {}, 42, ""},
		{"A receipt from before the draw finds its number.", func(r *draw.Receipt) { r.Number = 0 }, 42, ""},
		{"Another number was told.", func(r *draw.Receipt) { r.Number = 7 }, 0, "line 7: number: is entry " + list[6].String() + "; should be entry " + list[41].String()},
		{"A number was told that the list doesn't reach.", func(r *draw.Receipt) { r.Number = 101 }, 0, "number: is at most 100, by the list; should be 101"},
		{"Somebody was left out.", func(r *draw.Receipt) { r.Entry, r.Number = stranger, 0 }, 0, "entry: is not in the list; should be " + stranger.String()},
		{"Somebody was replaced at their number.", func(r *draw.Receipt) { r.Entry = stranger }, 0, "line 42: number: is entry " + list[41].String()},
		{"The commitment was another one when they came.", func(r *draw.Receipt) { r.Commitment[0]++ }, 0, "commitment: is " + p.Commitment.String()},
		{"It is a receipt of another event.", func(r *draw.Receipt) { r.Event = "fair" }, 0, "event: is tour, as published; should be fair"},
	}
	for _, tt := range tests {
		r := good
		tt.change(&r)
		number, err := draw.CheckReceipt(r, p, list)
		if number != tt.number || (err == nil) != (tt.want == "") || err != nil && !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s CheckReceipt = %d, %v; want %d, %q", tt.name, number, err, tt.number, tt.want)
		}
	}
	p.Phase = draw.Closed
	if number, err := draw.CheckReceipt(good, p, nil); number != 0 || err != nil {
		t.Errorf("CheckReceipt before the draw = %d, %v; want no number and no lie", number, err)
	}
}

func TestWhatWasPublishedStands(t *testing.T) {
	later, _ := drawn(10, "heads")
	closed := later
	closed.Phase, closed.List, closed.Public = draw.Closed, "", &draw.Public{Source: later.Public.Source}
	open := closed
	open.Phase, open.Entries, open.Seed = draw.Open, nil, nil
	for name, p := range map[string]draw.Published{"open": open, "closed": closed, "drawn": later} {
		if err := errors.Join(p.Validate(), draw.Unchanged(p, later)); err != nil {
			t.Errorf("Unchanged(%s, drawn) = %v; want nothing", name, err)
		}
	}
	tests := []struct {
		name   string
		change func(*draw.Published)
		want   draw.Claim
	}{
		{"another commitment", func(p *draw.Published) { p.Commitment[0]++ }, draw.AboutCommitment},
		{"another source of the public value", func(p *draw.Published) { p.Public = &draw.Public{Source: "a coin of ours", Value: "tails"} }, draw.AboutSource},
		{"no source any more", func(p *draw.Published) { p.Public = nil }, draw.AboutSource},
		{"another count", func(p *draw.Published) { p.Entries = &draw.Tally{Count: 11, Root: p.Entries.Root} }, draw.AboutCount},
		{"another root", func(p *draw.Published) { p.Entries = &draw.Tally{Count: 10} }, draw.AboutRoot},
		{"another seed", func(p *draw.Published) { p.Seed = &draw.Digest{1} }, draw.AboutSeed},
		{"another event", func(p *draw.Published) { p.Event = "fair" }, draw.AboutEvent},
		{"open again", func(p *draw.Published) { p.Entries, p.Seed = nil, nil }, draw.AboutCount},
	}
	for _, tt := range tests {
		p := later
		tt.change(&p)
		if lie, ok := errors.AsType[*draw.Lie](draw.Unchanged(closed, p)); !ok || lie.About != tt.want {
			t.Errorf("%s: Unchanged = %v; want a lie about %s", tt.name, lie, tt.want)
		}
	}
	coin := later
	coin.Public = &draw.Public{Source: later.Public.Source, Value: "tails"}
	if lie, ok := errors.AsType[*draw.Lie](draw.Unchanged(later, coin)); !ok || lie.About != draw.AboutValue {
		t.Errorf("another value: Unchanged = %v; want a lie about %s", lie, draw.AboutValue)
	}
}

func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		p, list := drawn(n, "heads")
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if err := draw.Check(p, list); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
