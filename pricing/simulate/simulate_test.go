package simulate

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/pricing"
)

func example(t *testing.T) *pricing.Engine {
	t.Helper()
	text, err := os.ReadFile("../../deploy/examples/prices/rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := pricing.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	e, err := pricing.Compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func exampleShop() Shop {
	return Shop{PerMinute: 200, Each: 2, Hold: 5 * time.Minute, GiveBack: 20, Order: []string{"standing", "seated", "box"},
		Stock: map[string]int{"standing": 4000, "seated": 4000, "box": 100}}
}

func TestNoTicketIsLostOrSoldTwice(t *testing.T) {
	shop := exampleShop()
	s := shop.Sell("rush", "", Rush())
	for _, m := range s.Moments {
		for tier, stock := range m.Inputs.Tiers {
			sold, _ := stock.Sold.Value()
			held, _ := stock.Held.Value()
			remaining, known := stock.Remaining.Value()
			if !known || sold+held+remaining != int64(shop.Stock[tier]) {
				t.Fatalf("after %v: %s has %d sold, %d held, %d remaining; want %d together", m.At, tier, sold, held, remaining, shop.Stock[tier])
			}
		}
	}
	if sold, _ := s.Moments[len(s.Moments)-1].Inputs.Tiers["standing"].Sold.Value(); sold != 4000 {
		t.Errorf("a rush of 20,000 buys %d tickets of 4000; want all", sold)
	}
}

func TestARushEarnsMoreThanTheBaseAndStaysInItsRange(t *testing.T) {
	r := Play(example(t), exampleShop().Sell("rush", "", Rush()))
	standing, box := r.Tiers[0], r.Tiers[2]
	if standing.Earned <= standing.AtBase || standing.High > 11900 || standing.Changes == 0 {
		t.Errorf("standing = %+v; want prices that rise, at most to the cap", standing)
	}
	if box.Earned != box.AtBase || box.Changes != 0 {
		t.Errorf("box = %+v; want a fixed price to earn what the base earns", box)
	}
	if standing.Average() < standing.Base || standing.Average() > standing.High {
		t.Errorf("an average ticket costs %d; want between base and highest", standing.Average())
	}
}

// What was recorded is sold at what was published: one price before, one after.
func TestARecordedSaleEarnsWhatWasPublished(t *testing.T) {
	rules, err := pricing.Parse([]byte(`{"event": "e", "currency": "EUR", "all_in": "all", "tiers": [{"name": "a", "base": 10, "cap": 20,
		"demand": {"input": "demand_ratio", "steps": [{"from": 0, "to": 1, "multiplier": 1}, {"from": 1, "multiplier": 2}]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	e, err := pricing.Compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Read(strings.NewReader("time,waiting,sold,held,remaining\n0,0,0,0,100\n60,500,10,0,90\n120,500,30,0,70\n180,,50,0,50\n240,0,50,0,50\n"), "recorded", Shop{Order: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	r := Play(e, s)
	// 10 tickets at 10.00, the next 20 at 20.00, 20 more at 20.00 as demand is not known.
	if got := r.Tiers[0].Earned; got != 10*1000+40*2000 {
		t.Errorf("earned %d; want %d", got, 10*1000+40*2000)
	}
	if got := r.Looks[3].Quotes[0]; got.Reason != pricing.UnknownInputs || got.Price != 2000 {
		t.Errorf("with waiting unknown: %d, %s; want it kept", got.Price, got.Reason)
	}
}

func TestReadRefuses(t *testing.T) {
	for _, test := range []struct{ say, text, want string }{
		{"nothing", "", "want a head and at least two rows"},
		{"no time", "waiting,sold\n1,2\n2,3\n", `the first column is "waiting": want time`},
		{"a time that is none", "time,arrivals\n0,1\nsoon,1\n", `line 3: time: "soon": want seconds, or a time as in 2027-03-01T09:00:00Z or 2027-03-01 09:00:00`},
		{"a time that goes back", "time,arrivals\n5,1\n4,1\n", `line 3: time: "4": is not after the line before`},
		{"seconds that are milliseconds", "time,arrivals\n0,1\n5000000000,1\n", `line 3: time: "5000000000": is more than 14 days after the first: want seconds, and a shorter sale`},
		{"a count below zero", "time,waiting\n0,1\n60,-1\n", `line 3: waiting: "-1": want a whole number from 0 to 1000000000, or nothing if it is not known`},
		{"a column that nobody reads", "time,visitors\n0,1\n60,1\n", `column "visitors": want arrivals, or some of waiting, active, sold, a.sold, held, a.held, remaining, a.remaining`},
		{"a column twice", "time,sold,sold\n0,1,1\n60,1,1\n", `column "sold": is there twice`},
		{"a short row", "time,sold\n0\n60,1\n", "not readable as CSV: record on line 2: wrong number of fields"},
	} {
		if _, err := Read(strings.NewReader(test.text), "x", Shop{Order: []string{"a"}}); err == nil || err.Error() != test.want {
			t.Errorf("%s: Read refuses with\n got %v\nwant %s", test.say, err, test.want)
		}
	}
}

// Real arrivals, with their burst, through the shop.
func TestRealArrivalsAreAllPlayed(t *testing.T) {
	file, err := os.Open("../../deploy/examples/prices/news.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	shop := exampleShop()
	shop.Stock = map[string]int{"standing": 1_000_000}
	shop.PerMinute = 10_000
	s, err := Read(file, "news", shop)
	if err != nil {
		t.Fatal(err)
	}
	sold, _ := s.Moments[len(s.Moments)-1].Inputs.Tiers["standing"].Sold.Value()
	if sold < 100_000 {
		t.Errorf("%d tickets are sold to all who came; want 71,000 visitors to take two, and most to pay", sold)
	}
	for _, q := range Play(example(t), s).Looks {
		if offer := q.Offers["standing"]; offer.Price < offer.Range.Low || offer.Price > offer.Range.High {
			t.Fatalf("after %v the price is %+v; want it in its range", q.At, offer)
		}
	}
}

func TestThePageAsksForNothingFromAnywhere(t *testing.T) {
	var page strings.Builder
	r := Play(example(t), exampleShop().Sell("<script>", "", Rush()))
	if err := Page(&page, r); err != nil {
		t.Fatal(err)
	}
	for _, banned := range []string{"<script", "http://", "https://", "src=", "NaN"} {
		if strings.Contains(page.String(), banned) {
			t.Errorf("the page holds %q", banned)
		}
	}
	if got := strings.Count(page.String(), "<figure"); got != 5 {
		t.Errorf("the page has %d plots; want a price for each of three tiers, demand and earnings", got)
	}
}
