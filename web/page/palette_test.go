package page

import (
	"math"
	"testing"

	"github.com/bilten/rushgate/event"
)

func TestContrast(t *testing.T) {
	tests := []struct {
		name string
		a, b string
		want float64
	}{
		{"Black on white is the most there is.", "#000000", "#ffffff", 21},
		{"A colour on itself cannot be seen.", "#3b82f6", "#3b82f6", 1},
		{"The order does not matter.", "#ffffff", "#000000", 21},
		{"The grey that just passes.", "#767676", "#ffffff", 4.54},
		{"The grey that just fails.", "#777777", "#ffffff", 4.48},
	}
	for _, tt := range tests {
		a, _ := parseColour(tt.a)
		b, _ := parseColour(tt.b)
		if got := contrast(a, b); math.Abs(got-tt.want) > 0.01 {
			t.Errorf("%s contrast(%s, %s) = %.2f; want %.2f", tt.name, tt.a, tt.b, got, tt.want)
		}
	}
}

func TestEveryThemeIsLegible(t *testing.T) {
	shades := []string{"", "#000000", "#ffffff", "#767676", "#808080", "#ffd400", "#c8102e", "#19e3b1", "#101820", "#00ff00", "#0000ff", "#6b6b6b", "not a colour", "#12345g"}
	for _, accent := range shades {
		for _, background := range shades {
			for _, ink := range shades {
				theme := event.Theme{Accent: accent, Background: background, Text: ink}
				light, dark := schemes(theme)
				for _, s := range []scheme{light, dark} {
					for _, pair := range []struct {
						name string
						a, b rgb
					}{
						{"ink on card", s.Ink, s.Card}, {"ink on background", s.Ink, s.Background},
						{"muted on card", s.Muted, s.Card}, {"muted on background", s.Muted, s.Background},
						{"strong on card", s.Strong, s.Card}, {"strong on background", s.Strong, s.Background},
						{"text on accent", s.OnAccent, s.Accent},
					} {
						if got := contrast(pair.a, pair.b); got < legible {
							t.Errorf("%+v: %s %s on %s = %.2f; want at least %.1f", theme, pair.name, pair.a, pair.b, got, legible)
						}
					}
				}
			}
		}
	}
}

func TestParseColour(t *testing.T) {
	tests := []struct {
		name, in string
		ok       bool
	}{
		{"Six hexadecimal digits.", "#1a2B3c", true},
		{"The short form is refused.", "#fff", false},
		{"A name is refused.", "red", false},
		{"A sign is no digit.", "#+12345", false},
		{"An underscore is no digit.", "#1_2345", false},
		{"Nothing may follow.", "#1234567", false},
		{"Empty is not given.", "", false},
	}
	for _, tt := range tests {
		if _, ok := parseColour(tt.in); ok != tt.ok {
			t.Errorf("%s parseColour(%q) = %t; want %t", tt.name, tt.in, ok, tt.ok)
		}
	}
}
