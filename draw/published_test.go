package draw_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/bilten/rushgate/draw"
)

func TestPublishedSaysWhatItsPhaseAllows(t *testing.T) {
	hash, root := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	open := `{"version":1,"event":"tour","phase":"open","commitment":"` + hash + `"`
	entries := `,"entries":{"count":3,"root":"` + root + `"}`
	seed, list, source := `,"seed":"`+hash+`"`, `,"list":"/l"`, `,"public":{"source":"a drand round"}`
	value := `,"public":{"source":"a drand round","value":"8e"}`
	closed, drawn := strings.Replace(open, "open", "closed", 1)+entries, strings.Replace(open, "open", "drawn", 1)+entries+seed+list
	tests := []struct {
		name string
		text string
		want string // part of the error; empty: none
	}{
		{"Open: the commitment.", open + "}", ""},
		{"Open: and where the public value will come from.", open + source + "}", ""},
		{"Closed: count and root.", closed + "}", ""},
		{"Closed: the seed may be known, for it decides nothing any more.", closed + seed + source + "}", ""},
		{"Drawn: everything.", drawn + value + "}", ""},
		{"Drawn without a public value.", drawn + "}", ""},
		{"Open, and the seed is out: orders could be reckoned.", open + seed + "}", `seed: known in phase "open" already`},
		{"Open, and the public value is known: it is worth nothing.", open + value + "}", `public.value: known in phase "open" already`},
		{"Open, and a count that still grows.", open + entries + "}", `entries: known in phase "open" already`},
		{"Closed, and there is a list.", closed + list + "}", `list: known in phase "closed" already`},
		{"Closed without a root.", strings.Replace(open, "open", "closed", 1) + "}", `entries: missing in phase "closed"`},
		{"Drawn without a seed.", strings.Replace(drawn, seed, "", 1) + "}", `seed: missing in phase "drawn"`},
		{"Drawn without a list.", strings.Replace(drawn, list, "", 1) + "}", `list: missing in phase "drawn"`},
		{"Drawn, and the named value never came.", drawn + source + "}", `public.value: missing in phase "drawn"`},
		{"A later version is not judged.", strings.Replace(open, `"version":1`, `"version":2`, 1) + "}", "version: 2; this program knows 1 alone"},
		{"No commitment.", `{"version":1,"event":"tour","phase":"open"}`, "commitment: missing"},
		{"The commitment is null.", `{"version":1,"event":"tour","phase":"open","commitment":null}`, "commitment: missing"},
		{"The commitment is cut.", strings.Replace(open, "abab", "ab", 1) + "}", "want 64 digits of lower-case hexadecimal"},
		{"An unknown phase.", strings.Replace(open, "open", "rigged", 1) + "}", `phase: "rigged"`},
		{"An event that is a path.", strings.Replace(open, "tour", "../tour", 1) + "}", `event: "../tour"`},
		{"A field twice.", open + seed + seed + "}", "seed: stands twice"},
		{"A field twice, further in.", closed[:len(closed)-1] + `,"count":4}}`, "entries: count: stands twice"},
		{"A field in capitals, which some readers take and some don't.", open + `,"SEED":"` + hash + `"}`, "SEED: unknown field"},
		{"A field that means nothing.", open + `,"luck":1}`, "luck"},
		{"A count below zero.", strings.Replace(closed, `"count":3`, `"count":-3`, 1) + "}", "entries.count: -3"},
		{"A count beyond all memory.", strings.Replace(closed, `"count":3`, `"count":1e9`, 1) + "}", "entries"},
		{"A source that says nothing.", open + `,"public":{"source":""}}`, "public.source: 0 bytes"},
		{"A value with a space that nobody sees.", closed + `,"public":{"source":"x","value":"8e "}}`, "white space"},
		{"Something behind it.", open + "} {}", "something follows"},
		{"Cut.", open, "EOF"},
		{"A list.", "[]", "not a JSON object"},
		{"A web page.", "<html>", "not a JSON object"},
		{"Nothing.", "", "not a JSON object"},
	}
	for _, tt := range tests {
		p, err := draw.ParsePublished([]byte(tt.text))
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s ParsePublished(%s) = %v; want %q", tt.name, tt.text, err, tt.want)
		}
		if err != nil {
			continue
		}
		if again, err := json.Marshal(p); err != nil || string(again) != tt.text && !strings.Contains(tt.name, "may be known") && !strings.Contains(tt.name, "everything") {
			t.Errorf("%s Marshal(ParsePublished(%s)) = %s, %v", tt.name, tt.text, again, err)
		}
	}
}

