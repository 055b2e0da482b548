package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	proof "github.com/bilten/rushgate/draw"
)

// publish writes an honest draw of n visitors as an event would, after change.
func publish(t *testing.T, n int, change func(*proof.Published, proof.List) proof.List) (published, list string, receipt proof.Receipt) {
	t.Helper()
	seed := proof.NewSeed([]byte("a draw key of 32 bytes, or more."), "tour", 1)
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same crowd in every run
	entries := make([]proof.Entry, n)
	for i := range entries {
		var visitor [16]byte
		for j := range visitor {
			visitor[j] = byte(random.Uint32())
		}
		entries[i] = proof.NewEntry("tour", visitor)
	}
	shown := proof.Digest(seed)
	p := proof.Published{
		Version: proof.Version, Event: "tour", Phase: proof.Drawn, Commitment: seed.Commitment(), Seed: &shown,
		Public:  &proof.Public{Source: "drand quicknet, round 1", Value: "8e03"},
		Entries: &proof.Tally{Count: n, Root: proof.Root(entries)}, List: "/list",
	}
	drawn := seed.Draw(entries, "8e03")
	receipt = proof.Receipt{Event: "tour", Entry: drawn[n/2], Commitment: p.Commitment, Number: n/2 + 1}
	drawn = change(&p, drawn)

	var text bytes.Buffer
	if _, err := drawn.WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	document, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	published, list = filepath.Join(dir, "draw.json"), filepath.Join(dir, "list.txt")
	for name, data := range map[string][]byte{published: document, list: text.Bytes()} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return published, list, receipt
}

func TestVerifyDraw(t *testing.T) {
	t.Parallel()
	const crowd = 100_000
	honest := func(_ *proof.Published, l proof.List) proof.List { return l }
	tests := []struct {
		name   string
		lie    func(*proof.Published, proof.List) proof.List
		number int // on the receipt; 0: the honest one
		want   string
	}{
		{"An honest draw of 100,000 passes, and the receipt with it.", honest, 0, "receipt   is in the list, number 50001 of 100000"},
		{"Line 70,000 was put at 300.", func(_ *proof.Published, l proof.List) proof.List {
			moved := l[69_999]
			return slices.Insert(slices.Delete(l, 69_999, 70_000), 299, moved)
		}, 0, "list.txt: line 300: order: is entry"},
		{"The last one was dropped.", func(_ *proof.Published, l proof.List) proof.List { return l[:crowd-1] }, 0, "list.txt: count: is 99999"},
		{"Line 5 stands twice.", func(_ *proof.Published, l proof.List) proof.List { return slices.Insert(l, 5, l[4]) }, 0, "list.txt: line 6: entry: is"},
		{"The seed is another one.", func(p *proof.Published, l proof.List) proof.List { p.Seed[0]++; return l }, 0, "list.txt: commitment: is"},
		{"The visitor was told another number.", honest, 7, "receipt: line 7: number: is entry"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			published, list, receipt := publish(t, crowd, tt.lie)
			if tt.number > 0 {
				receipt.Number = tt.number
			}
			var out, wrong bytes.Buffer
			status := run(t.Context(), []string{"verify-draw", published, list, "--receipt", receipt.String()}, func(string) string { return "" }, &out, &wrong)
			honest := strings.HasPrefix(tt.want, "receipt  ")
			if (status == 0) != honest || !strings.Contains(out.String()+wrong.String(), tt.want) {
				t.Errorf("verify-draw = %d\n%s%s\nwant %q", status, out.String(), wrong.String(), tt.want)
			}
		})
	}
}
