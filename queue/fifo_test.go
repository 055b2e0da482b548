package queue

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A fifo is a zset whose scores only grow.
func TestAFIFOIsAZSetOfGrowingScores(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line, model := newFIFO(), newZSet()
		var order int64
		visitor := rapid.Custom(func(t *rapid.T) Visitor { return Visitor{rapid.Byte().Draw(t, "visitor")} })
		t.Repeat(map[string]func(*rapid.T){
			"join": func(t *rapid.T) {
				v := visitor.Draw(t, "who")
				if _, in := line.order(v); in {
					return
				}
				order++
				line.add(v, order)
				model.add(v, order)
			},
			"leave": func(t *rapid.T) {
				v := visitor.Draw(t, "who")
				line.remove(v)
				model.remove(v)
			},
			"call": func(t *rapid.T) {
				n := rapid.Int64Range(0, 5).Draw(t, "n")
				if got, want := line.pop(n), model.popMin(n); !slices.Equal(got, want) {
					t.Fatalf("pop(%d) = %v; want %v", n, got, want)
				}
			},
			"look": func(t *rapid.T) {
				to, n := rapid.Int64Range(0, order+1).Draw(t, "to"), rapid.Int64Range(0, 5).Draw(t, "n")
				if got, want := line.upTo(to, n), model.between(0, to, n); !slices.Equal(got, want) {
					t.Fatalf("upTo(%d, %d) = %v; want %v", to, n, got, want)
				}
			},
			"": func(t *rapid.T) {
				if line.len() != model.len() {
					t.Fatalf("len() = %d; want %d", line.len(), model.len())
				}
			},
		})
	})
}

// People who come and go in a line that is not called leave nothing behind.
func TestAFIFOForgetsWhoLeft(t *testing.T) {
	line := newFIFO()
	for order := range int64(10_000) {
		line.add(Visitor{1}, order)
		line.remove(Visitor{1})
	}
	if len(line.list) > 64 {
		t.Errorf("10,000 who came and left: the list has %d; want at most 64", len(line.list))
	}
}
