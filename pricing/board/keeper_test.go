package board

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/accord/redisaccord"
	"github.com/bilten/rushgate/internal/redistest"
	"github.com/bilten/rushgate/pricing"
)

var opening = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

const document = `event: hamlet
currency: EUR
all_in: all fees included
period: 1m
tiers:
  - name: stalls
    title: Stalls
    base: 80.00
    floor: 60.00
    cap: 120.00
    demand:
      input: demand_ratio
      curve: [{at: 0, multiplier: 1}, {at: 5, multiplier: 1.5}]
    pace: {max_step: 5.00}
  - name: boxes
    base: 200.00
`

var ann = pricing.Act{By: "ann", Why: "as agreed"}

// house is a store, its clock, and what is known of demand.
type house struct {
	store    accord.Store
	mu       sync.Mutex
	now      time.Time
	start    time.Time
	inputs   pricing.Inputs
	memories map[string][]byte
}

func newHouse() *house {
	h := &house{now: opening.Add(-48 * time.Hour), start: opening}
	h.store = accord.NewMemory(h.clock)
	h.crowd(0, 600)
	return h
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// opens moves the start of the sale.
func (h *house) opens(start time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.start = start
}

func (h *house) crowd(waiting, sold int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	stock := pricing.Stock{Sold: pricing.Count(sold), Held: pricing.Count(0), Remaining: pricing.Count(1000 - sold)}
	h.inputs = pricing.Inputs{Waiting: pricing.Count(waiting), Active: pricing.Count(0),
		Tiers: map[string]pricing.Stock{"stalls": stock, "boxes": {Sold: pricing.Count(0), Held: pricing.Count(0), Remaining: pricing.Count(10)}}}
}

func (h *house) gateway() *Keeper {
	return New(Config{
		Store: h.store, Log: slog.New(slog.DiscardHandler), Memories: memories{h},
		Events: func() []Event {
			h.mu.Lock()
			defer h.mu.Unlock()
			return []Event{{ID: "hamlet", Start: h.start, Tiers: []string{"stalls", "boxes"}}}
		},
		Inputs: func(string) pricing.Inputs {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.inputs
		},
	})
}

// memories are one disk; nil: there is none.
type memories struct{ *house }

func (m memories) Recall(id string) []byte { return m.memories[id] }
func (m memories) Keep(id string, data []byte) {
	if m.memories != nil {
		m.memories[id] = data
	}
}

// inForce drafts and approves rules.
func inForce(t *testing.T, k *Keeper, document, waiver string) {
	t.Helper()
	version, err := k.Draft(t.Context(), "hamlet", document, ann)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Approve(t.Context(), "hamlet", version, waiver, ann); err != nil {
		t.Fatal(err)
	}
}

func board(t *testing.T, k *Keeper) *Board {
	t.Helper()
	b, ok := k.Board("hamlet")
	if !ok {
		t.Fatal("no board; want one")
	}
	return b
}

func ledger(t *testing.T, k *Keeper) []Entry {
	t.Helper()
	entries, _, err := k.Ledger(t.Context(), "hamlet", "", 10_000)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func kinds(entries []Entry) string {
	var all []string
	for _, e := range entries {
		all = append(all, string(e.Kind))
	}
	return strings.Join(all, " ")
}

func TestRulesBecomePricesWhenTheyAreApproved(t *testing.T) {
	h := newHouse()
	k := h.gateway()
	version, err := k.Draft(t.Context(), "hamlet", document, ann)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := k.Board("hamlet"); ok {
		t.Error("a draft has a board; want none before it is approved")
	}
	for range 2 { // an answer that was lost is asked for again
		if err := k.Approve(t.Context(), "hamlet", version, "", ann); err != nil {
			t.Fatal(err)
		}
	}
	b := board(t, k)
	if got := b.Tiers[0]; got.Price != 8000 || got.Text != "80.00 EUR" || got.Range != (pricing.Range{Low: 8000, High: 12000}) {
		t.Errorf("stalls = %+v; want the base and its range", got)
	}
	if got := b.Tiers[1]; got.Price != 20000 || got.Range != (pricing.Range{Low: 20000, High: 20000}) {
		t.Errorf("boxes = %+v; want a fixed price", got)
	}
	if got := kinds(ledger(t, k)); got != "drafted approved published" {
		t.Errorf("the ledger has %q; want drafted, approved and published, once", got)
	}
}

// Nobody can buy before the sale opens, and a line that is still empty says
// nothing about demand.
func TestOpeningPricesStandUntilTheSaleOpens(t *testing.T) {
	h := newHouse()
	k := h.gateway()
	k.config.Events = func() []Event {
		return []Event{{ID: "hamlet", Start: opening, Opens: opening, Tiers: []string{"stalls", "boxes"}}}
	}
	inForce(t, k, document, "")
	h.crowd(3000, 600)
	h.pass(23 * time.Hour)
	next := strings.Replace(document, "cap: 120.00", "cap: 110.00", 1)
	quotes, _, err := k.Preview(t.Context(), "hamlet", next)
	if err != nil {
		t.Fatal(err)
	}
	inForce(t, k, next, "")
	if got := board(t, k).Tiers[0].Price; quotes[0].Price != got || quotes[0].Reason != pricing.Steady {
		t.Errorf("a day before, rules were to publish %d, %s, and published %d; want the same, steady", quotes[0].Price, quotes[0].Reason, got)
	}
	h.pass(25*time.Hour - time.Second)
	k.Round(t.Context())
	if got := board(t, k).Tiers[0].Price; got != 8000 {
		t.Errorf("a second before the start: %d; want the opening price", got)
	}
	h.pass(time.Second)
	k.Round(t.Context())
	if got := board(t, k).Tiers[0].Price; got != 8500 {
		t.Errorf("at the start: %d; want one step up", got)
	}
}

func TestGatewaysPriceOncePerPeriodAndOutliveEachOther(t *testing.T) {
	h := newHouse()
	gateways := []*Keeper{h.gateway(), h.gateway(), h.gateway()}
	inForce(t, gateways[0], document, "")
	h.crowd(3000, 600)
	rounds := func(alive []*Keeper) {
		for range 5 {
			h.pass(time.Minute)
			var all sync.WaitGroup
			for _, k := range alive {
				all.Go(func() { k.Round(t.Context()) })
			}
			all.Wait()
			for _, k := range alive {
				k.Round(t.Context())
			}
		}
	}
	rounds(gateways)
	if got := board(t, gateways[0]).Tiers[0].Price; got != 10500 {
		t.Errorf("after five minutes the price is %d; want 10500, one step of 5.00 each", got)
	}
	rounds(gateways[1:]) // the first has died
	last := gateways[2]
	if got := board(t, last).Tiers[0].Price; got != 12000 {
		t.Errorf("after ten minutes the price is %d; want 12000, eight steps of 5.00", got)
	}
	if a, b := board(t, gateways[1]), board(t, last); a.Version != b.Version {
		t.Errorf("gateways are at versions %d and %d; want the same", a.Version, b.Version)
	}
	published := 0
	for _, entry := range ledger(t, last) {
		if entry.Kind == Published {
			published++
		}
	}
	if published != 1+8 {
		t.Errorf("the ledger has %d published prices; want the opening and eight steps", published)
	}
}

func TestALookThatKnowsNothingKeepsPricesAndSaysSoOnce(t *testing.T) {
	h := newHouse()
	k := h.gateway()
	inForce(t, k, document, "")
	h.inputs = pricing.Inputs{}
	for i := range 4 {
		h.pass(time.Minute)
		k.Round(t.Context()) // on the minute: left to gateways that know more
		if got := kinds(ledger(t, k)); i == 0 && got != "drafted approved published" {
			t.Errorf("on the minute the ledger has %q; want a gateway that knows nothing to wait", got)
		}
		h.pass(30 * time.Second)
		k.Round(t.Context())
		h.pass(-30 * time.Second)
	}
	b := board(t, k)
	if b.Tiers[0].Price != 8000 || b.Tiers[0].Reason != pricing.UnknownInputs || b.Tiers[1].Price != 20000 {
		t.Errorf("board = %+v; want the prices kept, as demand is unknown", b.Tiers)
	}
	if got := kinds(ledger(t, k)); got != "drafted approved published kept" {
		t.Errorf("the ledger has %q; want one kept", got)
	}
}

func TestRulesThatDoNotFitAreRefusedAndChangeNothing(t *testing.T) {
	h := newHouse()
	k := h.gateway()
	inForce(t, k, document, "")
	for say, change := range map[string][2]string{
		"another event's":       {"event: hamlet", "event: lear"},
		"a tier that isn't":     {"boxes", "gods"},
		"a gap":                 {"all_in: all fees included\n", ""},
		"an unknown field":      {"period: 1m", "personal: true"},
		"a float for a message": {"base: 80.00", "base: .inf"},
	} {
		before := len(ledger(t, k))
		if _, err := k.Draft(t.Context(), "hamlet", strings.Replace(document, change[0], change[1], 1), ann); err == nil {
			t.Errorf("%s: Draft = nil; want it refused", say)
		}
		if after := len(ledger(t, k)); after != before {
			t.Errorf("%s: the ledger has %d entries; want %d", say, after, before)
		}
	}
	dollars, err := k.Draft(t.Context(), "hamlet", strings.Replace(document, "EUR", "USD", 1), ann)
	if err != nil {
		t.Fatal(err)
	}
	want := `currency: "USD": the prices that are published are in EUR`
	if err := k.Approve(t.Context(), "hamlet", dollars, "", ann); err == nil || err.Error() != want {
		t.Errorf("Approve in another currency = %v; want %s", err, want)
	}
}

// Redis forgets everything, in the middle of a sale, with a real server: what was
// shown to those who wait is still known, and no number is given twice.
func TestPricesOutliveTheirStore(t *testing.T) {
	client := redistest.Client(t)
	h := newHouse()
	h.store = redisaccord.New(client)
	k := h.gateway()
	inForce(t, k, document, "a test")
	h.crowd(2000, 600)
	k.Round(t.Context())
	before := board(t, k)
	if before.Tiers[0].Price != 8500 {
		t.Fatalf("before the loss the price is %d; want 8500", before.Tiers[0].Price)
	}
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	stranger := h.gateway() // it comes to an empty store and remembers nothing
	stranger.Round(t.Context())
	k.Round(t.Context())
	stranger.Round(t.Context())
	for say, keeper := range map[string]*Keeper{"who remembers": k, "who knew nothing": stranger} {
		after := board(t, keeper)
		if offers, exact := after.Shown(before.Version); !exact || offers["stalls"].Price != 8500 {
			t.Errorf("%s: version %d shows %v, %v; want 8500", say, before.Version, offers, exact)
		}
		if after.Tiers[0].Price < 8500 {
			t.Errorf("%s: the price is %d; want it to go on from 8500", say, after.Tiers[0].Price)
		}
	}
	if got := ledger(t, k)[0].Kind; got != Restored {
		t.Errorf("the new ledger begins with %q; want %q", got, Restored)
	}
}

func TestPricesOutliveEveryGateway(t *testing.T) {
	h := newHouse()
	h.memories = map[string][]byte{}
	k := h.gateway()
	inForce(t, k, document, "")
	before := board(t, k)
	h.store = accord.NewMemory(h.clock) // a new store, and a new gateway with the old disk
	again := h.gateway()
	again.Round(t.Context())
	if after := board(t, again); after.Version != before.Version || after.Tiers[0].Price != before.Tiers[0].Price {
		t.Errorf("after everything restarted: version %d; want %d", after.Version, before.Version)
	}
	h.store = accord.NewMemory(h.clock)
	h.memories = nil
	h.pass(time.Second)
	fresh := h.gateway() // nothing is left of the past
	inForce(t, fresh, document, "")
	if after := board(t, fresh); after.Version <= before.Version {
		t.Errorf("after everything was lost, version %d is given; want one above %d", after.Version, before.Version)
	}
}
