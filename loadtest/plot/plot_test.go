package plot

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
)

func ExampleChart() {
	figure := Chart{
		Title: "People in the line", X: Axis{"since the opening", Duration}, Y: Axis{"", Number},
		Series: []Series{{"waiting", Area, []Point{{0, 0}, {60, 4000}, {120, 0}}}},
	}.HTML()
	fmt.Println(strings.Contains(string(figure), ">2 min</text>"), strings.Contains(string(figure), ">4,000</text>"))
	// Output: true true
}

func TestTicksAreRound(t *testing.T) {
	for _, test := range []struct {
		name    string
		scale   Scale
		highest float64
		want    string
	}{
		{"nothing happened", Number, 0, "0 0.2 0.4 0.6 0.8 1"},
		{"a few", Number, 7, "0 2 4 6 8"},
		{"thousands", Number, 5200, "0 2,000 4,000 6,000"},
		{"tens of thousands", Number, 41_000, "0 10k 20k 30k 40k 50k"},
		{"a million", Number, 1_000_000, "0 200k 400k 600k 800k 1M"},
		{"milliseconds", Duration, 0.012, "0 5 ms 10 ms 15 ms"},
		{"half a minute", Duration, 31, "0 10 s 20 s 30 s 40 s"},
		{"some minutes", Duration, 400, "0 2 min 4 min 6 min 8 min"},
		{"shares", Percent, 100, "0 % 20 % 40 % 60 % 80 % 100 %"},
		{"hours", Duration, 4 * 3600, "0 1 h 2 h 3 h 4 h"},
	} {
		var got []string
		for _, v := range test.scale.ticks(test.highest, 5) {
			got = append(got, test.scale.label(v))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: ticks(%v) = %s; want %s", test.name, test.highest, strings.Join(got, " "), test.want)
		}
	}
}

// Whatever the values, the figure is well-formed and no coordinate is NaN.
func TestFiguresAreWellFormed(t *testing.T) {
	many := make([]Point, 100_000)
	for i := range many {
		many[i] = Point{float64(i), float64(i % 7)}
	}
	for name, points := range map[string][]Point{
		"none": nil, "one": {{0, 0}}, "not a number": {{0, 1}, {math.NaN(), 2}, {2, math.Inf(1)}, {3, 1}}, "many": many,
	} {
		for mark := Line; mark <= Rule; mark++ {
			text := string(Chart{Title: `<i> & "so"`, Series: []Series{{"<b>", mark, points}}}.HTML())
			if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") || len(text) > 200_000 {
				t.Errorf("HTML(%s) has %d bytes or a coordinate that is none", name, len(text))
			}
			decoder := xml.NewDecoder(strings.NewReader(text))
			for {
				if _, err := decoder.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("HTML(%s) is not well-formed: %v", name, err)
				}
			}
		}
	}
}
