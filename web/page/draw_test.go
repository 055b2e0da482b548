package page

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/draw"
	"github.com/bilten/rushgate/event"
	"golang.org/x/net/html"
)

// drawOf is an honest draw of n visitors, as published once drawn.
func drawOf(n int, value string) (draw.Published, draw.List) {
	seed := draw.NewSeed([]byte("a draw key of 32 bytes, or more."), "tour", 1)
	entries := make([]draw.Entry, n)
	for i := range entries {
		entries[i] = draw.NewEntry("tour", [16]byte{byte(i), byte(i >> 8), byte(i >> 16)})
	}
	shown := draw.Digest(seed)
	p := draw.Published{
		Version: draw.Version, Event: "tour", Phase: draw.Drawn, Commitment: seed.Commitment(), Seed: &shown,
		Entries: &draw.Tally{Count: n, Root: draw.Root(entries)}, List: prefix + "/tour/draw/list",
	}
	if value != "" {
		p.Public = &draw.Public{Source: "drand quicknet, round 12,345,678: its randomness", Value: value}
	}
	return p, seed.Draw(entries, value)
}

func drawPage(t *testing.T, v DrawView) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	if err := newPages(t).Draw(recorder, v); err != nil {
		t.Fatalf("Draw() = %v; want a page", err)
	}
	return recorder.Body.String()
}

func TestTheDrawPageShowsWhatIsPublishedByNow(t *testing.T) {
	drawn, _ := drawOf(3, "8e03")
	closed := drawn
	closed.Phase, closed.Seed, closed.List, closed.Public = draw.Closed, nil, "", &draw.Public{Source: drawn.Public.Source}
	open := closed
	open.Phase, open.Entries, open.Public = draw.Open, nil, nil
	tests := []struct {
		name      string
		published draw.Published
		has       []string
		lacks     []string
	}{
		{"Open: the commitment, and that no public value was named.", open, []string{"The draw is open", open.Commitment.String(), "No public value"}, []string{"Root", "Seed", "draw/list"}},
		{"Closed: who is in it, and where the value will come from.", closed, []string{"The draw is closed", closed.Entries.Root.String(), "round 12,345,678"}, []string{"No public value", "draw/list", "8e03"}},
		{"Drawn: all of it, and where the list is.", drawn, []string{"The draw has taken place", drawn.Seed.String(), "8e03", `href="/_rushgate/tour/draw/list"`}, []string{"No public value"}},
	}
	for _, tt := range tests {
		if err := tt.published.Validate(); err != nil {
			t.Fatalf("%s %v", tt.name, err)
		}
		page := drawPage(t, DrawView{Published: tt.published, Name: "Winter Tour", Return: "/buy"})
		checkDocument(t, parse(t, page))
		for _, part := range tt.has {
			if !strings.Contains(page, part) {
				t.Errorf("%s the page lacks %q", tt.name, part)
			}
		}
		for _, part := range tt.lacks {
			if strings.Contains(page, part) {
				t.Errorf("%s the page has %q", tt.name, part)
			}
		}
	}
}

