package stock_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/stock"
)

func one(tier string, remaining, held, seq, at int64) stock.Report {
	return stock.Report{Counts: []stock.Count{{Tier: tier, Remaining: remaining, Held: held, Seq: seq, At: at}}}
}

func TestWhichReportCounts(t *testing.T) {
	for _, test := range []struct {
		says    string
		reports []stock.Report
		want    int64 // remaining in all; -1: not known
	}{
		{"nothing told is nothing known", nil, -1},
		{"without numbers the last heard counts", []stock.Report{one("", 9, 0, 0, 1), one("", 8, 0, 0, 2)}, 8},
		{"one that was heard before and arrives late does not", []stock.Report{one("", 8, 0, 0, 2), one("", 9, 0, 0, 1)}, 8},
		{"a number decides, whenever it was heard", []stock.Report{one("", 8, 0, 7, 1), one("", 9, 0, 6, 2)}, 8},
		{"after a minute a lower number is a new count", []stock.Report{one("", 8, 0, 7, 0), one("", 9, 0, 1, 60_000)}, 9},
		{"a person's word has no number and counts when it comes", []stock.Report{one("", 8, 0, 7, 1), one("", 500, 0, 0, 2)}, 500},
		{"and the shop's next word counts again", []stock.Report{one("", 500, 0, 0, 2), one("", 8, 0, 8, 3)}, 8},
		{"one tier is not all", []stock.Report{one("floor", 5, 0, 0, 1)}, -1},
		{"all tiers are the whole", []stock.Report{one("floor", 5, 0, 0, 1), one("balcony", 2, 0, 0, 1)}, 7},
		{"a tier told again leaves the others as they were", []stock.Report{one("floor", 5, 0, 0, 1), one("balcony", 2, 0, 0, 1), one("floor", 4, 0, 0, 2)}, 6},
		{"the whole takes the place of the tiers", []stock.Report{one("floor", 5, 0, 0, 1), one("balcony", 2, 0, 0, 1), one("", 1, 0, 0, 2)}, 1},
		{"and a tier that of the whole", []stock.Report{one("", 1, 0, 0, 2), one("floor", 5, 0, 0, 3)}, -1},
		{"an older whole takes nobody's place", []stock.Report{one("floor", 5, 0, 0, 3), one("balcony", 2, 0, 0, 3), one("", 1, 0, 0, 2)}, 7},
	} {
		var s stock.Stock
		for _, r := range test.reports {
			s, _ = s.Merge(r)
		}
		total, known := s.Total(tiers)
		if got := total.Remaining; known != (test.want >= 0) || known && got != test.want {
			t.Errorf("%s: %+v, known %t; want %d", test.says, total, known, test.want)
		}
	}
}

// However numbered reports overtake each other on the way, gateways that have
// heard all of them know the same.
func TestNumberedReportsMayArriveInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var reports []stock.Report
		for seq := range rapid.IntRange(1, 6).Draw(t, "reports") {
			tier := rapid.SampledFrom([]string{"floor", "balcony"}).Draw(t, "tier")
			reports = append(reports, one(tier, rapid.Int64Range(0, 9).Draw(t, "remaining"), 0, int64(seq+1), 1))
		}
		merge := func(all []stock.Report) (s stock.Stock) {
			for _, r := range all {
				s, _ = s.Merge(r)
			}
			return s
		}
		shuffled := rapid.Permutation(reports).Draw(t, "as they arrive")
		if diff := cmp.Diff(merge(reports), merge(shuffled)); diff != "" {
			t.Fatalf("in order and shuffled differ:\n%s", diff)
		}
	})
}

