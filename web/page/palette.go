package page

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"

	"github.com/bilten/rushgate/event"
)

// legible is the contrast that WCAG 2.2 asks of body text (AA).
const legible = 4.5

// The page's own colours, used where the organizer gives none.
const (
	defaultAccent     = "#4338ca"
	defaultBackground = "#eceef5"
	darkest           = "#0d0e12"
)

type rgb struct{ r, g, b uint8 }

var white, black = rgb{255, 255, 255}, rgb{0, 0, 0}

// scheme is one set of colours, light or dark. Every ink in it is legible on
// what it stands on.
type scheme struct {
	Background, Card rgb
	Ink, Muted       rgb // text on both
	Line             rgb
	Strong           rgb // the accent, moved until it is legible on the card
	Accent, OnAccent rgb
}

// parseColour reads #rrggbb and nothing else.
func parseColour(s string) (rgb, bool) {
	if len(s) != 7 || s[0] != '#' {
		return rgb{}, false
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return rgb{}, false
	}
	return rgb{uint8(n >> 16), uint8(n >> 8), uint8(n)}, true
}

// schemes turns an organizer's theme into a light and a dark set of colours. A
// colour that is not #rrggbb counts as not given.
func schemes(t event.Theme) (light, dark scheme) {
	accent := colourOr(t.Accent, defaultAccent)
	background := colourOr(t.Background, defaultBackground)
	ink := colourOr(t.Text, mix(textOn(background), accent, 0.12).String())
	night := mix(colourOr("", darkest), accent, 0.05)
	return newScheme(background, ink, accent), newScheme(night, mix(white, night, 0.06), accent)
}

func colourOr(s, fallback string) rgb {
	if c, ok := parseColour(s); ok {
		return c
	}
	c, _ := parseColour(fallback)
	return c
}

func newScheme(background, ink, accent rgb) scheme {
	card := cardOn(background)
	if contrast(ink, card) < legible || contrast(ink, background) < legible {
		ink = textOn(background)
	}
	return scheme{
		Background: background,
		Card:       card,
		Ink:        ink,
		Muted:      toward(mix(ink, card, 0.38), ink, card, background),
		Line:       mix(card, ink, 0.14),
		Strong:     toward(accent, ink, card, background),
		Accent:     accent,
		OnAccent:   textOn(accent),
	}
}

// cardOn returns a surface that stands out from background, on the side where
// the text that is legible on background stays so.
func cardOn(background rgb) rgb {
	switch {
	case textOn(background) == black:
		return mix(background, white, 0.8)
	case luminance(background) < 0.05:
		return mix(background, white, 0.06)
	}
	return mix(background, black, 0.25)
}

// toward moves c toward ink until it is legible on every one of surfaces.
func toward(c, ink rgb, surfaces ...rgb) rgb {
	for share := 0.0; share < 1; share += 0.05 {
		moved, enough := mix(c, ink, share), true
		for _, s := range surfaces {
			enough = enough && contrast(moved, s) >= legible
		}
		if enough {
			return moved
		}
	}
	return ink
}

// textOn returns black or white, whichever stands out more from c; that is
// never below 4.58.
func textOn(c rgb) rgb {
	if contrast(white, c) >= contrast(black, c) {
		return white
	}
	return black
}

// contrast is the ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b rgb) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// luminance is the relative luminance of WCAG 2.2, from 0 to 1.
func luminance(c rgb) float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.r) + 0.7152*linear(c.g) + 0.0722*linear(c.b)
}

// mix goes share of the way from a to b.
func mix(a, b rgb, share float64) rgb {
	step := func(x, y uint8) uint8 {
		return uint8(math.Round(float64(x) + (float64(y)-float64(x))*share))
	}
	return rgb{step(a.r, b.r), step(a.g, b.g), step(a.b, b.b)}
}

func (c rgb) String() string { return fmt.Sprintf("#%02x%02x%02x", c.r, c.g, c.b) }

// css writes both schemes as custom properties. It holds nothing but colours
// that were parsed to numbers, which is why it may go unescaped into a style.
func css(t event.Theme) template.CSS {
	light, dark := schemes(t)
	return template.CSS(":root{" + light.properties() + "}@media(prefers-color-scheme:dark){:root{" + dark.properties() + "}}")
}

func (s scheme) properties() string {
	var out strings.Builder
	for _, p := range []struct {
		name   string
		colour rgb
	}{
		{"bg", s.Background}, {"card", s.Card}, {"ink", s.Ink}, {"muted", s.Muted},
		{"line", s.Line}, {"strong", s.Strong}, {"accent", s.Accent}, {"on-accent", s.OnAccent},
	} {
		fmt.Fprintf(&out, "--%s:%s;", p.name, p.colour)
	}
	return out.String()
}
