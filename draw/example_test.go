package draw_test

import (
	"fmt"

	"github.com/bilten/rushgate/draw"
)

// A house draws three visitors, and anybody checks what it publishes.
func ExampleCheck() {
	seed := draw.NewSeed([]byte("a draw key of 32 bytes, or more."), "tour", 1)
	var joined []draw.Entry
	for visitor := range byte(3) {
		joined = append(joined, draw.NewEntry("tour", [16]byte{visitor}))
	}
	list := seed.Draw(joined, "heads")

	shown := draw.Digest(seed)
	published := draw.Published{
		Version: draw.Version, Event: "tour", Phase: draw.Drawn, Commitment: seed.Commitment(), Seed: &shown,
		Public:  &draw.Public{Source: "the coin thrown on stage", Value: "heads"},
		Entries: &draw.Tally{Count: 3, Root: draw.Root(joined)},
		List:    "/_rushgate/tour/draw/list",
	}
	fmt.Println(draw.Check(published, list))

	list[1], list[2] = list[2], list[1]
	fmt.Println(draw.Check(published, list))
	// Output:
	// <nil>
	// line 2: order: is entry 7f27ac93a7293bdaa2dccf559d8a79d4; should be entry ab4e543173637a849e515501ddf6ac09
}

// A receipt is one line that can be copied; after the draw it finds its number.
func ExampleCheckReceipt() {
	seed := draw.NewSeed([]byte("a draw key of 32 bytes, or more."), "tour", 1)
	mine := draw.NewEntry("tour", [16]byte{1})
	kept := draw.Receipt{Event: "tour", Entry: mine, Commitment: seed.Commitment()}.String()
	fmt.Println(kept)

	list := seed.Draw([]draw.Entry{draw.NewEntry("tour", [16]byte{2}), mine}, "")
	published := draw.Published{Event: "tour", Phase: draw.Drawn, Commitment: seed.Commitment()}
	receipt, err := draw.ParseReceipt(kept)
	if err != nil {
		panic(err)
	}
	fmt.Println(draw.CheckReceipt(receipt, published, list))
	// Output:
	// rushgate-draw-1:tour:ab4e543173637a849e515501ddf6ac09:e654a7364775ce3a08668b942f711d2414c705807940c2005e1aedf6c78b81a7
	// 1 <nil>
}