func TestWhenTheLineIsTold(t *testing.T) {
	type step struct {
		at    float64 // seconds
		tells string  // empty: nothing
		want  event.Availability
		why   stock.Reason
	}
	for _, test := range []struct {
		says  string
		steps []step
	}{
		{"a zero that is over at once is told to nobody", []step{
			{0, "10", event.Available, stock.ReasonFree}, {1, "0", event.Available, stock.ReasonGlitch}, {2, "3", event.Available, stock.ReasonFree},
		}},
		{"nothing left for five seconds is sold out", []step{
			{0, "0", event.Available, stock.ReasonGlitch}, {2, "", event.AllHeld, stock.ReasonHeld},
			{4.9, "", event.AllHeld, stock.ReasonHeld}, {5, "", event.SoldOut, stock.ReasonGone}, {9e6, "", event.SoldOut, stock.ReasonGone},
		}},
		{"what others hold keeps the line waiting, and a hold that lapses lets it go on", []step{
			{0, "0;held=3", event.Available, stock.ReasonGlitch}, {3, "", event.AllHeld, stock.ReasonHeld},
			{30, "0;held=1", event.AllHeld, stock.ReasonHeld}, {31, "2;held=0", event.Available, stock.ReasonFree},
		}},
		{"the last hold is paid", []step{
			{0, "0;held=1", event.Available, stock.ReasonGlitch}, {3, "0", event.AllHeld, stock.ReasonHeld}, {8, "", event.SoldOut, stock.ReasonGone},
		}},
		{"a minute without a word of the holds, and somebody goes in to see", []step{
			{0, "0;held=3", event.Available, stock.ReasonGlitch}, {59, "", event.AllHeld, stock.ReasonHeld},
			{60, "", event.Available, stock.ReasonStale}, {63, "0;held=3", event.AllHeld, stock.ReasonHeld},
		}},
		{"tickets that come back open a sold out line at once", []step{
			{0, "0", event.Available, stock.ReasonGlitch}, {5, "", event.SoldOut, stock.ReasonGone}, {600, "1", event.Available, stock.ReasonFree},
		}},
		{"sold out, and somebody takes a returned ticket into the basket", []step{
			{0, "0", event.Available, stock.ReasonGlitch}, {5, "", event.SoldOut, stock.ReasonGone}, {600, "0;held=1", event.AllHeld, stock.ReasonHeld},
		}},
		{"one tier sold out is not all", []step{
			{0, "floor=0, balcony=4", event.Available, stock.ReasonFree}, {60, "", event.Available, stock.ReasonFree},
			{61, "balcony=0", event.Available, stock.ReasonGlitch}, {66, "", event.SoldOut, stock.ReasonGone},
		}},
		{"a tier of which nothing is known may have tickets", []step{{0, "floor=0", event.Available, stock.ReasonUnknown}, {60, "", event.Available, stock.ReasonUnknown}}},
	} {
		s, why := stock.Begin(event.Available), stock.Reason("")
		for _, step := range test.steps {
			now := time.UnixMilli(1_000_000 + int64(step.at*1000))
			var r stock.Report
			if step.tells != "" {
				parsed, err := stock.Parse([]string{step.tells})
				if err != nil {
					t.Fatal(err)
				}
				r = parsed.Heard(now.UnixMilli())
			}
			before := s.Availability
			s, why = s.Next(r, tiers, now)
			if s.Availability != step.want || why != step.why || s.Due != (s.Availability != before) {
				t.Errorf("%s: after %v s and %q: %s (%s), due %t; want %s (%s)", test.says, step.at, step.tells, s.Availability, why, s.Due, step.want, step.why)
			}
			s.Due = false
		}
	}
}

// An event that stands as sold out stays so with the first report that agrees,
// and opens with the first that does not.
func TestAnEventThatStoodAsSoldOut(t *testing.T) {
	now := time.UnixMilli(1_000_000)
	if s, _ := stock.Begin(event.SoldOut).Next(one("", 0, 0, 0, 1), nil, now); s.Availability != event.SoldOut || s.Due {
		t.Errorf("after a zero: %+v; want sold out, nothing due", s)
	}
	if s, _ := stock.Begin(event.SoldOut).Next(one("", 1, 0, 0, 1), nil, now); s.Availability != event.Available || !s.Due {
		t.Errorf("after a one: %+v; want available, due", s)
	}
}

// A store that is lost may come back on a machine whose clock is behind.
func TestWordsCountAfterTheClockFellBack(t *testing.T) {
	noon := time.UnixMilli(10_000_000)
	s, _ := stock.Begin(event.Available).Next(one("", 0, 0, 0, noon.UnixMilli()), nil, noon)
	back := noon.Add(-5 * time.Minute)
	if sold, why := s.Next(stock.Report{}, nil, back); sold.GoneSince != back.UnixMilli() {
		t.Errorf("nothing was left before: since %d (%s); want since now, %d", sold.GoneSince, why, back.UnixMilli())
	}
	if opened, why := s.Next(one("", 7, 0, 0, back.UnixMilli()), nil, back); why != stock.ReasonFree || opened.Stock.Counts[0].Remaining != 7 {
		t.Errorf("told anew: %+v (%s); want the 7 that were told last", opened.Stock, why)
	}
}

func ExampleTotal_Reach() {
	left := stock.Total{Remaining: 100, Held: 20}
	reach := left.Reach(4, 5) // four tickets each, five people inside
	for _, ahead := range []int64{19, 20, 119, 120} {
		fmt.Printf("%d ahead: %q\n", ahead, reach.Outlook(ahead))
	}
	// Output:
	// 19 ahead: ""
	// 20 ahead: "may_not_suffice"
	// 119 ahead: "may_not_suffice"
	// 120 ahead: "beyond"
}
