package admission

import (
	"errors"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPassRoundTrip(t *testing.T) {
	keys := testKeys(t)
	tests := []struct {
		name string
		pass Pass
	}{
		{"a place in the line", somePass},
		{"in the draw there is neither order nor number", Pass{Event: "evt", Generation: 1, Line: "general", Visitor: Visitor{1}, JoinedAt: 1}},
		{"the largest of everything", Pass{
			Event: strings.Repeat("e", 40), Generation: math.MaxUint64, Line: strings.Repeat("l", 255), Visitor: Visitor{0: 255, 15: 255},
			Order: math.MaxInt64, Number: math.MaxInt64, JoinedAt: math.MaxInt64, PriceVersion: math.MaxUint32, PromiseP50: math.MaxUint16, PromiseP90: math.MaxUint16,
		}},
		{"nothing at all", Pass{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cookie := keys.SealPass(tt.pass)
			got, err := keys.OpenPass(tt.pass.Event, cookie)
			if err != nil {
				t.Fatalf("OpenPass(%q) error = %v; want none", cookie, err)
			}
			if diff := cmp.Diff(tt.pass, got); diff != "" {
				t.Errorf("OpenPass(SealPass(p)) differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPassRefusals(t *testing.T) {
	keys, stranger := testKeys(t), testKeys(t)
	good := keys.SealPass(somePass)
	raw, err := envelopeText.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	newerForged := append([]byte{envelopeVersion + 1}, raw[1:]...)
	older := append([]byte{0}, raw[1:]...)
	// A newer gateway with the same keys: another version and body in the same frame.
	newer := append([]byte{envelopeVersion + 1}, raw[1:envelopeHead]...)
	newer = append(newer, "a body this version knows nothing of"...)
	desk := keys.passes.take()
	desk.begin("evt")
	desk.message = append(desk.message, newer...)
	newer = append(newer, desk.tag(0, desk.message)...)

	tests := []struct {
		name   string
		event  string
		cookie string
		want   error
	}{
		{"another event's pass", "other", good, ErrForged},
		{"an event whose name starts the same", "ev", good, ErrForged},
		{"no pass at all", "evt", "", ErrMalformed},
		{"a pass of other keys", "evt", stranger.SealPass(somePass), ErrUnknownKey},
		{"a visitor cookie is not a pass", "evt", keys.SealBrowser(Browser{1}), ErrForged},
		{"an admission is not a pass", "evt", sign(t, keys, someAdmission), ErrMalformed},
		{"a genuine pass of a newer version", "evt", envelopeText.EncodeToString(newer), ErrNewerSchema},
		{"nobody can pretend that there is a newer version", "evt", envelopeText.EncodeToString(newerForged), ErrForged},
		{"version 0 never was", "evt", envelopeText.EncodeToString(older), ErrMalformed},
		{"a body too short, though genuine", "evt", keys.passes.seal("evt", make([]byte, passFixed-1)), ErrMalformed},
		{"a body too long, though genuine", "evt", keys.passes.seal("evt", make([]byte, passFixed+256)), ErrMalformed},
		{"only a tag", "evt", good[len(good)-22:], ErrMalformed},
		{"padding", "evt", good + "=", ErrMalformed},
		{"a line break, which base64 decoders skip", "evt", good[:50] + "\n" + good[50:], ErrMalformed},
		{"a line break at the end", "evt", good + "\r", ErrMalformed},
		{"the other base64 alphabet", "evt", strings.Repeat("+", len(good)), ErrMalformed},
		{"trailing bits", "evt", trailingBits(keys.SealPass(Pass{Event: "evt", Line: "vip"})), ErrMalformed},
		{"a megabyte", "evt", strings.Repeat("A", 1<<20), ErrMalformed},
		{"an event id that no event can have", strings.Repeat("e", 256), good, ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := keys.OpenPass(tt.event, tt.cookie)
			if !errors.Is(err, tt.want) || got != (Pass{}) {
				t.Errorf("OpenPass(%q, %.60q) = %+v, %v; want no pass, %v", tt.event, tt.cookie, got, err, tt.want)
			}
		})
	}
}

// trailingBits sets a bit of the last character that carries no data.
func trailingBits(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(text)%4 == 0 {
		panic("no unused bits: use another line name")
	}
	last := len(text) - 1
	return text[:last] + string(alphabet[strings.IndexByte(alphabet, text[last])|1])
}

func TestEveryFlippedBitOfAPassIsRefused(t *testing.T) {
	keys := testKeys(t)
	good := keys.SealPass(somePass)
	for i := range len(good) {
		for bit := range 8 {
			cookie := []byte(good)
			cookie[i] ^= 1 << bit
			if p, err := keys.OpenPass("evt", string(cookie)); err == nil || p != (Pass{}) {
				t.Fatalf("character %d bit %d flipped: OpenPass = %+v, %v; want a refusal", i, bit, p, err)
			}
		}
	}
	raw, _ := envelopeText.DecodeString(good)
	for i := range len(raw) * 8 {
		raw[i/8] ^= 1 << (i % 8)
		if p, err := keys.OpenPass("evt", envelopeText.EncodeToString(raw)); err == nil || p != (Pass{}) {
			t.Fatalf("bit %d flipped: OpenPass = %+v, %v; want a refusal", i, p, err)
		}
		raw[i/8] ^= 1 << (i % 8)
	}
}

func TestOpenPassAllocatesNoMoreThanTheLine(t *testing.T) {
	keys := testKeys(t)
	cookie := keys.SealPass(somePass)
	got := testing.AllocsPerRun(100, func() {
		if _, err := keys.OpenPass("evt", cookie); err != nil {
			t.Fatal(err)
		}
	})
	if got > 2 && !raceEnabled {
		t.Errorf("OpenPass allocates %v times; want at most 2", got)
	}
}

// FuzzOpenPass holds that nothing but a sealed pass opens, and that it has no
// second encoding.
func FuzzOpenPass(f *testing.F) {
	keys := testKeys(f)
	good := keys.SealPass(somePass)
	for _, seed := range []string{"", good, good[1:], good + "A", strings.Repeat("A", len(good)), keys.SealBrowser(Browser{9})} {
		f.Add("evt", seed)
	}
	f.Fuzz(func(t *testing.T, event, cookie string) {
		p, err := keys.OpenPass(event, cookie)
		if err != nil {
			var refusal Refusal
			if !errors.As(err, &refusal) || p != (Pass{}) {
				t.Fatalf("OpenPass(%q, %q) = %+v, %v; want no pass and a Refusal", event, cookie, p, err)
			}
			return
		}
		if event != "evt" || cookie != good {
			t.Fatalf("OpenPass(%q, %q) = %+v; want a refusal, it was never sealed", event, cookie, p)
		}
	})
}

// Passes are worked on in shared buffers: what one request opens, another must
// not see.
func TestPassesAreNotMixedUp(t *testing.T) {
	keys := testKeys(t)
	var crowd sync.WaitGroup
	for i := range 16 {
		crowd.Go(func() {
			want := somePass
			want.Line = strings.Repeat(string(rune('a'+i)), i+1)
			want.Visitor[0] = byte(i)
			cookie := keys.SealPass(want)
			for range 200 {
				if got, err := keys.OpenPass("evt", cookie); got != want || err != nil {
					t.Errorf("OpenPass = %+v, %v; want %+v", got, err, want)
					return
				}
			}
		})
	}
	crowd.Wait()
}