func TestHostileTextStaysTextOnTheDrawPage(t *testing.T) {
	for _, attack := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</style><script>alert(1)</script>`, `javascript:alert(1)`} {
		p, _ := drawOf(1, "x")
		p.Event, p.List, p.Public = attack, attack, &draw.Public{Source: attack, Value: attack}
		root := parse(t, drawPage(t, DrawView{Published: p, Name: attack, Return: attack, Texts: event.Page{Organizer: attack, Title: attack, HelpURL: attack}}))
		checkDocument(t, root)
		checkHarmless(t, attack, root)
	}
}

// TestTheScriptReckonsLikeThePackage runs the rules' twin in JavaScript.
func TestTheScriptReckonsLikeThePackage(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node on this machine; the browser tests cover the script as well")
	}
	rules, err := os.ReadFile("static/drawrules.js")
	if err != nil {
		t.Fatalf("read the script: %v", err)
	}
	seed := draw.NewSeed([]byte("a draw key of 32 bytes, or more."), "tour", 1)
	type draws struct {
		Seed, Value, Commitment string
		Entries                 []draw.Entry
		Orders                  []int64
		Root                    string
	}
	var all []draws
	for _, n := range []int{0, 1, 2, 3, 7, 64, 65, 1000} {
		for _, value := range []string{"", "heads", "ü " + strings.Repeat("long ", 40)} {
			_, list := drawOf(n, value)
			entries := slices.Clone(list)
			slices.Reverse(entries)
			d := draws{draw.Digest(seed).String(), value, draw.Digest(seed.Commitment()).String(), append([]draw.Entry{}, entries...), []int64{}, draw.Root(list).String()}
			for _, e := range entries {
				d.Orders = append(d.Orders, draw.Rotate(seed.Order(e), draw.Turn(value)))
			}
			all = append(all, d)
		}
	}
	input, err := json.Marshal(all)
	if err != nil {
		t.Fatalf("encode the draws: %v", err)
	}
	program := string(rules) + "\nconst all = " + string(input) + `;
(async () => {
  for (const d of all) {
    const words = Int32Array.from(d.Entries.join('').match(/.{8}/g) || [], (w) => parseInt(w, 16));
    const order = orderer(d.Seed, turnOf(d.Value));
    const orders = d.Entries.map((_, i) => order(words, 4 * i));
    const root = await rootOf(words, d.Entries.length, () => {});
    const wrong = orders.findIndex((o, i) => o !== d.Orders[i]);
    if (wrong >= 0) console.log('order', d.Value, d.Entries[wrong], orders[wrong], d.Orders[wrong]);
    if (root !== d.Root) console.log('root', d.Entries.length, root, d.Root);
    if (hex(sha256(unhex(d.Seed))) !== d.Commitment) console.log('commitment');
  }
})();`
	command := exec.CommandContext(t.Context(), node, "-")
	command.Stdin = strings.NewReader(program)
	out, err := command.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("the script reckons otherwise: %s (%v)", out, err)
	}
}

// house serves a draw as a gateway would.
func house(t *testing.T, p draw.Published, list []byte) *httptest.Server {
	t.Helper()
	pages := newPages(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+prefix+"/assets/{name}", pages.ServeAsset)
	mux.HandleFunc("GET "+prefix+"/tour/draw", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept") == "application/json" {
			_ = json.NewEncoder(w).Encode(p)
			return
		}
		if err := pages.Draw(w, DrawView{Published: p, Name: "Winter Tour", Texts: event.Page{Organizer: "Northwind"}}); err != nil {
			t.Errorf("Draw() = %v; want a page", err)
		}
	})
	mux.HandleFunc("GET "+prefix+"/tour/draw/list", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(list) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func lines(l draw.List) []byte {
	var text bytes.Buffer
	_, _ = l.WriteTo(&text) // a buffer takes everything
	return text.Bytes()
}

func TestTheBrowserChecksTheDraw(t *testing.T) {
	p, list := drawOf(20_000, "8e03")
	receipt := draw.Receipt{Event: "tour", Entry: list[4321], Commitment: p.Commitment, Number: 4322}
	swapped, doubled := slices.Clone(list), slices.Insert(slices.Clone(list), 7, list[6])
	swapped[9], swapped[10] = swapped[10], swapped[9]
	friend := draw.Seed(*p.Seed).Draw(append(slices.Clone(list[1:]), draw.NewEntry("tour", [16]byte{15: 1, 3: 1})), "8e03")
	open := p
	open.Phase, open.Entries, open.Seed, open.List, open.Public = draw.Open, nil, nil, "", nil
	other := p
	other.Seed = &draw.Digest{1}
	told, left := receipt, receipt
	told.Number, left.Entry = 7, draw.NewEntry("tour", [16]byte{15: 1, 3: 1})

	tests := []struct {
		name      string
		published draw.Published
		list      []byte
		receipt   string
		verdict   string
		finding   string // part of the last one
	}{
		{"An honest draw passes, and the receipt with it.", p, lines(list), receipt.String(), "Everything is as it was promised. Your number is 4,322.", "number 4,322 of 20,000"},
		{"Before the draw the commitment is checked.", open, nil, receipt.String(), "Nothing is drawn yet. Keep your receipt and come back after the start.", "commitment is the one on your receipt"},
		{"Two neighbours were exchanged.", p, lines(swapped), receipt.String(), "Something is not as it was promised.", "Line 11 of the list, entry " + list[9].String()},
		{"Somebody stands twice.", p, lines(doubled), receipt.String(), "Something is not as it was promised.", "Line 8 of the list, entry " + list[6].String() + ", stands on line 7 already"},
		{"The last one is missing.", p, lines(list[:19_999]), receipt.String(), "Something is not as it was promised.", "20000 visitors were counted, and the list has 19999"},
		{"A friend stands in for somebody, where the friend's order belongs.", p, lines(friend), receipt.String(), "Something is not as it was promised.", "other visitors were counted at the start"},
		{"The download was cut.", p, lines(list)[:1000], receipt.String(), "Something is not as it was promised.", "Line 31 of the list is not an entry"},
		{"The seed was exchanged.", other, lines(list), receipt.String(), "Something is not as it was promised.", "not the seed that was promised"},
		{"The visitor was told another number.", p, lines(list), told.String(), "Something is not as it was promised.", "You were told number 7, and in the list you have 4,322"},
		{"The visitor was left out.", p, lines(list), left.String(), "Something is not as it was promised.", "Your entry is not in the list"},
		{"A receipt was copied in part.", p, lines(list), receipt.String()[:60], "This is not a receipt. Copy the whole line; it starts with rushgate-draw-1.", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := house(t, tt.published, tt.list)
			var root *html.Node
			for range 4 { // on a busy machine the browser's made-up minute may be over before the hashing is
				root = dump(t, server.URL+prefix+"/tour/draw#"+tt.receipt, time.Minute)
				if attribute(find(root, func(n *html.Node) bool { return attribute(n, "id") == "verdict" })[0], "class") != "" {
					break
				}
			}
			findings := find(root, func(n *html.Node) bool { return n.Data == "li" })
			last := ""
			if len(findings) > 0 {
				last = text(findings[len(findings)-1])
			}
			if got := shown(root, "verdict"); got != tt.verdict || !strings.Contains(last, tt.finding) {
				t.Errorf("the browser says %q, last %q; want %q, %q", got, last, tt.verdict, tt.finding)
			}
		})
	}
}