func FuzzParsePublished(f *testing.F) {
	p, _ := drawn(3, "heads")
	text, err := json.Marshal(p)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"version":1,"event":"tour","phase":"open","commitment":"00","public":{"source":"x"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := draw.ParsePublished(text)
		if err != nil {
			return
		}
		again, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if q, err := draw.ParsePublished(again); err != nil || !reflect.DeepEqual(p, q) {
			t.Errorf("ParsePublished(%s) = %+v; its own text %s = %+v, %v", text, p, again, q, err)
		}
	})
}

func TestParseReceipt(t *testing.T) {
	want := draw.Receipt{Event: "tour-2", Entry: draw.Entry{1}, Commitment: draw.Digest{2}}
	early := want.String()
	tests := []struct {
		name   string
		text   string
		number int
		want   string // part of the error; empty: none
	}{
		{"A receipt from before the draw.", early, 0, ""},
		{"A receipt with its number.", early + ":1234567", 1234567, ""},
		{"White space that copying left.", "\n  " + early + " \r\n", 0, ""},
		{"JSON.", `{"event":"tour-2","entry":"` + want.Entry.String() + `","commitment":"` + want.Commitment.String() + `","number":7}`, 7, ""},
		{"JSON before the draw.", `{"event":"tour-2","entry":"` + want.Entry.String() + `","commitment":"` + want.Commitment.String() + `"}`, 0, ""},
		{"Nothing.", "", 0, "want rushgate-draw-1:EVENT"},
		{"A number with a leading zero.", early + ":07", 0, `number: "07"`},
		{"Number zero.", early + ":0", 0, `number: "0"`},
		{"A number below zero.", early + ":-7", 0, `number: "-7"`},
		{"A number beyond any list.", early + ":99999999", 0, "number: 99999999"},
		{"A part too many.", early + ":7:8", 0, "want rushgate-draw-1:EVENT"},
		{"It was copied in part.", early[:len(early)-1], 0, "commitment: want 64 digits"},
		{"A later form.", strings.Replace(early, "draw-1", "draw-2", 1), 0, "want rushgate-draw-1:EVENT"},
		{"An entry in capitals.", strings.Replace(early, ":0100", ":0A00", 1), 0, "entry: want 32 digits"},
		{"An event that is none.", strings.Replace(early, "tour-2", "Tour", 1), 0, `event: "Tour"`},
		{"JSON without an entry.", `{"event":"tour","commitment":"` + want.Commitment.String() + `"}`, 0, "entry: missing"},
		{"JSON without a commitment.", `{"event":"tour","entry":"` + want.Entry.String() + `"}`, 0, "commitment: missing"},
		{"JSON with the entry twice.", `{"event":"tour","entry":"` + want.Entry.String() + `","entry":"` + want.Entry.String() + `"}`, 0, "entry: stands twice"},
	}
	for _, tt := range tests {
		got, err := draw.ParseReceipt(tt.text)
		want.Number = tt.number
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) || err == nil && got != want {
			t.Errorf("%s ParseReceipt(%q) = %+v, %v; want %q", tt.name, tt.text, got, err, tt.want)
		}
	}
}

// Before the draw a receipt must not lead to an order: it holds what the visitor
// has anyway and what everybody knows.
func TestAnEarlyReceiptHoldsNoNumber(t *testing.T) {
	r := draw.Receipt{Event: "tour", Entry: draw.Entry{1}, Commitment: draw.Digest{2}}
	text, err := json.Marshal(r)
	if err != nil || strings.Contains(string(text), "number") || strings.Count(r.String(), ":") != 3 {
		t.Errorf("an early receipt is %s and %s, %v; want no number", text, r, err)
	}
}

func FuzzParseReceipt(f *testing.F) {
	r := draw.Receipt{Event: "tour", Entry: draw.Entry{1}, Commitment: draw.Digest{2}, Number: 7}
	f.Add(r.String())
	f.Add(`{"event":"tour"}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := draw.ParseReceipt(text)
		if err != nil {
			return
		}
		if again, err := draw.ParseReceipt(r.String()); err != nil || again != r {
			t.Errorf("ParseReceipt(%q) = %+v; of its line %q = %+v, %v", text, r, r, again, err)
		}
		if !strings.HasPrefix(strings.TrimSpace(text), "{") && strings.TrimSpace(text) != r.String() {
			t.Errorf("ParseReceipt took %q, which is %q", text, r)
		}
	})
}
