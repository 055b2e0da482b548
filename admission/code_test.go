package admission

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var (
	presale = Code{Event: "hamlet", Line: "presale", Batch: 3, Serial: 77, Last: time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)}
	midday  = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()
)

func mustCode(t testing.TB, k *Keys, c Code) string {
	t.Helper()
	code, err := k.MakeCode(c)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestACodeIsWhatItWasMadeFor(t *testing.T) {
	k := testKeys(t)
	for _, c := range []Code{presale, {Event: "a", Line: "b", Last: firstDay}, {
		Event: "hamlet", Line: "presale", Batch: MaxBatch, Serial: MaxSerial, Last: firstDay.AddDate(0, 0, maxDay),
	}} {
		code := mustCode(t, k, c)
		got, err := k.OpenCode(c.Event, []string{"vip", c.Line}, code, c.Last.UnixMilli())
		got.id = [16]byte{}
		if err != nil || got != c {
			t.Errorf("OpenCode(%s) = %+v, %v; want %+v", code, got, err, c)
		}
	}
	if a, b := mustCode(t, k, presale), mustCode(t, k, presale); a != b {
		t.Errorf("MakeCode twice = %s, %s; want the same, so that a lost list can be made again", a, b)
	}
}

func TestACodeIsTypedByPeople(t *testing.T) {
	k := testKeys(t)
	code := mustCode(t, k, presale)
	for say, typed := range map[string]string{
		"as printed":         code,
		"in small letters":   strings.ToLower(code),
		"without groups":     strings.ReplaceAll(code, "-", ""),
		"with other groups":  " " + strings.ReplaceAll(code, "-", " - ") + "\n",
		"O for 0":            strings.ReplaceAll(code, "0", "O"),
		"I and l for 1":      strings.Replace(strings.ReplaceAll(code, "1", "I"), "I", "l", 1),
		"o for 0, small too": strings.ReplaceAll(code, "0", "o"),
	} {
		if _, err := k.OpenCode("hamlet", []string{"presale"}, typed, midday); err != nil {
			t.Errorf("%s: OpenCode(%q) = %v; want it taken", say, typed, err)
		}
	}
}

// A62: presale codes that are guessed, changed, moved or used too late.
func TestCodesThatOpenNothing(t *testing.T) {
	k := testKeys(t)
	code := mustCode(t, k, presale)
	bare := strings.ReplaceAll(code, "-", "")
	flip := func(at int) string {
		to := byte('7')
		if bare[at] == to {
			to = '8'
		}
		return bare[:at] + string(to) + bare[at+1:]
	}
	for _, tt := range []struct {
		say   string
		event string
		lines []string
		typed string
		now   int64
		want  error
	}{
		{"another event's code", "lear", []string{"presale"}, code, midday, ErrForged},
		{"another line's code", "hamlet", []string{"vip"}, code, midday, ErrForged},
		{"an event without lines for codes", "hamlet", nil, code, midday, ErrForged},
		{"another installation's code", "hamlet", []string{"presale"}, mustCode(t, testKeys(t), presale), midday, ErrForged},
		{"the next serial", "hamlet", []string{"presale"}, flip(8), midday, ErrForged},
		{"another batch", "hamlet", []string{"presale"}, flip(4), midday, ErrForged},
		{"a later last day", "hamlet", []string{"presale"}, flip(2), midday, ErrForged},
		{"a letter of the tag", "hamlet", []string{"presale"}, flip(20), midday, ErrForged},
		{"all zeros", "hamlet", []string{"presale"}, strings.Repeat("0", codeSize), midday, ErrForged},
		{"event and line that run together", "haml", []string{"etpresale"}, code, midday, ErrForged},
		{"the day after", "hamlet", []string{"presale"}, code, midday + 12*3600*1000, ErrExpired},
		{"a letter too few", "hamlet", []string{"presale"}, bare[:24], midday, ErrMalformed},
		{"a letter too many", "hamlet", []string{"presale"}, bare + "0", midday, ErrMalformed},
		{"a letter that is none", "hamlet", []string{"presale"}, "U" + bare[1:], midday, ErrMalformed},
		{"letters beyond ASCII", "hamlet", []string{"presale"}, "ſ" + bare[1:], midday, ErrMalformed},
		{"nothing", "hamlet", []string{"presale"}, "", midday, ErrMalformed},
		{"a megabyte", "hamlet", []string{"presale"}, strings.Repeat("0", 1<<20), midday, ErrMalformed},
	} {
		if _, err := k.OpenCode(tt.event, tt.lines, tt.typed, tt.now); !errors.Is(err, tt.want) {
			t.Errorf("%s: OpenCode(%.30q) = %v; want %v", tt.say, tt.typed, err, tt.want)
		}
	}
	if _, err := k.OpenCode("hamlet", []string{"presale"}, code, midday+12*3600*1000-1); err != nil {
		t.Errorf("the last moment of the last day: %v; want it taken", err)
	}
}

func TestACodeIsOneVisitor(t *testing.T) {
	file, err := GenerateKeys(EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	old, err := NewKeys("rushgate", file)
	if err != nil {
		t.Fatal(err)
	}
	file, id, err := file.AddPass()
	if err == nil {
		file, err = file.Promote(id)
	}
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := NewKeys("rushgate", file)
	if err != nil {
		t.Fatal(err)
	}
	visitor := func(k *Keys, code string) Visitor {
		c, err := k.OpenCode("hamlet", []string{"presale"}, code, midday)
		if err != nil {
			t.Fatal(err)
		}
		return c.Visitor()
	}
	code := mustCode(t, old, presale)
	one := visitor(old, code)
	if other := visitor(old, strings.ToLower(code)); other != one {
		t.Error("the same code typed differently is another visitor; want one place a code")
	}
	if other := visitor(rotated, code); other != one {
		t.Error("the code is another visitor after a rotation; want its place kept")
	}
	next := presale
	next.Serial++
	if other := visitor(old, mustCode(t, old, next)); other == one {
		t.Error("two codes are one visitor")
	}
	if one == (Browser{}).Visitor("hamlet") {
		t.Error("a code's visitor can be a browser's")
	}
}

func TestCodesThatCannotBeMade(t *testing.T) {
	k := testKeys(t)
	for say, change := range map[string]func(*Code){
		"no line":           func(c *Code) { c.Line = "" },
		"no event":          func(c *Code) { c.Event = "" },
		"a batch too large": func(c *Code) { c.Batch = MaxBatch + 1 },
		"a negative serial": func(c *Code) { c.Serial = -1 },
		"a day in the past": func(c *Code) { c.Last = firstDay.AddDate(0, 0, -1) },
		"a day too far":     func(c *Code) { c.Last = firstDay.AddDate(0, 0, maxDay+1) },
	} {
		c := presale
		change(&c)
		if code, err := k.MakeCode(c); err == nil {
			t.Errorf("%s: MakeCode = %s; want an error", say, code)
		}
	}
}

func FuzzOpenCode(f *testing.F) {
	k := testKeys(f)
	code := mustCode(f, k, presale)
	f.Add(code)
	f.Add("OIL00-ooooo-lllll-iiiii-zzzzz")
	f.Fuzz(func(t *testing.T, typed string) {
		c, err := k.OpenCode("hamlet", []string{"presale"}, typed, midday)
		if err == nil && c.Serial != presale.Serial {
			t.Errorf("OpenCode(%q) = %+v: a code that nobody made", typed, c)
		}
	})
}
