package board

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/stock"
)

func TestWhichEventsCanHavePrices(t *testing.T) {
	start := event.Time{Time: time.Date(2027, 3, 1, 10, 0, 0, 0, time.UTC)}
	floor := []event.Tier{{Name: "floor"}, {Name: "box"}}
	got := Priced([]event.Event{
		{ID: "no-tiers", Room: event.Room{EventStartTime: start}},
		{ID: "hamlet", Tiers: floor, Room: event.Room{EventStartTime: start}},
		{ID: "sells-before", Tiers: floor, Room: event.Room{EventStartTime: start, BeforeStart: event.StartPassthrough}},
	})
	want := []Event{
		{ID: "hamlet", Start: start.Time, Opens: start.Time, Tiers: []string{"floor", "box"}},
		{ID: "sells-before", Start: start.Time, Tiers: []string{"floor", "box"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Priced() differs (-want +got):\n%s", diff)
	}
}

func TestWhatIsSoldFollowsFromWhatIsLeft(t *testing.T) {
	three := []event.Tier{{Name: "floor", Tickets: 100}, {Name: "balcony"}, {Name: "box", Tickets: 10}}
	for _, row := range []struct {
		says  string
		tiers []event.Tier
		count stock.Count
		tier  string
		sold  pricing.Reading
	}{
		{"of 100, 60 are left and 10 held", three, stock.Count{Tier: "floor", Remaining: 60, Held: 10}, "floor", pricing.Count(30)},
		{"nobody has said how many there are", three, stock.Count{Tier: "balcony", Remaining: 5}, "balcony", pricing.Reading{}},
		{"more are left and held than there are", three, stock.Count{Tier: "box", Remaining: 9, Held: 2}, "box", pricing.Reading{}},
		{"of no tier, where there is one", three[:1], stock.Count{Remaining: 60}, "floor", pricing.Count(40)},
		{"of no tier, where there are three", three, stock.Count{Remaining: 60}, "", pricing.Reading{}},
	} {
		got := Stocks(event.Event{Tiers: row.tiers}, []stock.Count{row.count})
		want := pricing.Stock{Held: pricing.Count(row.count.Held), Remaining: pricing.Count(row.count.Remaining), Sold: row.sold}
		if len(got) != 1 || got[row.tier] != want {
			t.Errorf("%s: Stocks() = %+v; want %q with %+v", row.says, got, row.tier, want)
		}
	}
}
