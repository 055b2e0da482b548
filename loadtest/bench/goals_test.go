//go:build linux

package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGoal(t *testing.T) {
	tests := []struct {
		sentence string
		goal     goal
		want     string
	}{
		{"below what is allowed", goal{AtMost: true, Bound: 0.25, Measured: 0.2, Known: true}, "reached"},
		{"just what is allowed", goal{AtMost: true, Bound: 0.25, Measured: 0.25, Known: true}, "reached"},
		{"a tenth too much", goal{AtMost: true, Bound: 0.25, Measured: 0.275, Known: true}, "missed by 10.0 %"},
		{"above what is wanted", goal{Bound: 0.92, Measured: 0.95, Known: true}, "reached"},
		{"a tenth too little", goal{Bound: 15, Measured: 13.5, Known: true}, "missed by 10.0 %"},
		{"nothing is allowed, something there", goal{AtMost: true, Measured: 1, Known: true}, "missed"},
		{"a goal that this run says nothing about", goal{AtMost: true, Bound: 1}, "not measured"},
	}
	for _, tt := range tests {
		if got := tt.goal.verdict(); got != tt.want {
			t.Errorf("%s: verdict(%+v) = %q; want %q", tt.sentence, tt.goal, got, tt.want)
		}
	}
}

func TestRatioPairsRounds(t *testing.T) {
	// The machine was half as fast in the second round; the ratio was the same.
	ours := row{Samples: []sample{{Server: 2, Redis: 1}, {Server: 4, Redis: 2}, {Server: 2, Redis: 2}}}
	theirs := row{Samples: []sample{{Server: 6}, {Server: 12}, {Server: 6}}}
	if got := ratio(ours, theirs, cpu); got != 0.5 {
		t.Errorf("ratio = %v; want 0.5, the median of 3/6, 6/12 and 4/6", got)
	}
	if got := ratio(ours, row{}, cpu); got != 0 {
		t.Errorf("ratio(nothing to compare with) = %v; want 0", got)
	}
}

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := median(tt.values); got != tt.want {
			t.Errorf("median(%v) = %v; want %v", tt.values, got, tt.want)
		}
	}
}

func TestAccuracy(t *testing.T) {
	// A thousand a second for 70 s, after a burst of a thousand; a tick every 250 ms.
	var steady, bursty []admitted
	for i := range int64(281) {
		steady = append(steady, admitted{at: 250 * i, count: 250 * i})
		bursty = append(bursty, admitted{at: 250 * i, count: 250*i + 1000*min(1, i)})
	}
	slow := append([]admitted(nil), steady...)
	for i := range slow {
		slow[i].count /= 2
	}
	tests := []struct {
		sentence                 string
		seen                     []admitted
		windows                  int
		opening, lowest, highest float64
	}{
		{"too short for a window", steady[:240], 0, 0, 0, 0},
		{"exactly the rate", steady, 41, 1, 1, 1},
		{"the opening's burst stands apart", bursty, 41, 61. / 60, 1, 1},
		{"half the rate", slow, 41, 0.5, 0.5, 0.5},
	}
	for _, tt := range tests {
		windows, opening, lowest, highest := accuracy(tt.seen, 60_000)
		off := math.Abs(opening-tt.opening) + math.Abs(lowest-tt.lowest) + math.Abs(highest-tt.highest)
		if windows != tt.windows || off > 1e-9 {
			t.Errorf("%s: accuracy = %d windows, %v, %v to %v; want %d, %v, %v to %v",
				tt.sentence, windows, opening, lowest, highest, tt.windows, tt.opening, tt.lowest, tt.highest)
		}
	}
}

func TestCountCommands(t *testing.T) {
	const naive = "# Commandstats\r\ncmdstat_zadd:calls=10,usec=1\r\ncmdstat_zrank:calls=20,usec=1\r\ncmdstat_zcard:calls=20,usec=1\r\ncmdstat_info:calls=9,usec=1\r\n"
	for _, tt := range []struct {
		sentence, info string
		want           int64
	}{
		{"commands of clients", naive, 50},
		{"scripts alone, not what they do", naive + "cmdstat_evalsha:calls=7,usec=1\r\n", 7},
		{"nothing yet", "# Commandstats\r\n", 0},
	} {
		if got, err := countCommands(tt.info); got != tt.want || err != nil {
			t.Errorf("%s: countCommands = %d, %v; want %d", tt.sentence, got, err, tt.want)
		}
	}
}

func TestPasteReplacesTheTablesAlone(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	const text = "# Page\n\n" + pageBegin + "old\n" + pageEnd + "\nThe end.\n"
	if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := report{When: "today", Rows: []row{{Path: "status", Who: "rushgate", Connections: busy, Samples: []sample{{PerSecond: 50_000}}}}}
	r.Goals = r.goals()
	if err := r.paste(page); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(got, []byte("# Page\n\n"+pageBegin)) || !bytes.HasSuffix(got, []byte(pageEnd+"\nThe end.\n")) {
		t.Errorf("paste: the page is\n%s\nwant what stands around the tables kept", got)
	}
	if !strings.Contains(string(got), "50000") || strings.Contains(string(got), "old") {
		t.Errorf("paste: the page is\n%s\nwant the new table and not the old", got)
	}
	if err := r.paste(filepath.Join("..", "..", "LICENSE")); err == nil {
		t.Error("paste(a page without the lines) = nil; want an error, and the page untouched")
	}
}
